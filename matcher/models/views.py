"""Which regions of an image get a descriptor of their own."""

from __future__ import annotations

from collections.abc import Sequence

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 as shares of the image's width and height, each in [0, 1]."""

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def boxes(tiles: Sequence[tuple[float, int]]) -> tuple[Box, ...]:
    """The whole image first, then for each (share, steps) a grid of steps x steps boxes.

    A box is `share` of a side long. One step means one centred box, so `(0.7, 1)` is a centre crop.
    """
    found = [WHOLE]
    for share, steps in tiles:
        starts = [(1 - share) / 2] if steps == 1 else [(1 - share) * i / (steps - 1) for i in range(steps)]
        found += [(x, y, x + share, y + share) for y in starts for x in starts]
    return tuple(found)
