"""Wordmarks that stand in a text: as they are, cut, joined, in another script or disguised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matcher.text.everyday import is_word, says_little
from matcher.text.folding import Word, in_latin, scripts, words
from matcher.text.lexicon import Lexicon, Wordmark
from matcher.text.likeness import SHORTEST, inflected
from matcher.text.passages import LONGEST_WORD, How, Mention, Reading, letter_runs

MOST_STACKED = 3
"""Lines over which one wordmark may be spread (`GOD`, `MOR`, `GON`)."""
SPLIT_LEAST, INSIDE_LEAST, REST_LEAST = 6, 6, 3
"""Letters of a wordmark that is looked for across a gap, or inside a longer word, and of the word's rest."""


def spelt(lexicon: Lexicon, read: Reading) -> Iterator[Mention]:
    """Wordmarks that are there; the longest first, and none inside another."""
    for first, last in _windows(lexicon, read.words):
        if read.taken.isdisjoint(range(first, last)):
            hits = list(_hits(lexicon, read, first, last))
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
    ranges.update(letter_runs(found))
    return iter(sorted(ranges, key=lambda one: (one[0] - one[1], one)))


def _hits(lexicon: Lexicon, read: Reading, first: int, last: int) -> Iterator[tuple[Wordmark, How]]:
    window = read.words[first:last]
    spelt = tuple(word.folded for word in window)
    folded = "".join(spelt)
    if len(window) == 1 and len(folded) > LONGEST_WORD:
        return
    exact = lexicon.exact(folded)
    hits = [(one, _how(one, window)) for one in exact if _believable(one, window, read.alone(first, last))]
    if not hits and len(window) == 1:
        hits = list(_respelt(lexicon, window[0], read.passage.others))
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


def _respelt(lexicon: Lexicon, word: Word, others: Sequence[str]) -> Iterator[tuple[Wordmark, How]]:
    """The word as a look-alike, in another alphabet, with an ending, or with a wordmark inside.

    An everyday word is a look-alike only where the reader also saw the wordmark, among `others`.
    """
    if len(word.folded) >= SHORTEST:
        for one in lexicon.looking_like(word.folded):
            if not is_word(word.folded) or _seen(one, others):
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
            for one in lexicon.exact(part) if _is_inside(word.folded, part) else ():
                yield one, "inside"
                return


def _seen(wordmark: Wordmark, others: Sequence[str]) -> bool:
    return any(word.folded == wordmark.folded for other in others for word in words(other))


def _is_inside(word: str, part: str) -> bool:
    """Whether a wordmark and something else make up the word, not the wordmark with a letter too many."""
    rest = len(word) - len(part)
    return len(part) >= INSIDE_LEAST and rest >= REST_LEAST and not says_little(part)


def _disguised(word: Word) -> bool:
    """Whether a Latin word is written with other scripts' letters, or signs, that look like its own."""
    plain = word.written.replace("&", "")
    return word.folded.isascii() and (bool(scripts(plain) - {"Latin"}) or not plain.isalnum())


def _mention(read: Reading, first: int, last: int, wordmark: Wordmark, how: How) -> Mention:
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


def across(lexicon: Lexicon, one: Reading, two: Reading) -> Iterator[Mention]:
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


def stacked(lexicon: Lexicon, read: Sequence[Reading]) -> Iterator[Mention]:
    """A wordmark cut into whole lines that follow one another, a word each."""
    for count in range(MOST_STACKED, 1, -1):
        for first in range(len(read) - count + 1):
            lines = read[first : first + count]
            if all(len(line.words) == 1 and not line.taken for line in lines):
                yield from _stack(lexicon, lines)


def _stack(lexicon: Lexicon, lines: Sequence[Reading]) -> Iterator[Mention]:
    folded = "".join(line.words[0].folded for line in lines)
    for wordmark in lexicon.exact(folded) if len(folded) >= SPLIT_LEAST else ():
        for line in lines:
            line.taken.add(0)
        how: How = "same" if wordmark.words == tuple(line.words[0].folded for line in lines) else "split"
        found = _mention(lines[0], 0, 1, wordmark, how)
        text = " ".join(line.text(0, 1) for line in lines)
        yield found._replace(text=text, sure=min(line.passage.confidence for line in lines))
