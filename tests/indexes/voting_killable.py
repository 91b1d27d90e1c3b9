"""A program to be killed: it changes a voting gallery step by step and says which steps are done."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from indexes import voting_writer
from indexes.voting import VotingGallery
from matcher.config import GallerySettings
from tests.indexes.killable import STEPS, expected, step
from tests.indexes.plain_votes import vocabulary

GENERATOR = np.random.default_rng(5)
VOCABULARY = vocabulary(12, seed=5, branches=3)
POOL = GENERATOR.integers(0, 90, (STEPS * 3, 4, 128), dtype=np.uint8)


def change(folder: Path) -> None:
    """Apply the changes that are missing, compacting and copying at times."""
    if not (folder / "manifest.json").exists():
        VotingGallery.create(
            folder, vocabulary=VOCABULARY, fingerprint="sift@1", settings=GallerySettings(max_segments=3)
        )
    with VotingGallery.open_writer(folder) as writer:
        print("ready", flush=True)
        for position in range(writer.position + 1, STEPS + 1):
            added, _, removed = step(position)
            features = POOL[added].reshape(-1, 128)
            writer.apply(
                add_ids=np.repeat(added, 4), add_features=features, remove_ids=removed, position=position
            )
            print(position, flush=True)
            if position % 9 == 0:
                writer.compact()
                writer.snapshot(folder.parent / f"snapshot-{position}")


def rebuild(folder: Path) -> None:
    """Replace everything, the vocabulary too, by the state after all steps."""
    ids = np.array(expected(STEPS))[::-1]
    batches = (
        (np.repeat(ids[at : at + 10], 4), POOL[ids[at : at + 10]].reshape(-1, 128))
        for at in range(0, len(ids), 10)
    )
    print("ready", flush=True)
    VotingGallery.rebuild(
        folder, batches, vocabulary=vocabulary(7, seed=6), fingerprint="sift@1", position=STEPS
    )
    print(STEPS, flush=True)


if __name__ == "__main__":
    voting_writer.HELD = int(sys.argv[3])
    {"change": change, "rebuild": rebuild}[sys.argv[1]](Path(sys.argv[2]))
