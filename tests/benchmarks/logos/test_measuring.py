"""Boxes, brands and alarms are counted as they are, on photos whose logos a tiny model finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.adapters import read_boxes
from benchmarks.logo_sets import LogoBox as TrueBox
from benchmarks.logos.cases import LogoCase, LogoCases, cases_of, read_logos, without_logos
from benchmarks.logos.looking import LogoAnswer
from benchmarks.logos.measuring import Looked, brand_ranking, detection, logo_results, look_at
from benchmarks.logos.sheet import draw_alarms
from matcher.assembly import build_logo_models
from matcher.config import Settings
from matcher.models import LogoBox
from matcher.records import Evidence, Region
from tests.benchmarks.logos import made

HERE, THERE = Region(0, 0, 100, 100), Region(200, 200, 300, 300)


def case(name: str, *boxes: TrueBox, **more: object) -> LogoCase:
    brands = frozenset(box.brand for box in boxes)
    return LogoCase(name, lambda: b"", brands, boxes, **more)  # type: ignore[arg-type]


def true(brand: str, region: Region = HERE) -> TrueBox:
    return TrueBox(brand, *region)


def answer(
    asked: LogoCase,
    *boxes: tuple[Region, float],
    said: Sequence[tuple[str, float, Region]] = (),
    text: dict[str, float] | None = None,
) -> LogoAnswer:
    evidence = tuple(
        Evidence(signal="logo", score=score, brand=brand, photo=0, region=region, detail={"kind": "logo"})
        for brand, score, region in said
    )
    found = tuple(LogoBox(region, score) for region, score in boxes)
    return LogoAnswer(asked, (400, 400), found, tuple(said), evidence, text or {})


def test_boxes_count_whatever_their_brand() -> None:
    answers = [
        answer(case("a", true("x")), (HERE, 0.9), (THERE, 0.8)),
        answer(case("b", true("y"), true("x", THERE)), (THERE, 0.7)),
    ]
    figures = detection(answers, 0, 0)
    assert figures["recall_5"] == pytest.approx(2 / 3, abs=1e-3)
    assert 0 < figures["AP50"] < 0.7  # type: ignore[operator]


def test_only_five_boxes_a_photo_count_for_the_recall() -> None:
    wrong = [(THERE, 0.9 - 0.01 * turn) for turn in range(5)]
    assert detection([answer(case("a", true("x")), *wrong, (HERE, 0.1))], 0, 0)["recall_5"] == 0.0
    assert detection([answer(case("a", true("x")), *wrong[1:], (HERE, 0.1))], 0, 0)["recall_5"] == 1.0


def test_photos_whose_boxes_are_unknown_are_not_asked_for_boxes() -> None:
    assert detection([answer(case("a", boxed=False), (HERE, 0.9))], 0, 0) == {}


def test_of_the_boxes_found_the_likeliest_brand_counts() -> None:
    answers = [
        answer(case("a", true("x")), (HERE, 0.9), said=[("x", 0.8, HERE), ("y", 0.3, HERE)]),
        answer(case("b", true("x")), (HERE, 0.9), said=[("y", 0.8, HERE), ("x", 0.3, HERE)]),
        answer(case("c", true("x")), (THERE, 0.9), said=[("x", 0.8, THERE)]),
    ]
    assert detection(answers, 0, 0)["top1_of_found"] == 0.5


def test_text_joins_the_logo_s_score() -> None:
    one = answer(case("a", true("x")), said=[("y", 0.5, HERE), ("x", 0.4, HERE)], text={"x": 0.5, "z": 0.2})
    assert one.scores(with_text=False) == {"y": 0.5, "x": 0.4}
    assert one.scores(with_text=True) == pytest.approx({"y": 0.5, "x": 0.7, "z": 0.2})
    assert brand_ranking([one], with_text=True).first_right.tolist() == [1.0]
    assert brand_ranking([one], with_text=False).first_right.tolist() == [2.0]


def test_alarms_are_likely_logos_of_brands_that_are_not_shown(tmp_path: Path) -> None:
    answers = [
        answer(case("a"), said=[("x", 0.6, HERE)]),
        answer(case("b"), said=[("x", 0.4, HERE)]),
        answer(case("c", true("x")), said=[("x", 0.9, HERE), ("y", 0.7, THERE)]),
    ]
    looked = Looked({1: answers}, [], {1: 2}, 0)
    assert [(one.case.name, found.brand) for one, found in looked.alarms] == [("a", "x"), ("c", "y")]
    found = LogoCases("set", "boxes", tuple(one.case for one in answers), {})
    results, judged = logo_results(found, looked, with_text=False, resamples=20)
    assert results["metrics"]["false_alarms"] == 0.5  # type: ignore[index, call-overload]
    assert judged is None


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    return made.settings(tmp_path / "models")


def test_a_set_is_measured_from_its_photos_to_its_figures(tmp_path: Path, chosen: Settings) -> None:
    found = cases_of(read_boxes(made.write_set(tmp_path / "set")), chosen.images)
    models = build_logo_models(chosen.models)
    assert models is not None
    looked = look_at(found, models, None, chosen, shots=(1, 3, 10))
    results, judged = logo_results(found, looked, with_text=False, resamples=20)
    assert list(results["by"]) == ["1 a brand", "3 a brand"]  # type: ignore[arg-type]
    metrics = results["metrics"]
    assert isinstance(metrics, dict)
    assert (metrics["R@1"], metrics["recall_5"], metrics["top1_of_found"]) == (1.0, 1.0, 1.0)
    assert metrics["R@P90"] == 1.0
    assert metrics["AP50"] > 0.9  # type: ignore[operator]
    assert len(metrics["AP50_ci"]) == 2  # type: ignore[arg-type]
    assert results["counts"]["boxes"] == 18  # type: ignore[index, call-overload]
    assert judged is not None
    assert len(judged.queries) == 9


def test_a_photo_that_cannot_be_read_is_counted(tmp_path: Path, chosen: Settings) -> None:
    found = cases_of(read_boxes(made.write_set(tmp_path / "set")), chosen.images)
    broken = replace(found.cases[0], blob=lambda: b"no image")
    models = build_logo_models(chosen.models)
    assert models is not None
    looked = look_at(replace(found, cases=(broken, *found.cases[1:])), models, None, chosen)
    assert (looked.not_read, len(looked.best)) == (1, 8)


def test_alarms_are_drawn_to_be_looked_at(tmp_path: Path, chosen: Settings) -> None:
    photos = made.write_photos(tmp_path / "photos", 2)
    made.write_set(photos)
    logos = read_logos([made.write_logos(tmp_path / "logos", *made.BRANDS.values())], chosen.images)
    models = build_logo_models(chosen.models)
    assert models is not None
    looked = look_at(without_logos(photos, logos), models, None, chosen)
    assert len({answer.case.name for answer, _ in looked.alarms}) == 18  # the tiny model finds them all
    draw_alarms(looked.alarms, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.height > 5 * 320
