"""The state of a run of the text finder, what it learns from, and how good it is on pages it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.learner import Learner, as_images
from training.text_finder.network import TextFinderNetwork, probabilities
from training.text_finder.pages import Page, Pages
from training.text_finder.recipe import TextFinderRecipe

THRESHOLDS = (0.05, 0.1, 0.2, 0.3)
HALF = 0.5
"""Share of a word's cells that must be found for it to count as found."""
HEAVY = 2.0
"""A cell of writing weighs so much: what is missed is lost, what is found in vain costs time."""


@dataclass(frozen=True)
class PageBatch:
    """`images`: uint8 (n, side, side, 3). `writing`: float32 (n, side / 8, side / 8), as in `Page`."""

    images: NDArray[np.uint8]
    writing: NDArray[np.float32]


def page_batch(pages: Pages, number: int, size: int) -> PageBatch:
    """Batch `number` of `size` pages."""
    found: list[Page] = [pages[number * size + place] for place in range(size)]
    return PageBatch(np.stack([one.pixels for one in found]), np.stack([one.writing for one in found]))


class TextFinderLearner(Learner[PageBatch]):
    """Learns to tell cells with writing from those without."""

    def __init__(self, recipe: TextFinderRecipe, pages: Pages) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.pages = recipe, pages
        super().__init__(TextFinderNetwork(recipe.channels), recipe.rates, recipe.steps)

    def batch(self, number: int) -> PageBatch:
        """Pages of step `number`."""
        return page_batch(self.pages, number, self.recipe.batch)

    def terms(self, batch: PageBatch) -> dict[str, Tensor]:
        """`writing`: cross entropy over the cells that are not in doubt."""
        logits = self.network(as_images(batch.images))
        wanted = torch.from_numpy(batch.writing)
        weight = torch.where(wanted > 0, HEAVY, 1.0) * (wanted >= 0)
        each = functional.binary_cross_entropy_with_logits(
            logits, wanted.clamp(min=0), weight=weight, reduction="sum"
        )
        return {"writing": each / weight.sum().clamp(min=1)}


def figures(network: TextFinderNetwork, pages: Pages, count: int) -> dict[str, float]:
    """Of `count` pages: the share of words found, and of cells without writing that are taken for it."""
    found: dict[float, list[float]] = {threshold: [] for threshold in THRESHOLDS}
    taken: dict[float, list[float]] = {threshold: [] for threshold in THRESHOLDS}
    for number in range(count):
        page = pages[number]
        with torch.inference_mode():
            sure = probabilities(network.eval(), as_images(page.pixels[None]))[0].numpy()
        words, marks = cv2.connectedComponents((page.writing > 0).astype(np.uint8))
        for threshold in THRESHOLDS:
            seen = sure >= threshold
            found[threshold] += [float(seen[marks == word].mean() >= HALF) for word in range(1, words)]
            free = page.writing == 0
            if free.any():
                taken[threshold].append(float(seen[free].mean()))
    told = {f"found@{threshold}": mean(hits) for threshold, hits in found.items()}
    return told | {f"taken@{threshold}": mean(parts) for threshold, parts in taken.items()}


def mean(values: Sequence[float]) -> float:
    """Of no values: 0."""
    return sum(values) / max(1, len(values))


def averaged(learning: TextFinderLearner) -> TextFinderNetwork:
    """The network that is measured and exported."""
    return cast(TextFinderNetwork, learning.average)
