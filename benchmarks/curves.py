"""Curves, calibration and cost of scores with known truth, as pure array functions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

CLEAR, REVIEW, COUNTERFEIT = 0, 1, 2
"""Codes of verdicts for `cost_per_thousand`."""
MOST_POINTS = 200


@dataclass(frozen=True)
class Thresholds:
    """What is taken at each threshold; all arrays (points,), thresholds falling, one for each distinct score.

    `taken`: how many have at least that score; `right`: how many of these are true; `true_total` and
    `false_total`: how many are true or false at any score, those that were never scored included.
    """

    threshold: Floats
    taken: Counts
    right: Counts
    true_total: int
    false_total: int

    @property
    def precision(self) -> Floats:
        """Share of what is taken that is true; in [0, 1]."""
        return np.asarray(self.right / np.maximum(self.taken, 1))

    @property
    def recall(self) -> Floats:
        """Share of what is true that is taken; NaN where nothing is true."""
        return _share(self.right, self.true_total)

    @property
    def false_rate(self) -> Floats:
        """Share of what is false that is taken; NaN where nothing is false."""
        return _share(self.taken - self.right, self.false_total)


def thresholds(
    score: Floats, correct: Flags, times: Counts | None = None, *, true_total: int | None = None
) -> Thresholds:
    """Count what is taken at every distinct score.

    `score`: finite (pairs,); `correct`: (pairs,); `times`: (pairs,), how often each counts, for a bootstrap;
    `true_total`: true pairs including those that were never answered (default: those in `correct`). Raises
    ValueError where the lengths differ or a score is not finite.
    """
    times = _checked(score, correct, times)
    order = np.argsort(-score, kind="stable")
    ordered, weight = score[order], times[order]
    ends_tie = np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)]
    taken, right = np.cumsum(weight)[ends_tie], np.cumsum(weight * correct[order])[ends_tie]
    grows = np.diff(taken, prepend=0) > 0
    answered = int(times @ correct)
    return Thresholds(
        ordered[ends_tie][grows].astype(np.float64), taken[grows], right[grows],
        answered if true_total is None else true_total, int(times.sum()) - answered,
    )  # fmt: skip


def precision_recall_curve(
    score: Floats, correct: Flags, *, true_total: int | None = None
) -> tuple[Floats, Floats, Floats]:
    """(threshold, precision, recall), thresholds falling; empty arrays where nothing was scored."""
    found = thresholds(score, correct, true_total=true_total)
    return found.threshold, found.precision, found.recall


def roc_curve(score: Floats, correct: Flags) -> tuple[Floats, Floats, Floats]:
    """(threshold, false rate, true rate) from (inf, 0, 0) to (lowest, 1, 1); NaN where a class is empty."""
    found = thresholds(score, correct)
    start = np.zeros(1)
    return (
        np.concatenate(([math.inf], found.threshold)),
        np.concatenate((start if found.false_total else [math.nan], found.false_rate)),
        np.concatenate((start if found.true_total else [math.nan], found.recall)),
    )


def roc_auc(score: Floats, correct: Flags, times: Counts | None = None) -> float:
    """Area under the ROC curve: how likely a true one outscores a false one, a tie counting half.

    Source: Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27 (2006). NaN where all
    are true or all are false.
    """
    found = thresholds(score, correct, times)
    if not found.true_total or not found.false_total:
        return math.nan
    rate, recall = np.append(0.0, found.false_rate), np.append(0.0, found.recall)
    return float(np.trapezoid(recall, rate))


def precision_recall_at(
    score: Floats,
    correct: Flags,
    threshold: float,
    times: Counts | None = None,
    *,
    true_total: int | None = None,
) -> tuple[float, float]:
    """(precision, recall) of taking all scores of at least `threshold`; NaN where there is none to share."""
    times = _checked(score, correct, times)
    weight = times * (score >= threshold)
    taken, right = int(weight.sum()), int(weight @ correct)
    total = int(times @ correct) if true_total is None else true_total
    return (right / taken if taken else math.nan, right / total if total else math.nan)


def threshold_at_precision(
    score: Floats, correct: Flags, precision: float, *, true_total: int | None = None
) -> float | None:
    """The lowest threshold that is at least so precise, which recalls the most; None where none is."""
    found = thresholds(score, correct, true_total=true_total)
    fits = np.flatnonzero((found.right >= precision * found.taken - 1e-9) & (found.right > 0))
    return float(found.threshold[fits[-1]]) if len(fits) else None


def reliability(
    score: Floats, correct: Flags, times: Counts | None = None, *, bins: int = 10
) -> tuple[Floats, Floats, Counts]:
    """(mean score, share true, count) of each bin of equal width in [0, 1] that holds a score.

    A bin holds its lower edge; the last also holds 1. Raises ValueError for a score outside [0, 1]. Source:
    Niculescu-Mizil and Caruana, "Predicting good probabilities with supervised learning", ICML 2005.
    """
    times = _checked(score, correct, times)
    if len(score) and (score.min() < 0 or score.max() > 1):
        raise ValueError("a score is no probability: it lies outside [0, 1]")
    edges = np.linspace(0, 1, bins + 1)
    place = np.minimum(np.searchsorted(edges, score, side="right") - 1, bins - 1)
    count = np.bincount(place, times, minlength=bins)
    kept = count > 0
    mean = np.bincount(place, times * score, minlength=bins)[kept] / count[kept]
    share = np.bincount(place, times * correct, minlength=bins)[kept] / count[kept]
    return mean, share, count[kept].astype(np.int64)


def expected_calibration_error(
    score: Floats, correct: Flags, times: Counts | None = None, *, bins: int = 10
) -> float:
    """Mean distance, over the scores, between a bin's mean score and its share true; in [0, 1].

    Source: Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning",
    AAAI 2015. NaN without a score.
    """
    mean, share, count = reliability(score, correct, times, bins=bins)
    return float(count @ np.abs(mean - share) / count.sum()) if len(count) else math.nan


def cost_per_thousand(
    verdict: Counts,
    counterfeit: Flags,
    times: Counts | None = None,
    *,
    missed: float = 50.0,
    false_alarm: float = 10.0,
    review: float = 1.0,
) -> float:
    """What 1,000 listings cost: each counterfeit that is `CLEAR`, each genuine `COUNTERFEIT`, each `REVIEW`.

    `verdict`: codes (listings,); `counterfeit`: the truth (listings,). The unit is that of the three prices,
    whose defaults are in minutes of a reviewer's time. NaN without a listing.
    """
    times = np.ones(len(verdict), np.int64) if times is None else times
    total = int(times.sum())
    price = (
        missed * ((verdict == CLEAR) & counterfeit)
        + false_alarm * ((verdict == COUNTERFEIT) & ~counterfeit)
        + review * (verdict == REVIEW)
    )
    return float(1000 * (times @ price) / total) if total else math.nan


def histogram(score: Floats, correct: Flags, *, bins: int = 50) -> tuple[Floats, Counts, Counts]:
    """(edges, true counts, false counts) of equal bins over [0, 1], or wider where scores lie outside it."""
    low, high = (min(0.0, score.min()), max(1.0, score.max())) if len(score) else (0.0, 1.0)
    edges = np.linspace(low, high, bins + 1)
    true, false = (np.histogram(score[chosen], edges)[0].astype(np.int64) for chosen in (correct, ~correct))
    return edges, true, false


def thinned(*columns: Floats, most: int = MOST_POINTS) -> list[list[float]]:
    """Points of a curve, one list each, at most `most` of them, evenly taken, both ends kept."""
    count = len(columns[0])
    chosen = np.unique(np.linspace(0, max(count - 1, 0), min(count, most)).round().astype(np.int64))
    return [[float(column[index]) for column in columns] for index in chosen]


def _checked(score: Floats, correct: Flags, times: Counts | None) -> Counts:
    times = np.ones(len(score), np.int64) if times is None else times
    if not len(score) == len(correct) == len(times):
        raise ValueError("score, correct and times differ in length")
    if not np.isfinite(score).all():
        raise ValueError("a score is not finite")
    return times


def _share(part: Counts, total: int) -> Floats:
    return np.asarray(part / total) if total else np.full(len(part), math.nan)
