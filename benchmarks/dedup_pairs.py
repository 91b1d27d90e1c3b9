"""Pairs of duplicates among all images of a folder, and how right they are, as pure array functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from benchmarks.dedup_set import DedupSet
from benchmarks.metrics import Counts, Ranking, interval, micro_average_precision, recall_at_precision

DEPTH = 100
"""Answers asked for a photo. Where all pass a cut there may be more pairs: the cut is told incomplete."""
Cuts = Mapping[str, float]
"""Scores at which pairs are cut, by name; the first is the one used by default."""


@dataclass(frozen=True)
class Pairs:
    """Unordered pairs that were found, each once with its better score.

    `first` < `second`: int64 (pairs,), numbers of images; `score`: float64 (pairs,); `full`: the lowest score
    of each image whose answers were as many as were asked for, so that there may be more below it.
    """

    first: Counts
    second: Counts
    score: NDArray[np.float64]
    full: NDArray[np.float64]


def found_pairs(answers: Iterable[Sequence[tuple[int, float]]], depth: int = DEPTH) -> Pairs:
    """Join the answers of all images, each (number of the other image, score), without the image itself."""
    best: dict[tuple[int, int], float] = {}
    full = []
    for number, found in enumerate(answers):
        for other, score in found:
            pair = (min(number, other), max(number, other))
            best[pair] = max(score, best.get(pair, -math.inf))
        if len(found) >= depth:
            full.append(min(score for _, score in found))
    ordered = sorted(best)
    table = np.array(ordered, np.int64).reshape(-1, 2)
    scores = np.array([best[pair] for pair in ordered], np.float64)
    return Pairs(table[:, 0], table[:, 1], scores, np.array(full, np.float64))


def grouped(images: DedupSet, groups: Sequence[Sequence[str]]) -> Pairs:
    """The pairs within sets of files, all with score 1."""
    numbers = {image.path.name: number for number, image in enumerate(images.images)}
    answers: list[list[tuple[int, float]]] = [[] for _ in images.images]
    for one in groups:
        members = sorted(numbers[Path(path).name] for path in one)
        for place, number in enumerate(members):
            answers[number] += [(other, 1.0) for other in members[place + 1 :]]
    return found_pairs(answers, depth=len(images.images))


def ranked(images: DedupSet, pairs: Pairs) -> Ranking:
    """The pairs as a ranking whose queries are the groups; a false pair counts with its first image's."""
    group = np.array([image.group for image in images.images], np.int64)
    each = images.true_pairs // len(images.photos)
    correct = group[pairs.first] == group[pairs.second]
    return Ranking(group[pairs.first], pairs.score, correct, np.full(len(images.photos), each, np.int64))


def precision_at(pairs: Ranking, times: Counts | None = None, *, cut: float) -> float:
    """Class-1 precision: share of the pairs at or above `cut` that are duplicates; NaN without."""
    taken, right, _ = _counted(pairs, times, cut)
    return right / taken if taken else math.nan


def recall_above(pairs: Ranking, times: Counts | None = None, *, cut: float) -> float:
    """Class-1 recall: share of all duplicate pairs that score at least `cut`."""
    _, right, true = _counted(pairs, times, cut)
    return right / true if true else math.nan


def dedup_metrics(pairs: Ranking, cut: float, *, resamples: int, seed: int) -> dict[str, JsonValue]:
    """`precision` and `recall` at `cut`, `uAP` and `R@P90` over all pairs; intervals by drawing groups."""
    found: dict[str, JsonValue] = {}
    for name, metric in measures_at(cut).items():
        value = metric(pairs, None)
        if math.isnan(value):
            continue
        found[name] = round(value, 4)
        if resamples:
            ends = interval(pairs, metric, resamples=resamples, seed=seed)
            found[f"{name}_ci"] = [round(end, 4) for end in ends]
    return found


def measures_at(cut: float) -> dict[str, Callable[[Ranking, Counts | None], float]]:
    """The task's metrics, with the cut fixed; each is told how often every group counts."""
    return {
        "precision": partial(precision_at, cut=cut),
        "recall": partial(recall_above, cut=cut),
        "uAP": micro_average_precision,
        "R@P90": recall_at_precision,
    }


def _counted(pairs: Ranking, times: Counts | None, cut: float) -> tuple[int, int, int]:
    """Pairs at or above the cut, how many of them are right, and how many are true at any score."""
    times = np.ones(pairs.queries, np.int64) if times is None else times
    weight = times[pairs.query] * (pairs.score >= cut)
    return int(weight.sum()), int(weight @ pairs.correct), int(times @ pairs.true_pairs)
