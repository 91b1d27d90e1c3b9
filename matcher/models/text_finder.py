"""Where in a photo there may be writing: a small network that is asked before lines are looked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.errors import ModelError
from matcher.models import Pixels
from matcher.models.onnx_session import open_session

BUILTIN = Path(__file__).parent / "weights" / "text-finder.onnx"
REMEDY = "reinstall the package, or set models.text_finder to none"
CELL = 8
"""Pixels a side of what one place of the network's map tells of."""
SEEN_SIDE, COARSE_SIDE = 512, 192
"""Pixels of a photo's longest side as the network sees it, for small letters and for those that fill it."""
TRUST = 0.375
"""What the coarse look is believed: folds of cloth are like large letters, and those are told surely."""
STRIDE = 32
"""Both sides of what a network sees are multiples of it."""
LEAST, PEAK = 0.15, 0.3
"""How likely each place of a window must be written on, and the likeliest of them.

With `ROOM` nearly all lines of photos never trained on stay whole, and most of a photo of clothes is left out
(docs/texts.md).
"""
ROOM = 0.5
"""How far a window reaches beyond what was found, as a share of the lesser of its sides."""
LEAST_ROOM = 16
"""The same in pixels of the photo as it was given, at least."""
MOST_SHARE = 0.7
"""Where windows fill more of the photo, the whole of it costs hardly more, and loses nothing."""


class Window(NamedTuple):
    """Part of an image in pixels: its left upper corner, width and height, each a multiple of `STRIDE`."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """Where it ends."""
        return self.x + self.width

    @property
    def low(self) -> int:
        """Where it ends downwards."""
        return self.y + self.height


class TextFinder:
    """Runs `text-finder.onnx` on the CPU, one thread; trained by `training/text_finder`.

    The graph takes `images`, float32 (1, 3, h, w) RGB in [0, 1] with evened contrast, both sides multiples of
    `STRIDE`, and gives `writing` (1, h / 8, w / 8) in [0, 1]. Raises `ModelError` where it is missing or
    damaged.
    """

    def __init__(self, path: Path = BUILTIN, *, least: float = LEAST, peak: float = PEAK) -> None:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError("text finder", f"cannot be read: {error.strerror}; {REMEDY}") from error
        self._session, self._least, self._peak = open_session("text finder", content, REMEDY), least, peak
        recipe = json.dumps([SEEN_SIDE, COARSE_SIDE, TRUST, least, peak, ROOM, LEAST_ROOM, MOST_SHARE, 2])
        digest = hashlib.sha256(content).digest()
        self.fingerprint = hashlib.sha256(digest + recipe.encode()).hexdigest()
        self.map(np.zeros((STRIDE, STRIDE, 3), np.uint8))  # a graph of other outputs is refused now

    def map(self, image: Pixels) -> NDArray[np.float32]:
        """How likely each cell of `image`, sized as `SEEN_SIDE` asks, is written on: (rows, columns)."""
        fine, coarse = (self._told(image, side) for side in (SEEN_SIDE, COARSE_SIDE))
        large = cv2.resize(coarse, fine.shape[::-1], interpolation=cv2.INTER_LINEAR)
        either: NDArray[np.float32] = np.maximum(fine, np.float32(TRUST) * large)
        return either

    def _told(self, image: Pixels, side: int) -> NDArray[np.float32]:
        given = _seen(image, side).transpose(2, 0, 1)[None] / np.float32(255)
        found = self._session.run(None, {"images": given})
        if len(found) != 1 or found[0].shape != (1, given.shape[2] // CELL, given.shape[3] // CELL):
            raise ModelError("text finder", f"is no graph of ours; {REMEDY}")
        cells: NDArray[np.float32] = found[0][0]
        return cells

    def windows(self, image: Pixels) -> list[Window]:
        """Where lines are to be looked for in `image`, whose sides are multiples of `STRIDE`; from the top.

        They do not overlap; none where nothing looks like writing, one where most of it does.
        """
        likely = self.map(image)
        height, width = image.shape[:2]
        scale = np.array([width / likely.shape[1], height / likely.shape[0]] * 2)
        kept = (likely >= self._least).astype(np.uint8)
        count, marks, boxes, _ = cv2.connectedComponentsWithStats(kept, connectivity=8)
        found = [one for one in range(1, count) if likely[marks == one].max() >= self._peak]
        windows = apart([_window(boxes[one, :4] * scale, width, height) for one in found])
        if sum(one.width * one.height for one in windows) > MOST_SHARE * width * height:
            return [Window(0, 0, width, height)]
        return windows


def apart(windows: list[Window]) -> list[Window]:
    """Windows that overlap joined until none do, from the top and the left."""
    kept: list[Window] = []
    for window in windows:
        while (other := next((one for one in kept if _meet(one, window)), None)) is not None:
            kept.remove(other)
            window = _around(window, other)
        kept.append(window)
    return sorted(kept, key=lambda one: (one.y, one.x))


def grown(window: Window, by: Sequence[float], width: int, height: int) -> Window:
    """The window with so many pixels more at its left, top, right and lower edge, within an image's size."""
    left, right = _stretch(window.x - by[0], window.right + by[2], width)
    top, low = _stretch(window.y - by[1], window.low + by[3], height)
    return Window(left, top, right - left, low - top)


def _seen(image: Pixels, longest: int) -> NDArray[np.float32]:
    factor = longest / max(image.shape[:2])
    height, width = (max(STRIDE, round(side * factor / STRIDE) * STRIDE) for side in image.shape[:2])
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=kind), np.float32)


def _window(box: NDArray[np.float64], width: int, height: int) -> Window:
    """Around `box` (x, y, width, height) with room on each side."""
    x, y, across, down = (float(value) for value in box)
    room = max(LEAST_ROOM, ROOM * min(across, down))
    left, right = _stretch(x - room, x + across + room, width)
    top, low = _stretch(y - room, y + down + room, height)
    return Window(left, top, right - left, low - top)


def _stretch(begin: float, end: float, most: int) -> tuple[int, int]:
    """Both ends moved outwards to multiples of `STRIDE`, inside [0, most]."""
    first = max(0, int(begin // STRIDE) * STRIDE)
    last = min(most, -int(-end // STRIDE) * STRIDE)
    return first, last


def _meet(one: Window, two: Window) -> bool:
    return one.x < two.right and two.x < one.right and one.y < two.low and two.y < one.low


def _around(one: Window, two: Window) -> Window:
    x, y = min(one.x, two.x), min(one.y, two.y)
    return Window(x, y, max(one.right, two.right) - x, max(one.low, two.low) - y)
