"""The lock and the commits of the one writer, whatever the kind of gallery; each commit is one rename."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from indexes.durable import FileRecord, NewFile
from indexes.exact import Ids
from indexes.manifest import (
    MANIFEST,
    REPAIR,
    AnyManifest,
    Committed,
    Tombstones,
    clear_leftovers,
    commit_manifest,
    next_generation,
    read_committed,
)
from indexes.segment import little, write_whole
from indexes.state import AnyState
from matcher.errors import GalleryError
from matcher.faults import commit_point

LOCK = "writer.lock"
CREATION_SECONDS = 60.0
"""How long another process that makes the same gallery, empty, is waited for."""


def segment_name(generation: int) -> str:
    """The name of the segment that a commit adds."""
    return f"segment-{generation:08d}"


def create(folder: Path, empty: Callable[[], Committed]) -> None:
    """Commit the manifest that `empty` makes into `folder`, making it where needed.

    Waits for another process that is making it, and finds it made then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _refuse_existing(folder)
    with _locked(folder, CREATION_SECONDS):
        _refuse_existing(folder)
        clear_leftovers(folder, None)
        commit_manifest(folder, empty())


def _refuse_existing(folder: Path) -> None:
    if (folder / MANIFEST).exists():
        raise GalleryError(str(folder), "exists already; open it, or name another folder")


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


def write_tombstones(folder: Path, segment: str, dead: Ids, generation: int) -> Tombstones:
    """Write which rows of a segment were removed, rising, beside it."""
    name = f"{segment}-dead-{generation:08d}"
    file = write_whole(folder / name, dead)
    commit_point("index:tombstones-written")
    return Tombstones(name=name, count=len(dead), file=file)


def write_spool(path: Path, batches: Iterable[tuple[Ids, NDArray[Any]]], kind: str) -> tuple[Ids, FileRecord]:
    """Write rows to disk as they come, as numbers of the NumPy `kind`; the id of each, and the file."""
    parts = [np.empty(0, np.int64)]
    with NewFile(path) as file:
        for ids, rows in batches:
            parts.append(ids)
            file.write(little(rows, kind))
    commit_point("index:spool-written")
    return np.concatenate(parts), file.record


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
