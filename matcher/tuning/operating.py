"""Thresholds and what each costs: precision, recall and how many listings are flagged."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.decision import decide
from matcher.policy import Policy, Thresholds
from matcher.records import Evidence, VerdictKind
from matcher.tuning.binomial import interval, shown
from matcher.tuning.rules import own_rules

Scores = NDArray[np.float64]
NEVER, ALWAYS = -math.inf, math.inf
"""Scores of a listing that no threshold flags, and of one that a brand's own threshold flags anyhow."""
_LOWEST = 1e-12
_PLACES = 10_000
"""A threshold has four decimals, as scores have in a scan's files."""


@dataclass(frozen=True)
class Operating:
    """What a threshold does to labelled listings; `flagged` score it or more, `right` of them rightly.

    `wanted`: all listings that should be flagged.
    """

    threshold: float
    flagged: int
    right: int
    wanted: int

    @property
    def precision(self) -> float | None:
        """Share of the flagged that are right; None where none is flagged."""
        return self.right / self.flagged if self.flagged else None

    @property
    def precision_interval(self) -> tuple[float, float]:
        """95 %, exact; listings are taken as independent."""
        return interval(self.right, self.flagged)

    @property
    def recall(self) -> float | None:
        """Share of those that should be flagged that are; None where there are none."""
        return self.right / self.wanted if self.wanted else None

    @property
    def recall_interval(self) -> tuple[float, float]:
        """95 %, exact."""
        return interval(self.right, self.wanted)

    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "threshold": self.threshold,
            "flagged": self.flagged,
            "right": self.right,
            "wanted": self.wanted,
            "precision": self.precision,
            "precision_ci": list(self.precision_interval),
            "recall": self.recall,
            "recall_ci": list(self.recall_interval),
        }


@dataclass(frozen=True)
class HeldOut:
    """Thresholds chosen on some listings and tried on others that share no seller, product or photo.

    Counts are sums over the folds; `repeats`: how often a listing was tried on average. `loose`: folds whose
    teaching part was too small to show the precision, where the threshold was taken from which it was
    reached; `without`: those where it was not even reached, and nothing was flagged.
    """

    flagged: int
    right: int
    wanted: int
    folds: int
    loose: int
    without: int
    repeats: float

    @property
    def operating(self) -> Operating:
        """As one table of counts, each listing counted once on average, so that intervals are honest."""
        return Operating(
            math.nan,
            round(self.flagged / self.repeats),
            round(self.right / self.repeats),
            round(self.wanted / self.repeats),
        )

    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        found = {key: value for key, value in self.operating.facts().items() if key != "threshold"}
        return {
            "folds": self.folds,
            "folds_too_small": self.loose,
            "folds_without_choice": self.without,
            **found,
        }


class Suspicion:
    """The scores that thresholds are held against, as the decision itself computes them.

    A listing is called `counterfeit` where a finding that is corroborated reaches the threshold, and goes to
    review where any finding does. Brands with thresholds of their own keep those.
    """

    def __init__(self, policy: Policy) -> None:
        low = Thresholds.model_construct(review=_LOWEST, counterfeit=_LOWEST)
        brands = {name: rules.model_copy(update={"thresholds": low}) for name, rules in policy.brands.items()}
        self._probe = policy.model_copy(update={"thresholds": low, "brands": brands})
        self._own = own_rules(policy, "thresholds")

    def of(self, evidence: Sequence[Evidence]) -> tuple[float, float]:
        """(score for `counterfeit`, score for `review`) of a listing with that evidence."""
        if not evidence:
            return NEVER, NEVER
        found = decide("", evidence, (), self._probe, models={}, snapshot=0).findings
        surest, likeliest = NEVER, NEVER
        for finding in found:
            own = self._own.get(finding.brand, {})
            likeliest = max(likeliest, _against(finding.score, own.get("review")))
            if finding.verdict is VerdictKind.COUNTERFEIT:  # under the lowest threshold: corroborated
                surest = max(surest, _against(finding.score, own.get("counterfeit")))
        return surest, max(likeliest, ALWAYS if surest == ALWAYS else NEVER)

    def all(self, listings: Iterable[Sequence[Evidence]]) -> tuple[Scores, Scores]:
        """The scores of many, float64 (listings,) each."""
        pairs = [self.of(evidence) for evidence in listings]
        table = np.array(pairs, dtype=np.float64).reshape(len(pairs), 2)
        return table[:, 0], table[:, 1]


def _against(score: float, own: float | None) -> float:
    if own is None:
        return score
    return ALWAYS if score >= own else NEVER


def operating(scores: Scores, right: NDArray[np.bool_], threshold: float) -> Operating:
    """What `threshold` does; `scores` float64 and `right` bool, both (listings,)."""
    flagged = scores >= threshold
    return Operating(threshold, int(flagged.sum()), int((flagged & right).sum()), int(right.sum()))


def candidates(scores: Scores, right: NDArray[np.bool_]) -> list[Operating]:
    """Every threshold that makes a difference, the highest first.

    A threshold is the lowest score that it flags, cut to four decimals where that flags no more.
    """
    finite = scores[np.isfinite(scores)]
    values = np.unique(finite)
    if not len(values):
        return []
    order = np.argsort(scores, kind="stable")
    ordered, gained = scores[order], np.append(np.cumsum(right[order][::-1])[::-1], 0)
    first = np.searchsorted(ordered, values, side="left")
    below = np.concatenate(([0.0], values[:-1]))
    return [
        Operating(_cut(value, under), len(scores) - int(place), int(gained[place]), int(right.sum()))
        for value, under, place in zip(values[::-1], below[::-1], first[::-1], strict=True)
    ]


def lowest_showing(
    found: Sequence[Operating], precision: float, confidence: float, *, least: float = 0.0
) -> Operating | None:
    """The lowest threshold from `least` up that shows the precision with that confidence, or None.

    A higher precision leaves fewer thresholds to choose from, so it never gives a lower one.
    """
    fit = [
        one
        for one in found
        if one.threshold >= least
        and one.right >= precision * one.flagged
        and shown(one.right, one.flagged, precision, confidence)
    ]
    return min(fit, key=lambda one: one.threshold, default=None)


def _cut(value: float, below: float) -> float:
    cut = math.floor(value * _PLACES) / _PLACES
    return cut if cut > max(below, 0.0) else float(value)
