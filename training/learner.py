"""The state of a run on numbered batches, whatever it learns, and one step of it."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.descent import descend, follow
from training.recipe import RatesTable
from training.trainer import schedule

Batch = TypeVar("Batch")


class Learner(ABC, Generic[Batch]):
    """Network, its average over steps, optimiser and the step the run is at; `steps` in all."""

    def __init__(self, network: nn.Module, rates: RatesTable, steps: int) -> None:
        self.network, self.rates, self.steps, self.step = network, rates, steps, 0
        self.network.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(network).requires_grad_(False).eval()
        self.optimiser = torch.optim.AdamW(groups(network, rates), fused=True)
        self._full = [group["lr"] for group in self.optimiser.param_groups]

    @abstractmethod
    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of the loss by name, weighted: their sum is made small."""

    @abstractmethod
    def batch(self, number: int) -> Batch:
        """What step `number` learns from."""

    def learn(self, batch: Batch) -> dict[str, float]:
        """One step; the terms of the loss by name."""
        self.network.train()
        terms = self.terms(batch)
        total = torch.stack(list(terms.values())).sum()
        rate = schedule(self.step, self.steps, self.rates.warmup)
        norm = descend(self.network, self.optimiser, self._full, rate=rate, clip=self.rates.clip, loss=total)
        follow(self.average, self.network, keep=self.rates.average, step=self.step)
        self._take_statistics()
        self.step += 1
        every = {"loss": total, "norm": norm, **terms}
        return {name: value.item() for name, value in every.items()}

    def _take_statistics(self) -> None:
        """Give the average the present batch statistics."""
        with torch.no_grad():
            for statistic, now in zip(self.average.buffers(), self.network.buffers(), strict=True):
                statistic.copy_(now)

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state()`."""
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])


def as_images(pixels: NDArray[np.uint8]) -> Tensor:
    """uint8 (n, height, width, 3) as float32 (n, 3, height, width) in [0, 1], channels last in memory."""
    return (
        torch.from_numpy(pixels)
        .permute(0, 3, 1, 2)
        .float()
        .div_(255)
        .contiguous(memory_format=torch.channels_last)
    )


def groups(network: nn.Module, rates: RatesTable) -> list[dict[str, Any]]:
    """Learnt parameters with their rates: the trunk's slower than the rest, no decay on biases and scales."""
    found = []
    for of_trunk in (True, False):
        for flat in (True, False):
            chosen = [
                weights for name, weights in network.named_parameters()
                if weights.requires_grad
                and name.startswith("trunk.") == of_trunk and (weights.ndim <= 1) == flat
            ]  # fmt: skip
            if chosen:
                rate = rates.trunk if of_trunk else rates.head
                found.append(
                    {"params": chosen, "lr": rate, "weight_decay": 0.0 if flat else rates.weight_decay}
                )
    return found
