"""What is counted right, wrong and missed, by a reader whose lines are known."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from benchmarks.text.cases import Case, TextSet
from benchmarks.text.measuring import Answer, read_set, text_results
from matcher.config import ImageSettings
from matcher.errors import UsageError
from matcher.records import Brand
from tests.benchmarks.text.scripted_reader import ScriptedReader, blank

BRANDS = tuple(Brand(name=name) for name in ("Adidas", "Reebok", "Panasonic"))
STORY: tuple[tuple[str, set[str], set[str], str, tuple[str, ...]], ...] = (
    # kind, what can be read, what may be found, the text that was drawn, what the reader reads
    ("real", {"Adidas"}, set(), "", ("adidas",)),
    ("real", {"Reebok"}, set(), "", ("adidas",)),
    ("real", {"Reebok"}, {"Adidas"}, "", ("reebok", "adidas")),
    ("real", set(), set(), "", ()),
    ("wordmark", {"Panasonic"}, set(), "Panasonic", ("PANASONIC",)),
    ("near-miss", {"Adidas"}, set(), "abibas", ("abibas",)),
    ("near-miss", {"Panasonic"}, set(), "Pnasonic", ()),
    ("near-miss", {"Adidas"}, set(), "adidos", ("adidas",)),
    ("none", set(), set(), "", ("abibas",)),
    ("unknown", set(), set(), "", ("adidas",)),
)


def story() -> tuple[TextSet, ScriptedReader]:
    cases, texts = [], {}
    for number, (kind, brands, also, text, read) in enumerate(STORY):
        width = 200 + 10 * number
        texts[width] = read
        facts = {"script": "Latin" if number % 2 else "Greek"} if kind == "near-miss" else {}
        cases.append(
            Case(f"{number}", kind, frozenset(brands), partial(blank, width), text, frozenset(also), facts)
        )
    return TextSet("story", BRANDS, cases), ScriptedReader(texts)


def answered() -> tuple[TextSet, list[Answer]]:
    found, reader = story()
    return found, read_set(found, reader, ImageSettings())


def test_the_figures_are_those_counted_by_hand() -> None:
    found, answers = answered()
    metrics = text_results(found, answers, resamples=0)["metrics"]
    assert metrics == {
        # wordmarks told of photos 0, 1, 2 (two), 4 and 7: of them 1 and 7 are wrong
        "precision": pytest.approx(4 / 6, abs=1e-4),
        # asked of photos 0, 1, 2 and 4: found but for 1
        "recall": 3 / 4,
        # near misses told of 5 and 8
        "precision_near_miss": 1 / 2,
        # asked of 5, 6 and 7
        "recall_near_miss": pytest.approx(1 / 3, abs=1e-4),
        # seven photos without a near miss, one alarm
        "alarms_per_500": pytest.approx(500 / 7, abs=1e-3),
    }


def test_every_alarm_every_wrong_wordmark_and_every_miss_is_told() -> None:
    found, answers = answered()
    results: Any = text_results(found, answers, resamples=0)
    assert [(one["image"], one["brand"], one["text"]) for one in results["alarms"]] == [
        ("8", "Adidas", "abibas")
    ]
    assert [(one["image"], one["brand"]) for one in results["wrong"]] == [("1", "Adidas"), ("7", "Adidas")]
    assert [(one["image"], one["read"]) for one in results["missed"]] == [
        ("1", ["adidas"]),
        ("6", []),
        ("7", ["adidas"]),
    ]


def test_the_counts_and_parts_say_how_many_photos_there_were() -> None:
    found, answers = answered()
    results = text_results(found, answers, resamples=0)
    assert results["counts"] == {
        "photos": 10, "not_read": 0, "near-miss": 3, "none": 1, "real": 4, "unknown": 1, "wordmark": 1,
    }  # fmt: skip
    assert results["by"] == {
        "script=Greek": {"queries": 1, "recall_near_miss": 0.0},
        "script=Latin": {
            "queries": 2, "precision": 0.0, "precision_near_miss": 1.0, "recall_near_miss": 0.5,
        },
    }  # fmt: skip
    assert results["dataset"] == {"name": "story", "brands": 3}


def test_intervals_hold_the_figures_and_repeat() -> None:
    found, answers = answered()
    first: Any = text_results(found, answers, resamples=50, seed=4)["metrics"]
    assert text_results(found, answers, resamples=50, seed=4)["metrics"] == first
    low, high = first["precision_ci"]
    assert 0 <= low <= first["precision"] <= high <= 1


def test_a_part_in_which_nothing_is_asked_has_no_figure_for_it() -> None:
    found = TextSet("one", BRANDS, [Case("0", "real", frozenset(), partial(blank, 300))])
    answers = read_set(found, ScriptedReader({}), ImageSettings())
    assert text_results(found, answers, resamples=5)["metrics"] == {"alarms_per_500": 0.0}


def test_the_title_of_the_listings_is_context_for_what_is_read() -> None:
    case = Case("0", "real", frozenset({"Reebok"}), partial(blank, 200))
    found, reader = TextSet("shop", BRANDS, [case]), ScriptedReader({200: ["reebok"]})
    alone, titled = (
        read_set(found, reader, ImageSettings(), title=title)[0].evidence for title in ("", "Reebok shoes")
    )
    assert [one.detail.get("context") for one in (*alone, *titled)] == [None, ["title"]]


def test_a_photo_that_cannot_be_decoded_is_counted_and_left_out() -> None:
    whole, broken = Case("0", "none", frozenset(), partial(blank, 200)), Case("1", "none", frozenset(), bytes)
    found = TextSet("two", BRANDS, [whole, broken])
    answers = read_set(found, ScriptedReader({}), ImageSettings())
    assert text_results(found, answers, resamples=0)["counts"] == {"photos": 1, "not_read": 1, "none": 1}
    with pytest.raises(UsageError, match="no photo can be read"):
        read_set(TextSet("one", BRANDS, [broken]), ScriptedReader({}), ImageSettings())


def test_progress_is_told_from_nothing_to_all() -> None:
    found, reader = story()
    told: list[tuple[str, int, int]] = []
    read_set(found, reader, ImageSettings(), tell=lambda *step: told.append(step))
    assert [done for _, done, _ in told] == list(range(11))
    assert {(stage, total) for stage, _, total in told} == {("reading", 10)}
