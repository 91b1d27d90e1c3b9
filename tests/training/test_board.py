"""A run's figures reach TensorBoard where it is installed, and only the log where it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training import board
from training.train_embedder import tell


def shown(out: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard reads from the run's folder."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(out / board.FOLDER))
    events.Reload()
    return {
        name: [(event.step, round(event.value, 4)) for event in events.Scalars(name)]
        for name in events.Tags()["scalars"]
    }


def test_figures_are_shown_by_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell(tmp_path, {"step": 20, "loss": 2.5, "minutes_left": 3.0})
    tell(tmp_path, {"step": 40, "loss": 2.0, "minutes_left": 1.5})
    assert shown(tmp_path) == {"loss": [(20, 2.5), (40, 2.0)], "minutes_left": [(20, 3.0), (40, 1.5)]}
    assert [json.loads(line)["step"] for line in capsys.readouterr().out.splitlines()] == [20, 40]


def test_a_run_that_goes_on_hides_what_was_told_beyond_its_checkpoint(tmp_path: Path) -> None:
    tell(tmp_path, {"step": 20, "loss": 2.5})
    tell(tmp_path, {"step": 40, "loss": 2.0})
    board.close(tmp_path)
    tell(tmp_path, {"step": 40, "loss": 1.75})
    assert shown(tmp_path)["loss"] == [(20, 2.5), (40, 1.75)]


def test_without_the_extra_there_is_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "find_spec", lambda _: None)
    tell(tmp_path, {"step": 20, "loss": 2.5})
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]
