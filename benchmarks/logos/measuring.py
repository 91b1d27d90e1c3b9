"""Figures of the task `logos`: boxes found, brands told, and alarms where no catalogued logo is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from benchmarks.box_metrics import Boxes, average_precision, hits, overlaps
from benchmarks.judged import Judged, judged_ranking
from benchmarks.logos.cases import LogoCases
from benchmarks.logos.looking import LogoAnswer, Onlooker, Shelf
from benchmarks.metrics import Counts, Ranking, percentiles, ranking, resampled, retrieval_metrics
from matcher.config import Settings
from matcher.errors import UsageError
from matcher.logo_matching import LogoModels
from matcher.models import TextReader
from matcher.records import Evidence
from matcher.signals import LIKELY

Tell = Callable[[str, int, int], None]
BOXES_A_PHOTO = 5
KEPT = ("R@1", "R@P90", "uAP")
Figures = dict[str, JsonValue]
DISTRACTOR = "distractor"


@dataclass(frozen=True)
class Looked:
    """Answers by how many references a brand were shown, and of photos asked for their boxes alone."""

    by_shots: Mapping[int, Sequence[LogoAnswer]]
    detected: Sequence[LogoAnswer]
    logos: Mapping[int, int]
    not_read: int

    @property
    def best(self) -> Sequence[LogoAnswer]:
        """With the most references."""
        return self.by_shots[max(self.by_shots)]

    @property
    def alarms(self) -> list[tuple[LogoAnswer, Evidence]]:
        """Evidence of `LIKELY` score or more of a brand that the photo does not show."""
        return [
            (answer, one)
            for answer in self.best
            for one in answer.evidence
            if one.brand not in answer.case.brands and _likely(answer, one.brand)
        ]


def look_at(
    found: LogoCases,
    models: LogoModels,
    reader: TextReader | None,
    settings: Settings,
    *,
    shots: Sequence[int] = (1, 3, 10),
    tell: Tell = lambda *_: None,
) -> Looked:
    """Look at every photo once, with a gallery for each number of `shots`. Raises UsageError."""
    most = max(found.most_shots, 1)
    wanted = sorted({min(one, most) for one in shots}) if found.references else [1]
    onlooker = Onlooker(models, reader, settings)
    with TemporaryDirectory(prefix="matcher-logos-") as folder:
        tell("describing logos", 0, len(wanted))
        shelves = [
            Shelf(Path(folder) / str(count), found.shown(count), models, settings, found.wordmarks)
            for count in wanted
        ]
        looked = [
            _told(tell, "looking", done, len(found.cases), onlooker.look(case, shelves))
            for done, case in enumerate(found.cases)
        ]
        rest = [
            _told(tell, "looking for boxes", done, len(found.detected), onlooker.look(case, ()))
            for done, case in enumerate(found.detected)
        ]
    read = [answers for answers in looked if answers is not None]
    if not read:
        raise UsageError(f"{found.name}: no photo can be read")
    return Looked(
        {count: [answers[place] for answers in read] for place, count in enumerate(wanted)},
        [answers[0] for answers in rest if answers is not None],
        {count: len(found.shown(count)) for count in wanted},
        len(looked) + len(rest) - len(read) - sum(answers is not None for answers in rest),
    )


def logo_results(
    found: LogoCases, looked: Looked, *, with_text: bool, resamples: int = 1000, seed: int = 0
) -> tuple[Figures, Judged | None]:
    """The results file but for settings, model and machine, and what each photo came to."""
    by: dict[str, JsonValue] = {}
    metrics: Figures = {}
    judged = None
    if found.references:
        for shots, answers in looked.by_shots.items():
            for joined in (False, True) if with_text else (False,):
                pairs = brand_ranking(answers, with_text=joined)
                name = f"{shots} a brand" + (", with text" if joined else "")
                last = joined == with_text and shots == max(looked.by_shots)
                part = _recognition(pairs, resamples if last else min(resamples, 200), seed)
                by[name] = {"queries": len(answers), **part}
                if last:
                    metrics |= part
                    judged = _judged(answers, pairs)
    metrics |= detection([*looked.best, *looked.detected], resamples, seed)
    metrics |= _alarm_figures(looked, resamples, seed)
    counts: Figures = {
        "photos": len(looked.best),
        "photos_for_boxes": len(_boxed([*looked.best, *looked.detected])),
        "boxes": sum(len(one.case.boxes) for one in _boxed([*looked.best, *looked.detected])),
        "without_logo": sum(not one.case.brands for one in looked.best),
        "not_read": looked.not_read,
        "brands": len(found.references) + len(found.extra),
        "logos": looked.logos[max(looked.logos)],
    }
    results: Figures = {
        "task": "logos",
        "metrics": metrics,
        "by": by,
        "dataset": {
            "name": found.name, "layout": found.layout, "brands": len(found.references),
            "notes": list(found.notes),
        },
        "counts": counts,
        "alarms": [_alarm(*one) for one in looked.alarms],
    }  # fmt: skip
    return results, judged


def detection(answers: Sequence[LogoAnswer], resamples: int, seed: int) -> Figures:
    """`AP50` whatever the brand, `recall_5` at IoU 0.5 of five boxes a photo, `top1_of_found` brands."""
    boxed = _boxed(answers)
    if not any(one.case.boxes for one in boxed):
        return {}
    said, true = _said(boxed), _true(boxed)
    right = hits(said, true)
    totals = np.bincount(true.image, minlength=len(boxed))
    first = np.array([rank < BOXES_A_PHOTO for one in boxed for rank in range(len(one.boxes))], np.bool_)
    found = np.bincount(said.image[right & first], minlength=len(boxed))
    named = np.array([_named_rightly(one) for one in boxed if one.case.boxes and one.candidates])

    def precision(times: Counts) -> float:
        weight = times[said.image]
        return average_precision(np.repeat(said.score, weight), np.repeat(right, weight), int(times @ totals))

    def recall(times: Counts) -> float:
        return float(found @ times) / max(1, int(totals @ times))

    figures = _with_intervals({"AP50": precision, "recall_5": recall}, len(boxed), resamples, seed)
    if len(named) and named[:, 0].sum():
        top = _with_intervals(
            {
                "top1_of_found": lambda times: (
                    float(named[:, 1] @ times) / max(1.0, float(named[:, 0] @ times))
                )
            },
            len(named),
            resamples,
            seed,
        )
        figures |= top
    return figures


def brand_ranking(answers: Sequence[LogoAnswer], *, with_text: bool) -> Ranking:
    """Every brand said of a photo against those that it shows."""
    scores = [list(answer.scores(with_text=with_text).items()) for answer in answers]
    return ranking(scores, [answer.case.brands for answer in answers])


def _recognition(pairs: Ranking, resamples: int, seed: int) -> Figures:
    found = retrieval_metrics(pairs, resamples=resamples, seed=seed)
    names = [name for one in KEPT for name in (one, f"{one}_ci")]
    return {name: _rounded(found[name]) for name in names if name in found}


def _judged(answers: Sequence[LogoAnswer], pairs: Ranking) -> Judged:
    kinds = ["logo" if one.case.brands else DISTRACTOR for one in answers]
    return judged_ranking([one.case.name for one in answers], kinds, pairs)


def _alarm_figures(looked: Looked, resamples: int, seed: int) -> Figures:
    """`false_alarms`: share of the photos without a catalogued logo on which one is said to be."""
    wrong = {id(answer) for answer, _ in looked.alarms}
    flags = np.array([id(one) in wrong for one in looked.best if not one.case.brands], np.float64)
    if not len(flags):
        return {}
    share = {"false_alarms": lambda times: float(flags @ times / times.sum())}
    return _with_intervals(share, len(flags), resamples, seed)


def _with_intervals(
    measures: Mapping[str, Callable[[Counts], float]], count: int, resamples: int, seed: int
) -> Figures:
    figures: Figures = {}
    for name, measure in measures.items():
        figures[name] = round(measure(np.ones(count, np.int64)), 4)
        if resamples:
            low, high = percentiles(resampled(measure, count, resamples, seed))
            figures[f"{name}_ci"] = [round(low, 4), round(high, 4)]
    return figures


def _boxed(answers: Sequence[LogoAnswer]) -> list[LogoAnswer]:
    return [one for one in answers if one.case.boxed]


def _said(answers: Sequence[LogoAnswer]) -> Boxes:
    return _as_boxes([[(*box.region, box.score) for box in one.boxes] for one in answers])


def _true(answers: Sequence[LogoAnswer]) -> Boxes:
    return _as_boxes([[(box.x1, box.y1, box.x2, box.y2, 1.0) for box in one.case.boxes] for one in answers])


def _as_boxes(rows: Sequence[Sequence[tuple[float, ...]]]) -> Boxes:
    image = np.repeat(np.arange(len(rows)), [len(some) for some in rows]).astype(np.int64)
    flat = np.array([row for some in rows for row in some], np.float64).reshape(-1, 5)
    return Boxes(image, np.zeros(len(flat), np.int64), flat[:, :4], flat[:, 4])


def _named_rightly(answer: LogoAnswer) -> tuple[int, int]:
    """Of how many boxes a region was proposed, and of how many of these its likeliest brand is right."""
    regions: list[tuple[float, float, float, float]] = []
    brands: list[str] = []
    for brand, _, region in answer.candidates:  # best first: a region's first brand is its likeliest
        if region not in regions:
            regions.append(region)
            brands.append(brand)
    boxes = np.array([(one.x1, one.y1, one.x2, one.y2) for one in answer.case.boxes], np.float64)
    table: NDArray[np.float64] = overlaps(boxes, np.array(regions, np.float64).reshape(-1, 4))
    found = right = 0
    for box, row in zip(answer.case.boxes, table, strict=True):
        if row.max(initial=0) >= 0.5:
            found += 1
            right += brands[int(row.argmax())] == box.brand
    return found, right


def _likely(answer: LogoAnswer, brand: str) -> bool:
    """By the logo alone: a text beside it lowers a look-alike's score, not how sure the logo is."""
    return max((score for name, score, _ in answer.candidates if name == brand), default=0.0) >= LIKELY


def _alarm(answer: LogoAnswer, evidence: Evidence) -> JsonValue:
    region: JsonValue = [*evidence.region] if evidence.region else None
    return {
        "image": answer.case.name, "shown": [*sorted(answer.case.brands)], "brand": evidence.brand,
        "score": round(evidence.score, 4), "region": region, **evidence.detail,
    }  # fmt: skip


def _told(
    tell: Tell, stage: str, done: int, total: int, answers: list[LogoAnswer] | None
) -> list[LogoAnswer] | None:
    tell(stage, done + 1, total)
    return answers


def _rounded(value: float | list[float]) -> JsonValue:
    return [round(one, 4) for one in value] if isinstance(value, list) else round(value, 4)
