"""Where a listing's photo and a reference agree, keypoint by keypoint, ready to be drawn between both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from matcher.matching import spread_points
from matcher.models import KeypointDetector, KeypointMatcher, Pixels

MOST_DRAWN = 40
"""Pairs that are drawn, from all over the photo: more would hide the pictures."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Agreement:
    """How many keypoints agree, and some of them as (photo, reference) points, x and y in [0, 1]."""

    count: int
    pairs: tuple[tuple[Point, Point], ...]


NOTHING = Agreement(0, ())


class Line(NamedTuple):
    """From a point of the left picture to one of the right, in the drawing's units."""

    x1: float
    y1: float
    x2: float
    y2: float


def agreement(
    photo: Pixels, reference: Pixels, detector: KeypointDetector, verifier: KeypointMatcher
) -> Agreement:
    """Where both agree, as verification sees it; the flipped photo is tried where the plain one does not.

    `photo`, `reference`: uint8 (height, width, 3). `NOTHING` where no believable mapping exists.
    """
    here, there = detector.detect(photo), detector.detect(reference)
    for mirrored in (False, True):
        pairs = verifier.pairs(here, there, mirrored=mirrored)
        if len(pairs):
            drawn = pairs[spread_points(pairs[:, 0], MOST_DRAWN)]
            return Agreement(len(pairs), tuple((tuple(a), tuple(b)) for a, b in drawn.tolist()))
    return NOTHING


def lines_between(
    found: Agreement, photo: tuple[int, int], reference: tuple[int, int], side: float, gap: float
) -> Iterator[Line]:
    """The pairs as lines between two squares of `side` that stand `gap` apart, each picture fitted into one.

    `photo`, `reference`: width and height in pixels.
    """
    for here, there in found.pairs:
        x1, y1 = _in_square(here, photo, side)
        x2, y2 = _in_square(there, reference, side)
        yield Line(round(x1, 1), round(y1, 1), round(x2 + side + gap, 1), round(y2, 1))


def _in_square(point: Point, size: tuple[int, int], side: float) -> Point:
    width, height = (side * length / max(size) for length in size)
    return (side - width) / 2 + point[0] * width, (side - height) / 2 + point[1] * height
