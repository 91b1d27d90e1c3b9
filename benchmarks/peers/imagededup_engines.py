"""imagededup: its perceptual hash, and its default network where torchvision's weights are at hand."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from imagededup.methods import CNN, PHash

from benchmarks.peers.engine import Answers, NotAvailableError, Pixels
from benchmarks.peers.exhaustive import Hashes, Vectors

WEIGHTS = "mobilenet_v3_small-047dcff4.pth"


class PerceptualHash:
    """imagededup's PHash; a pair counts there from a distance of at most 10 bits of 64."""

    def __init__(self, argument: str) -> None:
        self._method, self._index = PHash(verbose=False), Hashes()

    def settings(self) -> dict[str, object]:
        """The method."""
        return {"method": "PHash", "bits": 64}

    def add(self, pixels: Pixels) -> None:
        """Hash one reference."""
        self._index.add(self._hash(pixels))

    def build(self) -> None:
        """All references are in."""
        self._index.build()

    def find(self, pixels: Pixels, k: int) -> Answers:
        """By falling share of equal bits."""
        return self._index.find(self._hash(pixels)[None], k)

    def index_bytes(self) -> int:
        """Eight bytes an image."""
        return self._index.nbytes()

    def _hash(self, pixels: Pixels) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        return np.frombuffer(bytes.fromhex(self._method.encode_image(image_array=pixels)), np.uint8)


class Network:
    """imagededup's CNN as it comes: MobileNetV3 small up to its pooled features, 576 numbers."""

    def __init__(self, argument: str) -> None:
        import torch

        folder = Path(torch.hub.get_dir()) / "checkpoints"
        if not (folder / WEIGHTS).is_file():
            raise NotAvailableError(
                f"its weights are not at hand: put torchvision's {WEIGHTS} into the checkpoints "
                "of torch's hub folder"
            )
        logging.disable(logging.INFO)
        torch.set_num_threads(1)
        self._method, self._index = CNN(verbose=False), Vectors()

    def settings(self) -> dict[str, object]:
        """The method and its weights."""
        return {"method": "CNN", "weights": WEIGHTS, "dims": 576}

    def add(self, pixels: Pixels) -> None:
        """Embed one reference."""
        self._index.add(self._method.encode_image(image_array=pixels)[0])

    def build(self) -> None:
        """All references are in."""
        self._index.build()

    def find(self, pixels: Pixels, k: int) -> Answers:
        """By falling cosine."""
        return self._index.find(self._method.encode_image(image_array=pixels)[0], k)

    def index_bytes(self) -> int:
        """2,304 bytes an image."""
        return self._index.nbytes()
