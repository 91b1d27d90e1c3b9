"""One segment of a voting gallery: what is kept of features, in FAISS lists by their word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import numpy as np
from faiss.contrib.inspect_tools import get_invlist, get_invlist_sizes
from numpy.typing import NDArray

from indexes.durable import record_of, sync_file
from indexes.exact import NO_ID, Ids, Neighbours, Vectors
from indexes.manifest import REPAIR
from indexes.segment import check_sizes, read_tombstones, write_whole, wrong_files
from indexes.vocabulary import Reduced
from indexes.voting_manifest import VotingRecord
from matcher.errors import GalleryError
from matcher.faults import commit_point

MARGIN = 5
"""Candidates beyond those wanted, so that equal distances at the edge show."""
FOUND_AT_ONCE = 2**20

Shape = tuple[int, int]
"""How many words there are, and how many numbers are kept of a feature."""
ADDED_AT_ONCE = 2**17


class Entries(NamedTuple):
    """Features: numbers of their ids within a segment and their words, both (n,), what is kept, (n, D)."""

    numbers: Ids
    words: Ids
    kept: Reduced


@dataclass(frozen=True, eq=False)
class VotingSegment:
    """An open segment; `ids` (distinct, rising), `counts` and the index are mapped, `dead` numbers ids."""

    folder: Path
    record: VotingRecord
    ids: Ids
    counts: Ids
    dead: Ids
    index: Any

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """Which ids were not removed."""
        live = np.ones(self.record.images, np.bool_)
        live[self.dead] = False
        return live

    @cached_property
    def _selector(self) -> Any:
        """FAISS passes removed ids over while it scans, so that they take no neighbour's place."""
        return faiss.IDSelectorBitmap(np.packbits(self.live, bitorder="little")) if len(self.dead) else None

    def numbers_of(self, wanted: Ids) -> Ids:
        """Numbers of the given distinct, rising ids that are here and live, rising."""
        places = np.searchsorted(self.ids, wanted)
        inside = places < self.record.images
        places = places[inside][self.ids[places[inside]] == wanted[inside]]
        kept: Ids = places[self.live[places]]
        return kept

    def _selector_of(self, among: Ids) -> Any:
        """Lets only features of the given distinct, rising ids be found."""
        wanted = np.zeros(self.record.images, np.bool_)
        wanted[self.numbers_of(among)] = True
        return faiss.IDSelectorBitmap(np.packbits(wanted, bitorder="little"))

    def nearest(self, queries: Vectors, lists: Ids, k: int, among: Ids | None = None) -> Neighbours:
        """The `k` nearest live features of the given lists, (q, probes); scores: minus the squared distance.

        `among`: only features of these ids, distinct and rising.

        Distances of whole numbers are exact (FAISS sums them as integers), equal ones rank by id. FAISS keeps
        any of several equal ones at the edge, so a query whose edge is not clear is asked for more.
        """
        k = min(k, self.record.count)
        selector = self._selector if among is None else self._selector_of(among)
        found = Neighbours(np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64))
        asked, wanted = np.arange(len(queries)), min(self.record.count, k + MARGIN)
        while len(asked):
            doubtful = [np.empty(0, np.int64)]
            step = max(1, FOUND_AT_ONCE // wanted)
            for start in range(0, len(asked), step):
                part = asked[start : start + step]
                far, numbers = self._search(queries[part], lists[part], wanted, selector)
                order = np.lexsort((numbers, far), axis=-1)[:, :k]
                numbers_kept = np.take_along_axis(numbers, order, axis=1)
                found.scores[part] = -np.take_along_axis(far, order, axis=1)
                found.ids[part] = np.where(numbers_kept < 0, NO_ID, self.ids[numbers_kept])
                clear = (numbers[:, -1] < 0) | (far[:, -1] > far[:, k - 1])
                doubtful.append(part[~clear])
            if wanted == self.record.count:
                break
            asked, wanted = np.concatenate(doubtful), min(self.record.count, wanted * 4)
        return found

    def _search(self, queries: Vectors, lists: Ids, k: int, selector: Any) -> tuple[NDArray[np.float32], Ids]:
        """FAISS's search of given lists; its Python wrapper takes no parameters, the inner call does."""
        queries, lists = np.ascontiguousarray(queries), np.ascontiguousarray(lists)
        far, numbers = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
        coarse = np.zeros(lists.shape, np.float32)
        settings = faiss.SearchParametersIVF(nprobe=lists.shape[1], sel=selector)
        pointers = [faiss.swig_ptr(array) for array in (queries, lists, coarse, far, numbers)]
        asked, words, unused, distances, labels = pointers
        self.index.search_preassigned_c(
            len(queries), asked, k, words, unused, distances, labels, False, settings
        )
        return far, numbers

    def entries(self) -> Entries:
        """All live features, copied."""
        lists = self.index.invlists
        words = np.flatnonzero(get_invlist_sizes(lists))
        parts = [get_invlist(lists, word) for word in words.tolist()]
        numbers = np.concatenate([found for found, _ in parts])
        kept = np.concatenate([codes for _, codes in parts])
        live = self.live[numbers]
        under = np.repeat(words, [len(found) for found, _ in parts])
        return Entries(numbers[live], under[live], kept[live])

    def problems(self) -> list[str]:
        """What a full reading finds wrong; empty if all is well."""
        return wrong_files(self.folder, self.record.names()) or self._wrong_contents()

    def _wrong_contents(self) -> list[str]:
        name = self.record.name
        if self.ids[0] < 0 or np.any(np.diff(self.ids) <= 0):
            return [f"{name}: its ids do not rise from 0"]
        counts = np.zeros(self.record.images, np.int64)
        for word in np.flatnonzero(get_invlist_sizes(self.index.invlists)).tolist():
            numbers = get_invlist(self.index.invlists, word)[0]
            if np.any(numbers < 0) or np.any(numbers >= len(counts)):
                return [f"{name}: the list of word {word} names an id that does not exist"]
            np.add.at(counts, numbers, 1)
        if np.any(counts != self.counts) or counts[self.dead].sum() != self.record.removed:
            return [f"{name}: its lists do not fit its counts"]
        return []


def write_segment(folder: Path, name: str, ids: Ids, entries: Entries, shape: Shape) -> VotingRecord:
    """Write a segment of distinct, rising ids; `entries` come in any order.

    Takes 24 + D bytes of memory a feature. The quantizer in the file is empty: `WordFinder` finds words.
    """
    size, dims = shape
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatL2(dims), dims, size, faiss.ScalarQuantizer.QT_8bit_direct, faiss.METRIC_L2, False
    )
    index.is_trained = True
    order = np.argsort(entries.numbers, kind="stable")
    for start in range(0, len(order), ADDED_AT_ONCE):
        part = order[start : start + ADDED_AT_ONCE]
        _add(index, entries.numbers[part], entries.words[part], entries.kept[part])
    counts = np.bincount(entries.numbers, minlength=len(ids))
    path = folder / f"{name}-index"
    faiss.write_index(index, str(path))
    sync_file(path)
    files = {
        "index": record_of(path),
        "ids": write_whole(folder / f"{name}-ids", ids),
        "counts": write_whole(folder / f"{name}-counts", counts),
    }
    commit_point("index:segment-written")
    return VotingRecord.model_validate(
        {"name": name, "count": index.ntotal, "images": len(ids), "files": files}
    )


def _add(index: Any, numbers: Ids, words: Ids, kept: Reduced) -> None:
    """FAISS's adding to given lists; its Python wrapper takes no words, the inner call does."""
    codes, ids, lists = (
        np.ascontiguousarray(given, kind)
        for given, kind in ((kept, np.float32), (numbers, np.int64), (words, np.int64))
    )
    pointers = [faiss.swig_ptr(array) for array in (codes, ids, lists)]
    index.add_core(len(codes), *pointers)


def open_segment(
    folder: Path, record: VotingRecord, shape: Shape, previous: VotingSegment | None = None
) -> VotingSegment:
    """Open a segment after comparing file sizes, reusing what `previous` has open of the same files.

    Raises `FileNotFoundError` where a file is gone, and `GalleryError` where one is damaged.
    """
    check_sizes(folder, record.names())
    dead = read_tombstones(folder, record.dead, record.images)
    if previous and previous.record.files == record.files and previous.record.name == record.name:
        return replace(previous, record=record, dead=dead)
    ids, counts = (
        np.asarray(np.memmap(folder / f"{record.name}-{role}", dtype="<i8", mode="r", shape=(record.images,)))
        for role in ("ids", "counts")
    )
    return VotingSegment(folder, record, ids, counts, dead, _open_index(folder, record, shape))


def _open_index(folder: Path, record: VotingRecord, shape: Shape) -> Any:
    size, dims = shape
    path = folder / f"{record.name}-index"
    try:
        index = faiss.read_index(str(path), getattr(faiss, "IO_FLAG_MMAP_IFC", faiss.IO_FLAG_MMAP))
    except (RuntimeError, MemoryError) as error:
        raise GalleryError(str(folder), f"{path.name} is damaged; {REPAIR}") from error
    fits = isinstance(index, faiss.IndexIVFScalarQuantizer) and (
        (index.ntotal, index.d, index.nlist, index.code_size) == (record.count, dims, size, dims)
    )
    if not fits or index.sq.qtype != faiss.ScalarQuantizer.QT_8bit_direct:
        raise GalleryError(str(folder), f"{path.name} does not fit its segment; {REPAIR}")
    return index
