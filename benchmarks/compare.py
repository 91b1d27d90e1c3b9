"""Two runs, figure by figure: how far they differ, and whether that is more than chance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.judged import Judged, Measure
from benchmarks.metrics import percentiles, resampled
from benchmarks.report.words import metric
from benchmarks.saved import SavedPart, SavedRun
from matcher.errors import UsageError

RESAMPLES = 2000
CONFIDENCE = 0.95
CHECK_CONFIDENCE = 0.99
"""A check looks at many figures and stops work, so it wants more certainty.

At 99 %, a metric that only ever loses needs 6 lost queries against none won to count as worse, as a sign test
at 5 % does; a percentile interval of 95 % is content with 4.
"""
BETTER, WORSE, NOISE, SAME, UNKNOWN = "better", "worse", "noise", "same", "unknown"


@dataclass(frozen=True)
class Difference:
    """One metric of one part: `value` is `after` less `before`; `low` and `high` are NaN where unknown.

    `paired`: whether the same queries were compared one by one, or only two intervals.
    """

    part: str
    metric: str
    before: float
    after: float
    low: float
    high: float
    paired: bool

    @property
    def value(self) -> float:
        """How much more the second has."""
        return self.after - self.before

    @property
    def standing(self) -> str:
        """`same`, `noise`, `better` or `worse` beyond noise; `unknown` without interval or direction."""
        if self.value == 0:
            return SAME
        if math.isnan(self.low) or math.isnan(self.high):
            return UNKNOWN
        if self.low <= 0 <= self.high:
            return NOISE
        better = metric(self.metric).better
        return UNKNOWN if better is None else BETTER if (self.value > 0) == better else WORSE


@dataclass(frozen=True)
class Comparison:
    """All differences of two runs; `notes` say what could not be compared, `lost` what only the first has."""

    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def worse(self) -> tuple[Difference, ...]:
        """What got worse beyond noise."""
        return tuple(each for each in self.differences if each.standing == WORSE)

    @property
    def regressed(self) -> bool:
        """Whether something got worse beyond noise, or a part has no figures any more."""
        return bool(self.worse or self.lost)


def compare_runs(
    before: SavedRun,
    after: SavedRun,
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
    same_queries: bool = False,
) -> Comparison:
    """Every metric of every part that both have, in the order of `before`.

    Two runs of one part each are compared whatever the parts are called. With `same_queries`, UsageError is
    raised where a part was asked other queries: its figures then say nothing of the model. UsageError also
    where no part stands in both.
    """
    differences: list[Difference] = []
    notes: list[str] = []
    lost: list[str] = []
    pairs = list(_parts_of_both(before, after))
    for old, new in pairs:
        if not old.done:
            notes.append(f"{old.name}: {old.state} before: {old.why}")
        elif new is None or not new.done:
            lost.append(f"{old.name}: {_absence(new)}")
        else:
            found, note = _compared(old, new, confidence, resamples, seed, same_queries)
            differences += found
            notes += [note] if note else []
    if not differences and not lost:
        raise UsageError(f"{before.source} and {after.source} have no part in common that was measured")
    known = {old.name for old, _ in pairs}
    notes += [f"{name}: is new" for name in after.parts if name not in known and len(pairs) > 1]
    return Comparison(tuple(differences), tuple(notes), tuple(lost))


def _parts_of_both(before: SavedRun, after: SavedRun) -> Iterator[tuple[SavedPart, SavedPart | None]]:
    if len(before.parts) == len(after.parts) == 1:
        yield next(iter(before.parts.values())), next(iter(after.parts.values()))
        return
    for name, part in before.parts.items():
        yield part, after.parts.get(name)


def _absence(part: SavedPart | None) -> str:
    return "was not measured" if part is None else f"{part.state}: {part.why}"


def _compared(
    old: SavedPart, new: SavedPart, confidence: float, resamples: int, seed: int, same_queries: bool
) -> tuple[list[Difference], str]:
    """The differences of one part, and a note where not all of it could be paired."""
    name = old.name if old.name == new.name else f"{old.name} and {new.name}"
    mine, theirs = old.judged(), new.judged()
    if mine is None or theirs is None or mine.measure != theirs.measure:
        return list(
            _unpaired(name, old, new, confidence)
        ), f"{name}: compared by intervals, not query by query"
    common = sorted(set(mine.queries) & set(theirs.queries))
    asked = max(len(mine.queries), len(theirs.queries))
    if len(common) < asked and same_queries:
        raise UsageError(
            f"{name}: was asked other queries than before ({len(common)} of {asked} are the same); "
            "write a new baseline"
        )
    if not common:
        return list(_unpaired(name, old, new, confidence)), f"{name}: no query is the same"
    note = f"{name}: {len(common)} of {asked} queries stand in both" if len(common) < asked else ""
    both = _in_order(mine, common), _in_order(theirs, common)
    return list(_paired(name, *both, confidence, resamples, seed)), note


def _in_order(judged: Judged, names: Sequence[str]) -> Judged:
    place = {name: index for index, name in enumerate(judged.queries)}
    return judged.chosen([place[name] for name in names])


def _paired(
    name: str, before: Judged, after: Judged, confidence: float, resamples: int, seed: int
) -> Iterator[Difference]:
    """Each metric on the same draws of queries. Source: Efron and Tibshirani (1993), chapter 13."""
    count = len(before.queries)
    old, new = before.measures(), after.measures()
    for figure in (figure for figure in old if figure in new):
        was, now = (float(measure(np.ones(count, np.int64))) for measure in (old[figure], new[figure]))
        if math.isnan(was) or math.isnan(now):
            continue
        drawn = resampled(_less(new[figure], old[figure]), count, resamples, seed)
        low, high = percentiles(drawn, confidence)
        yield Difference(name, figure, was, now, low, high, paired=True)


def _less(measure: Measure, other: Measure) -> Measure:
    def difference(times: NDArray[np.int64]) -> float:
        return measure(times) - other(times)

    return difference


def _unpaired(name: str, old: SavedPart, new: SavedPart, confidence: float) -> Iterator[Difference]:
    """By the two intervals of 95 %, taken for independent, which is careful where both saw the same queries.

    Source: Zou and Donner, "Construction of confidence limits about effect measures", Statistics in Medicine
    27 (2008); widened for another confidence as a normal distribution is.
    """
    wider = _normal(confidence) / _normal(0.95)
    for figure, before in old.metrics.items():
        after = new.metrics.get(figure)
        if after is None:
            continue
        low = high = math.nan
        if figure in old.intervals and figure in new.intervals:
            (low_1, high_1), (low_2, high_2) = old.intervals[figure], new.intervals[figure]
            low = after - before - wider * math.hypot(after - low_2, high_1 - before)
            high = after - before + wider * math.hypot(high_2 - after, before - low_1)
        yield Difference(name, figure, before, after, low, high, paired=False)


def _normal(confidence: float) -> float:
    """How many standard deviations either way hold that share."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(0.5 + confidence / 2)
