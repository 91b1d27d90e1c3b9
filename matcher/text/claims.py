"""Finds what sellers write when they offer copies (`claims.toml`), unless it is negated or honestly meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from matcher.records import Score
from matcher.text.folding import fold, normal, script, words
from matcher.text.tables import read_table

_CLAUSE = re.compile(r"[.;!?。！？\n\r|•]+(?=\s|$|[^\x00-\x7f])")
_EAST = ("Han", "Kana", "Hangul")


class Claim(NamedTuple):
    """A phrase as it is written, in passage number `passage`; `source` names where it is told of."""

    phrase: str
    language: str
    sure: Score
    source: str
    passage: int


class _Clause(NamedTuple):
    """A part of passage number `passage`, as far as a negation reaches; `written` in normal form."""

    passage: int
    written: str
    folded: str
    lowered: str


class _Rule(NamedTuple):
    language: str
    source: str
    sure: Score
    phrases: re.Pattern[str] | None
    patterns: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None


class _Negation(NamedTuple):
    reach: int
    before: frozenset[str]
    after: frozenset[str]
    before_east: re.Pattern[str]
    after_east: re.Pattern[str]


def find_claims(passages: Sequence[str]) -> list[Claim]:
    """Each claim in the passages once, the surest first.

    An honest meaning that one passage gives a phrase holds for all of them.
    """
    rules, negation = _lexicon()
    whole = " ".join(fold(one) for one in passages)
    clauses = [
        _Clause(number, written, fold(written), written.lower())
        for number, passage in enumerate(passages)
        for written in _CLAUSE.split(normal(passage))
    ]
    found: dict[str, Claim] = {}
    for rule in rules:
        if rule.unless and rule.unless.search(whole):
            continue
        for clause in clauses:
            for phrase in _said(rule, clause, negation):
                claim = Claim(phrase, rule.language, rule.sure, rule.source, clause.passage)
                if claim.sure > getattr(found.get(phrase.casefold()), "sure", 0.0):
                    found[phrase.casefold()] = claim
    return sorted(found.values(), key=lambda claim: (-claim.sure, claim.passage, claim.phrase))


def _said(rule: _Rule, clause: _Clause, negation: _Negation) -> list[str]:
    """Phrases of the rule in one clause that nothing negates."""
    said = []
    folded, lowered = clause.folded, clause.lowered
    if rule.phrases:
        said += [
            _as_written(clause, hit)
            for hit in rule.phrases.finditer(folded)
            if not _negated(folded[: hit.start()], folded[hit.end() :], negation)
        ]
    for pattern in rule.patterns:
        said += [
            hit[0].strip()
            for hit in pattern.finditer(lowered)
            if not _negated(fold(lowered[: hit.start()]), fold(lowered[hit.end() :]), negation)
        ]
    return said


def _as_written(clause: _Clause, hit: re.Match[str]) -> str:
    """What stands in the clause where `hit` lies in its folded form: whole words."""
    found = words(clause.written)
    first = clause.folded.count(" ", 0, hit.start())
    last = clause.folded.count(" ", 0, hit.end())
    return normal(clause.written)[found[first].start : found[last].end]


def _negated(before: str, after: str, negation: _Negation) -> bool:
    close = before.split()[-negation.reach :]
    if not negation.before.isdisjoint(close):
        return True
    if negation.before_east.search(before) or negation.after_east.match(after):
        return True
    return not negation.after.isdisjoint(after.split()[:1])


@cache
def _lexicon() -> tuple[tuple[_Rule, ...], _Negation]:
    table = read_table("claims")
    return tuple(_rule(one) for one in table["claim"]), _negation(table["negation"])


def _rule(entry: dict[str, Any]) -> _Rule:
    return _Rule(
        entry["language"],
        entry["source"],
        float(entry["sure"]),
        any_of(entry.get("phrases", ())),
        tuple(re.compile(pattern) for pattern in entry.get("patterns", ())),
        any_of(entry.get("unless", ())),
    )


def _negation(table: dict[str, Any]) -> _Negation:
    east_before, east_after = (
        "|".join(re.escape(fold(word)) for word in table[name]) for name in ("before_east", "after_east")
    )
    return _Negation(
        table["reach"],
        frozenset(fold(word) for word in table["before"]),
        frozenset(fold(word) for word in table["after"]),
        re.compile(f"(?:{east_before})\\s?\\S{{0,2}}$"),
        re.compile(f"^\\s?\\S{{0,2}}(?:{east_after})"),
    )


def any_of(phrases: Sequence[str]) -> re.Pattern[str] | None:
    """A pattern for any of the phrases in folded text, longest first; None where there is none.

    Whole words, but for East Asian writing, which has no blanks, and after an asterisk.
    """
    patterns = [_phrase(phrase) for phrase in sorted(phrases, key=len, reverse=True)]
    return re.compile("|".join(patterns)) if patterns else None


def _phrase(phrase: str) -> str:
    folded = [word.folded for word in words(phrase.rstrip("*"))]
    body = r"\s?".join(map(re.escape, folded)) if _east(phrase) else r"\s".join(map(re.escape, folded))
    begin = "" if _east(folded[0][0]) else r"(?<!\S)"
    end = "" if _east(folded[-1][-1]) else (r"\S*" if phrase.endswith("*") else r"(?!\S)")
    return f"{begin}{body}{end}"


def _east(text: str) -> bool:
    return any(script(sign) in _EAST for sign in text)
