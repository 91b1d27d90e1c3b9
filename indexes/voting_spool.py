"""Features of a voting gallery that is rebuilt, on their way into lists: in memory, or beyond it on disk."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexes.exact import Ids
from indexes.vocabulary import Reduced
from indexes.voting_lists import Entries, Shape

FILES = 128
"""Files that entries beyond memory are shared out to, by their word."""
PART = 2**19
"""Entries that are sorted at a time, some 100 MB of them."""


class VotingSpool:
    """Takes features in the order in which they come, gives them by their word.

    Beyond `held` they lie in the folder, in files that each take some of the words. Memory: that of `held`
    entries, or of a part, or of the words of a file.
    """

    def __init__(self, folder: Path, generation: int, shape: Shape, *, held: int) -> None:
        self.count = 0
        words, dims = shape
        self._edges = np.unique(np.linspace(0, words, FILES + 1).astype(np.int64))
        self._paths = [
            folder / f"spool-{generation:08d}-{number:03d}" for number in range(len(self._edges) - 1)
        ]
        self._row = np.dtype([("id", "<i8"), ("word", "<i4"), ("kept", "u1", (dims,))])
        self._held = held
        self._rows: list[NDArray[np.void]] = []
        self._waiting, self._new_ids = 0, [np.empty(0, np.int64)]

    @property
    def is_long(self) -> bool:
        """Whether it holds more than fits into memory."""
        return self.count > self._held

    def add(self, ids: Ids, words: Ids, kept: Reduced) -> None:
        """Take more: ids in any order, their words, and what is kept of them, (n, D)."""
        rows = np.empty(len(ids), self._row)
        rows["id"], rows["word"], rows["kept"] = ids, words, kept
        self._rows.append(rows)
        self._new_ids.append(np.unique(ids))
        self.count += len(rows)
        self._waiting += len(rows)
        if self._waiting > self._held:
            self._spill()

    def ids(self) -> Ids:
        """The distinct ids, rising."""
        self._new_ids = [np.unique(np.concatenate(self._new_ids))]
        return self._new_ids[0]

    def entries(self) -> Entries:
        """All of them, where they are in memory; it is empty then."""
        rows, self._rows = np.concatenate([np.empty(0, self._row), *self._rows]), []
        return self._entries(self.ids(), rows)

    def parts(self) -> Iterator[Entries]:
        """All of them, those of some words at a time; each file is deleted once it is read."""
        self._spill()
        ids = self.ids()
        for path in self._paths:
            if path.exists():
                yield from self._parts_of(path, ids)
                path.unlink()

    def _parts_of(self, path: Path, ids: Ids) -> Iterator[Entries]:
        rows = np.memmap(path, self._row, mode="r")
        words = np.array(rows["word"], np.int64)
        for first, end in pairwise(stretches_of(np.bincount(words)).tolist()):
            chosen = np.flatnonzero((words >= first) & (words < end))
            if len(chosen):
                yield self._entries(ids, rows[chosen])

    def clear(self) -> None:
        """Delete what is left of its files."""
        for path in self._paths:
            path.unlink(missing_ok=True)

    def _entries(self, ids: Ids, rows: NDArray[np.void]) -> Entries:
        numbers = np.searchsorted(ids, rows["id"])
        return Entries(numbers, rows["word"].astype(np.int64), np.ascontiguousarray(rows["kept"]))

    def _spill(self) -> None:
        rows = np.concatenate([np.empty(0, self._row), *self._rows])
        stretch = np.searchsorted(self._edges, rows["word"], side="right") - 1
        order = np.argsort(stretch, kind="stable")
        ends = np.searchsorted(stretch[order], np.arange(len(self._paths)), side="right")
        start = 0
        for path, end in zip(self._paths, ends.tolist(), strict=True):
            if end > start:
                with path.open("ab") as file:
                    rows[order[start:end]].tofile(file)
            start = end
        self._rows, self._waiting = [], 0


def stretches_of(sizes: Ids) -> Ids:
    """Where stretches of words begin that hold some `PART` entries, and where the last ends, rising.

    `sizes`: entries of each word; a word is never cut, so a stretch may hold more by those of one word.
    """
    ends = np.cumsum(sizes)
    begins = np.flatnonzero(np.diff(ends // PART)) + 1
    return np.unique(np.concatenate([[0], begins, [len(sizes)]])).astype(np.int64)
