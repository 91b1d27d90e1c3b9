"""Whether a difference is real: paired where the queries are the same, else from the two intervals."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.report import words
from benchmarks.report.parts import Part

RESAMPLES = 4000
ROUNDING = 1e-3
"""How far figures may stray from what they were computed of by being rounded."""
_RECALL = re.compile(r"R@(\d+)")


@dataclass(frozen=True)
class Difference:
    """`value` = after - before with a 95 % interval; `low` and `high` are NaN where none can be told.

    `gained` and `lost` count the queries that became right and wrong; None where the two are not paired.
    """

    value: float
    low: float
    high: float
    gained: int | None = None
    lost: int | None = None

    @property
    def paired(self) -> bool:
        """Whether the same queries were compared one by one."""
        return self.gained is not None

    @property
    def beyond_noise(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def difference(name: str, before: Part, after: Part) -> Difference | None:
    """How metric `name` differs between two parts; None where one of them lacks it."""
    if name not in before.metrics or name not in after.metrics:
        return None
    return _paired(name, before, after) or _from_intervals(name, before, after)


def _paired(name: str, before: Part, after: Part) -> Difference | None:
    """Recall among the first answers, query by query.

    Whole queries are drawn with replacement; as a query can only gain, lose or stay, a resample is one
    multinomial draw. None where the figures are not what the queries say. Source: Efron and Tibshirani, "An
    Introduction to the Bootstrap" (1993), chapter 13.
    """
    rank = _RECALL.fullmatch(name)
    if not rank or before.pairs is None or after.pairs is None or not before.pairs.asks_as(after.pairs):
        return None
    one, other = before.pairs.hits(int(rank[1])), after.pairs.hits(int(rank[1]))
    total = len(one)
    if not total:
        return None
    gained, lost = int((other & ~one).sum()), int((one & ~other).sum())
    told = after.metrics[name] - before.metrics[name]
    if abs(told - (gained - lost) / total) > 0.5 / total + ROUNDING:
        return None
    shares = np.array([gained, lost, total - gained - lost]) / total
    drawn = np.random.default_rng(0).multinomial(total, shares, size=RESAMPLES)
    low, high = np.percentile((drawn[:, 0] - drawn[:, 1]) / total, [2.5, 97.5])
    return Difference((gained - lost) / total, float(low), float(high), gained, lost)


def _from_intervals(name: str, before: Part, after: Part) -> Difference:
    """The interval of a difference of two figures with intervals of their own.

    Takes them for independent, which is careful where both saw the same queries. Source: Zou and Donner,
    "Construction of confidence limits about effect measures" (MOVER), Statistics in Medicine 27 (2008).
    """
    one, other = before.metrics[name], after.metrics[name]
    value = other - one
    if name not in before.intervals or name not in after.intervals:
        return Difference(value, math.nan, math.nan)
    (low, high), (other_low, other_high) = before.intervals[name], after.intervals[name]
    below = math.hypot(max(other - other_low, 0), max(high - one, 0))
    above = math.hypot(max(other_high - other, 0), max(one - low, 0))
    return Difference(value, value - below, value + above)


@dataclass(frozen=True)
class Standing:
    """Who leads in a column: `best` holds the best row's index and those that noise cannot part from it.

    `winner` is that row alone, where every other row is worse beyond noise.
    """

    best: frozenset[int] = frozenset()
    winner: int | None = None
    lead: Difference | None = None


def standing(name: str, parts: Sequence[Part]) -> Standing:
    """The standing of metric `name`; empty where its direction is unknown or fewer than two rows have it.

    A row without an interval is never better or worse than another. `lead` is the difference to the next row.
    """
    better = words.metric(name).better
    rows = [index for index, part in enumerate(parts) if name in part.metrics]
    if better is None or len(rows) < 2 or not any(name in parts[index].intervals for index in rows):
        return Standing()
    rows.sort(key=lambda index: (-1 if better else 1) * parts[index].metrics[name])
    first, rest = rows[0], rows[1:]
    parted = {index: difference(name, parts[index], parts[first]) for index in rest}
    near = [index for index, one in parted.items() if one is None or not one.beyond_noise]
    return Standing(frozenset([first, *near]), None if near else first, parted[rest[0]])
