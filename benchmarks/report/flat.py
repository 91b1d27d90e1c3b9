"""Loose results files as Markdown: one table of accuracy, one of speed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matcher.errors import UsageError

ACCURACY = ("uAP", "R@P90", "R@1", "R@5", "R@100", "mAP")
STAGES = ("decode_ms", "embed_ms", "search_ms", "vote_ms", "verify_ms")
SPEED = (*STAGES, "photos_per_second", "peak_mib", "growth_mib")
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
    tables = [
        _table(head, right, _accuracy_row),
        _table(("file", "model", *SPEED, "seconds"), fast, _speed_row),
    ]
    return "\n\n".join(table for table in tables if table)


def _results(path: Path) -> dict[str, Any] | None:
    """The file's content if it is what the benchmarks write."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    wanted = {"task": str, "metrics": dict, "settings": dict, "seconds": int | float}
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
        _figure(results["seconds"], 0),
    )


def _speed_row(name: str, results: dict[str, Any]) -> Row:
    figures = (_figure(results["metrics"].get(metric), 2) for metric in SPEED)
    return _text(name), _text(results.get("model")), *figures, _figure(results["seconds"], 0)


def _figure(value: object, places: int) -> str:
    return f"{value:.{places}f}" if isinstance(value, int | float) else "–"


def _text(value: object) -> str:
    """Fit for a table cell."""
    return " ".join(("" if value is None else str(value)).replace("|", "\\|").split())
