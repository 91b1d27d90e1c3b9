"""A photo, or a region of it, in the square that a logo model sees: `training` cuts its samples by these."""

from __future__ import annotations

from typing import NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.models import Pixels
from matcher.records import Region

Planes = NDArray[np.float32]
"""An image as a graph takes it: (3, side, side), RGB in [0, 1]."""
FILL = 114
"""Grey around what does not fill the square, of 255."""


class Letterbox(NamedTuple):
    """An image in a square: `planes`, and what its own pixels are multiplied with to get there."""

    planes: Planes
    scale: float


def letterboxed(image: Pixels, side: int) -> Letterbox:
    """The image with its longest side made `side` pixels, at the top left of a square."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    square = np.full((side, side, 3), FILL, np.uint8)
    square[: size[1], : size[0]] = _resized(image, size)
    return Letterbox(as_planes(square), scale)


def cut_square(image: Pixels, region: Region, *, side: int, margin: float) -> Planes:
    """The region of the image as the embedder's graph takes it, cut as by `cut_pixels`."""
    return as_planes(cut_pixels(image, region, side=side, margin=margin))


def cut_pixels(image: Pixels, region: Region, *, side: int, margin: float) -> Pixels:
    """The region of the image, its shape kept, in the middle of a square (side, side, 3).

    `margin`: how much further it is cut on each side, as a share of its width and height; nothing is taken
    from outside the image.
    """
    height, width = image.shape[:2]
    across, down = (region.x2 - region.x1) * margin, (region.y2 - region.y1) * margin
    x1, x2 = within(region.x1 - across, region.x2 + across, width)
    y1, y2 = within(region.y1 - down, region.y2 + down, height)
    crop = image[y1:y2, x1:x2]
    scale = side / max(crop.shape[:2])
    size = max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale))
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    square = np.full((side, side, 3), FILL, np.uint8)
    square[top : top + size[1], left : left + size[0]] = _resized(crop, size)
    return square


def as_planes(square: Pixels) -> Planes:
    """uint8 (side, side, 3) as float32 (3, side, side) in [0, 1]."""
    return np.ascontiguousarray(square.transpose(2, 0, 1), np.float32) / np.float32(255)


def within(low: float, high: float, most: int) -> tuple[int, int]:
    """Whole pixels from `low` to `high`, at least one of them and none outside."""
    first = min(max(0, int(np.floor(low))), most - 1)
    return first, max(first + 1, min(most, int(np.ceil(high))))


def _resized(image: Pixels, size: tuple[int, int]) -> Pixels:
    shrinks = size[0] < image.shape[1] or size[1] < image.shape[0]
    return cast(
        Pixels, cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    )
