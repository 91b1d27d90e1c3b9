"""The tasks `copies` and `products` as parts of a run: look up, judge, and tell what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from benchmarks.accuracy import DISTRACTOR, Measured, limited, measure, results
from benchmarks.curves import (
    Flags,
    Floats,
    histogram,
    reliability,
    thinned,
    threshold_at_precision,
    thresholds,
)
from benchmarks.datasets import TruthSet
from benchmarks.finder import Decode, Finder, Task, finder_by_name
from benchmarks.judged import judged_ranking
from benchmarks.metrics import Ranking
from benchmarks.plan import PlannedPart
from benchmarks.tasks import Mistake, Outcome, Tell
from benchmarks.truth_sets import truth_from_folder
from matcher.errors import UsageError
from matcher.images import decode

PRECISION = 0.9
"""A distractor is a mistake where it scores as much as the threshold of this precision."""


def measure_part(part: PlannedPart, tell: Tell) -> Outcome:
    """Look every query of the set up; raises MatcherError or OSError where the part cannot run."""
    refuse_options(part, models=("normalise",))
    task: Task = "products" if part.task == "products" else "copies"
    sizes = {name: getattr(part.set, name) for name in ("references", "edited", "distractors")}
    truth = truth_from_folder(
        part.folder, task, part=part.set.part, layout=part.set.layout, seed=part.seed, **sizes
    )
    truth = limited(truth, part.set.limit, part.seed)
    with ExitStack() as opened:
        finder = _finder(part, task, truth, opened)
        measured = measure(truth, finder, _decoder(part), tell)
        tell("intervals", 0, 1)
        found = results(task, truth, finder, measured, resamples=part.resamples, seed=part.seed)
        found |= _costs(finder, measured)
    found["dataset"] = {**_table(found["dataset"]), "name": part.set_name}
    found["fingerprints"] = _fingerprints(_table(found["settings"]))
    found["settings"] = {"part": part.set.part, **_table(found["settings"])}
    threshold = operating_threshold(measured.pairs)
    found |= shape(measured.pairs)
    found["threshold"] = threshold
    asked = [query.query_id for query in measured.queries]
    return Outcome(
        found,
        judged_ranking(asked, measured.kinds, measured.pairs),
        tuple(islice(worst(measured, threshold), part.mistakes)),
    )


def _finder(part: PlannedPart, task: Task, truth: TruthSet, opened: ExitStack) -> Finder:
    """The finder the part names, closed with `opened`; its scores normalised with the option `normalise`."""

    def one() -> Finder:
        model = part.model
        found = finder_by_name(
            model.finder, part.settings, embedder=model.embedder, verify=model.verify, task=task
        )
        opened.callback(getattr(found, "close", lambda: None))
        return found

    if not part.model.options.get("normalise"):
        return one()
    from benchmarks.score_normalisation import NormalisedFinder, readable_pictures

    return NormalisedFinder(one(), one(), readable_pictures(truth.training, _decoder(part)))


def _decoder(part: PlannedPart) -> Decode:
    return lambda blob, source: decode(blob, source, part.settings.images)


def refuse_options(part: PlannedPart, *, models: tuple[str, ...] = (), sets: tuple[str, ...] = ()) -> None:
    """Raise UsageError where the plan gives the model or the set an option that the task does not have."""
    given = (
        ("models", part.model_name, part.model.options, models),
        ("sets", part.set_name, part.set.options, sets),
    )
    for table, name, options, known in given:
        unknown = min(set(options) - set(known), default=None)
        if unknown is not None:
            raise UsageError(f"{table}.{name}.options: {part.task} has no option {unknown!r}")


def operating_threshold(pairs: Ranking) -> float | None:
    """The lowest score of precision 90 %; that of the best F1 where there is none; None without a hit."""
    total = int(pairs.true_pairs.sum())
    found = threshold_at_precision(pairs.score, pairs.correct, PRECISION, true_total=total)
    if found is not None or not pairs.correct.any():
        return found
    every = thresholds(pairs.score, pairs.correct, true_total=total)
    return float(every.threshold[np.argmax(2 * every.right / (every.taken + total))])


def shape(pairs: Ranking) -> dict[str, JsonValue]:
    """`curves` and `scores`: precision and recall of all pairs, and what the best scores of each query tell.

    `true` counts the best true answer of each query, `false` its best wrong one; `reliability` takes the
    first answers as probabilities of being right, where they lie in [0, 1].
    """
    every = thresholds(pairs.score, pairs.correct, true_total=int(pairs.true_pairs.sum()))
    curves: dict[str, JsonValue] = {}
    if every.true_total and len(every.threshold):
        points = thinned(every.threshold, every.precision, every.recall)
        curves["precision_recall"] = [[*point] for point in points]
    best, wrong = _best(pairs, pairs.correct), _best(pairs, ~pairs.correct)
    answered = np.isfinite(np.maximum(best, wrong))
    top, right = np.maximum(best, wrong)[answered], (best > wrong)[answered]
    if len(top) and top.min() >= 0 and top.max() <= 1:
        mean, share, count = reliability(top, right)
        curves["reliability"] = [
            [float(m), float(s), int(c)] for m, s, c in zip(mean, share, count, strict=True)
        ]
    shown: Floats = np.concatenate((best[np.isfinite(best)], wrong[np.isfinite(wrong)]))
    is_true: Flags = np.arange(len(shown)) < np.isfinite(best).sum()
    edges, true, false = histogram(shown, is_true)
    return {
        "curves": curves,
        "scores": {"edges": edges.tolist(), "true": true.tolist(), "false": false.tolist()},
    }


def worst(measured: Measured, threshold: float | None) -> Iterator[Mistake]:
    """Mistakes, worst first: by how far the wrong answer scores above the true one.

    A query is one where its first answer is wrong or nothing was said, a distractor where its first answer
    reaches `threshold`.
    """
    pairs = measured.pairs
    right, wrong = _best(pairs, pairs.correct), _best(pairs, ~pairs.correct)
    missed = (pairs.true_pairs > 0) & (pairs.first_right != 1)
    alarms = (pairs.true_pairs == 0) & (wrong >= (np.inf if threshold is None else threshold))
    gap = np.where(np.isfinite(wrong), wrong, 0) - np.where(np.isfinite(right), right, 0)
    for index in np.argsort(-gap, kind="stable"):
        if missed[index] or alarms[index]:
            yield _mistake(measured, int(index))


def _mistake(measured: Measured, index: int) -> Mistake:
    query, said = measured.queries[index], measured.said[index]
    images = measured.references
    true = next((image for image in images if image.reference_id in query.truth), None)
    return Mistake(
        query.query_id,
        query.kind if query.truth else DISTRACTOR,
        tuple(sorted(query.truth)),
        tuple((images[place].reference_id, score) for place, score in said),
        query.blob,
        tuple(images[place].path.read_bytes for place, _ in said),
        true.path.read_bytes if true else None,
    )


def _best(pairs: Ranking, chosen: NDArray[np.bool_]) -> Floats:
    """The best score of each query among the chosen pairs, -inf without one; (queries,)."""
    best = np.full(pairs.queries, -np.inf)
    np.maximum.at(best, pairs.query[chosen], pairs.score[chosen])
    return best


def _costs(finder: Finder, measured: Measured) -> dict[str, JsonValue]:
    """Images looked up in a second of decoding and finding, and what the finder tells of itself."""
    spent = measured.seconds["find"]
    found: dict[str, JsonValue] = (
        {"images_per_second": round(measured.pairs.queries / spent, 3)} if spent else {}
    )
    costs = getattr(finder, "costs", None)
    return {**found, **(costs() if costs else {})}


def _fingerprints(described: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: described[name] for name in ("embedder", "similarity", "detector") if described.get(name)}


def _table(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}
