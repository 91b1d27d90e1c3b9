"""A logo detector and a logo embedder for tests, whose answers are told beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from matcher.models import Descriptors, LogoBox, Pixels
from matcher.records import Region


class FixedLogoDetector:
    """Finds `boxes` in every photo; `shown` are the sizes (height, width) of the photos it was shown."""

    name = "fixed"

    def __init__(self, *boxes: LogoBox) -> None:
        self.boxes = boxes
        self.fingerprint = f"detector {boxes}"
        self.shown: list[tuple[int, int]] = []

    def detect(self, images: Sequence[Pixels]) -> list[list[LogoBox]]:
        self.shown.extend((image.shape[0], image.shape[1]) for image in images)
        return [list(self.boxes) for _ in images]


class FixedLogoEmbedder:
    """Gives each region the vector told for it; a reference the one told for its mean brightness."""

    name, fingerprint = "fixed", "embedder"

    def __init__(self, regions: Mapping[Region, Sequence[float]]) -> None:
        self._regions = {region: np.array(vector, np.float32) for region, vector in regions.items()}
        self.dims = len(next(iter(self._regions.values())))

    def embed_references(self, images: Sequence[Pixels]) -> list[Descriptors]:
        return [np.eye(self.dims, dtype=np.float32)[[int(image.mean()) % self.dims]] for image in images]

    def embed_regions(
        self, images: Sequence[Pixels], regions: Sequence[Sequence[Region]]
    ) -> list[Descriptors]:
        return [
            np.stack([self._regions[one] for one in some]) if some else np.zeros((0, self.dims), np.float32)
            for some in regions
        ]
