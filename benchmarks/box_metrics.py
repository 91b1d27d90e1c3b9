"""Average precision of boxes, as pure array functions; among equal scores the wrong ones stand first."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class Boxes:
    """Boxes of all images: `image`, `label` int64 (boxes,), `box` float64 (boxes, 4) as x1 y1 x2 y2, pixels.

    `score`: float64 (boxes,), finite; of true boxes it is not read. Raises ValueError where lengths differ.
    """

    image: Counts
    label: Counts
    box: Floats
    score: Floats

    def __post_init__(self) -> None:
        if not len(self.image) == len(self.label) == len(self.box) == len(self.score):
            raise ValueError("image, label, box and score differ in length")
        if self.box.shape[1:] != (4,):
            raise ValueError("a box has four numbers")
        if not np.isfinite(self.score).all():
            raise ValueError("a score is not finite")


def overlaps(boxes: Floats, others: Floats) -> Floats:
    """Intersection over union of boxes (n, 4) with others (m, 4): (n, m), in [0, 1]; 0 where empty."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    joined = _areas(boxes)[:, None] + _areas(others)[None] - shared
    return np.asarray(np.divide(shared, joined, out=np.zeros_like(shared), where=joined > 0))


def hits(detected: Boxes, true: Boxes, *, overlap: float = 0.5) -> NDArray[np.bool_]:
    """Which detected boxes (n,) are right; each true box is hit at most once.

    In an image, boxes of a label are taken by falling score, equal ones as given; each takes the true box
    of its label that it overlaps most among those still free, if by at least `overlap`.
    """
    right = np.zeros(len(detected.score), np.bool_)
    keys: NDArray[np.int64] = np.unique(np.stack((true.image, true.label), axis=1), axis=0)
    for image, label in keys:
        found = np.flatnonzero((detected.image == image) & (detected.label == label))
        found = found[np.argsort(-detected.score[found], kind="stable")]
        wanted = true.box[(true.image == image) & (true.label == label)]
        table = overlaps(detected.box[found], wanted)
        for place, row in zip(found, table, strict=True):
            # Of equal overlaps the last is taken, as the COCO evaluation does.
            best = len(row) - 1 - int(np.argmax(row[::-1]))
            if row[best] >= overlap:
                right[place] = True
                table[:, best] = -1.0
    return right


def average_precision(score: Floats, right: NDArray[np.bool_], true_total: int) -> float:
    """Mean, over 101 recalls from 0 to 1, of the best precision there or beyond; NaN where none is true.

    Source: Lin et al., "Microsoft COCO: common objects in context", ECCV 2014, and its evaluation.
    """
    if not true_total:
        return math.nan
    order = np.lexsort((right, -score))
    hit = np.cumsum(right[order])
    precision = hit / np.arange(1, len(order) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(hit / true_total, RECALLS, side="left")
    return float(np.append(best, 0.0)[np.minimum(places, len(best))].mean())


def average_precision_50(detected: Boxes, true: Boxes, *, overlap: float = 0.5) -> float:
    """`AP50`: mean average precision over the labels that have a true box; NaN without any.

    All detections count: COCO's evaluation takes the first 100 of an image and a label.
    """
    right = hits(detected, true, overlap=overlap)
    each = []
    for label in np.unique(true.label):
        said = detected.label == label
        each.append(average_precision(detected.score[said], right[said], int((true.label == label).sum())))
    return float(np.mean(each)) if each else math.nan


def _areas(boxes: Floats) -> Floats:
    return np.asarray(np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1))
