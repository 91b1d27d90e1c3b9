"""One segment of a voting gallery: what is kept of features, in FAISS lists by their word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from faiss.contrib.inspect_tools import get_invlist, get_invlist_sizes
from numpy.typing import NDArray

from indexes.exact import NO_ID, Ids, Neighbours, Vectors
from indexes.segment import check_sizes, read_tombstones, write_whole, wrong_files
from indexes.voting_lists import Entries, Files, Shape, open_lists, write_long, write_short
from indexes.voting_manifest import VotingRecord
from matcher.faults import commit_point

MARGIN = 5
"""Candidates beyond those wanted, so that equal distances at the edge show."""
FOUND_AT_ONCE = 2**20


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

    def sizes(self) -> Ids:
        """Entries of each word, removed ones too, (words,)."""
        return np.asarray(get_invlist_sizes(self.index.invlists), np.int64)

    def entries(self, first: int = 0, end: int | None = None) -> Entries:
        """All live features, copied; or those of the words from `first` to before `end`."""
        lists = self.index.invlists
        words = [w for w in range(first, self.index.nlist if end is None else end) if lists.list_size(w)]
        parts = [get_invlist(lists, word) for word in words]
        numbers = np.concatenate([np.empty(0, np.int64), *(found for found, _ in parts)])
        kept = np.concatenate([np.empty((0, self.index.d), np.uint8), *(codes for _, codes in parts)])
        live = self.live[numbers]
        under = np.repeat(np.array(words, np.int64), [len(found) for found, _ in parts])
        return Entries(numbers[live], under[live], kept[live])

    def problems(self) -> list[str]:
        """What a full reading finds wrong; empty if all is well."""
        return wrong_files(self.folder, self.record.names()) or self._wrong_contents()

    def _wrong_contents(self) -> list[str]:
        name = self.record.name
        if self.ids[0] < 0 or np.any(np.diff(self.ids) <= 0):
            return [f"{name}: its ids do not rise from 0"]
        counts = np.zeros(self.record.images, np.int64)
        for word in np.flatnonzero(self.sizes()).tolist():
            numbers = get_invlist(self.index.invlists, word)[0]
            if np.any(numbers < 0) or np.any(numbers >= len(counts)):
                return [f"{name}: the list of word {word} names an id that does not exist"]
            np.add.at(counts, numbers, 1)
        if np.any(counts != self.counts) or counts[self.dead].sum() != self.record.removed:
            return [f"{name}: its lists do not fit its counts"]
        return []


def write_segment(folder: Path, name: str, ids: Ids, entries: Entries, shape: Shape) -> VotingRecord:
    """Write a segment of distinct, rising ids; `entries` come in any order and are all in memory."""
    counts = np.bincount(entries.numbers, minlength=len(ids))
    return _described(folder, name, ids, counts, write_short(folder, name, entries, shape))


def write_long_segment(
    folder: Path, name: str, ids: Ids, parts: Iterable[Entries], shape: Shape
) -> VotingRecord:
    """Write a segment of distinct, rising ids; `parts` as in `write_long`, one in memory at a time."""
    counts = np.zeros(len(ids), np.int64)

    def counted() -> Iterator[Entries]:
        for part in parts:
            np.add(counts, np.bincount(part.numbers, minlength=len(ids)), out=counts)
            yield part

    files = write_long(folder, name, counted(), shape)
    return _described(folder, name, ids, counts, files)


def _described(folder: Path, name: str, ids: Ids, counts: Ids, lists: Files) -> VotingRecord:
    files = lists | {
        "ids": write_whole(folder / f"{name}-ids", ids),
        "counts": write_whole(folder / f"{name}-counts", counts),
    }
    commit_point("index:segment-written")
    return VotingRecord.model_validate(
        {"name": name, "count": int(counts.sum()), "images": len(ids), "files": files}
    )


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
    return VotingSegment(folder, record, ids, counts, dead, open_lists(folder, record, shape))
