"""The small plan runs on drawn photos, keeps to its baseline, and stops a matcher that is worse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.plan import load_plan
from benchmarks.saved import read_saved

ROOT = Path(__file__).parents[2]
PLAN = ROOT / "configs" / "bench" / "small.toml"
BASELINE = ROOT / "benchmarks" / "results" / "small-baseline.json"


@pytest.mark.slow
def test_the_matcher_is_as_good_as_its_baseline_and_shuffled_descriptors_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(PLAN), "--out", str(tmp_path / "run"), "--check", str(BASELINE)]) == 0
    assert "nothing is worse beyond noise" in capsys.readouterr().out
    parts = read_saved(tmp_path / "run").parts
    assert set(parts) == {"copies-drawn-builtin", "copies-drawn-descriptors", "products-shelf-builtin"}
    assert all(part.metrics["R@1"] > 0.5 for part in parts.values())

    shuffled = 'finder = "python:tests.benchmarks.worse_finders:shuffled"'
    text = PLAN.read_text(encoding="utf-8").replace(
        "[models.descriptors]", f"[models.descriptors]\n{shuffled}"
    )
    (tmp_path / "worse.toml").write_text(text, encoding="utf-8")
    # The other parts are done, and are not measured again.
    assert (
        main(["run", str(tmp_path / "worse.toml"), "--out", str(tmp_path / "run"), "--check", str(BASELINE)])
        == 1
    )
    assert "worse beyond noise" in capsys.readouterr().out
    kept = [
        json.loads((tmp_path / "run" / "run.json").read_text())["parts"][number]["state"]
        for number in range(3)
    ]
    assert kept == ["done"] * 3


@pytest.mark.parametrize(
    "path", sorted((ROOT / "configs" / "bench").glob("*.toml")), ids=lambda path: path.name
)
def test_every_plan_that_ships_is_read(path: Path) -> None:
    assert load_plan(path).name == path.stem


def test_the_baseline_is_of_the_small_plan() -> None:
    found = read_saved(BASELINE)
    assert set(found.parts) == {"copies-drawn-builtin", "copies-drawn-descriptors", "products-shelf-builtin"}
    assert all(part.judged() for part in found.parts.values())
