"""The embedder that ships: EfficientNet-Lite0's last feature map, GeM-pooled over an image and its parts."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.errors import ModelError
from matcher.models import Descriptors, Pixels
from matcher.models.views import Box, boxes

# ONNX Runtime 1.31 and later write telemetry files unless told not to before the first import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime

WEIGHTS = Path(__file__).parent / "weights" / "efficientnet-lite0.onnx"
STRIDE = 32
GEM_POWER = 3


class BuiltinEmbedder:
    """Runs the shipped graph in ONNX Runtime on the CPU, one thread, one image at a time.

    On one thread a batch gains nothing, and images keep their own shape: the longest side becomes `side`
    pixels, both sides multiples of 32. GeM is generalised-mean pooling (Radenović et al., TPAMI 2019,
    section 3.2) with p = 3; a window pools the cells of the one feature map that it covers, so a region costs
    no second forward pass.
    """

    dims = 1280

    def __init__(
        self,
        *,
        side: int = 320,
        photo_tiles: Sequence[tuple[float, int]] = ((0.75, 2), (0.5, 3)),
        reference_tiles: Sequence[tuple[float, int]] = (),
        weights: Path = WEIGHTS,
    ) -> None:
        self.side = side
        self._photo_boxes, self._reference_boxes = boxes(photo_tiles), boxes(reference_tiles)
        self.photo_views, self.reference_views = len(self._photo_boxes), len(self._reference_boxes)
        try:
            graph = weights.read_bytes()
        except OSError as error:
            raise ModelError(
                "builtin", f"its weights are missing ({weights.name}); reinstall the package"
            ) from error
        recipe = json.dumps(["gem", GEM_POWER, side, self._photo_boxes, self._reference_boxes, "fp32", 1])
        self.fingerprint = hashlib.sha256(hashlib.sha256(graph).digest() + recipe.encode()).hexdigest()
        self.name = f"builtin@{self.fingerprint[:12]}"
        self._session = _session(graph)

    def embed_references(self, images: Sequence[Pixels]) -> Descriptors:
        """Shape (images, reference_views, 1280)."""
        return self._embed(images, self._reference_boxes)

    def embed_photos(self, images: Sequence[Pixels]) -> Descriptors:
        """Shape (images, photo_views, 1280)."""
        return self._embed(images, self._photo_boxes)

    def _embed(self, images: Sequence[Pixels], wanted: tuple[Box, ...]) -> Descriptors:
        if not images:
            return np.zeros((0, len(wanted), self.dims), np.float32)
        return np.stack([self._pooled(image, wanted) for image in images])

    def _pooled(self, image: Pixels, wanted: tuple[Box, ...]) -> Descriptors:
        (features,) = self._session.run(None, {"image": self._sized(image)[None]})
        channels, rows, columns = features.shape[1:]
        powers = np.maximum(features[0], 0).reshape(channels, -1).T ** GEM_POWER
        pooled = np.cbrt(window_weights(rows, columns, wanted) @ powers)
        return cast(Descriptors, pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-9))

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


def _session(graph: bytes) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(graph, _options(), providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no base of their own
        raise ModelError("builtin", "its weights are damaged; reinstall the package") from error


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options
