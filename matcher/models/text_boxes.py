"""Where text stands in a photo: the detector's map of letters, and the boxes of lines drawn from it."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidocr.ch_ppocr_det.utils import DBPostProcess

from matcher.models import Pixels
from matcher.models.onnx_session import Session
from matcher.models.text_crops import Quad, evened, is_tall

STRIDE = 32
"""Both sides of what the detector sees are multiples of it."""
LETTER, LINE = 0.2, 0.35
"""How sure the map must be of a pixel, and of a box on the mean, to be followed."""
GROWN = 1.4
"""How far a box is let out: the map covers the hearts of letters (Liao et al., AAAI 2020, section 3.4)."""
MOST_BOXES = 1000


class TextBoxes:
    """Finds lines of text with a differentiable binarisation network (DB, Liao et al., AAAI 2020)."""

    def __init__(self, session: Session, *, side: int) -> None:
        self._session, self._side = session, side
        self._given = session.get_inputs()[0].name
        self._drawn = DBPostProcess(LETTER, LINE, MOST_BOXES, GROWN, "fast", use_dilation=True)

    def find(self, image: Pixels) -> list[Quad]:
        """Lines of `image`, its longest side looked at in `side` pixels.

        Where lines run up or down the photo is looked at turned as well: the network loses the ends of tall
        lines.
        """
        upright = self._find(image)
        if not any(map(is_tall, upright)):
            return upright
        turned = [_turned_back(box, image.shape[0]) for box in self._find(_turned(image))]
        tall = [box for box in turned if is_tall(box)]
        flat = [box for box in upright if not is_tall(box) and not any(_covers(one, box) for one in tall)]
        missed = [box for box in upright if is_tall(box) and not any(_covers(one, box) for one in tall)]
        return flat + tall + missed

    def _find(self, image: Pixels) -> list[Quad]:
        boxes, _ = self._drawn(self._map(image), image.shape[:2])
        return [np.asarray(box, np.float32) for box in boxes]

    def _map(self, image: Pixels) -> NDArray[np.float32]:
        sized = evened(self._sized(image))
        given = (sized[None, ..., ::-1].transpose(0, 3, 1, 2) / np.float32(127.5) - 1).astype(np.float32)
        (drawn,) = self._session.run(None, {self._given: given})
        return cast(NDArray[np.float32], drawn)

    def _sized(self, image: Pixels) -> Pixels:
        height, width = image.shape[:2]
        factor = self._side / max(height, width)
        size = [max(STRIDE, round(length * factor / STRIDE) * STRIDE) for length in (width, height)]
        kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        return cast(Pixels, cv2.resize(image, size, interpolation=kind))


def _turned(image: Pixels) -> Pixels:
    """A quarter clockwise."""
    return np.ascontiguousarray(np.rot90(image, -1))


def _turned_back(box: Quad, height: int) -> Quad:
    """A box of the turned photo in the photo itself, `height` pixels high, again from its top left."""
    back = np.stack([box[:, 1], height - 1 - box[:, 0]], axis=1)
    return cast(Quad, np.roll(back, -1, axis=0))


def _covers(one: Quad, other: Quad) -> bool:
    """Whether the middle of `other` lies in `one`."""
    x, y = other.mean(axis=0)
    return cv2.pointPolygonTest(one.reshape(-1, 1, 2), (float(x), float(y)), measureDist=False) >= 0
