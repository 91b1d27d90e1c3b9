"""Where text stands in a photo: the detector's map of letters, and the boxes of lines drawn from it."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidocr.ch_ppocr_det.utils import DBPostProcess

from matcher.models import Pixels
from matcher.models.onnx_session import Session
from matcher.models.text_crops import Quad, evened, is_tall, planes
from matcher.models.text_finder import STRIDE, TextFinder, Window, apart, grown

LETTER, LINE = 0.2, 0.35
"""How sure the map must be of a pixel, and of a box on the mean, to be followed."""
GROWN = 1.4
"""How far a box is let out: the map covers the hearts of letters (Liao et al., AAAI 2020, section 3.4)."""
MOST_BOXES = 1000
CUT, REACH, LOOKS = 0.6, 4.0, 2
"""A line that ends less than a letter, `CUT` times its height, from its window's edge may go on: the window
grows there by `REACH` times the height and is looked at again, `LOOKS` times at most."""


class TextBoxes:
    """Finds lines of text with a differentiable binarisation network (DB, Liao et al., AAAI 2020).

    `finder`: what says where to look, as the network is slow; without one the whole photo is looked at.
    """

    def __init__(self, session: Session, *, side: int, finder: TextFinder | None = None) -> None:
        self._session, self._side, self._finder = session, side, finder
        self._given = session.get_inputs()[0].name
        self._drawn = DBPostProcess(LETTER, LINE, MOST_BOXES, GROWN, "fast", use_dilation=True)

    def find(self, image: Pixels) -> list[Quad]:
        """Lines of `image`, its longest side looked at in `side` pixels.

        Where lines run up or down the photo is looked at turned as well: the network loses the ends of tall
        lines. Flat boxes inside tall ones are told too: only reading tells whether it is a line that runs
        down, or many one below the other.
        """
        upright = self._find(image)
        if not any(map(is_tall, upright)):
            return upright
        turned = [_turned_back(box, image.shape[0]) for box in self._find(_turned(image))]
        tall = [box for box in turned if is_tall(box)]
        flat = [box for box in upright if not is_tall(box)]
        missed = [box for box in upright if is_tall(box) and not any(covers(one, box) for one in tall)]
        return flat + tall + missed

    def _find(self, image: Pixels) -> list[Quad]:
        sized = as_seen(image, self._side)
        height, width = sized.shape[:2]
        scale = np.array([image.shape[1] / width, image.shape[0] / height])
        if self._finder is None:
            return self._boxes_in(sized, Window(0, 0, width, height), scale)
        found = {window: self._boxes_in(sized, window, scale) for window in self._finder.windows(sized)}
        for _ in range(LOOKS):
            wider = apart([_uncut(one, boxes, scale, sized) for one, boxes in found.items()])
            found = {one: found[one] if one in found else self._boxes_in(sized, one, scale) for one in wider}
        return [box for boxes in found.values() for box in boxes]

    def _boxes_in(self, sized: Pixels, window: Window, scale: NDArray[np.float64]) -> list[Quad]:
        """Lines in a window of the photo as the network sees it, in its pixels times `scale`."""
        part = sized[window.y : window.low, window.x : window.right]
        extent = np.array([window.width, window.height]) * scale
        boxes, _ = self._drawn(self._map(part), (round(extent[1]), round(extent[0])))
        corner = (np.array([window.x, window.y]) * scale).astype(np.float32)
        return [np.asarray(box, np.float32) + corner for box in boxes]

    def _map(self, part: Pixels) -> NDArray[np.float32]:
        (drawn,) = self._session.run(None, {self._given: planes(part)[None]})
        return cast(NDArray[np.float32], drawn)


def as_seen(image: Pixels, side: int) -> Pixels:
    """The photo with its longest side `side` pixels, both multiples of `STRIDE`, and its contrast evened.

    It is halved while it can be: what is left to shrink is less than half, and shrinking by halves is quick.
    """
    height, width = image.shape[:2]
    factor = side / max(height, width)
    size = [max(STRIDE, round(length * factor / STRIDE) * STRIDE) for length in (width, height)]
    while max(image.shape[:2]) >= 2 * side:
        image = _halved(image)
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return evened(cast(Pixels, cv2.resize(image, size, interpolation=kind)))


def _uncut(window: Window, boxes: list[Quad], scale: NDArray[np.float64], sized: Pixels) -> Window:
    """The window with room where it cuts lines off; an edge of the photo itself is none."""
    height, width = sized.shape[:2]
    for box in boxes:
        (left, top), (right, low) = (box / scale).min(axis=0), (box / scale).max(axis=0)
        ends = (left - window.x, top - window.y, window.right - right, window.low - low)
        letter = min(right - left, low - top)
        room = [REACH * letter if end <= CUT * letter else 0.0 for end in ends]
        window = grown(window, room, width, height)
    return window


def _halved(image: Pixels) -> Pixels:
    """The mean of each four pixels; an odd row or column at the end is dropped, as whole halves are quick."""
    half_width, half_height = (max(1, length // 2) for length in (image.shape[1], image.shape[0]))
    even = image[: 2 * half_height, : 2 * half_width]
    return cast(Pixels, cv2.resize(even, (half_width, half_height), interpolation=cv2.INTER_AREA))


def _turned(image: Pixels) -> Pixels:
    """A quarter clockwise."""
    return np.ascontiguousarray(np.rot90(image, -1))


def _turned_back(box: Quad, height: int) -> Quad:
    """A box of the turned photo in the photo itself, `height` pixels high, again from its top left."""
    back = np.stack([box[:, 1], height - 1 - box[:, 0]], axis=1)
    return cast(Quad, np.roll(back, -1, axis=0))


def covers(one: Quad, other: Quad) -> bool:
    """Whether the middle of `other` lies in `one`."""
    x, y = other.mean(axis=0)
    return cv2.pointPolygonTest(one.reshape(-1, 1, 2), (float(x), float(y)), measureDist=False) >= 0
