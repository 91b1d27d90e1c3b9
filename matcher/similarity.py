"""How alike a photo and a reference are: what was measured, and the fitted probabilities drawn from it."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.errors import ModelError
from matcher.models import Correspondence, Pixels
from matcher.records import Score

WEIGHTS = Path(__file__).parent / "models" / "weights" / "similarity.json"

FEATURES = (
    "cosine", "cosine squared", "above background", "shading", "votes", "verified", "inliers",
    "many inliers", "inlier share", "behind", "aligned shading", "aligned colour", "whole shading",
    "agreement", "agreement squared", "coverage", "cosine unverified", "shading unverified",
)  # fmt: skip
CHEAP = ("cosine", "cosine squared", "above background", "votes")
"""The features that are known before keypoints are matched and that a prospect is told from."""
_CHEAP_PLACES = [FEATURES.index(name) for name in CHEAP]


@dataclass(frozen=True)
class Comparison:
    """What was measured of one photo and one reference image.

    `cosine`: best of the photo's views against the reference's, in [-1, 1]. `view`: which view it was.
    `background`: mean cosine of the photo's farther neighbours, what an unrelated reference would reach (the
    score normalisation of DISC21, arXiv 2106.09672, section 5). `shading`: correlation of the two whole
    images squashed to squares, the better of plain and flipped. `votes`: of local features, 0 and up.
    `correspondence`: how the reference lies in the photo, if keypoints agree. `most_inliers`: the most that
    any candidate of the photo has.
    """

    cosine: float
    view: int
    background: float
    shading: float
    votes: float
    correspondence: Correspondence | None
    most_inliers: int = 0

    def features(self) -> NDArray[np.float64]:
        """The row that the fitted weights are multiplied with, in the order of `FEATURES`."""
        found = self.correspondence
        cosine = max(self.cosine, 0.0)
        row = [cosine, cosine**2, cosine - self.background, self.shading, math.log1p(self.votes)]
        if found is None:
            return np.array([*row, *[0.0] * 11, cosine, self.shading])
        behind = math.log(found.inliers / max(found.inliers, self.most_inliers))
        counts = [
            1,
            math.log(found.inliers),
            math.log(max(found.inliers / 12, 1)),
            found.inliers / found.matches,
            behind,
        ]
        seen = found.likeness
        pixels = [seen.grey, seen.colour, seen.whole, seen.agreement, seen.agreement**2, found.coverage]
        return np.array([*row, *counts, *pixels, 0, 0])


@dataclass(frozen=True)
class Scorer:
    """Three logistic models over one comparison, fitted by `training/fit_similarity.py`.

    `copy`: the photo reuses the reference image, edited or not. `product`: it shows the reference's product.
    `prospect`: keypoints, once matched, will lead to either.
    """

    copy_weights: tuple[float, ...]
    product_weights: tuple[float, ...]
    prospect_weights: tuple[float, ...]
    fingerprint: str

    def copy(self, comparison: Comparison) -> Score:
        """Probability in (0, 1) that the photo is a copy of the reference image."""
        return _logistic(self.copy_weights, comparison.features())

    def product(self, comparison: Comparison) -> Score:
        """Probability in (0, 1) that the photo shows the reference's product."""
        return _logistic(self.product_weights, comparison.features())

    def prospect(self, comparison: Comparison) -> Score:
        """Probability in (0, 1) that verification would confirm the reference, told without it."""
        return _logistic(self.prospect_weights, comparison.features()[_CHEAP_PLACES])


def load_scorer(path: Path = WEIGHTS) -> Scorer:
    """Read fitted weights, constants last; raises `ModelError` when they do not fit the code."""
    try:
        text = path.read_text(encoding="utf-8")
        fitted = json.loads(text)
        copy, product, prospect = (
            tuple(map(float, fitted[kind])) for kind in ("copy", "product", "prospect")
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(path.name, f"cannot be read ({error}); fit it again or reinstall") from error
    known = fitted.get("features") == list(FEATURES) and fitted.get("cheap") == list(CHEAP)
    if not known or [*map(len, (copy, product, prospect))] != [len(FEATURES) + 1] * 2 + [len(CHEAP) + 1]:
        raise ModelError(path.name, "was fitted for other features; fit it again")
    return Scorer(copy, product, prospect, hashlib.sha256(text.encode()).hexdigest())


class Shading:
    """One image in grey, squashed to a square of 64 pixels, to be held against others of the same size."""

    def __init__(self, swatch: Pixels) -> None:
        self._mine = _centred(swatch)
        self._flipped = self._mine[:, ::-1]
        self._variance = float((self._mine**2).mean())

    def correlation(self, swatch: Pixels) -> float:
        """Correlation in [-1, 1] with another, the better of plain and flipped."""
        theirs = _centred(swatch)
        spread = math.sqrt((self._variance + 4) * (float((theirs**2).mean()) + 4))
        return max(float((self._mine * theirs).mean()), float((self._flipped * theirs).mean())) / spread


def shading(mine: Pixels, theirs: Pixels) -> float:
    """Correlation in [-1, 1] of two images of one size in grey, the better of plain and flipped."""
    return Shading(mine).correlation(theirs)


def _centred(image: Pixels) -> NDArray[np.float64]:
    grey = image.astype(np.float64) @ (0.299, 0.587, 0.114)
    centred: NDArray[np.float64] = grey - grey.mean()
    return centred


def _logistic(weights: tuple[float, ...], row: NDArray[np.float64]) -> Score:
    total = float(row @ np.array(weights[:-1])) + weights[-1]
    return 1 / (1 + math.exp(-total)) if total >= 0 else math.exp(total) / (1 + math.exp(total))
