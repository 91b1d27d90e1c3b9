"""A load run serves a small catalog, is answered without an error, and gives the figures it promises."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.check_speed import Load, _figures
from benchmarks.scan_speed import Memory
from benchmarks.speed import SpeedPlan, measure_speed
from matcher.config import Settings
from matcher.errors import UsageError

MATCHER = (sys.executable, "-c", "from matcher.cli import main; main()")


@pytest.mark.slow
def test_checks_of_a_real_server_are_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER__MODELS__TEXT", "none")
    plan = SpeedPlan(
        references=3, requests=6, clients=(1, 3), size=(320, 240), folder=tmp_path, command=MATCHER
    )
    told: list[str] = []
    found = measure_speed(plan, ["check"], Settings(), tell=told.append)
    metrics, by = found["metrics"], found["by"]
    assert isinstance(metrics, dict)
    assert isinstance(by, dict)
    assert (metrics["checks"], metrics["errors"], metrics["references"]) == (12, 0, 3)
    assert float(str(metrics["peak_mib"])) > 50
    assert list(by) == ["clients=1", "clients=3"]
    for figures in by.values():
        assert isinstance(figures, dict)
        assert 0 < float(str(figures["p50_ms"])) <= float(str(figures["p95_ms"]))
        assert float(str(figures["checks_per_second"])) > 0
    assert "6 checks by 3 clients" in told


def test_figures_are_of_the_answers_alone_and_growth_of_the_ends() -> None:
    load = Load(8, 2.0, [number / 1000 for number in range(1, 101)], 5)
    assert load.figures() == {"p50_ms": 50.5, "p95_ms": 95.0, "checks_per_second": 50.0, "errors": 5}
    memory = Memory([(float(n), 100.0 + n) for n in range(100)])
    whole, by = _figures([load], memory, 0.0, 3, 1.5)
    assert (whole["memory_growth_mib"], whole["peak_mib"], whole["errors"]) == (90.0, 199.0, 5)
    assert list(by) == ["clients=8"]


def test_a_server_that_does_not_start_is_told_in_one_line(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import sys; sys.exit('no server today' if 'admin' in sys.argv else 0)")
    plan = SpeedPlan(references=1, requests=1, clients=(1,), size=(96, 72), folder=tmp_path, command=command)
    with pytest.raises(UsageError, match="no server today"):
        measure_speed(plan, ["check"], Settings())


def test_the_command_knows_the_stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out.json")
    assert main(["speed", "--stage", "check", "--requests", "0", "--out", out]) == 2
    assert "at least 1 request" in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()
