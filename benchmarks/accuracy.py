"""Accuracy of a finder on copies or products: look every query up, rank all pairs, write the metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from pydantic import JsonValue

from benchmarks.datasets import Query, ReferenceImage, TruthSet
from benchmarks.finder import Decode, Finder, Task
from benchmarks.metrics import RECALL_RANKS, Ranking, ranking, retrieval_metrics
from matcher.errors import ImageError, UsageError
from matcher.images import Picture

DISTRACTOR = "distractor"
RESAMPLES_BY_KIND = 200
SAID = 3
"""How many answers of each query are kept to be shown."""
Tell = Callable[[str, int, int], None]
"""Told the stage, how many are done and how many there are."""


@dataclass(frozen=True)
class Measured:
    """What looking up gave: the pairs, the kind of each query, and what had to be skipped.

    `seconds`: wall time by stage: `check` (are the references readable), `fit` (decode and take them in),
    `make` (make or read the queries' bytes), `find` (decode and look them up). `queries` are those that were
    looked up, in the order of `kinds`; `said` their first `SAID` references, as (index into `references`,
    score).
    """

    pairs: Ranking
    kinds: tuple[str, ...]
    skipped_references: int
    skipped_queries: int
    seconds: dict[str, float]
    queries: tuple[Query, ...] = ()
    said: tuple[tuple[tuple[int, float], ...], ...] = ()
    references: tuple[ReferenceImage, ...] = ()


class Pictures(Sequence[Picture]):
    """The readable references, decoded again at each look, so that a large catalogue needs no memory."""

    def __init__(self, references: Sequence[ReferenceImage], decode: Decode) -> None:
        self._references, self._decode = references, decode

    def __len__(self) -> int:
        return len(self._references)

    @overload
    def __getitem__(self, index: int) -> Picture: ...
    @overload
    def __getitem__(self, index: slice) -> Pictures: ...
    def __getitem__(self, index: int | slice) -> Picture | Pictures:
        if isinstance(index, slice):
            return Pictures(self._references[index], self._decode)
        return read_reference(self._references[index], self._decode)


def read_reference(reference: ReferenceImage, decode: Decode) -> Picture:
    """Decode one reference; raises ImageError or OSError."""
    return decode(reference.path.read_bytes(), str(reference.path))


def limited(truth: TruthSet, limit: int | None, seed: int = 0) -> TruthSet:
    """At most `limit` of the queries, drawn evenly over kinds and distractors; all references stay."""
    if limit is None or limit >= len(truth.queries):
        return truth
    if limit < 1:
        raise UsageError("--limit: give at least 1 query")
    chosen = np.sort(np.random.default_rng(seed).permutation(len(truth.queries))[:limit])
    note = f"{limit} of {len(truth.queries)} queries looked up"
    return replace(truth, queries=tuple(truth.queries[index] for index in chosen), notes=(*truth.notes, note))


def measure(truth: TruthSet, finder: Finder, decode: Decode, tell: Tell = lambda *_: None) -> Measured:
    """Show `finder` the references and look every query up.

    An image that cannot be read is skipped and counted; so is a query none of whose references could be read.
    Raises UsageError when nothing is left to measure.
    """
    start = time.perf_counter()
    references, places = _readable(truth.references, decode, tell)
    if not references:
        raise UsageError(f"{truth.name}: no reference can be read")
    fitting = time.perf_counter()
    finder.fit(Pictures(references, decode))
    seconds = {"check": fitting - start, "fit": time.perf_counter() - fitting, "make": 0.0, "find": 0.0}
    known = {reference.reference_id for reference in references}
    answers, true, asked = [], [], []
    depth = _depth(references) + any(query.left_out is not None for query in truth.queries)
    for done, query in enumerate(truth.queries):
        tell("looking up", done, len(truth.queries))
        if query.truth and not query.truth & known:
            continue
        left_out = None if query.left_out is None else places.get(query.left_out)
        found = _look_up(query, finder, decode, depth, left_out, seconds)
        if found is not None:
            answers.append(found)
            true.append(query.truth & known)
            asked.append(query)
    tell("looking up", len(truth.queries), len(truth.queries))
    if not any(true):
        raise UsageError(f"{truth.name}: no query with a true reference can be read")
    return Measured(
        ranking(
            ([(references[index].reference_id, score) for index, score in each] for each in answers), true
        ),
        tuple(query.kind for query in asked),
        len(truth.references) - len(references),
        len(truth.queries) - len(asked),
        seconds,
        tuple(asked),
        tuple(_first_said(each, references) for each in answers),
        tuple(references),
    )


def by_kind(measured: Measured, *, resamples: int, seed: int) -> dict[str, dict[str, JsonValue]]:
    """Metrics of each kind of query, all distractors joined to each; empty when there is one kind only.

    At most `RESAMPLES_BY_KIND` resamples, or the intervals would take longer than the search.
    """
    kinds = np.array(measured.kinds)
    names = sorted(set(measured.kinds) - {DISTRACTOR})
    if len(names) < 2:
        return {}
    table: dict[str, dict[str, JsonValue]] = {}
    for name in names:
        part = measured.pairs.of((kinds == name) | (kinds == DISTRACTOR))
        metrics = retrieval_metrics(part, resamples=min(resamples, RESAMPLES_BY_KIND), seed=seed)
        table[name] = {"queries": int((kinds == name).sum()), **_plain(metrics)}
    return table


def results(
    task: Task, truth: TruthSet, finder: Finder, measured: Measured, *, resamples: int = 1000, seed: int = 0
) -> dict[str, JsonValue]:
    """The results file as JSON: the contract's keys, then what is needed to judge and repeat the figure."""
    described = finder.describe()
    stages = {stage: round(value, 3) for stage, value in measured.seconds.items()}
    return {
        "task": task,
        "metrics": _plain(retrieval_metrics(measured.pairs, resamples=resamples, seed=seed)),
        "by": {**by_kind(measured, resamples=resamples, seed=seed)},
        "settings": described,
        "model": described.get("model", finder.name),
        "seconds": round(sum(measured.seconds.values()), 3),
        "seconds_by_stage": {**stages},
        "dataset": {"name": truth.name, "layout": truth.layout, "notes": list(truth.notes)},
        "counts": {
            "references": len({reference.reference_id for reference in truth.references}),
            "reference_images": len(truth.references),
            "queries": measured.pairs.queries,
            "distractors": int((measured.pairs.true_pairs == 0).sum()),
            "skipped_references": measured.skipped_references,
            "skipped_queries": measured.skipped_queries,
        },
    }


def _readable(
    references: Sequence[ReferenceImage], decode: Decode, tell: Tell
) -> tuple[list[ReferenceImage], dict[int, int]]:
    """The references that decode, and where each old index went."""
    kept: list[ReferenceImage] = []
    places: dict[int, int] = {}
    for index, reference in enumerate(references):
        tell("reading references", index, len(references))
        try:
            read_reference(reference, decode)
        except (ImageError, OSError):
            continue
        places[index] = len(kept)
        kept.append(reference)
    return kept, places


def _depth(references: Sequence[ReferenceImage]) -> int:
    """How many images to ask for, so that the deepest recall is reached when references have several."""
    most = max(np.unique([reference.reference_id for reference in references], return_counts=True)[1])
    return max(RECALL_RANKS) * int(most)


def _look_up(
    query: Query,
    finder: Finder,
    decode: Decode,
    depth: int,
    left_out: int | None,
    seconds: dict[str, float],
) -> list[tuple[int, float]] | None:
    """(index of the reference image, score) of what was found; None when the query cannot be read."""
    start = time.perf_counter()
    try:
        blob = query.blob()
        made = time.perf_counter()
        picture = decode(blob, query.query_id)
    except (ImageError, OSError):
        return None
    found = finder.find(picture, depth)
    seconds["make"] += made - start
    seconds["find"] += time.perf_counter() - made
    return [(each.reference, each.score) for each in found if each.reference != left_out]


def _first_said(
    found: Sequence[tuple[int, float]], references: Sequence[ReferenceImage]
) -> tuple[tuple[int, float], ...]:
    """The first `SAID` different references, each by the image that was found first."""
    first: dict[str, tuple[int, float]] = {}
    for index, score in found:
        if len(first) == SAID:
            break
        first.setdefault(references[index].reference_id, (index, score))
    return tuple(first.values())


def _plain(metrics: dict[str, float | list[float]]) -> dict[str, JsonValue]:
    return {name: _rounded(value) for name, value in metrics.items()}


def _rounded(value: float | list[float]) -> JsonValue:
    return [round(each, 4) for each in value] if isinstance(value, list) else round(value, 4)
