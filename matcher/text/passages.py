"""Texts that wordmarks are looked for in, word by word, and what is met there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from matcher.records import Score
from matcher.text.folding import Word
from matcher.text.lexicon import Wordmark
from matcher.text.likeness import Edit

Kind = Literal["exact", "variant", "near-miss"]
How = Literal[
    "same",
    "listed",
    "joined",
    "split",
    "spaced",
    "inside",
    "inflected",
    "look-alike",
    "transliterated",
    "cut",
    "",
]
LONGEST_RUN = 24
"""Single letters in a row that are read together."""
LONGEST_WORD = 40
"""Letters of a word that is looked into."""


@dataclass(frozen=True)
class Passage:
    """One text with what its reader says of it: a typed text is as sure as can be.

    `letters`: confidence in each character, or none; `others`: what else the reader might have read.
    """

    text: str
    confidence: Score = 1.0
    letters: tuple[Score, ...] = ()
    others: tuple[str, ...] = ()


class Mention(NamedTuple):
    """A wordmark met in passage number `passage`, characters `start` to `end` of its normal form.

    `closeness`: 1 unless a near miss; `sure`: how surely it was read so. `needs_context`: it says too little
    by itself, being short, an everyday word, or near one; `doubtful`: what was read is a word of its own, or
    may be a wordmark of which a letter is half hidden. `alone`: nothing else stands in the passage.
    """

    wordmark: Wordmark
    kind: Kind
    how: How
    text: str
    passage: int
    start: int
    end: int
    closeness: Score
    sure: Score
    needs_context: bool
    doubtful: bool
    alone: bool
    edits: tuple[Edit, ...] = ()


@dataclass
class Reading:
    """A passage's words and which of them are accounted for."""

    number: int
    passage: Passage
    words: list[Word]
    taken: set[int] = field(default_factory=set)

    def text(self, first: int, last: int) -> str:
        """The words `first` to before `last` as they stand there."""
        return " ".join(word.written for word in self.words[first:last])

    def alone(self, first: int, last: int) -> bool:
        """Whether these words are all there is."""
        return last - first == len(self.words)


def letter_runs(found: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Ranges of three single letters or more in a row (`A D I D A S`)."""
    first = 0
    while first < len(found):
        last = first
        while last < len(found) and len(found[last].folded) == 1 and last - first < LONGEST_RUN:
            last += 1
        if last - first >= 3:
            yield from ((one, two) for one in range(first, last) for two in range(one + 3, last + 1))
        first = max(last, first + 1)
