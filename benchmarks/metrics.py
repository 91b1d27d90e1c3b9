"""Retrieval metrics as pure array functions; ties are always sorted worst first."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Metric = Callable[["Ranking", Counts], float]

T = TypeVar("T")
RECALL_RANKS = (1, 5, 100)


@dataclass(frozen=True)
class Ranking:
    """Every (query, reference) pair that was answered, over all queries, in any order.

    `query`: int64 (pairs,), index of the query; `score`: float64 (pairs,), finite; `correct`: bool (pairs,);
    `true_pairs`: int64 (queries,), how many references are true for each query, 0 for a distractor.
    A true pair that was not answered counts as missed: it stands only in `true_pairs`.
    """

    query: Counts
    score: NDArray[np.float64]
    correct: NDArray[np.bool_]
    true_pairs: Counts

    def __post_init__(self) -> None:
        if not len(self.query) == len(self.score) == len(self.correct):
            raise ValueError("query, score and correct differ in length")
        if not np.isfinite(self.score).all():
            raise ValueError("a score is not finite")

    @property
    def queries(self) -> int:
        """How many queries were asked."""
        return len(self.true_pairs)

    @cached_property
    def worst_first(self) -> NDArray[np.intp]:
        """Order of the pairs by falling score, the wrong ones first among equals, up to the last true one.

        What follows the last true pair can lower no metric: a precision counts only where recall grows.
        """
        order = np.lexsort((self.correct, -self.score))
        right = np.flatnonzero(self.correct[order])
        return order[: right[-1] + 1] if len(right) else order[:0]

    @cached_property
    def first_right(self) -> NDArray[np.float64]:
        """Rank (from 1) of each query's first true answer, ties worst first, else infinite; (queries,)."""
        best = np.full(self.queries, -np.inf)
        np.maximum.at(best, self.query[self.correct], self.score[self.correct])
        ahead = ~self.correct & (self.score >= best[self.query])
        ranks = 1.0 + np.bincount(self.query[ahead], minlength=self.queries)
        return np.where(np.isfinite(best), ranks, np.inf)

    @cached_property
    def average_precision(self) -> NDArray[np.float64]:
        """Average precision of each query's own answers, 0 where nothing is true; (queries,)."""
        order = np.lexsort((self.correct, -self.score, self.query))
        query, correct = self.query[order], self.correct[order]
        start = np.searchsorted(query, query)
        right_before: Counts = np.concatenate(([0], np.cumsum(correct)))
        right = right_before[1:] - right_before[start]
        precision = np.where(correct, right / (np.arange(len(query)) - start + 1), 0.0)
        sums = np.bincount(query, precision, minlength=self.queries)
        return np.asarray(sums / np.maximum(self.true_pairs, 1))

    def of(self, queries: NDArray[np.bool_]) -> Ranking:
        """The ranking of the chosen queries alone; `queries`: bool (queries,)."""
        renumbered = np.cumsum(queries) - 1
        kept = queries[self.query]
        return Ranking(
            renumbered[self.query[kept]].astype(np.int64),
            self.score[kept],
            self.correct[kept],
            self.true_pairs[queries],
        )


def ranking(answers: Iterable[Iterable[tuple[T, float]]], truth: Sequence[Collection[T]]) -> Ranking:
    """Join answers with the truth, query by query.

    `answers[q]` are (reference, score) pairs, in any order; a reference answered twice keeps its best score.
    `truth[q]` are the true references of query q, empty for a distractor. Raises ValueError when the lengths
    differ or a score is not finite.
    """
    query: list[int] = []
    score: list[float] = []
    correct: list[bool] = []
    true_pairs = [len(set(true)) for true in truth]
    for index, (found, true) in enumerate(zip(answers, truth, strict=True)):
        best: dict[T, float] = {}
        for reference, value in found:
            best[reference] = max(value, best.get(reference, -math.inf))
        query += [index] * len(best)
        score += best.values()
        correct += [reference in true for reference in best]
    return Ranking(
        np.array(query, np.int64),
        np.array(score, np.float64),
        np.array(correct, np.bool_),
        np.array(true_pairs, np.int64),
    )


def _once(pairs: Ranking) -> Counts:
    return np.ones(pairs.queries, np.int64)


def micro_average_precision(pairs: Ranking, times: Counts | None = None) -> float:
    """`uAP`: average precision over all pairs of all queries in one list, distractors included.

    The sum of the precision at each true pair divided by the number of true pairs, answered or not; in
    [0, 1], NaN when no pair is true. `times`: int64 (queries,), how often each query counts, for a bootstrap.
    Source: Douze et al., "The 2021 Image Similarity Dataset and Challenge" (DISC21, ISC-2021), arXiv
    2106.09672, where it is the main metric.
    """
    times = _once(pairs) if times is None else times
    true_pairs = int(times @ pairs.true_pairs)
    if not true_pairs:
        return math.nan
    order = pairs.worst_first
    correct = np.repeat(pairs.correct[order], times[pairs.query[order]])
    return float(_precisions(correct)[correct].sum() / true_pairs)


def recall_at_precision(pairs: Ranking, times: Counts | None = None, *, precision: float = 0.9) -> float:
    """`R@P90`: the largest recall of any threshold whose precision is at least `precision`.

    A threshold takes all pairs of one score or none of them; 0 when none is precise enough, NaN when no pair
    is true. `times` as in `micro_average_precision`. Source: DISC21 (arXiv 2106.09672), recall at precision
    90 on the one list over all queries.
    """
    times = _once(pairs) if times is None else times
    true_pairs = int(times @ pairs.true_pairs)
    if not true_pairs:
        return math.nan
    order = pairs.worst_first
    weight = times[pairs.query[order]]
    score = pairs.score[order][weight > 0]
    right = np.cumsum((weight * pairs.correct[order])[weight > 0])
    taken = np.cumsum(weight[weight > 0])
    ends_tie = np.append(score[1:] != score[:-1], True)[: len(score)]
    precise = ends_tie & (right >= precision * taken - 1e-9)
    return float(right[precise].max(initial=0) / true_pairs)


def recall_at(pairs: Ranking, times: Counts | None = None, *, rank: int) -> float:
    """`R@1`, `R@5`, `R@100`: share of the queries that find a true reference in their first `rank` answers.

    Queries without a true reference are not asked; NaN when that leaves none. A wrong answer with the same
    score stands before the true one.
    """
    return _mean(pairs.first_right <= rank, pairs.true_pairs > 0, times)


def mean_average_precision(pairs: Ranking, times: Counts | None = None) -> float:
    """`mAP`: mean, over the queries with a true reference, of the average precision of their own answers.

    Each query's precisions are divided by the number of its true references, answered or not. NaN when no
    query has one. Source: Philbin et al., "Object retrieval with large vocabularies and fast spatial
    matching", CVPR 2007.
    """
    return _mean(pairs.average_precision, pairs.true_pairs > 0, times)


def retrieval_metrics(pairs: Ranking, *, resamples: int = 0, seed: int = 0) -> dict[str, float | list[float]]:
    """All metrics by name; with `resamples`, a 95 % interval beside each, as `"uAP_ci": [lo, hi]`.

    A metric that is undefined (no true pair) is left out.
    """
    found: dict[str, float | list[float]] = {}
    for name, metric in METRICS.items():
        value = metric(pairs, _once(pairs))
        if math.isnan(value):
            continue
        found[name] = value
        if resamples:
            found[f"{name}_ci"] = list(interval(pairs, metric, resamples=resamples, seed=seed))
    return found


def interval(pairs: Ranking, metric: Metric, *, resamples: int = 1000, seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of `metric`, drawing whole queries with replacement.

    Distractors are drawn with the rest. Resamples without a true pair are left out; (NaN, NaN) when none is
    left. Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13.
    """
    return percentiles(resampled(lambda times: metric(pairs, times), pairs.queries, resamples, seed))


def resampled(
    measure: Callable[[Counts], float], queries: int, resamples: int, seed: int
) -> NDArray[np.float64]:
    """`measure` of each bootstrap resample, (resamples,): it is told how often each query was drawn.

    The same `queries`, `resamples` and `seed` draw the same queries: two models compare in pairs.
    """
    rng = np.random.default_rng(seed)
    even = np.full(queries, 1.0 / max(queries, 1))
    return np.array([measure(rng.multinomial(queries, even)) for _ in range(resamples)], np.float64)


def percentiles(values: NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """The middle `level` of `values`, NaN left out; (NaN, NaN) where none is left."""
    values = values[~np.isnan(values)]
    if not len(values):
        return math.nan, math.nan
    low, high = np.percentile(values, [50 * (1 - level), 50 * (1 + level)])
    return float(low), float(high)


def _precisions(correct: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.cumsum(correct) / np.arange(1, len(correct) + 1)


def _mean(values: NDArray[np.generic], asked: NDArray[np.bool_], times: Counts | None) -> float:
    weight = asked.astype(np.int64) if times is None else times * asked
    total = int(weight.sum())
    return float(values.astype(np.float64) @ weight / total) if total else math.nan


def _recall_metric(rank: int) -> Metric:
    return lambda pairs, times: recall_at(pairs, times, rank=rank)


METRICS: dict[str, Metric] = {
    "uAP": micro_average_precision,
    "R@P90": recall_at_precision,
    **{f"R@{rank}": _recall_metric(rank) for rank in RECALL_RANKS},
    "mAP": mean_average_precision,
}
"""Metric by its name in a results file."""
