"""Words of a text that are missed by a letter or two from a wordmark, and surely read so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from matcher.records import Score
from matcher.text.everyday import is_word
from matcher.text.folding import Word, joined, scripts
from matcher.text.lexicon import Lexicon, Wordmark, spelt_in_letters
from matcher.text.likeness import LONG, SHORT, SHORT_FLOOR, SHORTEST, believed, near, stylised
from matcher.text.passages import LONGEST_WORD, Mention, Passage, Reading, letter_runs

LONGER_LEAST, LONGER_LEAST_BESIDE_LITTLE, LONGER_FLOOR = 5, 4, 0.9
"""Letters of the word that is wrong in a longer form of a wordmark that stands there rightly (`Armani Jeens`)
or of one that says little by itself (`Hugo Bsos`), and how surely each letter that differs must be read: the
brand is spelt right, so that a slip is likelier than a fake."""


class _Place(NamedTuple):
    """Words `first` to before `last` of a text; `said`: the wordmark that some of them say already."""

    one: Reading
    first: int
    last: int
    said: Mention | None = None


def near_misses(lexicon: Lexicon, read: Sequence[Reading], said: Sequence[Mention]) -> Iterator[Mention]:
    """Near misses among the words that are not accounted for, and of longer forms of what is `said`."""
    places = [_Place(one, first, last) for one in read for first, last in _near_windows(lexicon, one)]
    places += [place for one in read for place in _around(lexicon, one, said)]
    folded = ["".join(word.folded for word in one.words[first:last]) for one, first, last, _ in places]
    for place, read_as, candidates in zip(places, folded, lexicon.near(folded), strict=True):
        best: dict[str, Mention] = {}
        for wordmark in candidates:
            if place.said and not _is_longer_form(wordmark, place, place.said):
                continue
            found = _missed(place, read_as, wordmark)
            if found and found.closeness > getattr(best.get(wordmark.brand), "closeness", 0.0):
                best[wordmark.brand] = found
        yield from best.values()


def _around(lexicon: Lexicon, read: Reading, said: Sequence[Mention]) -> Iterator[_Place]:
    """Words around a wordmark that may be a longer one of the brand with a letter wrong (`Giorgo Armani`)."""
    here = [one for one in said if one.passage == read.number and one.kind != "near-miss"]
    for mention in here:
        inside = [
            place for place, word in enumerate(read.words)
            if word.start < mention.end and mention.start < word.end
        ]  # fmt: skip
        if not inside:
            continue
        for first in range(max(0, inside[-1] + 1 - lexicon.most_words), inside[0] + 1):
            for last in range(inside[-1] + 1, min(len(read.words), first + lexicon.most_words) + 1):
                others = set(range(first, last)) - set(inside)
                if others and read.taken.isdisjoint(others):
                    yield _Place(read, first, last, mention)


def _is_longer_form(wordmark: Wordmark, place: _Place, said: Mention) -> bool:
    """Whether it is the brand's, and all its words but one stand there as they are."""
    there = [word.folded for word in place.one.words[place.first : place.last]]
    if wordmark.brand != said.wordmark.brand or len(there) != len(wordmark.words):
        return False
    least = LONGER_LEAST_BESIDE_LITTLE if said.needs_context else LONGER_LEAST
    apart = [pair for pair in zip(there, wordmark.words, strict=True) if pair[0] != pair[1]]
    return len(apart) == 1 and len(apart[0][1]) >= least and not is_word(apart[0][0])


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


def _missed(place: _Place, read_as: str, wordmark: Wordmark) -> Mention | None:
    """The near miss of `wordmark` that these words are, None if they are none or may be a reader's slip."""
    read, first, last, _ = place
    window = read.words[first:last]
    single = len(window) == 1
    if len(wordmark.folded) < LONG and not single and _spaced_otherwise(window, wordmark):
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
    floor = SHORT_FLOOR if len(wordmark.folded) <= SHORT else LONGER_FLOOR if place.said else 0.0
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


def _spaced_otherwise(window: Sequence[Word], wordmark: Wordmark) -> bool:
    """Whether these are more or fewer words than the wordmark; letters one by one may be any word."""
    return len(window) != len(wordmark.words) and any(len(word.folded) > 1 for word in window)


def _may_say(passage: Passage, wordmark: Wordmark) -> bool:
    """Whether the reader also saw the wordmark there."""
    return any(wordmark.folded in joined(other) for other in passage.others)


def _letters(passage: Passage, window: Sequence[Word]) -> tuple[Score, ...]:
    """The reader's confidence in each letter of these words, none where it gave none that fit."""
    if len(passage.letters) != len(passage.text):
        return ()
    chosen = [sure for word in window for sure in passage.letters[word.start : word.end]]
    return tuple(chosen) if len(chosen) == sum(len(word.folded) for word in window) else ()
