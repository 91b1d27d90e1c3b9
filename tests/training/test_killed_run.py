"""A training run that is killed goes on to the weights that it would have had."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from matcher.faults import VARIABLE
from tests.matcher.scanned import end_group
from tests.training.sets import write_recipe, write_set
from training.__main__ import main as embedder
from training.train_embedder import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Six steps with a checkpoint after every second."""
    folder = tmp_path_factory.mktemp("killed")
    recipe = write_recipe(folder / "recipe.toml", steps=6)
    return ["--recipe", str(recipe), "--photos", str(write_set(folder / "sets")), "--out"]


@pytest.fixture(scope="module")
def unbroken(call: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same by its other name, `python -m training embedder --config`."""
    out = tmp_path_factory.mktemp("unbroken")
    assert embedder(["embedder", "--config", *call[1:], str(out)]) == 0
    return checkpoint(out)


def checkpoint(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = torch.load(out / "checkpoint.pt", weights_only=True)
    return found


def killed(call: list[str], point: str) -> None:
    """Train in a process that kills itself with SIGKILL at the named point; all that it began ends too."""
    command = [sys.executable, "-m", "training.train_embedder", *call]
    running = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {VARIABLE: point}, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        # The pipe stays open as long as anyone is left who could write to it.
        _, said = running.communicate(timeout=600)
    finally:
        end_group(running)
    assert running.returncode == -signal.SIGKILL, said


@pytest.mark.slow
def test_a_run_that_is_killed_between_checkpoints_goes_on_to_the_same_weights(
    call: list[str], unbroken: dict[str, Any], tmp_path: Path
) -> None:
    """It dies with the second checkpoint written, not yet in place; the first file is the photos' index."""
    killed([*call, str(tmp_path)], "outputs-written:3")
    assert checkpoint(tmp_path)["step"] == 2
    assert main([*call, str(tmp_path)]) == 0
    again = checkpoint(tmp_path)
    assert again["step"] == unbroken["step"] == 6
    for part in ("network", "average"):
        for name, weights in unbroken[part].items():
            assert torch.equal(again[part][name], weights), f"{part} {name}"
    for views, wanted in zip(again["memory"], unbroken["memory"], strict=True):
        assert torch.equal(views, wanted)
    for number, state in unbroken["optimiser"]["state"].items():
        for name, value in state.items():
            assert torch.equal(again["optimiser"]["state"][number][name], value), f"{number} {name}"
