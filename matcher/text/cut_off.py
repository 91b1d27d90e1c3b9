"""Wordmarks of which a hand, a fold or the photo's edge hides an end, or a reader lost it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from matcher.text.everyday import is_word
from matcher.text.folding import Word
from matcher.text.lexicon import Lexicon, Wordmark
from matcher.text.passages import LONGEST_WORD, Mention, Reading
from matcher.text.spellings import MOST_STACKED

LEAST = 6
"""Letters that are left of a wordmark, at least."""
SHARE, SHARE_STACKED = 3 / 4, 2 / 3
"""The share of its letters that they are, in one word and in words one below the other."""


def cut_wordmarks(lexicon: Lexicon, read: Sequence[Reading], said: Sequence[Mention]) -> Iterator[Mention]:
    """What is left of wordmarks, in a word or in words one below the other (`GOD`, `MOR`).

    Only of brands that are not `said`, and in lines in which nothing else is; the more is left, the closer.
    """
    brands = {one.wordmark.brand for one in said}
    spoken = {one.passage for one in said}
    free = [one for one in read if one.number not in spoken and not one.taken and one.words]
    found = [
        _rest(lexicon, lines, [line.words[0] for line in lines], SHARE_STACKED) for lines in _stacks(free)
    ]
    found += [
        _rest(lexicon, [line], [word], SHARE)
        for line in free for word in line.words if not is_word(word.folded)
    ]  # fmt: skip
    for one in found:
        if one and one.wordmark.brand not in brands:
            brands.add(one.wordmark.brand)
            yield one


def _stacks(free: Sequence[Reading]) -> Iterator[list[Reading]]:
    """Lines of one word each that follow one another, the most first."""
    for count in range(MOST_STACKED, 1, -1):
        for first in range(len(free) - count + 1):
            lines = list(free[first : first + count])
            in_a_row = lines[-1].number - lines[0].number == count - 1
            if in_a_row and all(len(line.words) == 1 for line in lines):
                yield lines


def _rest(lexicon: Lexicon, lines: Sequence[Reading], words: Sequence[Word], share: float) -> Mention | None:
    """The wordmark that these words of the lines begin or end; None where they may be another brand's."""
    folded = "".join(word.folded for word in words)
    wordmarks = [one for one in _completed(lexicon, folded) if len(folded) >= share * len(one.folded)]
    if len({one.brand for one in wordmarks}) != 1:
        return None
    wordmark = min(wordmarks, key=lambda one: (len(one.folded), one))
    return Mention(
        wordmark,
        "variant",
        "cut",
        " ".join(word.written for word in words),
        lines[0].number,
        words[0].start,
        words[0].end,
        round(len(folded) / len(wordmark.folded), 4),
        min(line.passage.confidence for line in lines),
        needs_context=False,
        doubtful=False,
        alone=len(words) > 1 or len(lines[0].words) == 1,
    )


def _completed(lexicon: Lexicon, folded: str) -> list[Wordmark]:
    """Wordmarks that begin or end so, and not with a whole word: `THE NORTH` is a text of its own."""
    if not LEAST <= len(folded) <= LONGEST_WORD:
        return []
    kept = len(folded)
    begun = [one for one in lexicon.beginning_with(folded) if kept not in _word_ends(one)]
    ended = [one for one in lexicon.ending_with(folded) if len(one.folded) - kept not in _word_ends(one)]
    return begun + ended


def _word_ends(wordmark: Wordmark) -> set[int]:
    return set(accumulate(len(word) for word in wordmark.words))
