"""What every run does with a loss: a step of the optimiser, and an average of the weights that follows."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def descend(
    network: nn.Module, optimiser: torch.optim.Optimizer, full: Sequence[float], *, rate: float, clip: float,
    loss: Tensor,
) -> Tensor:  # fmt: skip
    """One step down, each group of parameters at `rate` times its `full` rate; the gradients' norm.

    Gradients of a norm beyond `clip` are shortened to it.
    """
    for group, most in zip(optimiser.param_groups, full, strict=True):
        group["lr"] = most * rate
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    norm = nn.utils.clip_grad_norm_(network.parameters(), clip)
    optimiser.step()
    return norm


def follow(average: nn.Module, network: nn.Module, *, keep: float, step: int) -> None:
    """Move the averaged weights a little towards the present ones, farther in the first steps."""
    keep = min(keep, (1 + step) / (10 + step))
    with torch.no_grad():
        for mean, now in zip(average.parameters(), network.parameters(), strict=True):
            mean.lerp_(now, 1 - keep)
