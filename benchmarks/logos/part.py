"""The task `logos` as part of a plan."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import JsonValue

from benchmarks.logos.cases import Reference
from benchmarks.logos.command import chosen_cases
from benchmarks.logos.looking import LogoAnswer
from benchmarks.logos.measuring import logo_results, look_at
from benchmarks.plan import PlannedPart
from benchmarks.tasks import Blob, Mistake, Outcome, Tell
from matcher.assembly import build_logo_models, build_text_reader
from matcher.errors import UsageError
from matcher.models import Pixels

OPTIONS = ("logos", "gallery", "scenes", "alarms", "shots", "text")


def measure_part(part: PlannedPart, tell: Tell) -> Outcome:
    """Options of the set: `logos` (folders), `gallery`, `scenes`, `alarms`, `shots`; of the model: `text`.

    Folders of logos are paths from the set's own folder. Raises UsageError for another option, or where
    `models.logo` is none.
    """
    told = {**part.set.options, **part.model.options}
    unknown = next((name for name in told if name not in OPTIONS), None)
    if unknown is not None:
        raise UsageError(f"{part.name}: no option {unknown!r}; there are {', '.join(OPTIONS)}")
    models = build_logo_models(part.settings.models)
    if models is None:
        raise UsageError("models.logo is 'none': give the model's settings models = { logo = … }")
    reader = build_text_reader(part.settings.models) if told.get("text", True) else None
    shots = [int(one) for one in _listed(told.get("shots", [1, 3, 10]))]
    found = chosen_cases(
        part.folder, part.settings.images, layout=part.set.layout, part=part.set.part,
        logos=[part.folder / Path(str(one)) for one in _listed(told.get("logos", []))],
        gallery=_count(told, "gallery"), scenes=_count(told, "scenes"), alarms=bool(told.get("alarms")),
        seed=part.seed, limit=part.set.limit, shots=max(shots),
    )  # fmt: skip
    looked = look_at(found, models, reader, part.settings, shots=shots, tell=tell)
    results, judged = logo_results(
        found, looked, with_text=reader is not None, resamples=part.resamples, seed=part.seed
    )
    results["fingerprints"] = {"logo": models.fingerprint, "text": reader.fingerprint if reader else None}
    results["settings"] = {**told, "models": part.settings.models.model_dump(mode="json")}
    shown = {one.brand: one for one in reversed(found.shown(1))}
    wrong = [_mistake(one, shown, with_text=reader is not None) for one in looked.best if _is_wrong(one)]
    wrong.sort(key=lambda one: (-(one.said[0][1] if one.said else 0.0), one.query))
    return Outcome(results, judged, tuple(wrong[: part.mistakes]))


def _is_wrong(answer: LogoAnswer) -> bool:
    said = answer.scores(with_text=False)
    best = max(said, key=lambda brand: (said[brand], brand), default="")
    if not answer.case.brands:
        return bool(best) and said[best] >= 0.5
    return best not in answer.case.brands


def _mistake(answer: LogoAnswer, shown: Mapping[str, Reference], *, with_text: bool) -> Mistake:
    """The photo beside the first reference of each brand that was said, and of a brand that is true."""
    scores = answer.scores(with_text=with_text).items()
    said = sorted(scores, key=lambda one: (-one[1], one[0]))[:3]
    truth = tuple(sorted(answer.case.brands))
    return Mistake(
        answer.case.name,
        "logo" if answer.case.brands else "distractor",
        truth,
        tuple(said),
        answer.case.blob,
        tuple(_picture(shown.get(brand)) for brand, _ in said),
        next((picture for brand in truth if (picture := _picture(shown.get(brand)))), None),
    )


def _picture(reference: Reference | None) -> Blob | None:
    return None if reference is None else partial(_png, reference.pixels)


def _png(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _listed(value: JsonValue) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _count(told: dict[str, JsonValue], name: str) -> int | None:
    value = told.get(name)
    return int(value) if isinstance(value, int | float | str) else None
