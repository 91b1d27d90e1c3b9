"""Drawn photos that any simple finder can tell apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def drawn_photo(number: int, size: tuple[int, int] = (120, 96)) -> Image.Image:
    """Coloured boxes on a coloured ground; every number gives another picture."""
    rng = np.random.default_rng(number)
    picture = Image.new("RGB", size, f"hsl({number * 47 % 360}, 70%, 60%)")
    draw = ImageDraw.Draw(picture)
    for _ in range(6):
        x, y, side = (int(value) for value in rng.integers(0, 70, 3))
        draw.rectangle(
            (x, y, x + side, y + side), fill=f"hsl({rng.integers(360)}, 80%, {rng.integers(20, 80)}%)"
        )
    return picture


def save(photo: Image.Image, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    photo.save(path)
    return path


def folder_of_photos(folder: Path, count: int) -> Path:
    """`count` drawn photos in two nested folders."""
    for number in range(count):
        save(drawn_photo(number), folder / ("shelf" if number % 2 else "shelf/lower") / f"{number:03d}.png")
    return folder
