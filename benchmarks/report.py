"""A Markdown table of all results files in a folder."""

from __future__ import annotations

import json
from pathlib import Path

from matcher.errors import UsageError

COLUMNS = ("uAP", "R@P90", "R@1", "R@5", "R@100", "mAP")


def markdown(folder: Path) -> str:
    """One line a results file, by task and data set; other files are passed over.

    Raises UsageError when `folder` holds no results file.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; name the folder of the results files")
    rows = [row for path in sorted(folder.glob("*.json")) if (row := _row(path))]
    if not rows:
        raise UsageError(f"{folder}: holds no results file; write one with --out")
    head = ("file", "task", "dataset", "part", "model", "verify", "queries", *COLUMNS, "seconds")
    lines = [head, tuple("---" for _ in head), *sorted(rows, key=lambda row: (row[1], row[2], row[0]))]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(path: Path) -> tuple[str, ...] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        settings, metrics = found["settings"], found["metrics"]
        return (
            path.name,
            _text(found["task"]),
            _text(found.get("dataset", {}).get("name", "")),
            _text(settings.get("part", "")),
            _text(found["model"]),
            "yes" if settings.get("verify", True) else "no",
            _text(found.get("counts", {}).get("queries", "")),
            *(_figure(metrics, name) for name in COLUMNS),
            f"{found['seconds']:.0f}",
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _figure(metrics: dict[str, float], name: str) -> str:
    return f"{metrics[name]:.3f}" if name in metrics else "–"


def _text(value: object) -> str:
    """Fit for a table cell."""
    return " ".join(str(value).replace("|", "\\|").split())
