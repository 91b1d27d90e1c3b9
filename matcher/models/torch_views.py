"""Cutting views out of an image and bringing them to the size and range a torch network was trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field

from matcher.errors import UsageError
from matcher.models import Pixels
from matcher.models.views import WHOLE, Box
from matcher.records import Record

REFERENCE_BOXES: tuple[Box, ...] = (WHOLE,)
PHOTO_BOXES: tuple[Box, ...] = (
    WHOLE,
    (0.0, 0.0, 0.75, 0.75),
    (0.25, 0.0, 1.0, 0.75),
    (0.0, 0.25, 0.75, 1.0),
    (0.25, 0.25, 1.0, 1.0),
)

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
LONGEST_ASPECT = 4

Spread = Annotated[float, Field(gt=0, le=10)]
Level = Annotated[float, Field(ge=-10, le=10)]


class Preparation(Record):
    """How pixels become an input: `input_side` pixels square, RGB in [0, 1], less `mean`, over `std`.

    `resize`: `squash` ignores the aspect; `shortest` brings the shorter side to `input_side` and keeps the
    centre; `longest` brings the longer side there and fills the rest with the grey level `fill` (0 to 255).
    """

    input_side: int = Field(ge=16, le=2048)
    mean: tuple[Level, Level, Level] = IMAGENET_MEAN
    std: tuple[Spread, Spread, Spread] = IMAGENET_STD
    resize: Literal["squash", "shortest", "longest"] = "squash"
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    fill: int = Field(0, ge=0, le=255)


def checked_boxes(boxes: Sequence[Box], what: str) -> tuple[Box, ...]:
    """`boxes` as plain floats; raises `UsageError` where there is none, or one is empty or outside."""
    # Rounded, because sums of shares such as 1/3 + 2/3 may end a hair beyond 1.
    plain = tuple(
        (round(float(x1), 9), round(float(y1), 9), round(float(x2), 9), round(float(y2), 9))
        for x1, y1, x2, y2 in boxes
    )
    if not plain:
        raise UsageError(f"{what}: no box; name at least the whole image, (0, 0, 1, 1)")
    for x1, y1, x2, y2 in plain:
        if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
            raise UsageError(
                f"{what}: box ({x1}, {y1}, {x2}, {y2}) must have 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1"
            )
    return plain


def planes(image: Pixels) -> torch.Tensor:
    """`image` as a uint8 tensor (3, height, width) that owns its memory."""
    # A copy: torch warns of read-only arrays and refuses negative strides (a flipped image).
    return torch.from_numpy(np.array(image, dtype=np.uint8, order="C")).permute(2, 0, 1)


def crop(image: torch.Tensor, box: Box) -> torch.Tensor:
    """The part of `image` (channels, height, width) inside `box`: every touched pixel, never none."""
    height, width = image.shape[-2:]
    left, right = _span(box[0], box[2], width)
    top, bottom = _span(box[1], box[3], height)
    return image[..., top:bottom, left:right]


def prepare(image: torch.Tensor, preparation: Preparation) -> torch.Tensor:
    """A uint8 tensor (3, height, width) as the network's input, float32 (3, side, side), on the same device.

    Resizing is antialiased and rounded to whole levels, which is what Pillow does and what models were
    trained with.
    """
    side = preparation.input_side
    if preparation.resize == "squash":
        levels = _resized(image, (side, side), preparation)
    elif preparation.resize == "shortest":
        levels = _middle(_resized(*_shortest(image, side), preparation), side)
    else:
        levels = _padded(_resized(image, _longest(image, side), preparation), preparation)
    mean = torch.tensor(preparation.mean, device=image.device).view(3, 1, 1)
    std = torch.tensor(preparation.std, device=image.device).view(3, 1, 1)
    return (levels / 255 - mean) / std


def _span(start: float, end: float, length: int) -> tuple[int, int]:
    # The margin keeps 0.1 + 0.2 from touching one pixel more than 0.3 does.
    first = min(math.floor(start * length + 1e-6), length - 1)
    return first, max(first + 1, min(math.ceil(end * length - 1e-6), length))


def _resized(image: torch.Tensor, size: tuple[int, int], preparation: Preparation) -> torch.Tensor:
    pixels = image.float()
    if tuple(image.shape[-2:]) != size:
        pixels = F.interpolate(pixels[None], size, mode=preparation.interpolation, antialias=True)[0]
    return pixels.round_().clamp_(0, 255)


def _shortest(image: torch.Tensor, side: int) -> tuple[torch.Tensor, tuple[int, int]]:
    """`image` and the size that brings its shorter side to `side`."""
    height, width = image.shape[-2:]
    # Only the central square is kept: the ends of a strip need no enlarging (1 x 512 would be 224 x 114,688).
    limit = min(height, width) * LONGEST_ASPECT
    top, left = max(0, (height - limit) // 2), max(0, (width - limit) // 2)
    image = image[..., top : top + limit, left : left + limit]
    height, width = image.shape[-2:]
    if height <= width:
        return image, (side, max(side, int(side * width / height)))
    return image, (max(side, int(side * height / width)), side)


def _longest(image: torch.Tensor, side: int) -> tuple[int, int]:
    height, width = image.shape[-2:]
    ratio = max(height, width) / side
    return max(1, round(height / ratio)), max(1, round(width / ratio))


def _middle(image: torch.Tensor, side: int) -> torch.Tensor:
    height, width = image.shape[-2:]
    top, left = round((height - side) / 2), round((width - side) / 2)
    return image[..., top : top + side, left : left + side]


def _padded(image: torch.Tensor, preparation: Preparation) -> torch.Tensor:
    height, width = image.shape[-2:]
    side = preparation.input_side
    padded = torch.full((3, side, side), float(preparation.fill), device=image.device)
    top, left = (side - height) // 2, (side - width) // 2
    padded[:, top : top + height, left : left + width] = image
    return padded
