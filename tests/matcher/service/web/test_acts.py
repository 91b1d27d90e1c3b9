"""Every act that can be on record has a phrase for people, and no phrase is of an act that there is not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from matcher.catalog.jobs import JobKind
from matcher.records import ReviewAnswer
from matcher.service.web.acts import PHRASES, acts_called, phrase_of

SOURCES = Path(__file__).resolve().parents[4] / "matcher"
NAME = re.compile(r"[a-z]+\.[a-z-]+")
PLACES = {"write": 0, "note": 0, "recording": 0, "_record": 2}
"""What records an act, and where among its arguments the act's name stands; others take it as `action`."""
VARIABLE = {"kind": get_args(JobKind), "answer.value": [one.value for one in ReviewAnswer]}
VARIABLE["said.answer.value"] = VARIABLE["answer.value"]


def named_acts() -> Iterator[str]:
    """Every name of an act that the sources give one."""
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from names_in(node)
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("ACT", "action"):
                yield from texts_of(node.value)


def names_in(call: ast.Call) -> Iterator[str]:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    place = PLACES.get(called)
    if place is not None and len(call.args) > max(place, 1):
        yield from texts_of(call.args[place])
    for keyword in call.keywords:
        if called == "record_act" and keyword.arg == "action":
            yield from texts_of(keyword.value)


def texts_of(node: ast.expr) -> Iterator[str]:
    """The names that an expression can be: plain, formatted, or either of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from texts_of(node.body)
        yield from texts_of(node.orelse)
    if isinstance(node, ast.JoinedStr) and len(node.values) == 2:
        first, second = node.values
        ends = isinstance(first, ast.Constant) and str(first.value).endswith(".")
        if ends and isinstance(second, ast.FormattedValue):
            yield from (f"{ast.literal_eval(first)}{text}" for text in VARIABLE[ast.unparse(second.value)])


def test_every_act_has_a_phrase_and_every_phrase_an_act() -> None:
    assert set(named_acts()) == set(PHRASES)


def test_phrases_tell_acts_apart_and_are_found_by_their_words() -> None:
    assert len({phrase.did for phrase in PHRASES.values()}) == len(PHRASES)
    assert acts_called("a FAKE") == ["review.confirm"]
    assert phrase_of("moon.land").did == "moon.land", "of another version of the matcher"
