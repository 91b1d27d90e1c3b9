"""What a run left in its folder, read with care: a part that cannot be read is told of, never the end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from benchmarks.report import words
from benchmarks.report.parts import Histogram, Interval, Mistake, Part, Run, Without
from matcher.errors import UsageError

LARGEST_RESULTS = 64 * 2**20
LARGEST_PICTURE = 128 * 2**10
MOST_MISTAKES = 500
TINY, HUGE = 1e-12, 1e15


def is_run(folder: Path) -> bool:
    """Whether `folder` is a run's, and no loose set of results files."""
    return (folder / "run.json").is_file() or (folder / "results").is_dir()


def read_run(folder: Path) -> Run:
    """The run in `folder`, or loose results files there; raises UsageError when there are none."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; name the folder of the results files")
    notes: list[str] = []
    plan = _json(folder / "run.json", notes) if (folder / "run.json").is_file() else {}
    plan = plan if isinstance(plan, dict) else {}
    place = folder / "results" if is_run(folder) else folder
    parts: dict[str, Part] = {}
    for path in sorted(place.glob("*.json")):
        if path.name != "run.json" and (part := _part(path, folder, notes)):
            parts[part.name] = part
    for part in _planned(plan):
        parts.setdefault(part.name, part)
    if not parts:
        raise UsageError(f"{folder}: holds no results file; write one with --out")
    return Run(folder, _title(plan, folder), plan, tuple(parts.values()), tuple(notes))


def picture(run: Run, path: str | None) -> bytes | None:
    """The WebP or JPEG at `path` of the run's folder; None where it is absent, too large, other, outside."""
    if not path:
        return None
    try:
        place = (run.folder / path).resolve()
        if not place.is_relative_to(run.folder.resolve()) or not place.is_file():
            return None
        if place.stat().st_size > LARGEST_PICTURE:
            return None
        blob = place.read_bytes()
    except (OSError, ValueError):
        return None
    return blob if picture_type(blob) else None


def picture_type(blob: bytes) -> str | None:
    """The media type of what may stand on a page, by its first bytes."""
    if blob[:4] == b"RIFF" and blob[8:12] == b"WEBP":
        return "image/webp"
    return "image/jpeg" if blob[:3] == b"\xff\xd8\xff" else None


def _title(plan: Mapping[str, Any], folder: Path) -> str:
    inner = plan.get("plan")
    names = [plan.get("name"), inner.get("name") if isinstance(inner, dict) else None]
    return next((name for name in names if isinstance(name, str) and name), folder.resolve().name)


def _planned(plan: Mapping[str, Any]) -> Iterator[Part]:
    """The parts that run.json tells of; those without a results file are shown by this alone."""
    listed = plan.get("parts")
    if isinstance(listed, dict):
        listed = [{"name": name, **(one if isinstance(one, dict) else {})} for name, one in listed.items()]
    for one in listed if isinstance(listed, list) else []:
        name, state = (one.get("name"), one.get("state")) if isinstance(one, dict) else (None, None)
        if isinstance(name, str) and name:
            state = state if isinstance(state, str) and state != "done" else "not run"
            yield _told(name, one, state=state)


def _told(name: str, found: Mapping[str, Any], *, state: str) -> Part:
    why = found.get("why")
    return Part(
        name, _text(found.get("task")), _dataset(found), _subset(found), _text(found.get("model")),
        state=state, why=" ".join(str(why).split()) if why else "no reason is given",
    )  # fmt: skip


def _part(path: Path, folder: Path, notes: list[str]) -> Part | None:
    found = _json(path, notes)
    if isinstance(found, dict) and isinstance(found.get("state"), str) and found["state"] != "done":
        return _told(path.stem, found, state=found["state"])
    wanted = {"task": str, "metrics": dict, "settings": dict}
    if not isinstance(found, dict) or not all(
        isinstance(found.get(key), kind) for key, kind in wanted.items()
    ):
        if is_run(folder) and found is not None:
            notes.append(f"{path.name}: is no results file; it was passed over")
        return None
    return _measured(path.stem, found, folder, notes)


def _measured(name: str, found: dict[str, Any], folder: Path, notes: list[str]) -> Part:
    metrics, intervals = _figures(found["metrics"])
    for resource in words.RESOURCES:
        if (value := _number(found.get(resource))) is not None:
            metrics.setdefault(resource, value)
    counts = {
        key: value for key, one in _table(found.get("counts")).items() if (value := _number(one)) is not None
    }
    base = Part(
        name, found["task"], _dataset(found), _subset(found), _text(found.get("model")),
        metrics=metrics, intervals=intervals, counts=counts, settings=found["settings"], folder=folder,
        about={key: found[key] for key in ("fingerprints", "seed", "versions", "machine") if key in found},
        queries=int(counts["queries"]) if "queries" in counts else None,
        curves=_curves(found.get("curves"), name, notes),
        histogram=_histogram(found.get("scores"), name, notes),
        mistakes=_mistakes(found.get("mistakes"), name, notes),
        point_names=_point_names(found.get("curves")),
        without={key: _without(one) for key, one in _tables(found.get("without")).items()},
        verdicts={key: _figures(one)[0] for key, one in _tables(found.get("by_listing")).items()},
    )  # fmt: skip
    by = {kind: _kind(base, kind, one) for kind, one in _tables(found.get("by")).items()}
    return replace(base, by=by)


def _kind(part: Part, kind: str, found: dict[str, Any]) -> Part:
    metrics, intervals = _figures(found)
    queries = metrics.pop("queries", None)
    return Part(
        kind, part.task, part.dataset, part.subset, part.model, metrics=metrics, intervals=intervals,
        queries=None if queries is None else int(queries),
    )  # fmt: skip


def _figures(found: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, Interval]]:
    metrics = {name: value for name, one in found.items() if (value := _number(one)) is not None}
    intervals = {}
    for name, one in found.items():
        ends = [_number(end) for end in one] if isinstance(one, list) and len(one) == 2 else []
        if name.endswith("_ci") and len(ends) == 2 and ends[0] is not None and ends[1] is not None:
            intervals[name.removesuffix("_ci")] = (min(ends[0], ends[1]), max(ends[0], ends[1]))
    return metrics, intervals


def _curves(found: object, name: str, notes: list[str]) -> dict[str, tuple[tuple[float, ...], ...]]:
    """Lists of points; a point is a list of numbers, or a table of recall and speed."""
    curves = {}
    for curve, points in _table(found).items():
        kept = tuple(point for one in (points if isinstance(points, list) else []) if (point := _point(one)))
        if isinstance(points, list) and len(kept) < len(points):
            notes.append(f"{name}: {len(points) - len(kept)} points of its curve {curve} are not numbers")
        if kept:
            curves[curve] = kept[:1000]
    return curves


def _point(found: object) -> tuple[float, ...]:
    if isinstance(found, dict):
        speed = next(
            (found[key] for key in ("queries_per_second", "qps", "images_per_second") if key in found), None
        )
        found = [speed, found.get("recall")]
    numbers = [_number(one) for one in found] if isinstance(found, list) else []
    return (
        tuple(one for one in numbers[:3] if one is not None)
        if None not in numbers[:2] and len(numbers) > 1
        else ()
    )


def _point_names(found: object) -> dict[tuple[float, ...], str]:
    """The setting of each point of recall and speed that names one."""
    points = _table(found).get("recall_speed")
    named = [one for one in (points if isinstance(points, list) else []) if isinstance(one, dict)]
    return {point: _text(one["setting"]) for one in named if one.get("setting") and (point := _point(one))}


def _without(found: Mapping[str, Any]) -> Without:
    metrics, _ = _figures(found)
    changed = metrics.pop("changed", None)
    return Without(
        metrics, *_figures(_table(found.get("difference"))), None if changed is None else int(changed)
    )


def _histogram(found: object, name: str, notes: list[str]) -> Histogram | None:
    if found is None:
        return None
    lists = [_table(found).get(key) for key in ("edges", "true", "false")]
    edges, true, false = (tuple(map(_number, one)) if isinstance(one, list) else () for one in lists)
    kept = [tuple(number for number in one if number is not None) for one in (edges, true, false)]
    rises = all(right - left > 1e-9 for left, right in pairwise(kept[0]))
    if kept == [edges, true, false] and len(edges) - 1 == len(true) == len(false) > 0 and rises:
        return Histogram(*kept)
    notes.append(f"{name}: its histogram of scores cannot be read")
    return None


def _mistakes(found: object, name: str, notes: list[str]) -> tuple[Mistake, ...]:
    if not isinstance(found, list):
        return ()
    read = TypeAdapter(Mistake)
    kept, bad = [], 0
    for one in found[:MOST_MISTAKES]:
        try:
            kept.append(read.validate_python(one))
        except ValidationError:
            bad += 1
    if bad:
        notes.append(f"{name}: {words.count(bad, 'mistake')} cannot be read")
    return tuple(kept)


def _json(path: Path, notes: list[str]) -> Any:
    """The content of a file, or None where it is no JSON."""
    try:
        if path.stat().st_size > LARGEST_RESULTS:
            notes.append(f"{path.name}: is larger than {LARGEST_RESULTS // 2**20} MiB; it was passed over")
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        notes.append(f"{path.name}: is no JSON; it was passed over")
        return None


def _dataset(found: Mapping[str, Any]) -> str:
    dataset = found.get("dataset", found.get("set"))
    return _text(dataset.get("name") if isinstance(dataset, dict) else dataset)


def _subset(found: Mapping[str, Any]) -> str:
    part = _table(found.get("settings")).get("part")
    return part if isinstance(part, str) and part != "all" else ""


def _tables(found: object) -> dict[str, dict[str, Any]]:
    return {key: one for key, one in _table(found).items() if isinstance(one, dict)}


def _table(found: object) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _number(found: object) -> float | None:
    """A number that can be drawn: finite and not huge, tiny ones as zero; a truth value is none."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    if abs(found) < TINY:
        return 0
    return found if abs(found) < HUGE else None


def _text(found: object) -> str:
    return "" if found is None else " ".join(str(found).split())
