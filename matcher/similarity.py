"""How alike a photo and a reference are: what was measured, and the fitted probabilities drawn from it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.boosted_trees import BoostedTrees
from matcher.errors import ModelError
from matcher.models import Correspondence, Pixels

WEIGHTS = Path(__file__).parent / "models" / "weights" / "similarity.json"

FEATURES = (
    "cosine", "cosine squared", "above background", "shading", "votes", "verified", "inliers",
    "many inliers", "inlier share", "behind", "aligned shading", "aligned colour", "whole shading",
    "agreement", "agreement squared", "coverage", "cosine unverified", "shading unverified",
    "votes above background",
)  # fmt: skip
CHEAP = ("cosine", "cosine squared", "above background", "votes", "votes above background")
"""The features that are known before keypoints are matched and that a prospect is told from."""
_CHEAP_PLACES = [FEATURES.index(name) for name in CHEAP]


@dataclass(frozen=True)
class Comparison:
    """What was measured of one photo and one reference image.

    `cosine`: best of the photo's views against the reference's, in [-1, 1]. `view`: which view it was.
    `background`: mean cosine of the photo's farther neighbours, what an unrelated reference would reach (the
    score normalisation of DISC21, arXiv 2106.09672, section 5). `shading`: correlation of the two whole
    images squashed to squares, the better of plain and flipped; 0 where keypoints were not compared.
    `votes`: of local features, 0 and up. `correspondence`: how the reference lies in the photo, if keypoints
    agree. `most_inliers`: the most that any candidate of the photo has. `background_votes`: mean votes of the
    references voted for less, what an unrelated one would get.
    """

    cosine: float
    view: int
    background: float
    shading: float
    votes: float
    correspondence: Correspondence | None
    most_inliers: int = 0
    background_votes: float = 0.0

    def features(self) -> NDArray[np.float64]:
        """The row that the fitted models are asked about, in the order of `FEATURES`."""
        found = self.correspondence
        cosine = max(self.cosine, 0.0)
        votes = math.log1p(self.votes)
        row = [cosine, cosine**2, cosine - self.background, self.shading, votes]
        ahead = votes - math.log1p(self.background_votes)
        if found is None:
            return np.array([*row, *[0.0] * 11, cosine, self.shading, ahead])
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
        return np.array([*row, *counts, *pixels, 0, 0, ahead])


@dataclass(frozen=True, eq=False)
class PairModel:
    """A probability over features: the mean log-odds of a logistic regression and of boosted trees.

    `weights`: the regression's, the constant last. It ranks what the trees' steps leave even; they tell what
    no sum can, such as that a hundred inliers on a carpet are no copy while the pixels between differ.
    """

    weights: NDArray[np.float64]
    trees: BoostedTrees

    def probabilities(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of each of `rows` (n, features): (n,), in [0, 1]."""
        return logistic((weighed(rows, self.weights) + self.trees.log_odds(rows)) / 2)


@dataclass(frozen=True, eq=False)
class Scorer:
    """Three probabilities of comparisons, fitted by `training/fit_similarity.py`.

    `copy`: the photo reuses the reference image, edited or not. `product`: it shows the reference's product.
    `prospect`: keypoints, once matched, will lead to either; told without them. Each (n,) in [0, 1].
    """

    copy_model: PairModel
    product_model: PairModel
    prospect_weights: NDArray[np.float64]
    fingerprint: str

    def copy_and_product(
        self, comparisons: Sequence[Comparison]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How surely each photo is a copy of the reference image, and shows the reference's product."""
        rows = _rows(comparisons)
        return self.copy_model.probabilities(rows), self.product_model.probabilities(rows)

    def prospect(self, comparisons: Sequence[Comparison]) -> NDArray[np.float64]:
        """How likely verification would confirm each reference, told without it."""
        cheap = _rows(comparisons)[:, _CHEAP_PLACES]
        return logistic(weighed(cheap, self.prospect_weights))


def load_scorer(path: Path = WEIGHTS) -> Scorer:
    """Read what was fitted; raises `ModelError` when it does not fit the code."""
    try:
        text = path.read_text(encoding="utf-8")
        fitted = json.loads(text)
        copy, product = (read_pair_model(fitted[kind]) for kind in ("copy", "product"))
        prospect = np.array(fitted["prospect"], np.float64)
        known = fitted["features"] == list(FEATURES) and fitted["cheap"] == list(CHEAP)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ModelError(path.name, f"cannot be read ({error}); fit it again or reinstall") from error
    if not known or prospect.shape != (len(CHEAP) + 1,):
        raise ModelError(path.name, "was fitted for other features; fit it again")
    return Scorer(copy, product, prospect, hashlib.sha256(text.encode()).hexdigest())


def read_pair_model(told: Mapping[str, Any]) -> PairModel:
    """Of `weights` and `trees`; raises `KeyError`, `TypeError` or `ValueError` for anything else."""
    weights = np.array(told["weights"], np.float64)
    if weights.shape != (len(FEATURES) + 1,):
        raise ValueError(f"{len(FEATURES) + 1} weights are wanted")
    return PairModel(weights, BoostedTrees.read(told["trees"], len(FEATURES)))


def weighed(rows: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums (n,) of rows (n, features) by their weights, the constant last.

    Not by BLAS, whose last digits change with the number of rows.
    """
    sums: NDArray[np.float64] = (rows * weights[:-1]).sum(axis=1) + weights[-1]
    return sums


def logistic(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of log-odds of any size."""
    probabilities: NDArray[np.float64] = 0.5 * (1 + np.tanh(log_odds / 2))
    return probabilities


def _rows(comparisons: Sequence[Comparison]) -> NDArray[np.float64]:
    rows: NDArray[np.float64] = np.array([one.features() for one in comparisons])
    return rows.reshape(-1, len(FEATURES))


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
