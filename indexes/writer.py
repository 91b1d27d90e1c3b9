"""What the one writer of a gallery does: change, merge, rebuild; each is one atomic commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import ArrayLike

from indexes.build import finish_segment
from indexes.durable import NewFile
from indexes.exact import Ids, Vectors
from indexes.manifest import (
    MANIFEST,
    REPAIR,
    AnyManifest,
    Committed,
    Manifest,
    SegmentRecord,
    Tombstones,
    clear_leftovers,
    commit_manifest,
    next_generation,
    read_committed,
)
from indexes.segment import Segment, little, write_rows, write_whole
from indexes.state import AnyState, State, checked_pair, open_state
from matcher.config import GallerySettings
from matcher.errors import GalleryError
from matcher.faults import commit_point

LOCK = "writer.lock"
GATHER_FLOATS = 2**22
"""How much of other segments is in memory during a merge: 16 MiB."""


def write_change(
    folder: Path,
    state: State,
    settings: GallerySettings,
    added: tuple[Ids, Vectors],
    removed: Ids,
    position: int,
) -> State:
    """Commit removals (distinct, rising ids) and, after them, additions; returns the new state."""
    generation = next_generation(folder, state.manifest)
    kept = [_without(segment, removed, generation) for segment in state.segments]
    records = [record for record in kept if record is not None]
    ids, vectors = added
    if len(ids):
        order = np.argsort(ids, kind="stable")
        name = segment_name(generation)
        files = write_rows(folder, name, ids[order], [vectors[order]])
        records.append(finish_segment(folder, name, files, state.manifest.dims, settings))
    update = {"segments": tuple(records), "position": position, "settings": settings}
    return commit_change(folder, state, state.manifest.model_copy(update=update), generation, open_state)


def merge_segments(folder: Path, state: State, settings: GallerySettings, chosen: set[int]) -> State:
    """Rewrite the chosen segments' live rows as one segment; what can be found stays the same."""
    generation, dims = next_generation(folder, state.manifest), state.manifest.dims
    segments = [segment for at, segment in enumerate(state.segments) if at in chosen]
    records = [segment.record for at, segment in enumerate(state.segments) if at not in chosen]
    ids = np.concatenate([segment.ids[segment.live_rows] for segment in segments])
    order = np.argsort(ids, kind="stable")
    name = segment_name(generation)
    files = write_rows(folder, name, ids[order], _gathered(segments, order, dims))
    records.append(finish_segment(folder, name, files, dims, settings))
    update = {"segments": tuple(records), "settings": settings}
    return commit_change(folder, state, state.manifest.model_copy(update=update), generation, open_state)


def _without(segment: Segment, removed: Ids, generation: int) -> SegmentRecord | None:
    """The segment's record with more tombstones; None once nothing is left of it."""
    rows = segment.rows_of(removed)
    if not len(rows):
        return segment.record
    if len(rows) == segment.record.live:
        return None
    dead = np.union1d(segment.dead, rows)
    name = f"{segment.record.name}-dead-{generation:08d}"
    file = write_whole(segment.folder / name, dead)
    commit_point("index:tombstones-written")
    return segment.record.model_copy(update={"dead": Tombstones(name=name, count=len(dead), file=file)})


def commit_change(
    folder: Path,
    state: AnyState,
    manifest: Committed,
    generation: int,
    reopen: Callable[[Path, AnyState], AnyState],
) -> AnyState:
    """Commit `manifest` if it differs from the state's, retiring the files it leaves out; the new state."""
    before = state.manifest
    if manifest == before:
        return state
    retired = tuple(sorted(set(before.names()) - set(manifest.names())))
    commit_manifest(folder, manifest.model_copy(update={"generation": generation, "retired": retired}))
    after = reopen(folder, state)
    clear_leftovers(folder, after.manifest)
    return after


def segment_name(generation: int) -> str:
    """The name of the segment that a commit adds."""
    return f"segment-{generation:08d}"


def create(folder: Path, empty: Callable[[], Committed]) -> None:
    """Commit the manifest that `empty` makes into `folder`, making it where needed."""
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, 0.0):
        if (folder / MANIFEST).exists():
            raise GalleryError(str(folder), "exists already; open it, or name another folder")
        clear_leftovers(folder, None)
        commit_manifest(folder, empty())


@contextmanager
def writing(
    folder: Path, wait_seconds: float, kind: type[Committed], reopen: Callable[[Path], AnyState]
) -> Iterator[AnyState]:
    """Hold the lock for the block, and clean up after killed writers first."""
    if read_committed(folder, kind).frozen:
        raise GalleryError(
            str(folder), "is a snapshot and never changes; write to the gallery it was taken from"
        )
    with _locked(folder, wait_seconds):
        state = reopen(folder)
        clear_leftovers(folder, state.manifest)
        yield state


def rebuild(
    folder: Path, batches: Iterable[tuple[ArrayLike, ArrayLike]], plan: Manifest, wait_seconds: float
) -> None:
    """Write all batches into one new segment and commit a manifest like `plan` that holds it alone."""
    replace_all(
        folder,
        wait_seconds,
        Manifest,
        lambda generation: plan.model_copy(
            update={"segments": _write_stream(folder, batches, plan, generation)}
        ),
    )


def replace_all(
    folder: Path, wait_seconds: float, kind: type[AnyManifest], write: Callable[[int], AnyManifest]
) -> None:
    """Commit what `write` makes of a new generation in place of whatever is in `folder`, damaged or not."""
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, wait_seconds):
        before = _readable(folder, kind)
        if before and before.frozen:
            raise GalleryError(
                str(folder), "is a snapshot and never changes; rebuild the gallery it was taken from"
            )
        if before:
            clear_leftovers(folder, before)
        generation = next_generation(folder, before)
        manifest = write(generation)
        retired = tuple(sorted(before.names())) if before else ()
        after = commit_manifest(
            folder, manifest.model_copy(update={"generation": generation, "retired": retired})
        )
        clear_leftovers(folder, after)


def _readable(folder: Path, kind: type[AnyManifest]) -> AnyManifest | None:
    try:
        return read_committed(folder, kind)
    except GalleryError:
        return None


def _write_stream(
    folder: Path, batches: Iterable[tuple[ArrayLike, ArrayLike]], plan: Manifest, generation: int
) -> tuple[SegmentRecord, ...]:
    """Spool the vectors to disk as they come, then write them in the order of their ids."""
    spool = folder / f"spool-{generation:08d}-vectors"
    parts = [np.empty(0, np.int64)]
    with NewFile(spool) as file:
        for given_ids, given_vectors in batches:
            ids, vectors = checked_pair(given_ids, given_vectors, plan.dims, folder)
            parts.append(ids)
            file.write(little(vectors, "<f4"))
    commit_point("index:spool-written")
    ids = np.concatenate(parts)
    if not len(ids):
        return ()
    name = segment_name(generation)
    if np.all(ids[1:] >= ids[:-1]):
        spool.replace(folder / f"{name}-vectors")
        files = {"vectors": file.record, "ids": write_whole(folder / f"{name}-ids", ids)}
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


@contextmanager
def _locked(folder: Path, wait_seconds: float) -> Iterator[None]:
    path = folder / LOCK
    if not folder.is_dir():
        raise GalleryError(str(folder), f"does not exist; {REPAIR}")
    lock = FileLock(path, timeout=wait_seconds, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise GalleryError(str(folder), f"another writer holds {path}; wait until it is done") from error
    except OSError as error:
        raise GalleryError(str(folder), f"cannot be written: {path}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()
