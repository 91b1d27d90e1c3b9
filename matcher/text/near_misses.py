"""Words of a text that are missed by a letter or two from a wordmark, and surely read so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matcher.records import Score
from matcher.text.everyday import is_word
from matcher.text.folding import Word, joined, scripts
from matcher.text.lexicon import Lexicon, Wordmark, spelt_in_letters
from matcher.text.likeness import SHORT, SHORT_FLOOR, SHORTEST, believed, near, stylised
from matcher.text.passages import LONGEST_WORD, Mention, Passage, Reading, letter_runs


def near_misses(lexicon: Lexicon, read: Sequence[Reading]) -> Iterator[Mention]:
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


def _near_windows(lexicon: Lexicon, read: Reading) -> Iterator[tuple[int, int]]:
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
    longest = dict(letter_runs(read.words))
    yield from (
        (first, last)
        for first, last in longest.items()
        if read.taken.isdisjoint(range(first, last)) and (first == 0 or len(read.words[first - 1].folded) > 1)
    )


def _missed(
    read: Reading, first: int, last: int, window: Sequence[Word], read_as: str, wordmark: Wordmark
) -> Mention | None:
    """The near miss of `wordmark` that these words are, None if they are none or may be a reader's slip."""
    single = len(window) == 1
    if not single and len(window) != len(wordmark.words) and any(len(word.folded) > 1 for word in window):
        return None
    if any(len(scripts(word.written)) == 1 and "Latin" not in scripts(word.written) for word in window) and (
        read_as.isascii()
    ):
        return None  # a word of another alphabet that happens to look Latin
    if not scripts(wordmark.text) & {script for word in window for script in scripts(word.written)}:
        return None  # or the other way round: a reader without Cyrillic takes РОЛЕКС for POJIEKC
    found = near(read_as, wordmark.folded)
    if found is None or (_may_say(read.passage, wordmark) and not all(edit.doubled for edit in found.edits)):
        return None
    floor = SHORT_FLOOR if len(wordmark.folded) <= SHORT else 0.0
    sure = believed(found.edits, read.passage.confidence, _letters(read.passage, window), floor=floor)
    if not sure:
        return None
    drawn = single and stylised(window[0].written)
    letters = all(len(word.folded) == 1 for word in window)
    alone = read.alone(first, last)
    common = is_word(read_as) if single or letters else not alone and all(is_word(w.folded) for w in window)
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
        (found.half_hidden or common) and not drawn,
        alone,
        found.edits,
    )


def _may_say(passage: Passage, wordmark: Wordmark) -> bool:
    """Whether the reader also saw the wordmark there."""
    return any(wordmark.folded in joined(other) for other in passage.others)


def _letters(passage: Passage, window: Sequence[Word]) -> tuple[Score, ...]:
    """The reader's confidence in each letter of these words, none where it gave none that fit."""
    if len(passage.letters) != len(passage.text):
        return ()
    chosen = [sure for word in window for sure in passage.letters[word.start : word.end]]
    return tuple(chosen) if len(chosen) == sum(len(word.folded) for word in window) else ()
