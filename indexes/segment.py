"""One segment: immutable files of vectors, their ids in rising order and, when trained, a FAISS index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from stat import S_ISREG
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from indexes.durable import FileRecord, NewFile, record_of
from indexes.exact import Ids, Neighbours, Vectors, rank_found
from indexes.flat import search_flat
from indexes.manifest import REPAIR, SearchSettings, SegmentRecord, Tombstones
from matcher.errors import GalleryError

EXHAUSTIVE_ROWS = 4096
EXHAUSTIVE_SHARE = 20
"""A filter that leaves up to 4,096 rows, or one in twenty, is searched flat: a graph would miss them."""
QUERIES_AT_ONCE = 16
"""FAISS finds cells by BLAS from 20 queries on, with digits that follow the batch; below, it does not."""


@dataclass(frozen=True, eq=False)
class Segment:
    """An open segment; vectors and ids are memory-mapped, removed rows (`dead`, rising) are in memory."""

    folder: Path
    record: SegmentRecord
    vectors: Vectors
    ids: Ids
    dead: Ids
    index: Any

    @cached_property
    def live_rows(self) -> Ids:
        """Row numbers that were not removed, rising."""
        return np.delete(np.arange(self.record.count, dtype=np.int64), self.dead)

    def rows_of(self, wanted: Ids) -> Ids:
        """Live rows of the given distinct, rising ids, rising."""
        first = np.searchsorted(self.ids, wanted, side="left")
        counts = np.searchsorted(self.ids, wanted, side="right") - first
        before = np.cumsum(counts) - counts
        rows = np.repeat(first - before, counts) + np.arange(counts.sum())
        return np.setdiff1d(rows, self.dead, assume_unique=True).astype(np.int64)

    def search(self, queries: Vectors, k: int, *, among: Ids | None = None) -> Neighbours:
        """The best `k` live rows; exact if flat, otherwise the index proposes and exact scores rank."""
        rows = None if among is None else self.rows_of(among)
        k = min(k, self.record.live if rows is None else len(rows))
        if k == 0:
            return Neighbours(np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64))
        if self.record.search is None:
            return search_flat(queries, self.vectors, self.ids, k, dead=self.dead, rows=rows)
        if rows is None and len(self.dead):
            rows = self.live_rows
        few = max(EXHAUSTIVE_ROWS, self.record.count // EXHAUSTIVE_SHARE)
        if rows is not None and len(rows) <= few:
            return search_flat(queries, self.vectors, self.ids, k, dead=self.dead, rows=rows)
        return self._search_trained(queries, k, rows, self.record.search)

    def _search_trained(
        self, queries: Vectors, k: int, rows: Ids | None, settings: SearchSettings
    ) -> Neighbours:
        """A query that the index leaves short of `k` (its cells ran out under a filter) is searched flat."""
        found = propose(self.index, queries, k, settings, rows, self.record.count)
        ranked = rank_found(queries, self.vectors, self.ids, found, k)
        short = np.flatnonzero(ranked.ids[:, -1] < 0)
        if len(short):
            again = np.ascontiguousarray(queries[short])
            rest = search_flat(again, self.vectors, self.ids, k, dead=self.dead, rows=rows)
            ranked.scores[short], ranked.ids[short] = rest
        return ranked

    def problems(self) -> list[str]:
        """What a full reading finds wrong; empty if all is well."""
        return wrong_files(self.folder, self.record.names()) or self._wrong_contents()

    def _wrong_contents(self) -> list[str]:
        wrong, name = [], self.record.name
        if np.any(self.ids[1:] < self.ids[:-1]) or self.ids[0] < 0:
            wrong.append(f"{name}: its ids do not rise from 0")
        if len(self.dead) and (
            np.any(np.diff(self.dead) <= 0) or self.dead[0] < 0 or self.dead[-1] >= self.record.count
        ):
            wrong.append(f"{name}: its tombstones name rows that do not exist")
        step = max(1, 2**24 // self.vectors.shape[1])
        for start in range(0, self.record.count, step):
            if not are_unit(self.vectors[start : start + step]).all():
                wrong.append(f"{name}: a vector from row {start} on is not finite or not of length 1")
                break
        return wrong


def wrong_files(folder: Path, files: dict[str, FileRecord]) -> list[str]:
    """Which files differ from their checksums, a line each."""
    wrong = []
    for name, record in files.items():
        try:
            if record_of(folder / name) != record:
                wrong.append(f"{name}: its bytes differ from its checksum; {REPAIR}")
        except OSError as error:
            wrong.append(f"{name}: cannot be read ({error.strerror}); {REPAIR}")
    return wrong


def are_unit(vectors: Vectors) -> NDArray[np.bool_]:
    """Which rows are finite and of length 1 within one in a hundred (float16 rounding stays far inside)."""
    squares = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
    return np.asarray(np.abs(squares - 1.0) <= 0.02)


def propose(
    index: Any, queries: Vectors, k: int, search: SearchSettings, rows: Ids | None, count: int
) -> NDArray[np.int64]:
    """Rows that a trained index finds near each query, (queries, up to k * refine), padded with -1."""
    wanted = min(k * search.refine, int(index.ntotal))
    selector = None
    if rows is not None:
        chosen = _as_added(rows, search.held, count)
        selector = faiss.IDSelectorBitmap(np.packbits(chosen, bitorder="little"))
    if isinstance(index, faiss.IndexIVF):
        settings = faiss.SearchParametersIVF(nprobe=search.effort, sel=selector)
    else:
        settings = faiss.SearchParametersHNSW(efSearch=max(search.effort, wanted), sel=selector)
    found = [np.empty((0, wanted), np.int64)]
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        found.append(index.search(queries[start : start + QUERIES_AT_ONCE], wanted, params=settings)[1])
    return _as_rows(np.concatenate(found), search.held, count)


def held_rows(count: int, held: int) -> Ids:
    """The rows that are kept out of an index until it is tuned, one in every stretch; they enter it last."""
    return np.arange(held, dtype=np.int64) * _stretch(count, held)


def _stretch(count: int, held: int) -> int:
    """Odd, so that images with an even number of views are not always asked for by the same one."""
    return max(1, (count // max(1, held) - 1) | 1)


def _as_rows(entries: Ids, held: int, count: int) -> Ids:
    """Row numbers of index entries, which are numbered as they were added; -1 stays -1."""
    stretch, others = _stretch(count, held), count - held
    inside = entries + entries // max(1, stretch - 1) + 1
    rows = np.where(entries < held * (stretch - 1), inside, entries + held)
    rows = np.where(entries >= others, (entries - others) * stretch, rows)
    return np.where(entries < 0, -1, rows)


def _as_added(rows: Ids, held: int, count: int) -> NDArray[np.bool_]:
    """Which index entries are among `rows`."""
    chosen = np.zeros(count, np.bool_)
    chosen[rows] = True
    last = np.zeros(count, np.bool_)
    last[held_rows(count, held)] = True
    return np.concatenate((chosen[~last], chosen[last]))


def write_rows(folder: Path, name: str, ids: Ids, blocks: Iterable[Vectors]) -> dict[str, FileRecord]:
    """Write the vectors and ids files of a segment; `ids` must rise, `blocks` follow their order."""
    with NewFile(folder / f"{name}-vectors") as vectors:
        for block in blocks:
            vectors.write(little(block, "<f4"))
    return {"vectors": vectors.record, "ids": write_whole(folder / f"{name}-ids", ids)}


def write_whole(path: Path, numbers: Ids) -> FileRecord:
    """Write int64 numbers into a new file."""
    with NewFile(path) as file:
        file.write(little(numbers, "<i8"))
    return file.record


def little(array: NDArray[Any], kind: str) -> memoryview:
    """The bytes of an array as they lie on disk."""
    return np.ascontiguousarray(array, dtype=kind).reshape(-1).view(np.uint8).data


def map_rows(folder: Path, name: str, count: int, dims: int) -> tuple[Vectors, Ids]:
    """Memory-map the vectors (count, dims) and ids (count,) files of a segment, read only."""
    vectors = np.memmap(folder / f"{name}-vectors", dtype="<f4", mode="r", shape=(count, dims))
    ids = np.memmap(folder / f"{name}-ids", dtype="<i8", mode="r", shape=(count,))
    return np.asarray(vectors), np.asarray(ids)


def check_sizes(folder: Path, files: dict[str, FileRecord]) -> None:
    """Raise `GalleryError` for a file of another size or kind, `FileNotFoundError` for one that is gone."""
    for name, wanted in files.items():
        seen = (folder / name).lstat()
        if not S_ISREG(seen.st_mode) or seen.st_size != wanted.bytes:
            found = (
                f"{seen.st_size} bytes, not {wanted.bytes}" if S_ISREG(seen.st_mode) else "not a plain file"
            )
            raise GalleryError(str(folder), f"{name} is damaged ({found}); {REPAIR}")


def read_tombstones(folder: Path, record: Tombstones | None, count: int) -> Ids:
    """Numbers below `count`, rising, int64 (n,); `GalleryError` where they are not."""
    if record is None:
        return np.empty(0, np.int64)
    dead = np.fromfile(folder / record.name, dtype="<i8").astype(np.int64, copy=False)
    if np.any(dead < 0) or np.any(dead >= count) or np.any(np.diff(dead) <= 0):
        raise GalleryError(str(folder), f"{record.name} is damaged; {REPAIR}")
    return dead


def open_segment(folder: Path, record: SegmentRecord, dims: int, previous: Segment | None = None) -> Segment:
    """Open a segment after comparing file sizes, reusing what `previous` has open of the same files.

    Raises `FileNotFoundError` where a file is gone (a writer may have retired it: read the manifest again),
    and `GalleryError` where one is damaged.
    """
    check_sizes(folder, record.names())
    dead = read_tombstones(folder, record.dead, record.count)
    if previous and previous.record.model_copy(update={"dead": None}) == record.model_copy(
        update={"dead": None}
    ):
        return replace(previous, record=record, dead=dead)
    vectors, ids = map_rows(folder, record.name, record.count, dims)
    return Segment(folder, record, vectors, ids, dead, _open_index(folder, record, dims))


def read_index(folder: Path, name: str, files: dict[str, FileRecord]) -> Any:
    """The FAISS index of a segment, mapped; raises `GalleryError` where damaged, else as `check_sizes`."""
    path = folder / f"{name}-index"
    try:
        return faiss.read_index(str(path), getattr(faiss, "IO_FLAG_MMAP_IFC", faiss.IO_FLAG_MMAP))
    except (RuntimeError, MemoryError) as error:
        check_sizes(folder, files)  # a writer may have retired the file just now
        raise GalleryError(str(folder), f"{path.name} is damaged; {REPAIR}") from error


def _open_index(folder: Path, record: SegmentRecord, dims: int) -> Any:
    if record.search is None:
        return None
    index = read_index(folder, record.name, record.names())
    lists = (faiss.IndexIVFPQFastScan, faiss.IndexIVFPQ)  # the second as galleries had them before
    expected = lists if record.kind == "ivfpq" else faiss.IndexHNSWSQ
    if not isinstance(index, expected) or index.ntotal != record.count or index.d != dims:
        raise GalleryError(str(folder), f"{record.name}-index does not fit its segment; {REPAIR}")
    return index
