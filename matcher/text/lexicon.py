"""The wordmarks of all brands, found by spelling: exactly, by their look, or within two letters."""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import combinations, islice, takewhile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.files import replacing
from matcher.records import Brand
from matcher.text.folding import alike, joined, script, words
from matcher.text.likeness import MOST_EDITS, SHORTEST

LONGEST = 80
"""Folded letters of a wordmark; what is longer is no wordmark that a text could show, and is left out."""
SHORT = 5
"""Letters of a word that may lack one letter only, see `_remains`."""
PREFIX = 7
"""Letters of a word in which missing letters are looked for (symmetric deletes, as in SymSpell)."""
MOST_CANDIDATES = 400
"""Wordmarks compared with one word; where more share its remains, the word says nothing."""
INDEX = "wordmarks-1.npy"
"""The index's file in a snapshot; the number changes with what is indexed."""
Index = NDArray[np.uint32]


class Wordmark(NamedTuple):
    """One wordmark of one brand, as the brand writes it and folded.

    `main`: the brand's name or its first wordmark; the others are further spellings or scripts.
    """

    brand: str
    text: str
    words: tuple[str, ...]
    main: bool

    @property
    def folded(self) -> str:
        """Its words without blanks."""
        return "".join(self.words)


class Lexicon:
    """Every brand's name and wordmarks; what folds to nothing (emoji, punctuation) is left out.

    `index`: a file that `save` wrote for the same brands; without it the index is made on first use.
    """

    def __init__(self, brands: Iterable[Brand], index: Path | None = None) -> None:
        self.wordmarks = tuple(_wordmarks(brands))
        self.most_words = max((len(one.words) for one in self.wordmarks), default=1)
        self._exact: dict[str, list[int]] = {}
        self._alike: dict[str, list[int]] = {}
        for row, one in enumerate(self.wordmarks):
            self._exact.setdefault(one.folded, []).append(row)
            self._alike.setdefault(alike(one.folded), []).append(row)
        unspaced = (len(one.folded) for one in self.wordmarks if not spelt_in_letters(one.folded))
        self.longest_unspaced = max(unspaced, default=0)
        self._index = np.load(index, mmap_mode="r") if index is not None and index.exists() else None

    def exact(self, folded: str) -> list[Wordmark]:
        """Wordmarks that fold to `folded` (no blanks)."""
        return [self.wordmarks[row] for row in self._exact.get(folded, ())]

    def looking_like(self, folded: str) -> list[Wordmark]:
        """Wordmarks that look like `folded`, such as 1 for l; itself too."""
        return [self.wordmarks[row] for row in self._alike.get(alike(folded), ())]

    def near(self, read: Sequence[str]) -> list[list[Wordmark]]:
        """For each folded word the wordmarks that may be within two letters of it; not yet compared."""
        index = self.index
        remains = [
            sorted(set(_remains(word))) if SHORTEST - 1 <= len(word) <= LONGEST else [] for word in read
        ]
        keys = np.array([key for some in remains for key in some], dtype=np.uint32)
        starts = np.searchsorted(index[0], keys, side="left")
        ends = np.searchsorted(index[0], keys, side="right")
        found: list[list[Wordmark]] = []
        place = 0
        for some in remains:
            rows: set[int] = set()
            for key in range(place, place + len(some)):
                if starts[key] < ends[key]:
                    rows.update(
                        index[1, starts[key] : min(ends[key], starts[key] + MOST_CANDIDATES)].tolist()
                    )
            place += len(some)
            found.append([self.wordmarks[row] for row in sorted(rows)[:MOST_CANDIDATES]])
        return found

    def beginning_with(self, folded: str) -> list[Wordmark]:
        """Longer wordmarks that begin so, at most `MOST_CANDIDATES`."""
        return self._begun(self._by_begin, folded, lambda row: self.wordmarks[row].folded)

    def ending_with(self, folded: str) -> list[Wordmark]:
        """Longer wordmarks that end so, at most `MOST_CANDIDATES`."""
        return self._begun(self._by_end, folded[::-1], lambda row: self.wordmarks[row].folded[::-1])

    def _begun(self, rows: Sequence[int], begin: str, spelt: Callable[[int], str]) -> list[Wordmark]:
        first = bisect_left(rows, begin, key=spelt)
        following = (rows[place] for place in range(first, len(rows)))
        found = takewhile(lambda row: spelt(row).startswith(begin), following)
        return [self.wordmarks[row] for row in islice(found, MOST_CANDIDATES) if spelt(row) != begin]

    @cached_property
    def _by_begin(self) -> Sequence[int]:
        return array("I", sorted(range(len(self.wordmarks)), key=lambda row: self.wordmarks[row].folded))

    @cached_property
    def _by_end(self) -> Sequence[int]:
        return array(
            "I", sorted(range(len(self.wordmarks)), key=lambda row: self.wordmarks[row].folded[::-1])
        )

    @property
    def index(self) -> Index:
        """Checksums of what remains of each wordmark when letters go, sorted, and its row: uint32 (2, n)."""
        if self._index is None:
            self._index = _index(self.wordmarks)
        return self._index

    def save(self, path: Path) -> None:
        """Write the index for others to map into memory."""
        with replacing(path) as (file,):
            np.save(file, self.index, allow_pickle=False)


def _wordmarks(brands: Iterable[Brand]) -> Iterator[Wordmark]:
    for brand in brands:
        seen: set[tuple[str, ...]] = set()
        for place, text in enumerate((*brand.wordmarks, brand.name)):
            for spelt in _spellings(text):
                if spelt and spelt not in seen and len("".join(spelt)) <= LONGEST:
                    seen.add(spelt)
                    yield Wordmark(brand.name, text, spelt, main=place in (0, len(brand.wordmarks)))


def _spellings(text: str) -> Iterator[tuple[str, ...]]:
    """The wordmark's words; where it is written with `&`, also without."""
    yield tuple(word.folded for word in words(text))
    if "&" in text and len(joined(text)) > SHORTEST:
        yield tuple(word.folded for word in words(text.replace("&", " ")))


def _index(wordmarks: Sequence[Wordmark]) -> Index:
    keys: list[int] = []
    rows: list[int] = []
    for row, one in enumerate(wordmarks):
        if SHORTEST <= len(one.folded) <= LONGEST and spelt_in_letters(one.folded):
            found = set(_remains(one.folded))
            keys.extend(found)
            rows.extend([row] * len(found))
    table = np.array([keys, rows], dtype=np.uint32).reshape(2, -1)
    return np.ascontiguousarray(table[:, np.lexsort((table[1], table[0]))])


def spelt_in_letters(folded: str) -> bool:
    """Whether single letters of the word may be wrong: it has some, in a script that spells by sound."""
    kinds = {script(sign) for sign in folded if sign.isalpha()}
    return bool(kinds) and not kinds & {"Han", "Kana", "Hangul"}


def _remains(word: str) -> Iterator[int]:
    """Checksums of the word's beginning with letters gone, one of a short word, two of a longer one.

    Two words near each other share one of them: where the letters in which they differ are gone from both,
    the same remains (Garbe, "1000x faster spelling correction", 2012). Two wrong letters of a short word are
    found only where one is missing and one too many: everything else within two letters is another word.
    """
    start = word[:PREFIX]
    for gone in range((MOST_EDITS if len(word) > SHORT else 1) + 1):
        for places in combinations(range(len(start)), gone):
            kept = start
            for place in reversed(places):
                kept = kept[:place] + kept[place + 1 :]
            yield zlib.crc32(kept.encode())
