"""Wordmarks inside writing that has no blanks (Chinese, Japanese), or few (Korean)."""

from __future__ import annotations

from collections.abc import Iterator

from matcher.text.folding import script
from matcher.text.lexicon import Lexicon, Wordmark
from matcher.text.passages import Mention, Reading

UNSPACED = frozenset({"Han", "Kana", "Hangul"})
SHORTEST_PART, PLAIN_PART = 2, 3
"""Letters of a wordmark that is looked for inside a run of letters, and of one that needs no context: two
meet by chance where words meet (红牛 in 红牛仔裤, red jeans)."""


def inside_runs(lexicon: Lexicon, read: Reading) -> Iterator[Mention]:
    """Wordmarks that are a part of a run of letters, the longest at each place, none inside another."""
    for place, word in enumerate(read.words):
        if place in read.taken or len(word.folded) != len(word.written) or not _unspaced(word.folded):
            continue
        for start, end, wordmarks in _parts(lexicon, word.folded):
            read.taken.add(place)
            little = end - start < PLAIN_PART
            for wordmark in wordmarks:
                yield Mention(
                    wordmark, "variant", "inside", word.written[start:end], read.number, word.start + start,
                    word.start + end, 1.0, read.passage.confidence, little, little, alone=False,
                )  # fmt: skip


def _parts(lexicon: Lexicon, run: str) -> Iterator[tuple[int, int, list[Wordmark]]]:
    start = 0
    while start <= len(run) - SHORTEST_PART:
        longest = min(len(run), start + lexicon.longest_unspaced)
        for end in range(longest, start + SHORTEST_PART - 1, -1):
            found = lexicon.exact(run[start:end]) if _unspaced(run[start:end]) else []
            if found:
                yield start, end, found
                start = end - 1
                break
        start += 1


def _unspaced(folded: str) -> bool:
    return not folded.isascii() and any(script(sign) in UNSPACED for sign in folded)
