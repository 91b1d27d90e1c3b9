"""Task `dedup`: which pairs of images of a folder are duplicates, as imagededup's tables count them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import JsonValue

from benchmarks.accuracy import Pictures
from benchmarks.curves import precision_recall_curve, thinned
from benchmarks.datasets import ReferenceImage
from benchmarks.dedup_pairs import (
    DEPTH,
    Cuts,
    Pairs,
    dedup_metrics,
    found_pairs,
    grouped,
    measures_at,
    ranked,
)
from benchmarks.dedup_set import ORIGINAL, TRANSFORMS, DedupSet, dedup_from_folder
from benchmarks.finder import Decode, Finder
from benchmarks.metrics import Counts, Ranking
from benchmarks.peers.environments import PREFIX, peer_named
from benchmarks.peers.finder import PeerProcess, costs_of
from matcher.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.judged import Judged
    from benchmarks.plan import PlannedPart
    from benchmarks.tasks import Outcome

OURS = {"score 0.5": 0.5, "score 0.9": 0.9}
"""Where the matcher's own scores, which are probabilities, are cut."""
KIND = "group"
Tell = Callable[[str, int, int], None]


def look_up(images: DedupSet, finder: Finder, decode: Decode, tell: Tell = lambda *_: None) -> Pairs:
    """Show `finder` all images, then look each of them up among all others."""
    files = [ReferenceImage(image.path.name, image.path) for image in images.images]
    pictures = Pictures(files, decode)
    finder.fit(pictures)

    def answers() -> Iterable[list[tuple[int, float]]]:
        for number in range(len(files)):
            tell("looking up", number, len(files))
            found = finder.find(pictures[number], DEPTH + 1)
            yield [(one.reference, one.score) for one in found if one.reference != number][:DEPTH]
        tell("looking up", len(files), len(files))

    return found_pairs(answers())


def dedup_results(
    images: DedupSet, pairs: Pairs, cuts: Cuts, *, resamples: int = 1000, seed: int = 0
) -> dict[str, JsonValue]:
    """What a results file tells of the task; the first of `cuts` is the one `metrics` are taken at."""
    all_pairs, main = ranked(images, pairs), next(iter(cuts.values()))
    table: list[JsonValue] = []
    for name, cut in cuts.items():
        figures = dedup_metrics(all_pairs, cut, resamples=min(resamples, 200), seed=seed)
        kept = {key: value for key, value in figures.items() if key.startswith(("precision", "recall"))}
        table.append({"name": name, "score": cut, "complete": not (pairs.full >= cut).any(), **kept})
    curve = precision_recall_curve(all_pairs.score, all_pairs.correct, true_total=images.true_pairs)
    return {
        "metrics": dedup_metrics(all_pairs, main, resamples=resamples, seed=seed),
        "by": {**_by_kind(images, pairs, main)},
        "cuts": table,
        "curves": {"precision_recall": [[*point] for point in thinned(*curve)]},
        "dataset": {"name": images.name, "layout": "dedup", "notes": list(images.notes)},
        "counts": {
            "queries": len(images.photos), "images": len(images.images), "true_pairs": images.true_pairs,
            "found_pairs": int((pairs.score >= main).sum()),
        },
    }  # fmt: skip


def measure_dedup(
    images: DedupSet, model: Finder | PeerProcess, decode: Decode, tell: Tell = lambda *_: None
) -> tuple[Pairs, dict[str, JsonValue]]:
    """The pairs that a finder or a grouping peer finds, and what it cost: images a second from file to pairs.

    A grouping peer reads the files itself. Raises MatcherError where it fails.
    """
    start = time.perf_counter()
    if isinstance(model, PeerProcess):
        folder = str(images.images[0].path.parent)
        pairs = grouped(images, model.ask("groups", folder=folder)["groups"])
        costs = costs_of(model.ask("costs"))
    else:
        pairs = look_up(images, model, decode, tell)
        told = getattr(model, "costs", None)
        costs = told() if told else {}
    seconds = time.perf_counter() - start
    per_second: JsonValue = round(len(images.images) / seconds, 3)
    return pairs, {"seconds": round(seconds, 3), "images_per_second": per_second, **costs}


def open_model(name: str, make: Callable[[], Finder]) -> Finder | PeerProcess:
    """The peer `name` with its process, also one that only groups; else what `make` makes."""
    if name.startswith(PREFIX) and (peer := peer_named(name)).gives == "groups":
        return PeerProcess(peer)
    return make()


def cuts_of(model: Finder | PeerProcess) -> Cuts:
    """Where a model's makers cut; the first is the one they use by default."""
    if isinstance(model, PeerProcess):
        return {"as it groups": 1.0}
    return dict(getattr(model, "thresholds", None) or OURS)


def dedup_run(
    folder: Path,
    name: str,
    make: Callable[[], Finder],
    decode: Decode,
    *,
    groups: int = 300,
    seed: int = 0,
    part: Any = "all",
    resamples: int = 1000,
    tell: Tell = lambda *_: None,
) -> tuple[dict[str, JsonValue], Ranking, Cuts, DedupSet]:
    """Make the set, measure one model on it, write up the results; then the set's files are gone."""
    model = open_model(name, make)
    try:
        with TemporaryDirectory(prefix="benchmarks-dedup-") as into:
            images = dedup_from_folder(folder, Path(into), groups=groups, seed=seed, part=part)
            pairs, costs = measure_dedup(images, model, decode, tell)
        cuts = cuts_of(model)
        described = described_of(model)
        found = dedup_results(images, pairs, cuts, resamples=resamples, seed=seed)
    finally:
        getattr(model, "close", lambda: None)()
    head: dict[str, JsonValue] = {
        "task": "dedup",
        "model": described.get("model", name),
        "settings": described,
    }
    return {**head, **found, **costs}, ranked(images, pairs), cuts, images


def described_of(model: Finder | PeerProcess) -> dict[str, JsonValue]:
    """What the model is and chose."""
    if isinstance(model, PeerProcess):
        return {"model": f"{PREFIX}{model.peer.name}", "licence": model.peer.licence, **model.settings}
    return model.describe()


def measure_part(part: PlannedPart, tell: Tell) -> Outcome:
    """The task as part of a run; the set's option `groups` says how many photos. Raises MatcherError."""
    from benchmarks.finder import finder_by_name
    from benchmarks.judged import judged_ranking
    from benchmarks.tasks import Outcome
    from matcher.images import decode

    options = dict(part.set.options)
    groups = options.pop("groups", 300)
    if unknown := [*options, *part.model.options]:
        raise UsageError(f"{part.name}: dedup has no option {min(unknown)!r}")
    if not isinstance(groups, int) or groups < 2:
        raise UsageError(f"sets.{part.set_name}.options.groups: give a whole number from 2 up")
    model = part.model
    found, pairs, cuts, images = dedup_run(
        part.folder,
        model.finder,
        lambda: finder_by_name(model.finder, part.settings, embedder=model.embedder, verify=model.verify),
        lambda blob, source: decode(blob, source, part.settings.images),
        groups=groups,
        seed=part.seed,
        part=part.set.part,
        resamples=part.resamples,
        tell=tell,
    )
    found["dataset"] = {"name": part.set_name, "layout": "dedup", "notes": list(images.notes)}
    return Outcome(found, judged(judged_ranking(images.photos, [KIND] * len(images.photos), pairs), cuts))


def judged(ranking: Judged, cuts: Cuts) -> Judged:
    """What a paired comparison needs: groups as queries, and the main cut."""
    cut = np.full(len(ranking.columns["queries"]), next(iter(cuts.values())))
    return replace(ranking, columns={**ranking.columns, "cut": cut}, measure="dedup")


def dedup_measures(judged: Judged) -> dict[str, Callable[[Counts], float]]:
    """The task's metrics, each told how often every group counts."""
    cut = float(judged.columns["cut"][0])
    return {name: partial(metric, judged.ranking) for name, metric in measures_at(cut).items()}


def _by_kind(images: DedupSet, pairs: Pairs, cut: float) -> dict[str, JsonValue]:
    """Recall at the cut of the pairs of an original with each transform of it."""
    kinds = np.array([image.kind for image in images.images])
    group = np.array([image.group for image in images.images], np.int64)
    same = (group[pairs.first] == group[pairs.second]) & (pairs.score >= cut)
    total = len(images.photos)
    table: dict[str, JsonValue] = {}
    for kind in TRANSFORMS:
        ends = {ORIGINAL, kind}
        hits = sum(
            {str(kinds[first]), str(kinds[second])} == ends
            for first, second in zip(pairs.first[same], pairs.second[same], strict=True)
        )
        table[kind] = {"queries": total, "recall": round(hits / total, 4)}
    return table
