"""The task `text` as part of a run's plan."""

from __future__ import annotations

from pathlib import Path

import pytest

import benchmarks.text.part
from benchmarks.text.part import measure_part
from matcher.errors import UsageError
from tests.benchmarks.planned import part
from tests.benchmarks.text.scripted_reader import ScriptedReader, blank

READ = {200: ["adidas"], 210: ["abibas"], 220: ["reebok"]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three photos, of which one shows a near miss and one another brand's wordmark, and their truth."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for width in READ:
        (photos / f"{width}.png").write_bytes(blank(width))
    (photos / "truth.csv").write_text("image,brands,also\n200.png,adidas,\n210.png,,\n220.png,,\n")
    monkeypatch.setattr(benchmarks.text.part, "build_text_reader", lambda models: ScriptedReader(READ))
    return tmp_path


def test_a_table_beside_the_photos_and_a_lexicon_of_ours_make_a_part(folder: Path) -> None:
    options = 'truth = "truth.csv", brands = ["brands-fashion.csv"]'
    outcome = measure_part(part(folder, "text", "matcher", options), lambda *_: None)
    metrics = outcome.results["metrics"]
    assert isinstance(metrics, dict)
    assert (metrics["recall"], metrics["precision"]) == (1.0, 0.5)
    assert {(one.query, one.kind) for one in outcome.mistakes} == {
        ("210.png", "near miss"),
        ("220.png", "wordmark"),
    }
    assert {one.said[0][0].casefold() for one in outcome.mistakes} == {"adidas: abibas", "reebok: reebok"}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ('colour = "red"', r"sets\.photos\.options\.colour: Extra inputs"),
        ('truth = "absent.csv", brands = ["brands-fashion.csv"]', "absent.csv"),
        ("alarms_only = true", "--brands: name a CSV file"),
    ],
)
def test_what_it_has_not_is_said_in_one_line(folder: Path, options: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        measure_part(part(folder, "text", "matcher", options), lambda *_: None)


def test_without_a_reader_there_is_nothing_to_measure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmarks.text.part, "build_text_reader", lambda models: None)
    with pytest.raises(UsageError, match=r"models\.text is 'none'"):
        measure_part(part(folder, "text", "matcher", "drawn = 3", text="none"), lambda *_: None)
