"""A program to be killed: it changes a gallery step by step and says which steps it was told are done."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from indexes.exact import Ids, Vectors
from indexes.gallery import Gallery
from matcher.config import GallerySettings
from tests.indexes.conftest import DIMS, grouped

STEPS = 24
POOL = grouped(STEPS * 3, seed=11)


def step(position: int) -> tuple[Ids, Vectors, Ids]:
    """What change number `position` (from 1) adds and removes."""
    rows = np.arange(3 * position - 3, 3 * position)
    removed = np.array([3 * position - 9, 3 * position - 20]) if position % 2 else np.empty(0, np.int64)
    return rows, POOL[rows], removed[removed >= 0]


def expected(position: int) -> list[int]:
    """The ids that are there once `position` changes are in."""
    there: set[int] = set()
    for at in range(1, position + 1):
        added, _, removed = step(at)
        there = there - set(removed.tolist()) | set(added.tolist())
    return sorted(there)


def change(folder: Path) -> None:
    """Apply the changes that are missing, compacting and copying at times."""
    if not (folder / "manifest.json").exists():
        Gallery.create(folder, dims=DIMS, fingerprint="model@1", settings=GallerySettings(max_segments=3))
    with Gallery.open_writer(folder) as writer:
        print("ready", flush=True)
        for position in range(writer.position + 1, STEPS + 1):
            added, vectors, removed = step(position)
            writer.apply(add_ids=added, add_vectors=vectors, remove_ids=removed, position=position)
            print(position, flush=True)
            if position % 9 == 0:
                writer.compact()
                writer.snapshot(folder.parent / f"snapshot-{position}")


def rebuild(folder: Path) -> None:
    """Replace everything by the state after all steps, in an order that needs the spool."""
    ids = np.array(expected(STEPS))[::-1]
    batches = ((ids[at : at + 10], POOL[ids[at : at + 10]]) for at in range(0, len(ids), 10))
    print("ready", flush=True)
    Gallery.rebuild(folder, batches, dims=DIMS, fingerprint="model@1", position=STEPS)
    print(STEPS, flush=True)


if __name__ == "__main__":
    {"change": change, "rebuild": rebuild}[sys.argv[1]](Path(sys.argv[2]))
