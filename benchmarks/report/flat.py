"""Loose results files as Markdown: a table of what is ranked, one of each other task, one of speed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.report import words
from matcher.errors import UsageError

RANKED = {"copies", "products"}
ACCURACY = ("uAP", "R@P90", "R@1", "R@5", "R@100", "mAP")
STAGES = ("decode_ms", "embed_ms", "search_ms", "vote_ms", "verify_ms", "ocr_ms", "logo_ms")
SPEED = (*STAGES, "photos_per_second", "peak_mib", "growth_mib")
HASHES = re.compile(r"@([0-9a-f]{12})(?:@\1)?[0-9a-f]*")
"""A model's fingerprint, whole and behind its first digits."""
Row = tuple[str, ...]


def flat_tables(folder: Path) -> str:
    """One line a results file, by task and data set; other files are passed over.

    Raises UsageError when `folder` holds no results file.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; name the folder of the results files")
    found = {path.name: results for path in sorted(folder.glob("*.json")) if (results := _results(path))}
    fast = {name: results for name, results in found.items() if results["task"] == "speed"}
    right = {name: results for name, results in found.items() if name not in fast}
    if not found:
        raise UsageError(f"{folder}: holds no results file; write one with --out")
    head = ("file", "task", "dataset", "part", "model", "verify", "queries", *ACCURACY, "seconds")
    ranked = {name: results for name, results in right.items() if results["task"] in RANKED}
    tables = [
        _table(head, ranked, _accuracy_row),
        *(
            _of_task(task, {name: one for name, one in right.items() if one["task"] == task})
            for task in sorted({results["task"] for results in right.values()} - RANKED)
        ),
        _table(("file", "model", *SPEED, "seconds"), fast, _speed_row),
        *(_swept(name, results) for name, results in fast.items()),
    ]
    return "\n\n".join(table for table in tables if table)


def _results(path: Path) -> dict[str, Any] | None:
    """The file's content if it is what the benchmarks write."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    wanted = {"task": str, "metrics": dict, "settings": dict}
    fits = isinstance(found, dict) and all(isinstance(found.get(key), kind) for key, kind in wanted.items())
    return found if fits else None


def _table(head: Row, found: dict[str, dict[str, Any]], row: Callable[[str, dict[str, Any]], Row]) -> str:
    rows = sorted(
        (row(name, results) for name, results in found.items()), key=lambda cells: (cells[1:3], cells)
    )
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) if rows else ""


def _accuracy_row(name: str, results: dict[str, Any]) -> Row:
    settings, dataset, counts = results["settings"], results.get("dataset"), results.get("counts")
    return (
        _text(name),
        _text(results["task"]),
        _text(dataset.get("name", "") if isinstance(dataset, dict) else ""),
        _text(settings.get("part", "")),
        _text(results.get("model")),
        "yes" if settings.get("verify", True) else "no",
        _text(counts.get("queries", "") if isinstance(counts, dict) else ""),
        *(_figure(results["metrics"].get(metric), 3) for metric in ACCURACY),
        _figure(results.get("seconds"), 0),
    )


def _of_task(task: str, found: dict[str, dict[str, Any]]) -> str:
    """The files of another task, with the metrics that they have."""
    names = words.ordered({
        name for results in found.values() for name, value in results["metrics"].items()
        if isinstance(value, int | float)
    })  # fmt: skip

    def row(name: str, results: dict[str, Any]) -> Row:
        file, _, dataset, part, model, *_ = _accuracy_row(name, results)
        metrics = results["metrics"]
        figures = (
            words.figure(one, value) if isinstance(value := metrics.get(one), int | float) else words.DASH
            for one in names
        )
        return (file, dataset, part, model, *figures, _figure(results.get("seconds"), 0))

    titles = (words.metric(name).title for name in names)
    return _table((f"file, {_text(task)}", "dataset", "part", "model", *titles, "seconds"), found, row)


def _speed_row(name: str, results: dict[str, Any]) -> Row:
    figures = (_figure(results["metrics"].get(metric), 2) for metric in SPEED)
    return _text(name), _text(results.get("model")), *figures, _figure(results.get("seconds"), 0)


def _swept(name: str, results: dict[str, Any]) -> str:
    """A table of what a speed run swept: milliseconds a photo by references or by views in one pass."""
    curves = results.get("curves")
    rows = [
        (_text(name), _text(curve).replace("_by_", ", by "), f"{point[0]:,}", _figure(point[1], 2))
        for curve, points in (curves if isinstance(curves, dict) else {}).items()
        for point in (points if isinstance(points, list) else [])
        if isinstance(point, list) and len(point) == 2 and all(isinstance(one, int | float) for one in point)
    ]
    head = ("file", "stage", "number", "ms a photo")
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ("---",) * 4, *rows)) if rows else ""


def _figure(value: object, places: int) -> str:
    return f"{value:.{places}f}" if isinstance(value, int | float) else "–"


def _text(value: object) -> str:
    """Fit for a table cell."""
    plain = HASHES.sub(r"@\1", "" if value is None else str(value))
    return " ".join(plain.replace("|", "\\|").split())
