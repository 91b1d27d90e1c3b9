"""From a place in a photo as shares of its sides to pixels of the photo."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from matcher.records import Region

Point = tuple[float, float]


def region_in_pixels(points: Iterable[Point], width: int, height: int) -> Region | None:
    """The box around `points` (x and y in shares of the photo's sides), see `box_around`."""
    return box_around([(x * width, y * height) for x, y in points], width, height)


def quad_in_pixels(quad: Sequence[Point], width: int, height: int) -> list[JsonValue]:
    """The corners in pixels of the photo, not clipped: a reference may reach beyond it."""
    return written([(x * width, y * height) for x, y in quad])


def written(points: Iterable[Point]) -> list[JsonValue]:
    """Points as evidence tells them: to one decimal."""
    return [[round(x, 1) + 0.0, round(y, 1) + 0.0] for x, y in points]


def corners(box: tuple[float, float, float, float]) -> tuple[Point, Point, Point, Point]:
    """The four corners of `x1 y1 x2 y2`, clockwise from the top left."""
    x1, y1, x2, y2 = box
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))


def part_of_line(outline: Sequence[Point], start: int, end: int, length: int) -> tuple[Point, ...]:
    """The part of a line's outline that characters `start` to `end` of its `length` fill.

    By share of characters along a four-cornered outline, clockwise from where the line begins; any other
    outline is given whole.
    """
    if len(outline) != 4 or length <= 0 or (start <= 0 and end >= length):
        return tuple(outline)
    top_left, top_right, bottom_right, bottom_left = outline
    first, last = max(0.0, start / length), min(1.0, end / length)
    return (
        _between(top_left, top_right, first),
        _between(top_left, top_right, last),
        _between(bottom_left, bottom_right, last),
        _between(bottom_left, bottom_right, first),
    )


def area(points: Sequence[Point]) -> float:
    """Square pixels inside an outline (shoelace formula)."""
    twice = sum(
        one[0] * two[1] - two[0] * one[1] for one, two in zip(points, (*points[1:], *points[:1]), strict=True)
    )
    return abs(twice) / 2


def box_around(points: Sequence[Point], width: int, height: int) -> Region | None:
    """The box around `points` in pixels, clipped to the photo; None where none of it lies inside.

    Whole pixels, rounded outwards from what four decimals tell.
    """
    finite = [point for point in points if all(map(math.isfinite, point))]
    if not finite:
        return None
    across, down = zip(*finite, strict=True)
    region = Region(
        float(max(0, math.floor(round(min(across), 4)))),
        float(max(0, math.floor(round(min(down), 4)))),
        float(min(width, math.ceil(round(max(across), 4)))),
        float(min(height, math.ceil(round(max(down), 4)))),
    )
    return region if region.x1 < region.x2 and region.y1 < region.y2 else None


def _between(one: Point, two: Point, share: float) -> Point:
    return one[0] + (two[0] - one[0]) * share, one[1] + (two[1] - one[1]) * share
