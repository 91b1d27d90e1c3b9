"""Verdicts held against the truth, as pure array functions: precision, recall, calibration, cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.curves import (
    CLEAR,
    COUNTERFEIT,
    REVIEW,
    Counts,
    Flags,
    Floats,
    cost_per_thousand,
    expected_calibration_error,
)
from benchmarks.judged import Judged, Measure
from matcher.records import VerdictKind

CODES = {VerdictKind.CLEAR: CLEAR, VerdictKind.REVIEW: REVIEW, VerdictKind.COUNTERFEIT: COUNTERFEIT}


@dataclass(frozen=True)
class Prices:
    """What each costs, in one unit of the user's choice; the defaults are placeholders, in minutes of work.

    `missed`: a counterfeit that is called clear; `false_alarm`: anything else that is called counterfeit;
    `review`: a listing that a person looks at.
    """

    missed: float = 50.0
    false_alarm: float = 10.0
    review: float = 1.0


@dataclass(frozen=True)
class Outcomes:
    """What was said of listings and what is true; all arrays (listings,).

    `truth`, `said`: codes `CLEAR`, `REVIEW`, `COUNTERFEIT`; a listing without a verdict was let through, so
    it counts as clear. `score`: the probability of a fake, NaN without a verdict. `group`: int64 from 0,
    listings that are drawn together in a bootstrap.
    """

    truth: Counts
    said: Counts
    score: Floats
    group: Counts
    prices: Prices = field(default_factory=Prices)

    def __post_init__(self) -> None:
        if not len(self.truth) == len(self.said) == len(self.score) == len(self.group):
            raise ValueError("truth, said, score and group differ in length")

    def of(self, chosen: Flags) -> Outcomes:
        """The chosen listings alone; `chosen`: bool (listings,)."""
        arrays = (self.truth[chosen], self.said[chosen], self.score[chosen], self.group[chosen])
        return Outcomes(*arrays, self.prices)


def verdict_measures(found: Outcomes) -> dict[str, Measure]:
    """Each metric by name, as a function of how often each listing counts, int64 (listings,).

    `precision`, `recall`: of `counterfeit`; `precision_review`, `recall_review`: of everything that is not
    clear; `ece`: how far scores are from the share of fakes, over listings whose truth is `clear` or
    `counterfeit`; `cost_per_1000`: see `Prices`. A metric is NaN where nothing stands to be shared.
    """
    called, fake = found.said == COUNTERFEIT, found.truth == COUNTERFEIT
    flagged, look = found.said != CLEAR, found.truth != CLEAR
    scored = np.isfinite(found.score) & (found.truth != REVIEW)
    prices = {one.name: getattr(found.prices, one.name) for one in fields(Prices)}
    return {
        "precision": partial(_share, called & fake, called),
        "recall": partial(_share, called & fake, fake),
        "precision_review": partial(_share, flagged & look, flagged),
        "recall_review": partial(_share, flagged & look, look),
        "ece": lambda times: expected_calibration_error(found.score[scored], fake[scored], times[scored]),
        "cost_per_1000": lambda times: cost_per_thousand(found.said, fake, times, **prices),
    }


def judged_measures(judged: Judged) -> dict[str, Measure]:
    """The same of what a run kept; see `judged_verdicts`."""
    columns = judged.columns
    if not {"truth", "said", "score"} <= columns.keys() or not len(columns["truth"]):
        return {}
    score = columns["score"].astype(np.float64)
    prices = Prices(*(float(columns[f"price_{one.name}"][0]) for one in fields(Prices)))
    outcomes = Outcomes(
        columns["truth"].astype(np.int64), columns["said"].astype(np.int64),
        np.where(score < 0, math.nan, score), np.arange(len(score)), prices,
    )  # fmt: skip
    return verdict_measures(outcomes)


def judged_verdicts(queries: list[str], kinds: list[str], found: Outcomes) -> Judged:
    """What a paired comparison needs; a score of -1 stands for none."""
    right = found.said == found.truth
    score = np.where(np.isfinite(found.score), found.score, -1.0)
    columns: dict[str, NDArray[Any]] = {
        "queries": np.array(queries, np.str_),
        "kinds": np.array(kinds, np.str_),
        "rank_of_truth": np.where(right, 0, -1).astype(np.int64),
        "top_score": np.maximum(score, 0.0),
        "top_right": right,
        "distractor": found.truth == CLEAR,
        "truth": found.truth,
        "said": found.said,
        "score": score,
    }
    for one in fields(Prices):
        columns[f"price_{one.name}"] = np.full(len(score), float(getattr(found.prices, one.name)))
    return Judged(columns, {}, "verdicts")


def drawn(found: Outcomes, resamples: int, seed: int) -> NDArray[np.int64]:
    """How often each listing counts in each resample, (resamples, listings); whole groups are drawn."""
    rng = np.random.default_rng(seed)
    names, place = np.unique(found.group, return_inverse=True)
    even = np.full(len(names), 1.0 / max(len(names), 1))
    return np.stack([rng.multinomial(len(names), even)[place] for _ in range(resamples)])


def with_intervals(
    found: Outcomes, *, resamples: int, seed: int, before: Outcomes | None = None
) -> dict[str, float | list[float]]:
    """The metrics that are defined, each with its 95 % percentile bootstrap interval as `NAME_ci`.

    With `before`, the outcomes of the same listings under something else: the differences from those.
    """
    measures = verdict_measures(found)
    others = verdict_measures(before) if before else {}
    times = drawn(found, resamples, seed) if resamples and len(found.truth) else None
    once = np.ones(len(found.truth), np.int64)
    answer: dict[str, float | list[float]] = {}
    for name, measure in measures.items():
        value = _difference(measure, others.get(name), once)
        if math.isnan(value):
            continue
        answer[name] = value
        if times is not None:
            answer[f"{name}_ci"] = _percentiles(
                [_difference(measure, others.get(name), one) for one in times]
            )
    return answer


def as_codes(kinds: list[VerdictKind]) -> Counts:
    """The codes of verdicts, int64."""
    return np.array([CODES[kind] for kind in kinds], dtype=np.int64)


def counted(found: Outcomes) -> Mapping[str, int]:
    """How many listings each pair of truth and verdict has, such as `clear called review`."""
    names = {code: kind.value for kind, code in CODES.items()}
    return {
        f"{names[truth]} called {names[said]}": int(((found.truth == truth) & (found.said == said)).sum())
        for truth in names
        for said in names
    }


def _difference(measure: Measure, other: Measure | None, times: Counts) -> float:
    return measure(times) - (other(times) if other else 0.0)


def _percentiles(values: list[float]) -> list[float]:
    known = np.array([value for value in values if not math.isnan(value)])
    if not len(known):
        return [math.nan, math.nan]
    return [float(one) for one in np.percentile(known, [2.5, 97.5])]


def _share(part: Flags, whole: Flags, times: Counts) -> float:
    total = int(times @ whole)
    return float(times @ part / total) if total else math.nan
