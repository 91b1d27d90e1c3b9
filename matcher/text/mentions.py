"""Finds wordmarks in texts: as they are, in another spelling, or missed by a letter or two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple

from matcher.records import Score
from matcher.text.everyday import is_word, says_little
from matcher.text.folding import LONGEST, Word, in_latin, joined, scripts, words
from matcher.text.lexicon import Lexicon, Wordmark, spelt_in_letters
from matcher.text.likeness import SHORT, SHORT_FLOOR, SHORTEST, Edit, believed, inflected, near, stylised

Kind = Literal["exact", "variant", "near-miss"]
How = Literal[
    "same", "listed", "joined", "split", "spaced", "inside", "inflected", "look-alike", "transliterated", ""
]
SPLIT_LEAST, INSIDE_LEAST = 6, 6
"""Letters of a wordmark that is looked for across a gap, or inside a longer word."""
LONGEST_RUN = 24
"""Single letters in a row that are read together."""
LONGEST_WORD = 40
"""Letters of a word that is looked into."""
MOST_WORDS = 3_000
"""Words of all texts together; the rest is left unread."""


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
    by itself, being short, an everyday word, or near one; `everyday`: what was read is a word of its own.
    `alone`: nothing else stands in the passage.
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
    everyday: bool
    alone: bool
    edits: tuple[Edit, ...] = ()


@dataclass
class _Read:
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


def find_mentions(lexicon: Lexicon, passages: Sequence[Passage]) -> list[Mention]:
    """Every wordmark in the passages, in their order; near misses only of what is no wordmark itself.

    Passages that follow one another are read together where one ends with the beginning of a wordmark.
    """
    if not lexicon.wordmarks:
        return []
    read: list[_Read] = []
    room = MOST_WORDS
    for number, passage in enumerate(passages):
        found = words(passage.text[:LONGEST])[:room]
        room -= len(found)
        read.append(_Read(number, passage, found))
    mentions = [mention for one in read for mention in _spelt(lexicon, one)]
    mentions += [mention for one, two in pairwise(read) for mention in _across(lexicon, one, two)]
    mentions += _near(lexicon, read)
    return sorted(mentions, key=lambda one: (one.passage, one.start, one.end, one.wordmark))


def _spelt(lexicon: Lexicon, read: _Read) -> Iterator[Mention]:
    """Wordmarks that are there; the longest first, and none inside another."""
    for first, last in _windows(lexicon, read.words):
        if read.taken.isdisjoint(range(first, last)):
            hits = list(_hits(lexicon, read.words[first:last], read.alone(first, last)))
            if hits:
                read.taken.update(range(first, last))
            for wordmark, how in hits:
                yield _mention(read, first, last, wordmark, how)


def _windows(lexicon: Lexicon, found: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Word ranges that may be one wordmark, the longest first."""
    most = max(2, lexicon.most_words)
    ranges = {
        (first, last)
        for first in range(len(found))
        for last in range(first + 1, min(len(found), first + most) + 1)
    }
    ranges.update(_letter_runs(found))
    return iter(sorted(ranges, key=lambda one: (one[0] - one[1], one)))


def _letter_runs(found: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Ranges of three single letters or more in a row (`A D I D A S`)."""
    first = 0
    while first < len(found):
        last = first
        while last < len(found) and len(found[last].folded) == 1 and last - first < LONGEST_RUN:
            last += 1
        if last - first >= 3:
            yield from ((one, two) for one in range(first, last) for two in range(one + 3, last + 1))
        first = max(last, first + 1)


def _hits(lexicon: Lexicon, window: Sequence[Word], alone: bool) -> Iterator[tuple[Wordmark, How]]:
    spelt = tuple(word.folded for word in window)
    folded = "".join(spelt)
    if len(window) == 1 and len(folded) > LONGEST_WORD:
        return
    exact = lexicon.exact(folded)
    hits = [(one, _how(one, window)) for one in exact if _believable(one, window, alone)]
    if not hits and len(window) == 1:
        hits = list(_respelt(lexicon, window[0]))
    yield from hits


def _how(wordmark: Wordmark, window: Sequence[Word]) -> How:
    spelt = tuple(word.folded for word in window)
    if spelt != wordmark.words:
        if len(spelt) == 1:
            return "joined"
        return "spaced" if all(len(word) == 1 for word in spelt) else "split"
    if any(_disguised(word) for word in window):
        return "look-alike"
    return "same" if wordmark.main else "listed"


def _believable(wordmark: Wordmark, window: Sequence[Word], alone: bool) -> bool:
    """A wordmark cut by blanks is one if it is long and either alone or not made of words of their own."""
    spelt = tuple(word.folded for word in window)
    spaced = len(spelt) > 2 and all(len(word) == 1 for word in spelt)
    if spelt == wordmark.words or len(spelt) == 1 or spaced:
        return True
    ordinary = not alone and all(is_word(word) or len(word) < 3 for word in spelt)
    return len(wordmark.folded) >= SPLIT_LEAST and not ordinary


def _respelt(lexicon: Lexicon, word: Word) -> Iterator[tuple[Wordmark, How]]:
    """The word as a look-alike, in another alphabet, with an ending, or with a wordmark inside."""
    if len(word.folded) >= SHORTEST and not is_word(word.folded):
        for one in lexicon.looking_like(word.folded):
            yield one, "look-alike"
            return
    latin = in_latin(word.written)
    if latin:
        yield from ((one, "transliterated") for one in lexicon.exact(latin))
    for cut in range(len(word.folded) - 1, SHORTEST - 1, -1):
        begins, ends = word.folded[:cut], word.folded[-cut:]
        for one in lexicon.exact(begins):
            if inflected(word.folded, begins) and not is_word(word.folded):
                yield one, "inflected"
                return
        for part in (begins, ends):
            for one in lexicon.exact(part) if cut >= INSIDE_LEAST and not says_little(part) else ():
                yield one, "inside"
                return


def _disguised(word: Word) -> bool:
    """Whether a Latin word is written with other scripts' letters, or signs, that look like its own."""
    plain = word.written.replace("&", "")
    return word.folded.isascii() and (bool(scripts(plain) - {"Latin"}) or not plain.isalnum())


def _mention(read: _Read, first: int, last: int, wordmark: Wordmark, how: How) -> Mention:
    little = len(wordmark.words) == 1 and says_little(wordmark.folded)
    return Mention(
        wordmark,
        "exact" if how == "same" else "variant",
        how,
        read.text(first, last),
        read.number,
        read.words[first].start,
        read.words[last - 1].end,
        1.0,
        read.passage.confidence,
        little,
        little,
        read.alone(first, last),
    )


def _across(lexicon: Lexicon, one: _Read, two: _Read) -> Iterator[Mention]:
    """A wordmark of several words that begins as the end of one passage and ends as the next begins."""
    for before in range(1, min(len(one.words), lexicon.most_words - 1) + 1):
        first = len(one.words) - before
        for after in range(1, min(len(two.words), lexicon.most_words - before) + 1):
            if one.taken.isdisjoint(range(first, len(one.words))) and two.taken.isdisjoint(range(after)):
                spelt = tuple(word.folded for word in (*one.words[first:], *two.words[:after]))
                for wordmark in lexicon.exact("".join(spelt)):
                    if wordmark.words == spelt:
                        one.taken.update(range(first, len(one.words)))
                        two.taken.update(range(after))
                        found = _mention(one, first, len(one.words), wordmark, "same")
                        text = f"{found.text} {two.text(0, after)}"
                        sure = min(found.sure, two.passage.confidence)
                        yield found._replace(text=text, sure=sure)


def _near(lexicon: Lexicon, read: Sequence[_Read]) -> Iterator[Mention]:
    """Near misses among the words that are not accounted for."""
    places = [(one, first, last) for one in read for first, last in _near_windows(lexicon, one)]
    folded = ["".join(word.folded for word in one.words[first:last]) for one, first, last in places]
    for (one, first, last), read_as, candidates in zip(places, folded, lexicon.near(folded), strict=True):
        window = one.words[first:last]
        best: dict[str, Mention] = {}
        for wordmark in candidates:
            found = _missed(one, first, last, window, read_as, wordmark)
            if found and found.closeness > getattr(best.get(wordmark.brand), "closeness", 0.0):
                best[wordmark.brand] = found
        yield from best.values()


def _near_windows(lexicon: Lexicon, read: _Read) -> Iterator[tuple[int, int]]:
    free = [place for place in range(len(read.words)) if place not in read.taken]
    for first in free:
        word = read.words[first]
        if (
            len(word.folded) >= SHORTEST - 1
            and spelt_in_letters(word.folded)
            and len(word.folded) <= LONGEST_WORD
        ):
            yield first, first + 1
    for first in free:
        for last in range(first + 2, min(len(read.words), first + lexicon.most_words) + 1):
            if read.taken.isdisjoint(range(first, last)):
                yield first, last
    longest = dict(_letter_runs(read.words))
    yield from (
        (first, last)
        for first, last in longest.items()
        if read.taken.isdisjoint(range(first, last)) and (first == 0 or len(read.words[first - 1].folded) > 1)
    )


def _missed(
    read: _Read, first: int, last: int, window: Sequence[Word], read_as: str, wordmark: Wordmark
) -> Mention | None:
    """The near miss of `wordmark` that these words are, None if they are none or may be a reader's slip."""
    single = len(window) == 1
    if not single and len(window) != len(wordmark.words) and any(len(word.folded) > 1 for word in window):
        return None
    if any(len(scripts(word.written)) == 1 and "Latin" not in scripts(word.written) for word in window) and (
        read_as.isascii()
    ):
        return None  # a word of another alphabet that happens to look Latin
    found = near(read_as, wordmark.folded)
    if found is None or any(joined(other) == wordmark.folded for other in read.passage.others):
        return None
    floor = SHORT_FLOOR if len(wordmark.folded) <= SHORT else 0.0
    sure = believed(found.edits, read.passage.confidence, _letters(read.passage, window), floor=floor)
    if not sure:
        return None
    drawn = single and stylised(window[0].written)
    letters = all(len(word.folded) == 1 for word in window)
    common = is_word(read_as) if single or letters else all(is_word(word.folded) for word in window)
    return Mention(
        wordmark,
        "near-miss",
        "",
        read.text(first, last),
        read.number,
        window[0].start,
        window[-1].end,
        found.closeness,
        sure,
        (found.needs_context or common) and not drawn,
        common and not drawn,
        read.alone(first, last),
        found.edits,
    )


def _letters(passage: Passage, window: Sequence[Word]) -> tuple[Score, ...]:
    """The reader's confidence in each letter of these words, none where it gave none that fit."""
    if len(passage.letters) != len(passage.text):
        return ()
    chosen = [sure for word in window for sure in passage.letters[word.start : word.end]]
    return tuple(chosen) if len(chosen) == sum(len(word.folded) for word in window) else ()
