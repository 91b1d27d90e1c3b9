"""How a word read differs from a wordmark, letter by letter, and how surely it must have been read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from matcher.records import Score
from matcher.text.folding import alike

MOST_EDITS = 2
"""A word further away is another word."""
SHORTEST = 4
"""Wordmarks of fewer letters have no near misses: every second word is one."""
DROPPED, SURELY, FAIRLY, PLAINLY, DOUBLED = 0.97, 0.85, 0.72, 0.65, 0.5
"""How sure a reader must be of a letter it takes for the right one often, sometimes, or hardly ever.

`DOUBLED`: of a letter read twice where the wordmark has it once. A reader of columns (CTC) joins two equal
letters often, and hardly ever makes two of one. `DROPPED`: of a letter beside a stroke that was not read; a
stroke is as narrow as the gap between letters. Of seven strokes truly missing in drawn words, five were told
more surely.
"""
_OFTEN = (
    *(
        "ce",
        "co",
        "eo",
        "ae",
        "hn",
        "bh",
        "uv",
        "vy",
        "ft",
        "lt",
        "jl",
        "nr",
        "mn",
        "nu",
        "gq",
        "fp",
        "ty",
        "kx",
    ),
    *("gs", "sz", "eg", "ef", "do", "oq", "cg", "it", "pr", "br", "be", "hk", "kr"),
)
_TURNED = frozenset(map(frozenset, ("bd", "pq", "bp", "dp", "dq", "bq", "mw", "nu")))
"""Letters that are each other turned or mirrored: two of them swapped are drawn so, not another word."""
_SOMETIMES = ("bd", "pq", "bp", "dp", "mw", "ao")
_NEEDED = {frozenset(pair): SURELY for pair in _OFTEN} | {frozenset(pair): FAIRLY for pair in _SOMETIMES}
LONG = 10
"""A wordmark of so many letters is not met by chance with two of them wrong."""
SHORT, SHORT_FLOOR = 5, 0.8
"""In a wordmark of so few letters each letter that differs must be read at least this surely."""
_THIN = frozenset("lijtfr")
_LEFT_OVER = _THIN | frozenset("cnuv1")
"""What is left of a letter that something hides half of: strokes, and the bows of others."""
_VOWELS = frozenset("aeiouy")
_STYLISED = re.compile(r"[A-Z]*(?:[a-z][A-Z]+)+[a-z]?")
_ENDINGS = frozenset({"s", "es", "r", "tm", "c", "com", "de", "net"})
"""What follows a wordmark without changing it: plural and genitive, ®, ™ and © as read, and domains."""

_NOT_TWICE = frozenset({"s", "es", "c", "r"})
"""Endings that say nothing of a word which ends with their last letter already: `adidass` is no plural."""


class Edit(NamedTuple):
    """One difference: what was `read` for what is `meant` ("" for nothing), at which letter of the word.

    `doubled`: the letter before or after is the same, and it is one too many.
    """

    read: str
    meant: str
    place: int

    doubled: bool = False

    @property
    def needed(self) -> Score:
        """The least confidence at which the reader may be believed."""
        if self.doubled:
            return DOUBLED
        if self.read and self.meant:
            return _NEEDED.get(frozenset((self.read, self.meant)), PLAINLY)
        if self.meant in _THIN:
            return DROPPED
        return SURELY if self.read in _THIN else FAIRLY


class Near(NamedTuple):
    """A near miss: its edits, how near it is, and whether it says too little without context.

    `half_hidden`: it may be the wordmark itself with a stroke left of its first or last letter.
    """

    edits: tuple[Edit, ...]
    closeness: Score
    needs_context: bool
    half_hidden: bool = False


def edits_between(read: str, meant: str) -> tuple[Edit, ...] | None:
    """What makes `read` (folded) out of `meant`, fewest edits; letters that look the same are none.

    Two neighbours that changed places are one edit. None beyond `MOST_EDITS`.
    """
    plain = Levenshtein.distance(read, meant, score_cutoff=MOST_EDITS)
    if plain:
        read_alike, meant_alike = alike(read), alike(meant)
        if Levenshtein.distance(read_alike, meant_alike, score_cutoff=MOST_EDITS) < plain:
            read, meant = read_alike, meant_alike
            plain = Levenshtein.distance(read, meant)
    if plain > MOST_EDITS:
        return None
    if swapped := _swapped(read, meant):
        return (swapped,)
    found = []
    for step in Levenshtein.editops(read, meant):
        got = "" if step.tag == "insert" else read[step.src_pos]
        wanted = "" if step.tag == "delete" else meant[step.dest_pos]
        place = min(step.src_pos, len(read) - 1)
        twice = step.tag == "delete" and got in (read[place - 1 : place], read[place + 1 : place + 2])
        found.append(Edit(got, wanted, place, twice))
    return tuple(found)


def _swapped(read: str, meant: str) -> Edit | None:
    """The two neighbours that changed places, where that is all the difference."""
    if len(read) != len(meant):
        return None
    apart = [place for place, (one, two) in enumerate(zip(read, meant, strict=True)) if one != two]
    if len(apart) != 2 or apart[1] != apart[0] + 1:
        return None
    place = apart[0]
    crossed = read[place : place + 2] == meant[place + 1] + meant[place]
    return Edit(read[place : place + 2], meant[place : place + 2], place) if crossed else None


def near(read: str, meant: str) -> Near | None:
    """Whether `read` is a near miss of `meant`, both folded; None if equal, too far, cut off or inflected.

    The shorter the wordmark, the less may differ: chance words come within two letters of short ones.
    """
    if len(meant) < SHORTEST or len(read) < SHORTEST - 1 or cut_off(read, meant) or inflected(read, meant):
        return None
    edits = edits_between(read, meant)
    if not edits:
        return None
    first = alike(read[0]) == alike(meant[0])
    last = alike(read[-1]) == alike(meant[-1])
    sounds = first and consonants(read) == consonants(meant)
    size, one = len(meant), len(edits) == 1
    if one and _may_be_half_hidden(edits[0], read, meant):
        return Near(edits, 0.8, needs_context=True, half_hidden=True)
    if not one and (_cut_through(read, meant) or _partly_read(edits, read, meant)):
        return None
    if size <= 5:
        believable = one or sounds or (size == 5 and first and last)
        closeness = (0.8 if one else 0.65) + (0.05 if size == 5 else 0.0)
        return Near(edits, closeness, needs_context=True) if believable else None
    if one:
        return Near(edits, 1.0, needs_context=False)
    turned = all(frozenset((edit.read, edit.meant)) in _TURNED for edit in edits)
    if size >= LONG or turned:
        return Near(edits, 0.95, needs_context=False)
    if sounds:
        return Near(edits, 0.9, needs_context=True)
    return Near(edits, 0.9, needs_context=True) if first and _shared(read, meant) >= size - 3 else None


def _shared(read: str, meant: str) -> int:
    """Letters that both begin and end with."""
    most = min(len(read), len(meant))
    begin = next((n for n in range(most) if read[n] != meant[n]), most)
    end = next((n for n in range(most - begin) if read[-1 - n] != meant[-1 - n]), most - begin)
    return begin + end


def cut_off(read: str, meant: str) -> bool:
    """Whether `read` is the wordmark with an end hidden by a fold, a hand or the photo's edge."""
    return len(read) < len(meant) and (meant.startswith(read) or meant.endswith(read))


def _cut_through(read: str, meant: str) -> bool:
    """Whether `read` is cut off inside a letter, of which something else is left (`tropicar`)."""
    ends = read[-1] in _LEFT_OVER and cut_off(read[:-1], meant)
    begins = read[0] in _LEFT_OVER and cut_off(read[1:], meant)
    return len(read) < len(meant) and (ends or begins)


def _partly_read(edits: Sequence[Edit], read: str, meant: str) -> bool:
    """Whether two letters went missing, or one at an end and another is wrong: a slip in reading.

    In a long wordmark two may be missing, unless both are mere strokes.
    """
    missing = [edit.meant for edit in edits if not edit.read]
    if len(missing) == MOST_EDITS:
        return len(meant) < LONG or all(letter in _THIN for letter in missing)
    begins, ends = alike(read[0]) == alike(meant[1]), alike(read[-1]) == alike(meant[-2])
    first, last = alike(read[0]) == alike(meant[0]), alike(read[-1]) == alike(meant[-1])
    return len(read) < len(meant) and ((begins and not first) or (ends and not last))


def _may_be_half_hidden(edit: Edit, read: str, meant: str) -> bool:
    """Whether the only wrong letter stands at an end and is no more than a stroke."""
    at_an_end = edit.place in (0, len(read) - 1)
    return len(read) == len(meant) and at_an_end and edit.read in _THIN and bool(edit.meant)


def inflected(read: str, meant: str) -> bool:
    """Whether `read` is the wordmark with an ending or a number: it says the wordmark."""
    rest = read[len(meant) :]
    if rest in _NOT_TWICE and meant.endswith(rest[-1]):
        return False
    return bool(rest) and read.startswith(meant) and (rest in _ENDINGS or rest.isdigit())


def consonants(word: str) -> str:
    """The word's consonants, a run of the same once, c and ck as k: what two spellings of a sound share."""
    kept = ""
    for letter in word.replace("ck", "k").replace("c", "k"):
        if letter not in _VOWELS and not kept.endswith(letter):
            kept += letter
    return kept


def stylised(written: str) -> bool:
    """Whether small and capital letters mix as no language mixes them (`MiKE`): drawn, not written."""
    return len(written) >= SHORTEST and _STYLISED.fullmatch(written) is not None


def believed(
    edits: Sequence[Edit], confidence: Score, letters: Sequence[Score] = (), *, floor: Score = 0.0
) -> Score:
    """How surely the edits were read, 0 where one may be the reader's slip.

    `letters`: the reader's confidence in each letter of the word; without them the line's counts. Two edits
    at once are less likely both to be slips than one, so each needs a little less. `floor`: the least for
    any letter.
    """
    ease = 0.05 * (len(edits) - 1)
    least = 1.0
    for edit in edits:
        sure = letters[edit.place] if edit.place < len(letters) else confidence
        if sure < max(edit.needed, floor) - ease:
            return 0.0
        least = min(least, sure)
    return least
