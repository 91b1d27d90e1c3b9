"""What each query came to, kept so that two models can be compared query by query."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from importlib import import_module
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from benchmarks.metrics import METRICS, Counts, Ranking
from matcher.errors import UsageError
from matcher.files import replacing

Array = NDArray[Any]
Measure = Callable[[Counts], float]
"""A metric, told how often each query counts; NaN where it is undefined."""
MEASURES = {
    "ranking": "benchmarks.judged:ranking_measures",
    "dedup": "benchmarks.dedup:dedup_measures",
    "verdicts": "benchmarks.verdict_metrics:judged_measures",
}
"""`module:function` by what was judged: from a `Judged` to its metrics by name."""
LARGEST = 2**30


@dataclass(frozen=True)
class Judged:
    """Arrays of one part.

    `columns`: one entry a query; `queries` (str, ids that differ) and `kinds` (str) are always there.
    `pairs`: one entry an answer; `pair_query` says of which query. `measure`: a name in `MEASURES`.
    """

    columns: Mapping[str, Array]
    pairs: Mapping[str, Array]
    measure: str = "ranking"

    @property
    def queries(self) -> list[str]:
        """The ids, in the order they were asked."""
        return [str(name) for name in self.columns["queries"]]

    def chosen(self, index: Sequence[int] | NDArray[np.int64]) -> Judged:
        """These queries alone, in this order."""
        index = np.asarray(index, np.int64)
        columns = {name: array[index] for name, array in self.columns.items()}
        if not self.pairs:
            return Judged(columns, {}, self.measure)
        number = np.full(len(self.columns["queries"]), -1, np.int64)
        number[index] = np.arange(len(index))
        kept = number[self.pairs["pair_query"]] >= 0
        pairs = {name: array[kept] for name, array in self.pairs.items()}
        return Judged(columns, {**pairs, "pair_query": number[pairs["pair_query"]]}, self.measure)

    def measures(self) -> dict[str, Measure]:
        """Each metric as a function of how often each query counts; raises UsageError."""
        if self.measure not in MEASURES:
            raise UsageError(f"the pairs hold {self.measure!r}, which this version does not know")
        module, _, function = MEASURES[self.measure].partition(":")
        found: dict[str, Measure] = getattr(import_module(module), function)(self)
        return found

    @cached_property
    def ranking(self) -> Ranking:
        """The answers as a ranking."""
        score = self.pairs["pair_score"].astype(np.float64)
        return Ranking(
            self.pairs["pair_query"].astype(np.int64), score, self.pairs["pair_correct"].astype(np.bool_),
            self.columns["true_pairs"].astype(np.int64),
        )  # fmt: skip


def ranking_measures(judged: Judged) -> dict[str, Measure]:
    """The retrieval metrics."""
    return {name: partial(metric, judged.ranking) for name, metric in METRICS.items()}


def judged_ranking(queries: Sequence[str], kinds: Sequence[str], pairs: Ranking) -> Judged:
    """What the answers of a ranking come to; ids that repeat are numbered.

    An answer that scores less than every true one can change no metric, whatever is drawn, and is left out.
    """
    best = np.full(pairs.queries, -np.inf)
    np.maximum.at(best, pairs.query, pairs.score)
    lowest = pairs.score[pairs.correct].min(initial=np.inf)
    kept = pairs.score >= lowest
    first = pairs.first_right
    columns: dict[str, Array] = {
        "queries": np.array(_told_apart(queries), np.str_),
        "kinds": np.array(list(kinds), np.str_),
        "rank_of_truth": np.where(np.isfinite(first), first - 1, -1).astype(np.int64),
        "top_score": np.where(np.isfinite(best), best, 0.0),
        "top_right": first == 1,
        "distractor": pairs.true_pairs == 0,
        "true_pairs": pairs.true_pairs,
    }
    answers: dict[str, Array] = {
        "pair_query": pairs.query[kept], "pair_score": pairs.score[kept], "pair_correct": pairs.correct[kept],
    }  # fmt: skip
    return Judged(columns, answers)


def save_judged(path: Path, judged: Judged) -> None:
    """Write the arrays as one compressed `.npz`, whole or not at all; the same arrays give the same bytes."""
    with replacing(path) as (file,):
        np.savez_compressed(
            file, measure=np.array(judged.measure), **{**judged.columns, **judged.pairs}, allow_pickle=False
        )


def load_judged(path: Path) -> Judged:
    """Read what `save_judged` wrote; nothing is unpickled. Raises UsageError where it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(one.file_size for one in archive.infolist()) > LARGEST:
                raise UsageError(f"{path}: is too large")
        with np.load(path, allow_pickle=False) as found:
            arrays = {name: np.asarray(found[name]) for name in found.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    return _checked(str(path), arrays)


def judged_as_json(judged: Judged) -> dict[str, JsonValue]:
    """The arrays as lists, for a baseline file."""
    arrays = {**judged.columns, **judged.pairs}
    return {"measure": judged.measure, **{name: array.tolist() for name, array in arrays.items()}}


def judged_from_json(source: str, found: Mapping[str, Any]) -> Judged:
    """What `judged_as_json` wrote; raises UsageError."""
    try:
        return _checked(source, {name: np.array(value) for name, value in found.items()})
    except ValueError as error:
        raise UsageError(f"{source}: its queries cannot be read: {error}") from error


def _checked(source: str, arrays: dict[str, Array]) -> Judged:
    measure = str(arrays.pop("measure", "ranking"))
    pairs = {name: arrays.pop(name) for name in sorted(arrays) if name.startswith("pair_")}
    missing = next((name for name in ("queries", "kinds") if name not in arrays), None)
    if missing:
        raise UsageError(f"{source}: holds no {missing}")
    total = len(np.atleast_1d(arrays["queries"]))
    if any(array.shape != (total,) for array in arrays.values()):
        raise UsageError(f"{source}: its columns differ in length")
    if len({array.shape for array in pairs.values()}) > 1 or len(set(arrays["queries"].tolist())) < total:
        raise UsageError(f"{source}: its queries or answers are not as they were written")
    if pairs:
        pairs["pair_query"] = pairs["pair_query"].astype(np.int64)
        if not ((pairs["pair_query"] >= 0) & (pairs["pair_query"] < total)).all():
            raise UsageError(f"{source}: an answer belongs to no query")
    return Judged(arrays, pairs, measure)


def _told_apart(names: Sequence[str]) -> list[str]:
    """The names, the second and later of the same with its number."""
    seen: set[str] = set()
    told = []
    for name in names:
        candidates = chain([name], (f"{name} ({number})" for number in count(2)))
        new = next(each for each in candidates if each not in seen)
        seen.add(new)
        told.append(new)
    return told
