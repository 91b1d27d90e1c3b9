"""The command measures, writes its results and says in one line what it lacks; a plan names the task too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.logos.command import chosen_cases
from benchmarks.report.folder import read_run
from benchmarks.runs import run_plan
from matcher.config import ImageSettings
from tests.benchmarks.logos import made


def accuracy(folder: Path, dataset: Path, *words: str) -> int:
    told = ["accuracy", "--task", "logos", "--dataset", str(dataset), "--resamples", "20", "--no-text"]
    config = made.config(folder)
    return main([*told, "--config", str(config), "--out", str(folder / "out" / "logos.json"), *words])


def read(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "out" / "logos.json").read_text(encoding="utf-8"))
    return found


def test_a_box_set_is_measured_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert accuracy(tmp_path, made.write_set(tmp_path / "set"), "--shots", "1", "3") == 0
    found = read(tmp_path)
    assert found["task"] == "logos"
    assert found["metrics"]["R@1"] == 1.0  # type: ignore[index]
    assert str(found["model"]).startswith("onnx:models@")
    shown = capsys.readouterr().out
    assert "recall of 5" in shown
    assert "3 a brand" in shown


def test_a_brand_is_read_as_it_is_written(tmp_path: Path) -> None:
    found = chosen_cases(made.write_set(tmp_path / "set"), ImageSettings())
    assert found.wordmarks["levis"] == ("Levi's",)
    table = tmp_path / "brands.csv"
    table.write_text("brand,wordmarks\nsun,Sunlight|SUN\n", encoding="utf-8")
    found = chosen_cases(made.write_set(tmp_path / "set"), ImageSettings(), brands=[table])
    assert found.wordmarks["sun"] == ("Sunlight", "SUN")


def test_more_logos_in_the_gallery_are_more_brands(tmp_path: Path) -> None:
    logos = made.write_logos(tmp_path / "logos", 11, 12, 13, 14)
    assert accuracy(tmp_path, made.write_set(tmp_path / "set"), "--logos", str(logos), "--gallery", "3") == 0
    assert read(tmp_path)["counts"]["brands"] == 6  # type: ignore[index]


def test_alarms_are_counted_and_drawn(tmp_path: Path) -> None:
    logos, photos = made.write_logos(tmp_path / "logos", 1, 2), made.write_photos(tmp_path / "photos")
    sheet = tmp_path / "sheet.png"
    words = ("--alarms-only", "--logos", str(logos), "--sheet", str(sheet))
    assert accuracy(tmp_path, photos, *words) == 0
    assert read(tmp_path)["metrics"]["false_alarms"] == 0.0  # type: ignore[index]
    assert sheet.is_file()


def test_scenes_are_made_and_measured(tmp_path: Path) -> None:
    logos, photos = made.write_logos(tmp_path / "logos", 1, 2, 3), made.write_photos(tmp_path / "photos")
    assert accuracy(tmp_path, photos, "--scenes", "6", "--logos", str(logos)) == 0
    found = read(tmp_path)
    assert {"AP50", "recall_5", "R@1"} <= set(found["metrics"])  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--alarms-only",), "--logos: name folders"),
        (("--scenes", "3"), "--logos: name folders"),
        (("--layout", "atlas"), "no layout 'atlas'"),
        (("--limit", "0"), "at least 1"),
    ],
)
def test_what_is_missing_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], reason: str
) -> None:
    assert accuracy(tmp_path, made.write_set(tmp_path / "set"), *words) == 2
    said = capsys.readouterr().err
    assert reason in said
    assert "\n" not in said.strip()


def test_without_models_the_task_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "none.toml"
    config.write_text("[models]\nlogo = 'none'\n", encoding="utf-8")
    told = ["accuracy", "--task", "logos", "--dataset", str(tmp_path), "--config", str(config)]
    assert main([*told, "--out", str(tmp_path / "o.json")]) == 2
    assert "models.logo is 'none'" in capsys.readouterr().err


PLAN = """
name = "logos"
resamples = 20
[models.tiny]
settings = {{ models = {{ logo = "onnx:{models}", logo_least = 0.1, text = "none" }} }}
[sets.badges]
path = "set"
options = {{ shots = [1, 3] }}
[sets.plain]
path = "photos"
options = {{ logos = ["../logos"], alarms = true }}
[[run]]
tasks = ["logos"]
models = ["tiny"]
sets = ["badges", "plain"]
"""


def test_a_plan_measures_logos(tmp_path: Path) -> None:
    made.write_set(tmp_path / "set")
    made.write_photos(tmp_path / "photos")
    made.write_logos(tmp_path / "logos", 1, 2)
    made.config(tmp_path)
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(models=tmp_path / "models"), encoding="utf-8")
    states = run_plan(plan, tmp_path / "run", photos=tmp_path)
    assert [(one.state, one.why) for one in states] == [("done", "")] * 2
    results = json.loads((tmp_path / "run" / "results" / f"{states[0].part.name}.json").read_text())
    assert results["metrics"]["R@1"] == 1.0
    assert results["seconds"] > 0
    report = read_run(tmp_path / "run")
    assert ([part.task for part in report.done], report.notes) == (["logos", "logos"], ())
    assert (tmp_path / "run" / "pairs" / f"{states[0].part.name}.npz").is_file()


def test_a_wrong_brand_is_shown_beside_its_reference_and_the_true_one(tmp_path: Path) -> None:
    rows = made.write_set(tmp_path / "set") / "boxes.csv"
    made.write_photos(tmp_path / "photos")
    made.write_logos(tmp_path / "logos", 1)
    made.config(tmp_path)
    # What shows a sun is said to show a moon.
    rows.write_text(rows.read_text().replace("sun-0.png,sun", "sun-0.png,moon"), encoding="utf-8")
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(models=tmp_path / "models"), encoding="utf-8")
    states = run_plan(plan, tmp_path / "run", photos=tmp_path)
    results = json.loads((tmp_path / "run" / "results" / f"{states[0].part.name}.json").read_text())
    (wrong,) = [one for one in results["mistakes"] if one["query"] == "sun-0.png"]
    assert (wrong["truth"], wrong["said"][0]["reference_id"]) == (["moon"], "sun")
    pictures = [wrong["images"]["query"], wrong["images"]["said"][0], wrong["images"]["truth"]]
    assert all((tmp_path / "run" / one).is_file() for one in pictures)
