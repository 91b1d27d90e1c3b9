"""Several text readers asked at once: what two of them read in one place is what the surer one read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from matcher.models import Pixels, TextLine, TextReader

SAME_PLACE = 0.5
"""Share of the smaller outline inside the other from which on two lines are one."""


class JointReader:
    """Asks each reader; the reader named first goes first where two are equally sure."""

    def __init__(self, readers: Sequence[TextReader]) -> None:
        self._readers = tuple(readers)
        joined = " ".join(reader.fingerprint for reader in self._readers)
        self.fingerprint = hashlib.sha256(joined.encode()).hexdigest()
        self.name = ",".join(reader.name for reader in self._readers)

    def read(self, images: Sequence[Pixels]) -> list[list[TextLine]]:
        """Lines an image: those of the first reader in its order, then what only later ones found."""
        found = [reader.read(images) for reader in self._readers]
        return [_joined([lines[place] for lines in found]) for place in range(len(images))]

    def look_again(self, image: Pixels, line: TextLine) -> TextLine:
        """What each reader sees in the line's place at another look, the surer one's before the others'."""
        for reader in self._readers:
            line = _surer(line, reader.look_again(image, line))
        return line


def _joined(found: Sequence[list[TextLine]]) -> list[TextLine]:
    kept: list[TextLine] = []
    for lines in found:
        before = len(kept)
        for line in lines:
            place = next((one for one in range(before) if _one_place(kept[one], line)), None)
            if place is None:
                kept.append(line)
            else:
                kept[place] = _surer(kept[place], line)
    return kept


def _surer(one: TextLine, two: TextLine) -> TextLine:
    """The surer of two readings; what the other says is something the line may say."""
    first, second = (two, one) if two.score > one.score else (one, two)
    others = dict.fromkeys((*first.others, second.text, *second.others))
    return replace(first, others=tuple(other for other in others if other and other != first.text))


def _one_place(one: TextLine, two: TextLine) -> bool:
    first, second = (np.array(line.outline, np.float32) for line in (one, two))
    shared, _ = cv2.intersectConvexConvex(cv2.convexHull(first), cv2.convexHull(second))
    smaller = min(cv2.contourArea(cv2.convexHull(first)), cv2.contourArea(cv2.convexHull(second)))
    return bool(smaller > 0 and shared >= SAME_PLACE * smaller)
