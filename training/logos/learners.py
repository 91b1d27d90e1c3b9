"""The state of a run of the detector or the embedder, and one step of it."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training import losses
from training.descent import descend, follow
from training.logos.crops import CropPairs, Crops
from training.logos.detector import Detector, places
from training.logos.detector_loss import detection_loss
from training.logos.embedder import LogoEmbedder, start_head
from training.logos.recipe import LogoRecipe, RatesTable
from training.logos.scenes import Scenes
from training.trainer import Memory, schedule

Batch = TypeVar("Batch")
FIRST_LOOK = 3
"""Batches whose features set the axes of the embedder's head."""


@dataclass(frozen=True)
class SceneBatch:
    """Scenes uint8 (n, side, side, 3) with their boxes (m, 4) and the unsure ones, an array an image."""

    images: NDArray[np.uint8]
    boxes: list[NDArray[np.float32]]
    unsure: list[NDArray[np.float32]]


def scene_batch(scenes: Scenes, number: int, size: int) -> SceneBatch:
    """Batch `number` of `size` scenes."""
    found = [scenes[number * size + place] for place in range(size)]
    return SceneBatch(
        np.stack([scene.pixels for scene in found]),
        [scene.boxes for scene in found],
        [scene.unsure for scene in found],
    )


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


class DetectorLearner(Learner[SceneBatch]):
    """Learns to find logos in scenes."""

    def __init__(self, recipe: LogoRecipe, scenes: Scenes) -> None:
        torch.manual_seed(recipe.seed)
        table = recipe.detector
        self.table, self.scenes = table, scenes
        self.middles, self.strides = places(table.side)
        super().__init__(Detector(table.channels, table.frozen), table.rates, table.steps)

    def batch(self, number: int) -> SceneBatch:
        """Scenes of step `number`."""
        return scene_batch(self.scenes, number, self.table.batch)

    def terms(self, batch: SceneBatch) -> dict[str, Tensor]:
        """`score` and `box`."""
        scores, reaches = self.network(as_images(batch.images))
        score, box = detection_loss(
            scores, reaches,
            [torch.from_numpy(boxes) for boxes in batch.boxes],
            [torch.from_numpy(boxes) for boxes in batch.unsure],
            self.middles, self.strides,
        )  # fmt: skip
        return {"score": score, "box": self.table.box_weight * box}


class EmbedderLearner(Learner[Crops]):
    """Learns to tell logos apart, and altered ones from their originals."""

    def __init__(self, recipe: LogoRecipe, pairs: CropPairs) -> None:
        torch.manual_seed(recipe.seed)
        table = recipe.embedder
        self.table, self.pairs = table, pairs
        self.memory = Memory(table.memory, table.dims)
        network = LogoEmbedder(table.side, table.dims, table.frozen)
        start_head(network, self._first_features(network))
        super().__init__(network, table.rates, table.steps)

    def _first_features(self, network: LogoEmbedder) -> Tensor:
        looks = [self.batch(2**31 + number) for number in range(FIRST_LOOK)]
        with torch.inference_mode():
            found = [
                network.eval().features(as_images(views))
                for look in looks
                for views in (look.left, look.right)
            ]
        return torch.cat(found).clone()

    def batch(self, number: int) -> Crops:
        """Crops of step `number`."""
        return self.pairs.batch(number)

    def terms(self, batch: Crops) -> dict[str, Tensor]:
        """`same`: supervised contrastive loss, where an altered logo is another logo."""
        found = self.network(as_images(np.concatenate([batch.left, batch.right])))
        left, right = found[: len(batch.left)], found[len(batch.left) :]
        label = torch.from_numpy(batch.label)
        loss = losses.contrastive(
            left, right, label, self.memory.views, self.memory.labels, self.table.temperature
        )
        if self.table.memory:
            self.memory.add(left, label)
            self.memory.add(right, label)
        return {"same": loss}

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs, with the memory."""
        return {**super().state(), "memory": [self.memory.views, self.memory.labels]}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state()`."""
        super().restore(state)
        self.memory.views, self.memory.labels = state["memory"]


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
