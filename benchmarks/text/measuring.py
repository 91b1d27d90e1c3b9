"""Reads the photos of a set, asks the product's own signal about them, and counts what was right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from benchmarks.metrics import percentiles, resampled
from benchmarks.text.cases import Case, TextSet
from matcher.config import ImageSettings
from matcher.errors import ImageError, UsageError
from matcher.images import decode
from matcher.models import TextLine, TextReader
from matcher.reading import LargePhoto, PhotoText
from matcher.records import Evidence, Listing
from matcher.signals import LIKELY, BrandFacts, Examination, ExaminedPhoto, ReferenceFacts
from matcher.signals.wordmark import WordmarkSignal
from matcher.text.folding import joined
from matcher.text.lexicon import Lexicon

Tell = Callable[[str, int, int], None]
NEAR = "near-miss"
PARTS = ("script", "length", "size", "contrast", "turn", "edits", "edit")
"""Facts of a case that figures are parted by."""
MOST_TOLD = 12
"""Lines told of a photo in which something was missed."""
COLUMNS = ("said", "right", "asked", "found", "said_near", "right_near", "asked_near", "found_near", "read")


@dataclass(frozen=True)
class Answer:
    """What came of one photo: the lines read in it and the evidence on them, of `LIKELY` score or more."""

    case: Case
    lines: tuple[TextLine, ...]
    evidence: tuple[Evidence, ...]
    size: tuple[int, int]

    @property
    def near_misses(self) -> list[Evidence]:
        """What was called a near miss."""
        return [one for one in self.evidence if one.detail["kind"] == NEAR]

    @property
    def alarms(self) -> list[Evidence]:
        """What was called a near miss where there is none of that brand."""
        true = self.case.brands if self.case.kind == NEAR else frozenset()
        return [one for one in self.near_misses if one.brand not in true]

    @property
    def wrong(self) -> list[Evidence]:
        """What was called a wordmark that the photo does not show."""
        if self.case.kind == "unknown":
            return []
        shown = (self.case.brands if self.case.kind != NEAR else frozenset()) | self.case.also
        return [one for one in self._spelt if one.brand not in shown]

    @property
    def _spelt(self) -> list[Evidence]:
        return [one for one in self.evidence if one.detail["kind"] != NEAR]

    def counts(self) -> list[float]:
        """A number for each of `COLUMNS`."""
        near, real = self.case.kind == NEAR, self.case.kind in ("wordmark", "real")
        told = {one.brand for one in self._spelt}
        missed = {one.brand for one in self.near_misses}
        text = joined(self.case.text)
        known = self.case.kind != "unknown"
        return [
            len(self._spelt) if known else 0,
            len(self._spelt) - len(self.wrong) if known else 0,
            float(real and bool(self.case.brands)),
            float(real and bool(self.case.brands & told)),
            len(self.near_misses),
            len(self.near_misses) - len(self.alarms),
            float(near),
            float(near and bool(self.case.brands & missed)),
            float(bool(text) and any(text in joined(line.text) for line in self.lines)),
        ]


class _Facts:
    """The lexicon's brands as a signal asks for them; nothing else is known."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon

    def of(self, image_id: int) -> ReferenceFacts | None:
        return None

    def brand(self, name: str) -> BrandFacts | None:
        return BrandFacts(name)


def read_set(
    found: TextSet, reader: TextReader, settings: ImageSettings, title: str = "", tell: Tell = lambda *_: None
) -> list[Answer]:
    """Read every photo and ask the signal; listings have `title`. Raises UsageError where none can."""
    lexicon = Lexicon(found.brands)
    text, facts, signal = PhotoText(reader, lexicon), _Facts(lexicon), WordmarkSignal()
    answers = []
    for done, case in enumerate(found.cases):
        tell("reading", done, len(found.cases))
        try:
            blob = case.blob()
            picture = decode(blob, case.name, settings)
            lines = text.lines(LargePhoto(blob, case.name, picture, settings), ())
        except (ImageError, OSError):
            continue
        size = picture.width, picture.height
        photo = ExaminedPhoto(0, *size, picture.content_hash, (), lines)
        listing = Listing(listing_id=case.name, images=(case.name,), title=title)
        evidence = signal.examine(Examination(listing, (photo,), facts))
        answers.append(Answer(case, lines, tuple(one for one in evidence if one.score >= LIKELY), size))
    tell("reading", len(found.cases), len(found.cases))
    if not answers:
        raise UsageError(f"{found.name}: no photo can be read")
    return answers


def text_results(
    found: TextSet, answers: Sequence[Answer], *, resamples: int = 1000, seed: int = 0
) -> dict[str, JsonValue]:
    """The results file but for settings, model and machine: figures, by what they part, and each error."""
    table = np.array([answer.counts() for answer in answers])
    return {
        "task": "text",
        "metrics": _figures(table, resamples, seed),
        "by": {
            f"{fact}={value}": {"queries": int(chosen.sum()), **_figures(table[chosen], 0, seed)}
            for fact, value, chosen in _parts(answers)
        },
        "dataset": {"name": found.name, "brands": len(found.brands)},
        "counts": {
            "photos": len(answers),
            "not_read": len(found.cases) - len(answers),
            **dict(sorted(Counter(one.case.kind for one in answers).items())),
        },
        "alarms": [_told(answer, one) for answer in answers for one in answer.alarms],
        "wrong": [_told(answer, one) for answer in answers for one in answer.wrong],
        "missed": [_untold(answer) for answer in answers if _missed(answer)],
    }  # fmt: skip


def _figures(table: NDArray[np.float64], resamples: int, seed: int) -> dict[str, JsonValue]:
    figures: dict[str, JsonValue] = {}
    for name, (part, whole) in MEASURES.items():
        if not table[:, COLUMNS.index(whole)].sum():
            continue
        top, below = table[:, COLUMNS.index(part)], table[:, COLUMNS.index(whole)]
        figures[name] = round(float(top.sum() / below.sum()), 4)
        if resamples:
            drawn = resampled(lambda times: _share(top, below, times), len(table), resamples, seed)  # noqa: B023
            figures[f"{name}_ci"] = [round(one, 4) for one in percentiles(drawn)]
    without = table[table[:, COLUMNS.index("asked_near")] == 0]
    if len(without):
        figures["alarms_per_500"] = round(500 * float((without[:, COLUMNS.index("said_near")] > 0).mean()), 3)
    return figures


MEASURES = {
    "precision": ("right", "said"),
    "recall": ("found", "asked"),
    "precision_near_miss": ("right_near", "said_near"),
    "recall_near_miss": ("found_near", "asked_near"),
}
"""Of wordmarks and of near misses: what was found over what was said, or over what there is."""


def _share(top: NDArray[np.float64], below: NDArray[np.float64], times: NDArray[np.int64]) -> float:
    whole = float(below @ times)
    return float(top @ times) / whole if whole else float("nan")


def _parts(answers: Sequence[Answer]) -> list[tuple[str, str, NDArray[np.bool_]]]:
    found = []
    for fact in PARTS:
        values = np.array([one.case.facts.get(fact, "") for one in answers])
        found += [(fact, str(value), values == value) for value in sorted(set(values) - {""})]
    return found


def _missed(one: Answer) -> bool:
    asked = one.case.brands
    hits = {evidence.brand for evidence in (one.near_misses if one.case.kind == NEAR else one.evidence)}
    return bool(asked) and not asked & hits


def _untold(answer: Answer) -> dict[str, JsonValue]:
    case = answer.case
    told: dict[str, JsonValue] = {"image": case.name, "kind": case.kind, "text": case.text, **case.facts}
    brands: list[JsonValue] = [*sorted(case.brands)]
    return told | {"brands": brands, "read": [line.text for line in answer.lines[:MOST_TOLD]]}


def _told(answer: Answer, evidence: Evidence) -> dict[str, JsonValue]:
    return {
        "image": answer.case.name, "shown": answer.case.text or " | ".join(sorted(answer.case.brands)),
        "brand": evidence.brand, "score": round(evidence.score, 4),
        "region": list(evidence.region) if evidence.region else None, **evidence.detail,
    }  # fmt: skip
