"""A run over numbered batches: made by another process, with checkpoints, a log and figures now and then."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import cv2
import torch
from torch.utils.data import DataLoader, Dataset

from matcher.errors import UsageError
from matcher.files import replacing
from training import board
from training.learner import Learner
from training.loading import end_with_parent
from training.train_embedder import tell

Figures = Callable[[], dict[str, float]]
TOLD_EVERY = 10


class Pace(Protocol):
    """What a recipe says of a run: after how many steps it is kept, and after how many it is measured."""

    @property
    def checkpoint_every(self) -> int:
        """Steps."""
        ...

    @property
    def measure_every(self) -> int:
        """Steps."""
        ...


class Batches(Dataset[Any]):
    """Batch by step number, as `made` gives it; another process makes them."""

    def __init__(self, made: Callable[[int], Any]) -> None:
        self._made = made

    def __getitem__(self, step: int) -> Any:
        cv2.setNumThreads(0)
        torch.set_num_threads(1)
        return self._made(step)


def batches(learning: Learner[Any], source: Batches, until: int) -> Iterator[Any]:
    """Batches from the learner's step on, made by another process while the network learns."""
    yield from DataLoader(
        source,
        sampler=range(learning.step, until),
        batch_size=None,
        num_workers=1,
        prefetch_factor=4,
        multiprocessing_context="spawn",
        worker_init_fn=end_with_parent,
    )


def save(learning: Learner[Any], out: Path) -> None:
    """Checkpoint, on disk before it replaces the last one."""
    with replacing(out / "checkpoint.pt") as (file,):
        torch.save(learning.state(), file)


def resume(learning: Learner[Any], out: Path) -> None:
    """Go on from the checkpoint in `out`, if there is one; raises UsageError where it does not fit."""
    file = out / "checkpoint.pt"
    if not file.exists():
        return
    try:
        learning.restore(torch.load(file, weights_only=True))
    except (RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as error:
        raise UsageError(f"{file}: is damaged or of another recipe; train into another folder") from error


def train(
    learning: Learner[Any], source: Batches, figures: Figures, recipe: Pace, out: Path, until: int
) -> None:
    """Learn up to step `until`, with a checkpoint, a line of the log and figures now and then."""
    started, first = time.monotonic(), learning.step
    for batch in batches(learning, source, until):
        terms = learning.learn(batch)
        if learning.step % TOLD_EVERY == 0:
            pace = (time.monotonic() - started) / (learning.step - first)
            tell(out, {"step": learning.step, "minutes_left": pace * (until - learning.step) / 60, **terms})
        if learning.step % recipe.checkpoint_every == 0 or learning.step == until:
            save(learning, out)
        if learning.step % recipe.measure_every == 0 or learning.step == until:
            tell(out, {"step": learning.step, **figures()})
    board.close(out)
