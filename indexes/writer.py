"""What the writer of a gallery of vectors writes: segments, tombstones, merged and rebuilt segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from indexes.build import finish_segment
from indexes.committing import segment_name, write_spool, write_tombstones
from indexes.exact import Ids, Vectors
from indexes.manifest import Manifest, SegmentRecord
from indexes.segment import Segment, write_rows, write_whole
from indexes.state import checked_pair
from matcher.config import GallerySettings

GATHER_FLOATS = 2**22
"""How much of other segments is in memory during a merge: 16 MiB."""


def write_added(
    folder: Path, generation: int, ids: Ids, vectors: Vectors, settings: GallerySettings
) -> SegmentRecord:
    """A new segment of rows in any order."""
    order = np.argsort(ids, kind="stable")
    name = segment_name(generation)
    files = write_rows(folder, name, ids[order], [vectors[order]])
    return finish_segment(folder, name, files, vectors.shape[1], settings)


def write_merged(
    folder: Path, generation: int, segments: list[Segment], dims: int, settings: GallerySettings
) -> SegmentRecord:
    """The live rows of several segments as one."""
    ids = np.concatenate([segment.ids[segment.live_rows] for segment in segments])
    order = np.argsort(ids, kind="stable")
    name = segment_name(generation)
    files = write_rows(folder, name, ids[order], _gathered(segments, order, dims))
    return finish_segment(folder, name, files, dims, settings)


def write_removed(segment: Segment, removed: Ids, generation: int) -> SegmentRecord | None:
    """The segment's record with more tombstones; None once nothing is left of it."""
    rows = segment.rows_of(removed)
    if not len(rows):
        return segment.record
    if len(rows) == segment.record.live:
        return None
    dead = np.union1d(segment.dead, rows)
    tombstones = write_tombstones(segment.folder, segment.record.name, dead, generation)
    return segment.record.model_copy(update={"dead": tombstones})


def write_stream(
    folder: Path, batches: Iterable[tuple[ArrayLike, ArrayLike]], plan: Manifest, generation: int
) -> tuple[SegmentRecord, ...]:
    """Spool the vectors to disk as they come, then write them in the order of their ids."""
    spool = folder / f"spool-{generation:08d}-vectors"
    checked = (checked_pair(ids, vectors, plan.dims, folder) for ids, vectors in batches)
    ids, record = write_spool(spool, checked, "<f4")
    if not len(ids):
        return ()
    name = segment_name(generation)
    if np.all(ids[1:] >= ids[:-1]):
        spool.replace(folder / f"{name}-vectors")
        files = {"vectors": record, "ids": write_whole(folder / f"{name}-ids", ids)}
    else:
        spooled = np.memmap(spool, dtype="<f4", mode="r", shape=(len(ids), plan.dims))
        order = np.argsort(ids, kind="stable")
        step = max(1, GATHER_FLOATS // plan.dims)
        blocks = (spooled[order[start : start + step]] for start in range(0, len(order), step))
        files = write_rows(folder, name, ids[order], blocks)
    return (finish_segment(folder, name, files, plan.dims, plan.settings),)


def _gathered(segments: list[Segment], order: Ids, dims: int) -> Iterator[Vectors]:
    """Rows of several segments in a given order of all their live rows, a block at a time."""
    source = np.repeat(np.arange(len(segments)), [segment.record.live for segment in segments])
    rows = np.concatenate([segment.live_rows for segment in segments])
    step = max(1, GATHER_FLOATS // dims)
    for start in range(0, len(order), step):
        part = order[start : start + step]
        block = np.empty((len(part), dims), np.float32)
        for at, segment in enumerate(segments):
            here = source[part] == at
            block[here] = segment.vectors[rows[part[here]]]
        yield block
