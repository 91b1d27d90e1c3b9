"""Lines of text cut out of a photo and laid flat, as a recogniser wants them."""

from __future__ import annotations

import math
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.models import Pixels

Quad = NDArray[np.float32]
"""The corners of a line, float32 (4, 2), pixels, clockwise from its top left as it stands in the photo."""


HEIGHT = 48
"""Pixels of a line that the recogniser sees."""
LONGEST = 1600
"""Pixels of a line from its begin to its end, at that height; a longer one is squeezed."""
TALL = 1.5
"""A box so many times as high as wide holds a line that runs up or down."""
CONTRAST, PARTS = 2.0, 8
"""Contrast is evened out over so many parts a side: print tone on tone is found so."""
WIDER = 0.08
"""How much wider than its box, as a share of its height, a line is cut for a second look."""
FINEST = 6
"""A line is cut out at most so many times larger before it is shrunk to `HEIGHT`."""


def sides(box: Quad) -> tuple[float, float]:
    """Length of the box's upper and left side, the longer where its opposite differs; pixels."""
    width = max(np.linalg.norm(box[0] - box[1]), np.linalg.norm(box[3] - box[2]))
    height = max(np.linalg.norm(box[0] - box[3]), np.linalg.norm(box[1] - box[2]))
    return float(width), float(height)


def is_tall(box: Quad) -> bool:
    """Whether the line runs up or down, or consists of signs one below the other."""
    width, height = sides(box)
    return height >= TALL * width


def as_read(box: Quad) -> Quad:
    """The corners from where the line begins: a tall box is taken to run downwards."""
    return np.roll(box, -1, axis=0) if is_tall(box) else box


def upside_down(corners: Quad) -> Quad:
    """The corners of the same line begun at its other end."""
    return np.roll(corners, 2, axis=0)


def cut_out(image: Pixels, corners: Quad, *, margin: float = 0.0) -> Pixels:
    """The line between `corners`, its begin on the left, `HEIGHT` pixels high.

    `margin`: how much further it is cut on each side, as a share of the height.
    """
    width, height = sides(corners)
    edge = margin * HEIGHT
    inner = HEIGHT - 2 * edge
    across = max(1.0, min(LONGEST, width * inner / max(height, 1.0)))
    fine = max(1, min(FINEST, math.ceil(height / HEIGHT)))
    size = np.array([max(1, round(across + 2 * edge)), HEIGHT])
    low, far = edge + inner, edge + across
    target = fine * np.array([[edge, edge], [far, edge], [far, low], [edge, low]], np.float32)
    flat = cv2.getPerspectiveTransform(corners.astype(np.float32), target.astype(np.float32))
    large = cv2.warpPerspective(
        image, flat, (fine * size).tolist(), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return cast(Pixels, cv2.resize(large, size.tolist(), interpolation=cv2.INTER_AREA))


def planes(image: Pixels) -> NDArray[np.float32]:
    """Blue, green and red as PP-OCR's networks are given them: float32 (3, height, width) in [-1, 1]."""
    return np.stack([cv2.LUT(plane, _LEVELS) for plane in reversed(cv2.split(image))])


_LEVELS = np.arange(256, dtype=np.float32) / np.float32(127.5) - 1


def evened(image: Pixels) -> Pixels:
    """Contrast-limited adaptive histogram equalisation of the lightness."""
    colours = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    colours[..., 0] = cv2.createCLAHE(CONTRAST, (PARTS, PARTS)).apply(colours[..., 0])
    return cast(Pixels, cv2.cvtColor(colours, cv2.COLOR_LAB2RGB))
