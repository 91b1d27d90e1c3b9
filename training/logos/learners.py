"""What the detector and the embedder learn from and are told: their batches and their losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training import losses
from training.learner import Learner, as_images
from training.logos.crops import CropPairs, Crops
from training.logos.detector import Detector, places
from training.logos.detector_loss import detection_loss
from training.logos.embedder import LogoEmbedder, start_head
from training.logos.recipe import LogoRecipe
from training.logos.scenes import Scenes
from training.trainer import Memory

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
