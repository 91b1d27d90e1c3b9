"""A gallery: a folder of immutable segments that readers search while one writer adds to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.durable import sync_folder
from indexes.exact import Ids, Neighbours, Vectors, merge
from indexes.manifest import MANIFEST, REPAIR, Manifest, commit_manifest, read_manifest
from indexes.segment import Segment, are_unit, open_segment
from matcher.config import GallerySettings
from matcher.errors import GalleryError
from matcher.faults import commit_point

if TYPE_CHECKING:
    from indexes.writer import GalleryWriter

OPEN_TRIES = 20


class Stored(NamedTuple):
    """Vectors as they were added, by rising id: `ids` (n,) with repeats, `vectors` (n, dims) float32."""

    ids: Ids
    vectors: Vectors


@dataclass(frozen=True, eq=False)
class State:
    """One committed manifest and its open segments; never changes, so a search that holds it is safe."""

    manifest: Manifest
    segments: tuple[Segment, ...]


class Gallery:
    """Reads a gallery. Safe to search from several threads; a writer elsewhere shows after `refresh`."""

    def __init__(self, folder: Path, state: State) -> None:
        """Use `create`, `open`, `open_writer` or `rebuild`."""
        self.folder, self._state = folder, state

    @staticmethod
    def create(
        folder: Path, *, dims: int, fingerprint: str, settings: GallerySettings | None = None
    ) -> Gallery:
        """Make an empty gallery at position 0; raises `GalleryError` if one is there already."""
        from indexes.writer import create

        create(folder, dims=dims, fingerprint=fingerprint, settings=settings or GallerySettings())
        return Gallery.open(folder)

    @staticmethod
    def open(folder: Path, *, fingerprint: str | None = None) -> Gallery:
        """Open for reading; raises `GalleryError` if missing, damaged, or not of the model `fingerprint`."""
        state = open_state(folder)
        if fingerprint is not None and state.manifest.fingerprint != fingerprint:
            raise GalleryError(
                str(folder),
                f"was built with the model {state.manifest.fingerprint}, not {fingerprint}; {REPAIR}",
            )
        return Gallery(folder, state)

    @staticmethod
    @contextmanager
    def open_writer(
        folder: Path, *, settings: GallerySettings | None = None, wait_seconds: float = 0.0
    ) -> Iterator[GalleryWriter]:
        """Open for writing, as the only writer; `settings` replace those the gallery was made with.

        Raises `GalleryError` if another writer keeps the lock for `wait_seconds`, or for a damaged gallery.
        """
        from indexes.writer import open_writer

        with open_writer(folder, settings, wait_seconds) as writer:
            yield writer

    @staticmethod
    def rebuild(
        folder: Path,
        batches: Iterable[tuple[ArrayLike, ArrayLike]],
        *,
        dims: int,
        fingerprint: str,
        position: int,
        settings: GallerySettings | None = None,
        wait_seconds: float = 0.0,
    ) -> Gallery:
        """Replace whatever is in `folder`, damaged or not, by `batches` of (ids (n,), vectors (n, dims)).

        One commit at the end; until then an intact gallery stays as it was. Memory: a batch, and 16 bytes a
        vector for the ids (a trained index on top, once past `flat_limit`).
        """
        from indexes.writer import rebuild

        plan = Manifest(
            dims=dims, fingerprint=fingerprint, position=position, settings=settings or GallerySettings()
        )
        rebuild(folder, batches, plan, wait_seconds)
        return Gallery.open(folder)

    @property
    def position(self) -> int:
        """The caller's number of the last change that is in."""
        return self._state.manifest.position

    @property
    def fingerprint(self) -> str:
        """The model that made the vectors."""
        return self._state.manifest.fingerprint

    @property
    def dims(self) -> int:
        """The length of a vector."""
        return self._state.manifest.dims

    @property
    def count(self) -> int:
        """Vectors that can be found; an id may have several."""
        return sum(segment.record.live for segment in self._state.segments)

    def refresh(self) -> bool:
        """Show what writers committed since; True if anything changed."""
        before = self._state
        self._state = open_state(self.folder, before)
        return self._state is not before

    def search(self, queries: ArrayLike, k: int, *, among: ArrayLike | None = None) -> Neighbours:
        """The `k` nearest vectors of each query, best first, equal scores by rising id.

        `queries`: unit vectors (q, dims). `among`: search only these ids. An id with several vectors may come
        several times. A pair's score has the same digits whatever else is in the call or the gallery. Raises
        `GalleryError` for queries of other dims, not finite or not of length 1.
        """
        asked = checked_vectors(queries, self.dims, self.folder)
        if k < 1:
            raise GalleryError(str(self.folder), f"k is {k}; ask for at least 1 neighbour")
        wanted = None if among is None else np.unique(checked_ids(among, self.folder))
        parts = [segment.search(asked, k, among=wanted) for segment in self._state.segments]
        return merge(parts, len(asked), k)

    def ids(self) -> Ids:
        """The distinct ids that have a vector, rising."""
        parts = [segment.ids[segment.live_rows] for segment in self._state.segments]
        return np.unique(np.concatenate([np.empty(0, np.int64), *parts]))

    def vectors(self, ids: ArrayLike) -> Stored:
        """All stored vectors of the given ids, copied; ids that have none are left out."""
        wanted = np.unique(checked_ids(ids, self.folder))
        found, rows = [np.empty(0, np.int64)], [np.empty((0, self.dims), np.float32)]
        for segment in self._state.segments:
            numbers = segment.rows_of(wanted)
            found.append(segment.ids[numbers])
            rows.append(segment.vectors[numbers])
        every = np.concatenate(found)
        order = np.argsort(every, kind="stable")
        return Stored(every[order], np.concatenate(rows)[order])

    def status(self) -> dict[str, object]:
        """Counts and sizes, ready for JSON."""
        manifest = self._state.manifest
        return {
            "position": manifest.position,
            "generation": manifest.generation,
            "fingerprint": manifest.fingerprint,
            "dims": manifest.dims,
            "count": self.count,
            "tombstones": sum(s.dead.count for s in manifest.segments if s.dead),
            "bytes": sum(record.bytes for record in manifest.names().values()),
            "segments": [_segment_status(segment) for segment in self._state.segments],
        }

    def verify(self) -> list[str]:
        """Read every byte; returns what is wrong, a line each (empty: all is well)."""
        try:
            self.refresh()
        except GalleryError as error:
            return [str(error)]
        return [problem for segment in self._state.segments for problem in segment.problems()]

    def snapshot(self, folder: Path) -> int:
        """Hard-link (or copy) the gallery as it is now into `folder`, for readers only; returns its position.

        Raises `GalleryError` if `folder` already holds a gallery other than this very state.
        """
        for attempt in range(OPEN_TRIES):
            manifest = self._state.manifest
            frozen = manifest.model_copy(update={"frozen": True, "retired": ()})
            if (folder / MANIFEST).exists():
                if read_manifest(folder) == frozen.sealed():
                    return manifest.position
                raise GalleryError(str(folder), "holds another snapshot; name an empty folder")
            try:
                _link_files(self.folder, folder, manifest)
            except FileNotFoundError as error:
                if attempt == OPEN_TRIES - 1 or not self.refresh():
                    raise GalleryError(str(self.folder), f"{error.filename} is missing; {REPAIR}") from error
                continue
            commit_manifest(folder, frozen)
            return manifest.position
        raise AssertionError("unreachable")


def open_state(folder: Path, previous: State | None = None) -> State:
    """Open what was committed last; a file that a writer deleted meanwhile means: read the manifest again."""
    opened = {s.record.name: s for s in previous.segments} if previous else {}
    manifest = read_manifest(folder)
    for _ in range(OPEN_TRIES):
        if previous and manifest == previous.manifest:
            return previous
        try:
            segments = [open_segment(folder, s, manifest.dims, opened.get(s.name)) for s in manifest.segments]
            return State(manifest, tuple(segments))
        except FileNotFoundError as error:
            missing = Path(error.filename or "a file").name
            before, manifest = manifest, read_manifest(folder)
            if before == manifest:
                break
    raise GalleryError(str(folder), f"{missing} is missing; {REPAIR}")


def checked_vectors(given: ArrayLike, dims: int, folder: Path) -> Vectors:
    """Unit float32 vectors (n, dims) in one piece of memory, or `GalleryError`."""
    vectors = np.ascontiguousarray(given, dtype=np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != dims:
        raise GalleryError(str(folder), f"vectors of shape {vectors.shape} given, (n, {dims}) needed")
    fit = are_unit(vectors)
    if not fit.all():
        row = int(np.argmin(fit))
        length = float(np.linalg.norm(vectors[row].astype(np.float64)))
        raise GalleryError(str(folder), f"vector {row} has length {length:.3g}; unit vectors are needed")
    return vectors


def checked_ids(given: ArrayLike, folder: Path) -> Ids:
    """Whole numbers from 0, int64 (n,), or `GalleryError`."""
    ids: NDArray[np.generic] = np.asarray(given)
    if ids.size == 0:
        return np.empty(0, np.int64)
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise GalleryError(str(folder), f"ids are {ids.dtype} of shape {ids.shape}, int64 (n,) needed")
    if ids.min() < 0 or ids.max() > np.iinfo(np.int64).max:
        raise GalleryError(str(folder), "ids below 0 or beyond 63 bits cannot be stored")
    return ids.astype(np.int64)


def _segment_status(segment: Segment) -> dict[str, object]:
    record = segment.record
    return {
        "name": record.name,
        "kind": record.kind,
        "count": record.live,
        "tombstones": record.count - record.live,
        "bytes": sum(file.bytes for file in record.names().values()),
        "search": record.search.model_dump() if record.search else None,
    }


def _link_files(source: Path, target: Path, manifest: Manifest) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in manifest.names():
        (target / name).unlink(missing_ok=True)
        try:
            os.link(source / name, target / name, follow_symlinks=False)
        except FileNotFoundError:
            raise
        except (OSError, NotImplementedError):
            _copy(source / name, target / name)
    sync_folder(target)
    commit_point("index:snapshot-linked")


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb+") as file:
        os.fsync(file.fileno())
