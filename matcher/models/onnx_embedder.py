"""Embedders in ONNX Runtime, the one that ships among them: an image and its parts in one forward pass."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.errors import ModelError
from matcher.models import Descriptors, Pixels
from matcher.models.onnx_session import Session, open_session
from matcher.models.views import WHOLE, Box, boxes

BUILTIN = Path(__file__).parent / "weights" / "embedder.onnx"
STRIDE = 32
"""Pixels a cell of the feature map."""
GEM_POWER = 3
PRECISION = "precision"
"""The entry of a graph's metadata that names what it computes in; without it: fp32."""


class OnnxEmbedder:
    """Runs a graph of `training.export_embedder` in ONNX Runtime on the CPU, one thread, one image at a time.

    On one thread a batch gains nothing, and images keep their own shape: the longest side becomes `side`
    pixels, both sides multiples of 32. Pooling is the generalised mean (GeM, Radenović et al., TPAMI 2019,
    section 3.2) with p = 3; a window pools the cells of the one feature map that it covers, so a region costs
    no second forward pass.
    """

    def __init__(
        self,
        weights: Path = BUILTIN,
        *,
        side: int = 320,
        photo_tiles: Sequence[tuple[float, int]] = ((0.75, 2), (0.5, 3)),
        reference_tiles: Sequence[tuple[float, int]] = (),
    ) -> None:
        kind = "builtin" if weights == BUILTIN else f"onnx:{weights.name}"
        self.side = side
        self._photo_boxes, self._reference_boxes = boxes(photo_tiles), boxes(reference_tiles)
        self.photo_views, self.reference_views = len(self._photo_boxes), len(self._reference_boxes)
        graph = _read(kind, weights)
        self._session, self.dims = _session(kind, graph)
        self.precision = self._session.get_modelmeta().custom_metadata_map.get(PRECISION, "fp32")
        recipe = json.dumps(
            ["gem", GEM_POWER, side, self._photo_boxes, self._reference_boxes, self.precision, 2]
        )
        self.fingerprint = hashlib.sha256(hashlib.sha256(graph).digest() + recipe.encode()).hexdigest()
        self.name = f"{kind}@{self.fingerprint[:12]}"

    def embed_references(self, images: Sequence[Pixels]) -> Descriptors:
        """Shape (images, reference_views, dims)."""
        return self._embed(images, self._reference_boxes)

    def embed_photos(self, images: Sequence[Pixels]) -> Descriptors:
        """Shape (images, photo_views, dims)."""
        return self._embed(images, self._photo_boxes)

    def _embed(self, images: Sequence[Pixels], wanted: tuple[Box, ...]) -> Descriptors:
        if not images:
            return np.zeros((0, len(wanted), self.dims), np.float32)
        return np.stack([self._described(image, wanted) for image in images])

    def inputs(self, image: Pixels, wanted: tuple[Box, ...] = (WHOLE,)) -> dict[str, NDArray[Any]]:
        """What the graph is given for an image and the boxes of it that shall be described."""
        sized = self._sized(image)
        rows, columns = (length // STRIDE for length in sized.shape[:2])
        return {"image": sized[None], "windows": window_weights(rows, columns, wanted)}

    def _described(self, image: Pixels, wanted: tuple[Box, ...]) -> Descriptors:
        (descriptors,) = self._session.run(None, self.inputs(image, wanted))
        return cast(Descriptors, descriptors)

    def _sized(self, image: Pixels) -> Pixels:
        height, width = image.shape[:2]
        factor = self.side / max(height, width)
        size = [max(2 * STRIDE, round(length * factor / STRIDE) * STRIDE) for length in (width, height)]
        kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        return cast(Pixels, cv2.resize(image, size, interpolation=kind))


@lru_cache(maxsize=64)
def window_weights(rows: int, columns: int, wanted: tuple[Box, ...]) -> NDArray[np.float32]:
    """How much of each cell a box covers, each row summing to 1; float32 (boxes, rows * columns)."""
    weights = np.stack([np.outer(_cover(rows, y1, y2), _cover(columns, x1, x2)) for x1, y1, x2, y2 in wanted])
    weights /= weights.sum(axis=(1, 2), keepdims=True)
    return weights.reshape(len(wanted), -1).astype(np.float32)


def _cover(cells: int, start: float, end: float) -> NDArray[np.float64]:
    edges = np.arange(cells + 1) / cells
    overlap = np.minimum(edges[1:], end) - np.maximum(edges[:-1], start)
    return cast(NDArray[np.float64], np.maximum(overlap, 0))


def _read(kind: str, weights: Path) -> bytes:
    try:
        return weights.read_bytes()
    except OSError as error:
        raise ModelError(kind, f"{weights.name} cannot be read: {error.strerror}; {_remedy(kind)}") from error


def _session(kind: str, graph: bytes) -> tuple[Session, int]:
    """The loaded graph and how long its descriptors are."""
    session = open_session(kind, graph, _remedy(kind))
    if [given.name for given in session.get_inputs()] != ["image", "windows"]:
        raise ModelError(kind, "is no embedder of ours; export one with python -m training.export_embedder")
    # The graph's own record of its output's shape may leave the length open.
    probe = {
        "image": np.zeros((1, 2 * STRIDE, 2 * STRIDE, 3), np.uint8),
        "windows": window_weights(2, 2, (WHOLE,)),
    }
    return session, int(session.run(None, probe)[0].shape[1])


def _remedy(kind: str) -> str:
    return (
        "reinstall the package" if kind == "builtin" else "name a graph of python -m training.export_embedder"
    )
