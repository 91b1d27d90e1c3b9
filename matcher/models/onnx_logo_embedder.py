"""Describes logos with an embedder in ONNX Runtime: references in several variants, regions of photos."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from matcher.errors import ModelError
from matcher.models import Descriptors, Pixels
from matcher.models.logo_crops import FILL, Planes, cut_square
from matcher.models.logo_graphs import EMBEDDER, WEIGHTS, open_graph
from matcher.models.logo_variants import VERSION, variants
from matcher.records import Region


class OnnxLogoEmbedder:
    """Runs `logo-embedder.onnx` of a folder on the CPU, one thread, one crop at a time.

    One at a time, so that a crop's digits do not depend on what else is asked. The graph sees a crop in a
    square (`logo_crops.cut_square`, with the `margin` of its metadata) and gives `descriptors` (1, dims).
    """

    def __init__(self, folder: Path = WEIGHTS) -> None:
        graph = open_graph(folder, EMBEDDER, "crops")
        self.side, self.margin = graph.side, graph.number("margin", 0.0, 0.0, 2.0)
        self._session, self._kind = graph.session, graph.name
        recipe = json.dumps(["square", FILL, self.side, self.margin, "variants", VERSION, 1])
        digest = hashlib.sha256(graph.content).digest()
        self.fingerprint = hashlib.sha256(digest + recipe.encode()).hexdigest()
        self.name = f"{'builtin' if folder == WEIGHTS else f'onnx:{folder.name}'}@{self.fingerprint[:12]}"
        self.dims = self._width()

    def embed_references(self, images: Sequence[Pixels]) -> list[Descriptors]:
        """For each image of a logo one descriptor a variant of it, (variants, dims)."""
        shown = [variants(image, room=self.margin) for image in images]
        return [np.stack([self._described(_whole(one, self)) for one in some]) for some in shown]

    def embed_regions(
        self, images: Sequence[Pixels], regions: Sequence[Sequence[Region]]
    ) -> list[Descriptors]:
        """For each image the descriptors of its regions, (regions, dims)."""
        return [self._of_regions(image, wanted) for image, wanted in zip(images, regions, strict=True)]

    def _of_regions(self, image: Pixels, regions: Sequence[Region]) -> Descriptors:
        if not regions:
            return np.zeros((0, self.dims), np.float32)
        crops = (cut_square(image, region, side=self.side, margin=self.margin) for region in regions)
        return np.stack([self._described(crop) for crop in crops])

    def _described(self, crop: Planes) -> Descriptors:
        vector = np.asarray(self._session.run(None, {"crops": crop[None]})[0], np.float32).reshape(-1)
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length) or length < 1e-6:  # a black crop may give no direction
            return np.full(len(vector), len(vector) ** -0.5, np.float32)
        return np.asarray(vector / np.float32(length), np.float32)

    def _width(self) -> int:
        """As the graph says: a run would hold its memory where no logo is ever looked for."""
        given = self._session.get_outputs()
        if len(given) != 1 or len(given[0].shape) != 2 or not isinstance(given[0].shape[1], int):
            raise ModelError(self._kind, "gives no descriptors (crops, dims); export it again")
        return int(given[0].shape[1])


def _whole(image: Pixels, embedder: OnnxLogoEmbedder) -> Planes:
    """A reference is a logo already: nothing lies around it."""
    height, width = image.shape[:2]
    return cut_square(image, Region(0, 0, width, height), side=embedder.side, margin=0.0)
