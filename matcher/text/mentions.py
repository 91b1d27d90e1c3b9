"""Finds wordmarks in texts: as they are, in another spelling, or missed by a letter or two."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matcher.text.cut_off import cut_wordmarks
from matcher.text.folding import LONGEST, words
from matcher.text.lexicon import Lexicon
from matcher.text.near_misses import near_misses
from matcher.text.passages import Mention, Passage, Reading
from matcher.text.spellings import across, spelt, stacked
from matcher.text.unspaced import inside_runs

__all__ = ["Mention", "Passage", "find_mentions"]

MOST_WORDS = 3_000
"""Words of all texts together; the rest is left unread."""


def find_mentions(lexicon: Lexicon, passages: Sequence[Passage], *, in_photo: bool = False) -> list[Mention]:
    """Every wordmark in the passages, in their order; near misses only of what is no wordmark itself.

    Passages that follow one another are read together where one ends with the beginning of a wordmark.
    `in_photo`: an end of a wordmark may be hidden, which no one who types does.
    """
    if not lexicon.wordmarks:
        return []
    read: list[Reading] = []
    room = MOST_WORDS
    for number, passage in enumerate(passages):
        found = words(passage.text[:LONGEST])[:room]
        room -= len(found)
        read.append(Reading(number, passage, found))
    mentions = [mention for one in read for mention in spelt(lexicon, one)]
    mentions += [mention for one, two in pairwise(read) for mention in across(lexicon, one, two)]
    mentions += stacked(lexicon, read)
    mentions += [mention for one in read for mention in inside_runs(lexicon, one)]
    mentions += list(near_misses(lexicon, read, mentions))
    if in_photo:
        mentions += list(cut_wordmarks(lexicon, read, mentions))
    return sorted(mentions, key=lambda one: (one.passage, one.start, one.end, one.wordmark))
