"""A run's figures as TensorBoard shows them, where the extra `tensorboard` is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FOLDER = "tensorboard"
_OPEN: dict[Path, SummaryWriter] = {}


def show(out: Path, figures: Mapping[str, float]) -> None:
    """Add the figures of `figures["step"]` to `out/tensorboard`; nothing without the extra.

    A run that goes on from a checkpoint hides what an interrupted one had told beyond it.
    """
    if find_spec("tensorboard") is None:
        return
    step = int(figures["step"])
    writer = _writer(out / FOLDER, step)
    for name, value in figures.items():
        if name != "step":
            writer.add_scalar(name, value, step)
    writer.flush()


def _writer(folder: Path, step: int) -> SummaryWriter:
    """The one of the folder, opened at the first step that it is asked for."""
    if folder not in _OPEN:
        from torch.utils.tensorboard import SummaryWriter

        _OPEN[folder] = SummaryWriter(folder, purge_step=step)
    return _OPEN[folder]


def close(out: Path) -> None:
    """Let go of the run's files."""
    writer = _OPEN.pop(out / FOLDER, None)
    if writer is not None:
        writer.close()
