"""OpenCLIP descriptors in an index that autofaiss chooses: what clip-retrieval puts together."""

from __future__ import annotations

import logging
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import autofaiss
import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.peers.engine import Answers, NotAvailableError, Pixels, one_line
from benchmarks.peers.exhaustive import unit


class OpenClip:
    """One descriptor an image, whole; searched by inner product. `argument`: architecture/tag or file."""

    def __init__(self, argument: str) -> None:
        self._architecture, _, self._weights = argument.partition("/")
        torch.set_num_threads(1)
        try:
            model, _, self._transform = open_clip.create_model_and_transforms(
                self._architecture, pretrained=self._found(self._weights)
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise NotAvailableError(
                f"its weights {argument} are not at hand ({one_line(error)[:80]}); name a file of yours: "
                "clip-retrieval:ARCHITECTURE/FILE"
            ) from error
        self._model = model.eval()
        self._rows: list[NDArray[np.float32]] = []

    def _found(self, weights: str) -> str:
        """A file as it is; a tag only when its file lies in the hub's cache."""
        if Path(weights).is_file():
            return weights
        known = open_clip.get_pretrained_cfg(self._architecture, weights)
        if not known:
            raise ValueError(f"no file, and no weights that OpenCLIP knows for {self._architecture}")
        return str(open_clip.download_pretrained(known))

    def settings(self) -> dict[str, object]:
        """The model and the index."""
        return {"network": self._architecture, "weights": Path(self._weights).name, "index": "autofaiss"}

    def add(self, pixels: Pixels) -> None:
        """Embed one reference."""
        self._rows.append(self._embed(pixels))

    def build(self) -> None:
        """Let autofaiss choose and tune the index."""
        self._index, self._about = autofaiss.build_index(
            np.array(self._rows, np.float32), save_on_disk=False, metric_type="ip", verbose=logging.ERROR
        )

    def find(self, pixels: Pixels, k: int) -> Answers:
        """By falling cosine, as the index finds them."""
        cosines, numbers = self._index.search(self._embed(pixels)[None], k)
        return [
            (int(number), min(1.0, max(0.0, float(cosine))))
            for number, cosine in zip(numbers[0], cosines[0], strict=True)
            if number >= 0
        ]

    def index_bytes(self) -> int:
        """The index as FAISS writes it."""
        import faiss

        return len(faiss.serialize_index(self._index))

    def _embed(self, pixels: Pixels) -> NDArray[np.float32]:
        with torch.inference_mode():
            batch = self._transform(Image.fromarray(pixels))[None]
            return unit(self._model.encode_image(batch)[0].numpy())
