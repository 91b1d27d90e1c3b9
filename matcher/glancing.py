"""A first look at each candidate with few of the photo's keypoints: which are worth comparing with all."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from matcher.models import KeypointMatcher, Keypoints

CELLS = 4
AGREEING = 7
"""So many of the few keypoints that agree in scale and angle make a candidate worth a full comparison."""
NEAREST = 5
"""So many with the most votes, and as many with the highest scores before keypoints, are nearest."""
NEAREST_AGREEING = 3
"""So many suffice for one of the nearest."""
FINGERPRINT = f"glance-{CELLS}-{AGREEING}-{NEAREST}-{NEAREST_AGREEING}"


class Glance:
    """The first look at one photo's candidates; `few` keypoints of it, 0 for none: all are worth comparing.

    With these thresholds no first answer changed on the tuning parts of three truth sets
    (`training/tune_glance.py`); of photos kept apart a few lost their match, so it is off unless asked for.
    """

    def __init__(
        self, verifier: KeypointMatcher, keypoints: Keypoints, few: int, nearest: Collection[int]
    ) -> None:
        self._verifier, self._nearest = verifier, nearest
        self._few = chosen(keypoints, spread(keypoints, few)) if few else None

    def is_worth(self, image_id: int, reference: Keypoints, *, mirrored: bool = False) -> bool:
        """Whether `reference`, the image of that id, may lie in the photo.

        Only the nearest are ever tried mirrored, so there `NEAREST_AGREEING` counts for all.
        """
        if self._few is None:
            return True
        least = NEAREST_AGREEING if mirrored or image_id in self._nearest else AGREEING
        return self._verifier.agreeing(self._few, reference, mirrored=mirrored) >= least


def nearest(votes: Mapping[int, float], scores: Mapping[int, float]) -> frozenset[int]:
    """The `NEAREST` images with the most votes and as many with the highest scores; ties go to lower ids."""
    return frozenset(
        image_id
        for found in (votes, scores)
        for image_id, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))[:NEAREST]
    )


def chosen(keypoints: Keypoints, places: NDArray[np.intp]) -> Keypoints:
    """The keypoints at `places` alone."""
    return Keypoints(
        keypoints.points[places],
        keypoints.frames[places],
        keypoints.descriptors[places],
        keypoints.aspect,
        keypoints.swatch,
    )


def spread(keypoints: Keypoints, count: int) -> NDArray[np.intp]:
    """Indices of up to `count` keypoints, the strongest of each cell of a `CELLS` x `CELLS` grid in turn.

    By strength alone a lively background would speak for a small pasted product.
    """
    columns = np.minimum((keypoints.points * CELLS).astype(np.intp), CELLS - 1)
    cells = columns[:, 1] * CELLS + columns[:, 0]
    turns = np.zeros(len(cells), np.intp)
    for cell in range(CELLS**2):
        here = np.flatnonzero(cells == cell)
        turns[here] = np.arange(len(here))
    return np.argsort(turns, kind="stable")[:count]
