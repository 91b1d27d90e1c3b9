"""A small deterministic finder: colour histograms of the four quarters, compared by cosine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from benchmarks.finder import Task
from matcher.config import Settings
from matcher.finder import Found
from matcher.images import Picture


class HistogramFinder:
    name = "histogram"

    def __init__(self) -> None:
        self.references: NDArray[np.float64] = np.empty((0, 0))

    def describe(self) -> dict[str, JsonValue]:
        return {"model": "histogram@1", "levels": 4}

    def fit(self, references: Sequence[Picture]) -> None:
        self.references = np.array([histogram(picture) for picture in references])

    def find(self, picture: Picture, k: int) -> list[Found]:
        scores = np.round(self.references @ histogram(picture), 9)
        return [
            Found(int(index), float(scores[index]), False) for index in np.argsort(-scores, kind="stable")[:k]
        ]


def histogram(picture: Picture) -> NDArray[np.float64]:
    """Unit vector of 4 × 64 counts."""
    middle_y, middle_x = (side // 2 for side in picture.pixels.shape[:2])
    parts = [
        picture.pixels[y, x]
        for y in (slice(middle_y), slice(middle_y, None))
        for x in (slice(middle_x), slice(middle_x, None))
    ]
    counts = [
        np.bincount((part.reshape(-1, 3) // 64) @ (16, 4, 1), minlength=64) / max(1, part.size)
        for part in parts
    ]
    vector = np.concatenate(counts)
    return np.asarray(vector / np.linalg.norm(vector))


def histogram_finder(settings: Settings, *, embedder: str, verify: bool, task: Task) -> HistogramFinder:
    return HistogramFinder()
