"""Photos decoded once into one flat file that every loader process maps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.config import ImageSettings
from matcher.errors import ImageError
from matcher.files import replacing
from matcher.images import decode
from matcher.models import Pixels


class PhotoStore:
    """Decoded photos by number; `shapes` (n, 2) holds heights and widths, `starts` where each one begins."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        self.paths: list[str] = index["paths"]
        self._shapes = np.array(index["shapes"], np.int64).reshape(-1, 2)
        sizes = self._shapes.prod(axis=1) * 3
        self._starts = np.concatenate([[0], np.cumsum(sizes)])
        self._pixels: NDArray[np.uint8] = np.memmap(folder / "pixels.bin", np.uint8, "r")

    def __reduce__(self) -> tuple[type[PhotoStore], tuple[Path]]:
        """Another process maps the same file instead of being sent the pixels."""
        return PhotoStore, (self._folder,)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> Pixels:
        height, width = self._shapes[number]
        flat = self._pixels[self._starts[number] : self._starts[number + 1]]
        return cast(Pixels, flat.reshape(height, width, 3))


def spread(count: int, most: int) -> list[int]:
    """Up to `most` of the numbers below `count`, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int)).tolist() if count else []


def store_photos(paths: Sequence[Path], folder: Path, *, side: int) -> PhotoStore:
    """Decode `paths` into `folder`, longest side at most `side` pixels, unless the same are there already.

    An unreadable photo is left out.
    """
    key = hashlib.sha256("\n".join([str(side), *map(str, paths)]).encode()).hexdigest()
    index = folder / "index.json"
    if index.exists() and json.loads(index.read_text(encoding="utf-8"))["key"] == key:
        return PhotoStore(folder)
    folder.mkdir(parents=True, exist_ok=True)
    kept, shapes = [], []
    with (folder / "pixels.bin").open("wb") as file:
        for path in paths:
            try:
                pixels = decode(path.read_bytes(), str(path), ImageSettings()).pixels
            except (ImageError, OSError):
                continue
            pixels = shrunk(pixels, side)
            file.write(np.ascontiguousarray(pixels).tobytes())
            kept.append(str(path))
            shapes.append(pixels.shape[:2])
    with replacing(index) as (file,):
        file.write(json.dumps({"key": key, "paths": kept, "shapes": shapes}).encode())
    return PhotoStore(folder)


def shrunk(pixels: Pixels, side: int) -> Pixels:
    """The image with its longest side at most `side`."""
    factor = side / max(pixels.shape[:2])
    if factor >= 1:
        return pixels
    size = max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor))
    return cast(Pixels, cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
