"""A run of arrivals is answered by a real watch, and gives the figures it promises."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.speed import SpeedPlan, measure_speed
from benchmarks.watch_speed import Answers, _figures
from matcher.config import Settings
from matcher.errors import UsageError

MATCHER = (sys.executable, "-c", "from matcher.cli import main; main()")


@pytest.mark.slow
def test_listings_that_arrive_are_timed_until_their_verdicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATCHER__MODELS__TEXT", "none")
    monkeypatch.setenv("MATCHER__SCAN__WORKERS", "1")
    plan = SpeedPlan(
        references=3, requests=3, rates=(2.0, 20.0), size=(320, 240), folder=tmp_path, command=MATCHER
    )
    told: list[str] = []
    found = measure_speed(plan, ["watch"], Settings(), tell=told.append)
    metrics, by = found["metrics"], found["by"]
    assert isinstance(metrics, dict)
    assert isinstance(by, dict)
    assert (metrics["references"], metrics["arrivals"]) == (3, 6)
    assert list(by) == ["rate=2", "rate=20"]
    for figures in by.values():
        assert isinstance(figures, dict)
        assert 0 < float(str(figures["p50_seconds"])) <= float(str(figures["most_seconds"]))
    assert "3 listings at 20 a second" in told
    again = measure_speed(replace(plan, requests=1, rates=(20.0,)), ["watch"], Settings())
    assert again["by"].keys() == {"rate=20"}, "in the folder of an earlier run"


def test_a_verdict_counts_from_the_first_time_it_is_told() -> None:
    answers = Answers()
    line = '{"listing_id": "L-1"}\n'
    answers.listen(io.StringIO(f"watching inbox\n{line}"))
    first = dict(answers.times)
    answers.listen(io.StringIO(line))
    assert answers.times == first
    assert list(first) == ["L-1"]


def test_a_verdict_that_does_not_come_ends_the_run() -> None:
    answers = Answers({"L-1": 0.0})
    answers.wait_for(["L-1"], 0)
    with pytest.raises(UsageError, match="1 of 2 listings had no verdict in time"):
        answers.wait_for(["L-1", "L-2"], 0.01)
    answers.listen(io.StringIO(""))
    with pytest.raises(UsageError, match="when the watch ended: run `matcher watch`"):
        answers.wait_for(["L-1", "L-2"], 600)


def test_figures_are_seconds_at_the_median_and_the_ends() -> None:
    figures = _figures([number / 100 for number in range(1, 101)])
    assert figures == {"p50_seconds": 0.505, "p95_seconds": 0.95, "most_seconds": 1.0}


def test_the_command_refuses_rates_at_which_nothing_comes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out.json")
    assert main(["speed", "--stage", "watch", "--rates", "0", "--out", out]) == 2
    assert "rates above 0" in capsys.readouterr().err
