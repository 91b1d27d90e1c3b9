"""What a logo may also look like: trimmed, inverted, in one colour on white and on black."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.models import Pixels

PLAIN = 12.0
"""A ground whose edge varies less than this from its median colour (of 255, mean over the edge) is plain."""
APART = 40.0
"""A pixel so far from the ground's colour is the logo's (of 255, largest channel)."""
LEAST_INK = 0.002
"""Share of the image; what leaves less of a mark than this is no logo on a plain ground."""
VERSION = 2
"""Counted up when variants change: part of an embedder's fingerprint."""


def variants(image: Pixels, *, room: float = 0.0) -> list[Pixels]:
    """The image as it is, then what can be made of it, each different from those before.

    `room`: left around a trimmed logo, as shares of its width and height: the margin of regions in photos. A
    logo on a plain ground is trimmed, inverted, and drawn in black on white and white on black; of a crop
    of a photo only the inverted one is made.
    """
    mask = ink(image)
    if mask is None:
        return [image, 255 - image]
    rows, columns = _reach(mask, room)
    trimmed, shape = image[rows, columns], mask[rows, columns]
    dark = np.repeat(np.rint(255 * (1 - shape)).astype(np.uint8)[..., None], 3, axis=2)
    made = [trimmed, 255 - trimmed, dark, 255 - dark]
    found = [image]
    for one in made:
        if not any(one.shape == other.shape and np.array_equal(one, other) for other in found):
            found.append(one)
    return found


def ink(image: Pixels) -> NDArray[np.float32] | None:
    """How much each pixel is the logo's and not the ground's, float32 (height, width) in [0, 1].

    None where the image's edge is of no one colour, so that there is no ground to tell it from.
    """
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]).astype(np.float32)
    ground = np.median(edge, axis=0)
    if float(np.abs(edge - ground).max(axis=1).mean()) > PLAIN:
        return None
    apart = np.abs(image.astype(np.float32) - ground).max(axis=2)
    mask = np.clip(apart / max(APART, float(apart.max()) * 0.5), 0, 1).astype(np.float32)
    return mask if float((mask > 0.5).mean()) >= LEAST_INK else None


def is_blank(image: Pixels) -> bool:
    """Whether nothing stands out anywhere."""
    return int((image.max(axis=(0, 1)) - image.min(axis=(0, 1))).max()) < PLAIN


def _reach(mask: NDArray[np.float32], room: float) -> tuple[slice, slice]:
    """Rows and columns of the mark with some room; specks are not looked at."""
    solid = cv2.medianBlur((mask > 0.5).astype(np.uint8), 3) if min(mask.shape) >= 3 else mask > 0.5
    if not solid.any():
        solid = mask > 0.5
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    return _widened(rows, room), _widened(columns, room)


def _widened(places: NDArray[np.intp], room: float) -> slice:
    """From the first place to the last, with `room` at either end and one more for soft edges."""
    more = round(room * (places[-1] - places[0] + 1)) + 1
    return slice(max(0, int(places[0]) - more), int(places[-1]) + more + 1)
