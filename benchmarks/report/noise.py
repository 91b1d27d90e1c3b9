"""Whether a difference is real: what `benchmarks.compare` says of two parts, and who leads in a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from benchmarks.compare import Difference as Told
from benchmarks.compare import compare_runs
from benchmarks.report import words
from benchmarks.report.parts import Part
from benchmarks.saved import SavedPart, SavedRun
from matcher.errors import UsageError

RESAMPLES = 1000
FEWEST = 10
"""Of fewer queries than these no interval is believed: what is drawn from them is too much alike."""


@dataclass(frozen=True)
class Difference:
    """`value` = after - before with a 95 % interval; `low` and `high` are NaN where none can be told.

    `paired`: whether the same queries were compared one by one. `gained` and `lost` count the queries whose
    first answer became right and wrong; None where that is not known.
    """

    value: float
    low: float
    high: float
    paired: bool = False
    gained: int | None = None
    lost: int | None = None

    @property
    def beyond_noise(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def difference(name: str, before: Part, after: Part, *, paired: bool = True) -> Difference | None:
    """How metric `name` differs between two parts; None where one of them lacks it.

    Query by query where both were asked the same, unless `paired` is false; else by the two intervals. Equal
    figures have no interval: whatever it is, it holds zero.
    """
    if name not in before.metrics or name not in after.metrics:
        return None
    if before.metrics[name] == after.metrics[name]:
        return Difference(0.0, math.nan, math.nan)
    if any(part.queries is not None and part.queries < FEWEST for part in (before, after)):
        return Difference(after.metrics[name] - before.metrics[name], math.nan, math.nan)
    told = _told(before, after, paired=True) if paired else {}
    one = told.get(name) or _told(before, after, paired=False)[name]
    gained, lost = _swapped(before, after) if one.paired and name == "R@1" else (None, None)
    return Difference(one.value, one.low, one.high, one.paired, gained, lost)


@lru_cache(maxsize=10_000)
def _told(before: Part, after: Part, *, paired: bool) -> Mapping[str, Told]:
    """By metric, what is said of two parts; nothing where they cannot be compared query by query."""
    saved = [_saved(part, paired=paired) for part in (before, after)]
    if paired and not all(part.pairs and part.pairs.is_file() for part in saved):
        return {}
    runs = [SavedRun(part.name, {part.name: part}) for part in saved]
    try:
        found = compare_runs(*runs, resamples=RESAMPLES, same_queries=paired)
    except (UsageError, KeyError, ValueError):
        return {}
    return {one.metric: one for one in found.differences}


def _saved(part: Part, *, paired: bool) -> SavedPart:
    found = {"state": "done", "metrics": part.metrics}
    saved = SavedPart(part.name, found, metrics=part.metrics, intervals=part.intervals)
    return replace(saved, pairs=part.pairs_path) if paired else saved


def _swapped(before: Part, after: Part) -> tuple[int, int] | tuple[None, None]:
    """How many queries became right and wrong."""
    if before.pairs is None or after.pairs is None or not before.pairs.asks_as(after.pairs):
        return None, None
    old, new = before.pairs.hits(1), after.pairs.hits(1)
    return int(np.sum(new & ~old)), int(np.sum(old & ~new))


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
    parted = {index: _parted(name, parts[index], parts[first]) for index in rest}
    near = [index for index, one in parted.items() if one is None or not one.beyond_noise]
    return Standing(frozenset([first, *near]), None if near else first, parted[rest[0]])


def _parted(name: str, other: Part, best: Part) -> Difference | None:
    """The difference by intervals, which is careful and quick; query by query where that leaves a doubt."""
    quick = difference(name, other, best, paired=False)
    return quick if quick and quick.beyond_noise else difference(name, other, best)
