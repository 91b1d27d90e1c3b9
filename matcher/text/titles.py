"""What a brand's name is in a title for: the goods offered, goods they fit, or goods they are likened to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from matcher.text.claims import any_of
from matcher.text.folding import Word, words
from matcher.text.mentions import Mention
from matcher.text.tables import read_table


class Use(StrEnum):
    """What the name is there for."""

    OFFERED = "offered"
    FITS = "fits"
    LIKENED = "likened"
    DENIED = "denied"


class _Around(NamedTuple):
    """What stands around names, as patterns over folded text up to the name, or from it on."""

    fits: re.Pattern[str]
    fits_after: re.Pattern[str]
    likens: re.Pattern[str]
    likens_after: re.Pattern[str]
    unlike: re.Pattern[str]
    articles: frozenset[str]
    together: frozenset[str]
    lots: frozenset[str]


def uses_of(title: str, mentions: Sequence[Mention]) -> list[Use]:
    """For each mention, in the title's order, what it is there for.

    Names in a row share the use of the first (`for Nike Adidas`), unless what follows one says otherwise.
    """
    found = words(title)
    uses: list[Use] = []
    until, before = 0, Use.OFFERED
    for mention in mentions:
        first = next((n for n, word in enumerate(found) if word.start >= mention.start), len(found))
        last = next((n for n, word in enumerate(found) if word.start >= mention.end), len(found))
        use = _use(found, first, last)
        if use is Use.OFFERED and uses and _in_a_row(found, until, first):
            use = before
        uses.append(use)
        until, before = last, use
    return uses


def is_lot(title: str) -> bool:
    """Whether the title offers several things together, which may be of several brands."""
    return not _around().lots.isdisjoint(word.folded for word in words(title))


def _use(found: Sequence[Word], first: int, last: int) -> Use:
    around = _around()
    end = first
    while end > 0 and found[end - 1].folded in around.articles:
        end -= 1
    before = " ".join(word.folded for word in found[:end])
    after = " ".join(word.folded for word in found[last:])
    if around.likens_after.match(after) or around.likens.search(before):
        return Use.LIKENED
    if around.fits_after.match(after) or around.fits.search(before):
        return Use.FITS
    if around.unlike.search(before):
        return Use.DENIED
    return Use.OFFERED


def _in_a_row(found: Sequence[Word], until: int, first: int) -> bool:
    """Whether nothing but numbers and joining words lies between two names."""
    between = found[until:first]
    return until <= first and all(
        word.folded.isdigit() or word.folded in _around().together for word in between
    )


@cache
def _around() -> _Around:
    table = read_table("titles")
    return _Around(
        _ending(table["fits"] + table["fits_east"]),
        _beginning(table["fits_after"]),
        _ending(table["likens"]),
        _beginning(table["likens_after"]),
        _ending(table["unlike"]),
        frozenset(table["articles"]),
        frozenset(table["together"]),
        frozenset(word.folded for phrase in table["lots"] for word in words(phrase)[:1]),
    )


def _ending(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile(f"(?:{_pattern(phrases)})$")


def _beginning(phrases: Sequence[str]) -> re.Pattern[str]:
    """A number after the phrase makes it a code (`Style 553558`)."""
    return re.compile(rf"(?:{_pattern(phrases)})(?!\s\d)")


def _pattern(phrases: Sequence[str]) -> str:
    found = any_of(phrases)
    return found.pattern if found else "(?!)"
