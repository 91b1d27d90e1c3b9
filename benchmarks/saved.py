"""Runs as they lie on the disk: a run's folder, one results file, or a baseline: a run in one file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from benchmarks.judged import Judged, judged_as_json, judged_from_json, load_judged
from matcher.errors import UsageError
from matcher.files import replacing

BASELINE = "baseline"
LARGEST = 2**28
KEPT = ("task", "model", "metrics", "fingerprints", "seed", "settings", "dataset", "counts", "state", "why")
"""What a baseline keeps of a results file."""
COSTS = ("seconds", "peak_mib", "images_per_second", "lookups_per_second", "references_per_second")
FIGURES = (*KEPT, "by", "at", *COSTS, "index_bytes_per_image", "versions", "machine", "measured_at")
"""What a run in one file tells of a part, so that a page can show it."""


@dataclass(frozen=True)
class SavedPart:
    """One part as it was saved; `found` is its results file, `pairs` where its queries lie."""

    name: str
    found: Mapping[str, Any]
    pairs: Path | None = None
    inside: Mapping[str, Any] | None = None
    source: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """`done`, `not run` or `failed`."""
        return str(self.found.get("state", "done"))

    @property
    def done(self) -> bool:
        """Whether it has figures."""
        return self.state == "done"

    @property
    def why(self) -> str:
        """Why it has none."""
        return str(self.found.get("why", "no reason is given"))

    def judged(self) -> Judged | None:
        """What each query came to, None where it was not kept; raises UsageError where it cannot be read."""
        if self.inside is not None:
            return judged_from_json(f"{self.source}: {self.name}", self.inside)
        return load_judged(self.pairs) if self.pairs is not None and self.pairs.is_file() else None


@dataclass(frozen=True)
class SavedRun:
    """The parts of a run by name; `name` is that of its plan."""

    source: str
    parts: Mapping[str, SavedPart]
    name: str = ""


def read_saved(place: Path) -> SavedRun:
    """Read a run's folder, a results file or a baseline; raises UsageError where it is none of these."""
    if place.is_dir():
        return _folder(place)
    found = _json(place)
    if isinstance(found.get("parts"), dict) and BASELINE in found:
        inside = {name: one for name, one in found["parts"].items() if isinstance(one, dict)}
        return SavedRun(str(place), {name: _part(name, one, place) for name, one in inside.items()})
    pairs = place.parent.parent / "pairs" / f"{place.stem}.npz"
    return SavedRun(str(place), {place.stem: _part(place.stem, found, place, pairs)})


def write_baseline(run: SavedRun, out: Path) -> None:
    """Write the run as one file, with what each query came to; UsageError where a part has no figures."""
    parts: dict[str, JsonValue] = {}
    for part in run.parts.values():
        if not part.done:
            raise UsageError(f"{part.name}: {part.state}: {part.why}; a baseline needs figures of every part")
        judged = part.judged()
        kept = {key: part.found[key] for key in KEPT if key in part.found}
        parts[part.name] = kept | ({"queries": judged_as_json(judged)} if judged else {})
    lines = ",\n".join(f"{json.dumps(part)}: {json.dumps(one)}" for part, one in parts.items())
    text = f'{{"{BASELINE}": {json.dumps(run.name)}, "parts": {{\n{lines}\n}}}}\n'
    with replacing(out) as (file,):
        file.write(text.encode())


def write_figures(run: SavedRun, out: Path) -> None:
    """Write the figures of every part as one file, and of a part that was not run why."""
    kept = {
        part.name: {key: part.found[key] for key in FIGURES if key in part.found}
        for part in run.parts.values()
    }
    with replacing(out) as (file,):
        file.write((json.dumps({"run": run.name, "parts": kept}, indent=1) + "\n").encode())


def _folder(folder: Path) -> SavedRun:
    results = folder / "results" if (folder / "results").is_dir() else folder
    parts = {}
    for path in sorted(results.glob("*.json")):
        found = _json(path)
        if "task" in found and ("metrics" in found or "state" in found):
            parts[path.stem] = _part(path.stem, found, path, folder / "pairs" / f"{path.stem}.npz")
    if not parts:
        raise UsageError(f"{folder}: holds no results; name the --out folder of a run")
    book = _book(folder)
    listed = book.get("parts")
    names = [one.get("name") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    ordered = sorted(parts, key=lambda part: (names.index(part) if part in names else len(names), part))
    name = str(book.get("name", folder.resolve().name))
    return SavedRun(str(folder), {part: parts[part] for part in ordered}, name)


def _book(folder: Path) -> dict[str, Any]:
    """What run.json says; nothing without one."""
    try:
        return _json(folder / "run.json")
    except UsageError:
        return {}


def _part(name: str, found: Mapping[str, Any], place: Path, pairs: Path | None = None) -> SavedPart:
    metrics = found.get("metrics", {})
    if not isinstance(metrics, dict) or (found.get("state", "done") == "done" and not metrics):
        raise UsageError(f"{place}: {name} has no metrics; name a run's folder, a results file or a baseline")
    figures = {key: float(value) for key, value in metrics.items() if _is_number(value)}
    intervals = {
        key.removesuffix("_ci"): (float(value[0]), float(value[1]))
        for key, value in metrics.items()
        if key.endswith("_ci") and isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))
    }
    inside = found.get("queries")
    kept = inside if isinstance(inside, dict) else None
    return SavedPart(name, found, pairs, kept, str(place), figures, intervals)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path}: is too large to be results")
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise UsageError(f"{path}: is no results file")
    return found
