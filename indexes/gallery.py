"""A gallery: a folder of immutable segments that readers search while one writer adds to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from indexes.build import choose_kind
from indexes.committing import create, replace_all, writing
from indexes.exact import Ids, Neighbours, Vectors, merge
from indexes.manifest import Manifest, SegmentRecord
from indexes.plan import segments_to_merge
from indexes.readable import Readable, expected
from indexes.segment import Segment
from indexes.state import State, checked_ids, checked_pair, checked_vectors, open_state
from indexes.writable import Writable
from indexes.writer import write_added, write_merged, write_removed, write_stream
from matcher.config import GallerySettings
from matcher.errors import GalleryError


class Stored(NamedTuple):
    """Vectors as they were added, by rising id: `ids` (n,) with repeats, `vectors` (n, dims) float32."""

    ids: Ids
    vectors: Vectors


class Gallery(Readable[State]):
    """Reads a gallery of vectors."""

    @staticmethod
    def create(
        folder: Path, *, dims: int, fingerprint: str, settings: GallerySettings | None = None
    ) -> Gallery:
        """Make an empty gallery at position 0; raises `GalleryError` if one is there already."""
        chosen = settings or GallerySettings()
        create(folder, lambda: Manifest(dims=dims, fingerprint=fingerprint, settings=chosen))
        return Gallery.open(folder)

    @staticmethod
    def open(folder: Path, *, fingerprint: str | None = None) -> Gallery:
        """Open for reading; raises `GalleryError` if missing, damaged, or not of the model `fingerprint`."""
        return Gallery(folder, expected(folder, open_state(folder), fingerprint))

    @staticmethod
    @contextmanager
    def open_writer(
        folder: Path, *, settings: GallerySettings | None = None, wait_seconds: float = 0.0
    ) -> Iterator[GalleryWriter]:
        """Open for writing, as the only writer; `settings` replace those the gallery was made with.

        Raises `GalleryError` if another writer keeps the lock for `wait_seconds`, or for a damaged gallery.
        """
        with writing(folder, wait_seconds, Manifest, open_state) as state:
            yield GalleryWriter(folder, state, settings or state.manifest.settings)

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
        plan = Manifest(
            dims=dims, fingerprint=fingerprint, position=position, settings=settings or GallerySettings()
        )

        def write(generation: int) -> Manifest:
            return plan.model_copy(update={"segments": write_stream(folder, batches, plan, generation)})

        replace_all(folder, wait_seconds, Manifest, write)
        return Gallery.open(folder)

    def _reopened(self, folder: Path, previous: State) -> State:
        return open_state(folder, previous)

    @property
    def dims(self) -> int:
        """The length of a vector."""
        return self._state.manifest.dims

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


class GalleryWriter(Gallery, Writable[State]):
    """A gallery open for writing; `Gallery.open_writer` gives it out, under the lock."""

    def apply(
        self,
        *,
        add_ids: ArrayLike = (),
        add_vectors: ArrayLike | None = None,
        remove_ids: ArrayLike = (),
        position: int,
    ) -> None:
        """Remove all vectors of `remove_ids`, then add; one commit, seen at once by searches of this object.

        `add_ids`: int64 (n,), an id may occur several times; `add_vectors`: unit float32 (n, dims). Ids to
        remove that are not there are passed over. Raises `GalleryError`, with nothing changed, for wrong
        shapes, vectors that are not of length 1, or a `position` before the gallery's.
        """
        vectors = np.empty((0, self.dims), np.float32) if add_vectors is None else add_vectors
        ids, rows = checked_pair(add_ids, vectors, self.dims, self.folder)
        removed = np.unique(checked_ids(remove_ids, self.folder))
        add = partial(write_added, self.folder, ids=ids, vectors=rows, settings=self.settings)
        self._change(add if len(ids) else None, removed, position)

    def _removed(self, segment: Segment, removed: Ids, generation: int) -> SegmentRecord | None:
        return write_removed(segment, removed, generation)

    def _merged(self, segments: list[Segment], generation: int) -> SegmentRecord:
        return write_merged(self.folder, generation, segments, self.dims, self.settings)

    def _to_merge(self) -> set[int]:
        return segments_to_merge(self._state.manifest.segments, self.settings)

    def _is_compact(self) -> bool:
        records = self._state.manifest.segments
        tidy = all(record.dead is None for record in records) and len(records) <= 1
        return tidy and all(choose_kind(record.live, self.settings) == record.kind for record in records)


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
