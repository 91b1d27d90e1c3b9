"""Exact binomial tails and intervals: how sure a share is, of so many counted."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_STEPS = 60
"""Halvings of an interval: more than a double can tell apart."""


def at_most(failures: int, trials: int, rate: float) -> float:
    """The probability of at most `failures` in `trials` that each fail with `rate`, in [0, 1]."""
    if failures >= trials or rate <= 0:
        return 1.0
    if rate >= 1:
        return 0.0
    counts = np.arange(failures + 1)
    logs = _log_factorials(_rounded_up(trials))
    ways = logs[trials] - logs[counts] - logs[trials - counts]
    terms = ways + counts * math.log(rate) + (trials - counts) * math.log1p(-rate)
    return min(1.0, float(np.exp(terms).sum()))


def interval(right: int, trials: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """The two-sided interval of the share `right` / `trials`; (0, 1) where nothing was counted.

    Source: Clopper and Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934).
    """
    if not trials:
        return 0.0, 1.0
    outside = (1 - confidence) / 2
    low = 1 - _rate(trials - right, trials, outside) if right else 0.0
    high = _rate(right, trials, outside) if right < trials else 1.0
    return low, high


def shown(right: int, trials: int, share: float, confidence: float) -> bool:
    """Whether the true share is at least `share` with that one-sided confidence."""
    return trials > 0 and at_most(trials - right, trials, 1 - share) <= 1 - confidence


def least_trials(share: float, confidence: float, *, failing: float = 0.0) -> int:
    """How many must be counted to show `share` if the portion `failing` of them is wrong; 0: never.

    With none wrong that is log(1 - confidence) / log(share), rounded up.
    """
    if failing >= 1 - share:
        return 0
    least = math.ceil(math.log(1 - confidence) / math.log(share) - 1e-9)
    trials = least
    while not shown(trials - math.ceil(failing * trials), trials, share, confidence):
        trials = math.ceil(trials * 1.05) + 1
    return trials


def _rate(failures: int, trials: int, tail: float) -> float:
    """The rate at which at most `failures` have the probability `tail`."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if at_most(failures, trials, middle) > tail:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _rounded_up(count: int) -> int:
    return 1 << max(6, (count + 1).bit_length())


@lru_cache(maxsize=32)
def _log_factorials(size: int) -> NDArray[np.float64]:
    found = np.zeros(size)
    found[1:] = np.cumsum(np.log(np.arange(1, size)))
    return found
