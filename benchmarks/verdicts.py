"""The task `verdicts`: what the product says of whole listings with known truth, by kind and signal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import JsonValue

from benchmarks.curves import COUNTERFEIT, REVIEW, histogram, reliability, thinned, thresholds
from benchmarks.plan import PlannedPart
from benchmarks.retrieval import refuse_options
from benchmarks.tasks import Outcome, Tell
from benchmarks.verdict_metrics import Outcomes, Prices, counted, judged_verdicts, with_intervals
from benchmarks.verdict_mistakes import held, worst
from benchmarks.verdict_outcomes import Compared, redecided
from benchmarks.verdict_sets import Scanned, VerdictSet, opened_set, recorded, scan_set
from matcher.config import Settings
from matcher.errors import UsageError
from matcher.policy import Policy, load_policy
from matcher.records import VerdictKind

NO_EVIDENCE = "no evidence"
RESAMPLES_BY_KIND = 200
PLACEHOLDERS = "the prices are placeholders, in minutes of work; set yours with --cost-missed and the others"


@dataclass(frozen=True)
class VerdictTask:
    """What to measure; `part`: only listings of that split; `verdicts`: a scan's folder, to scan nothing."""

    policy: Policy
    prices: Prices
    part: Literal["all", "tune", "report"] = "all"
    limit: int | None = None
    verdicts: Path | None = None
    resamples: int = 1000
    seed: int = 0


def measure_verdicts(
    found: VerdictSet, task: VerdictTask, settings: Settings, tell: Tell = lambda *_: None
) -> tuple[dict[str, JsonValue], Compared]:
    """The results file as JSON, and what it stands on; raises UsageError where nothing is labelled."""
    rows = [row for row in found.truth if task.part in ("all", row.split)]
    if not rows:
        raise UsageError(f"{found.folder}: no listing stands in the split '{task.part}'")
    if task.verdicts is not None or found.listings is None:
        scanned = recorded(task.verdicts or found.folder)
        decided = {name: redecided(one, task.policy) for name, one in scanned.verdicts.items()}
        scanned = Scanned(decided, scanned.failed, scanned.photos, scanned.seconds)
    else:
        scanned = scan_set(found, settings, task.policy, limit=task.limit, tell=tell)
    asked, seen = len(rows), scanned.verdicts.keys() | scanned.failed
    rows = [row for row in rows if row.listing_id in seen]
    if not rows:
        raise UsageError(f"{found.folder}: no labelled listing was scanned")
    said = tuple(scanned.verdicts.get(row.listing_id) for row in rows)
    compared = Compared(tuple(rows), said, task.policy, task.prices)
    tell("intervals", 0, 1)
    return _results(found, task, scanned, compared, asked - len(rows)), compared


def measure_part(part: PlannedPart, tell: Tell) -> Outcome:
    """A part of a run; raises MatcherError or OSError where it cannot run.

    Options of a model: `policy` (a file), `missed`, `false_alarm`, `review` (prices); of a set: `demo_seed`.
    """
    prices = ("missed", "false_alarm", "review")
    refuse_options(part, models=("policy", *prices), sets=("demo_seed",))
    options, seed = part.model.options, part.set.options.get("demo_seed")
    task = VerdictTask(
        policy=load_policy(Path(str(options["policy"])) if options.get("policy") else None),
        prices=Prices(**{name: float(str(options[name])) for name in prices if name in options}),
        part=part.set.part,
        limit=part.set.limit,
        resamples=part.resamples,
        seed=part.seed,
    )
    settings = with_embedder(part.settings, part.model.embedder)
    with opened_set(part.folder, seed=None if seed is None else int(str(seed)), tell=tell) as found:
        results, compared = measure_verdicts(found, task, settings, tell)
        results["dataset"] = {"name": part.set_name, "layout": "verdicts", "notes": [PLACEHOLDERS]}
        mistakes = list(worst(found, compared, settings))[: part.mistakes]
        kept = [held(one) for one in mistakes]  # the demo's folder is gone afterwards
    names, kinds = [row.listing_id for row in compared.rows], [row.kind for row in compared.rows]
    return Outcome(results, judged_verdicts(names, kinds, compared.outcomes()), kept)


def with_embedder(settings: Settings, name: str) -> Settings:
    """`settings` with another embedder; '' for theirs."""
    if not name:
        return settings
    return settings.model_copy(update={"models": settings.models.model_copy(update={"embedder": name})})


def _results(
    found: VerdictSet, task: VerdictTask, scanned: Scanned, compared: Compared, not_scanned: int
) -> dict[str, JsonValue]:
    outcomes = compared.outcomes()
    models = next((one.models for one in compared.verdicts if one), {})
    embedder = models.get("embedder") or "unknown"
    truth = Counter(row.truth.value for row in compared.rows)
    return {
        "task": "verdicts",
        "metrics": _plain(with_intervals(outcomes, resamples=task.resamples, seed=task.seed)),
        "by": {**_by_signal(compared, outcomes, task)},
        "by_listing": {**_by_listing(compared)},
        "without": {**_without(compared, outcomes, task)},
        "settings": {
            "policy": task.policy.label,
            "thresholds": task.policy.thresholds.model_dump(),
            "prices": {**vars(task.prices), "are_placeholders": task.prices == Prices()},
            "part": task.part,
            "limit": task.limit,
            "seed": task.seed,
            "scanned": task.verdicts is None and found.listings is not None,
        },
        "model": embedder,
        "fingerprints": {name: value for name, value in models.items() if value},
        "seconds": round(scanned.seconds, 3),
        "photos": scanned.photos,
        "dataset": {"name": found.name, "layout": "verdicts", "notes": [PLACEHOLDERS]},
        "counts": {
            "queries": len(compared.rows),
            "not_scanned": not_scanned,
            "without_verdict": sum(one is None for one in compared.verdicts),
            "groups": len(set(outcomes.group.tolist())),
            **{f"truly_{kind}": truth.get(kind.value, 0) for kind in VerdictKind},
        },
        "confusion": {**counted(outcomes)},
        **_shape(outcomes),
    }


def _by_signal(compared: Compared, outcomes: Outcomes, task: VerdictTask) -> dict[str, dict[str, JsonValue]]:
    """Metrics of the listings that bear evidence of each kind, and of those that bear none."""
    chosen = {signal: compared.bears(signal) for signal in compared.signals}
    chosen[NO_EVIDENCE] = compared.bears_nothing()
    resamples = min(task.resamples, RESAMPLES_BY_KIND)
    return {
        name: {
            "queries": int(kept.sum()),
            **_plain(with_intervals(outcomes.of(kept), resamples=resamples, seed=task.seed)),
        }
        for name, kept in chosen.items()
        if kept.any()
    }


def _by_listing(compared: Compared) -> dict[str, dict[str, JsonValue]]:
    """How many listings of each kind, as the truth has it, got each verdict."""
    table: dict[str, Counter[str]] = {}
    for row, verdict in zip(compared.rows, compared.verdicts, strict=True):
        got = verdict.verdict.value if verdict else "none"
        table.setdefault(row.kind or row.truth.value, Counter())[got] += 1
    return {kind: dict(sorted(counts.items())) for kind, counts in sorted(table.items())}


def _without(compared: Compared, outcomes: Outcomes, task: VerdictTask) -> dict[str, dict[str, JsonValue]]:
    """The metrics with each signal switched off, and how far they are from those with it."""
    resamples, answer = min(task.resamples, RESAMPLES_BY_KIND), dict[str, dict[str, JsonValue]]()
    for signal in compared.signals:
        lacking = compared.outcomes(without=signal)
        difference = with_intervals(lacking, resamples=resamples, seed=task.seed, before=outcomes)
        answer[signal] = {
            **_plain(with_intervals(lacking, resamples=0, seed=task.seed)),
            "difference": {**_plain(difference)},
            "changed": int((lacking.said != outcomes.said).sum()),
        }
    return answer


def _shape(outcomes: Outcomes) -> dict[str, JsonValue]:
    """`curves` and `scores` of the listings whose truth is clear or counterfeit, as in a run's results."""
    kept = np.isfinite(outcomes.score) & (outcomes.truth != REVIEW)
    score, fake = outcomes.score[kept], outcomes.truth[kept] == COUNTERFEIT
    curves: dict[str, JsonValue] = {}
    if fake.any():
        every = thresholds(score, fake, true_total=int(fake.sum()))
        points = thinned(every.threshold, every.precision, every.recall)
        curves["precision_recall"] = [[*point] for point in points]
    if len(score):
        mean, share, count = reliability(score, fake)
        rows = zip(mean, share, count, strict=True)
        curves["reliability"] = [[float(m), float(s), int(c)] for m, s, c in rows]
    edges, true, false = histogram(score, fake)
    scores: dict[str, JsonValue] = {"edges": edges.tolist(), "true": true.tolist(), "false": false.tolist()}
    return {"curves": curves, "scores": scores}


def _plain(metrics: dict[str, float | list[float]]) -> dict[str, JsonValue]:
    return {
        name: [round(one, 4) for one in value] if isinstance(value, list) else round(value, 4)
        for name, value in metrics.items()
    }
