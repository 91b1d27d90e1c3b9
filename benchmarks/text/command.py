"""`python -m benchmarks accuracy --task text`: its options, and what it shows."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import JsonValue
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.text.lettering import FONTS
from matcher.errors import UsageError

METRICS = ("precision", "recall", "precision_near_miss", "recall_near_miss", "alarms_per_500")
HEADS = ("precision", "recall", "P near miss", "R near miss", "alarms / 500")
PIPED_WIDTH = 140
Tell = Callable[[str, int, int], None]


def add_text_arguments(accuracy: argparse.ArgumentParser) -> None:
    """The options that only the task `text` has."""
    group = accuracy.add_argument_group(
        "text", "--dataset: photos that words are drawn on or, with --truth or --alarms-only, as they are"
    )
    group.add_argument("--drawn", type=int, default=1000, metavar="N", help="words drawn (default 1000)")
    group.add_argument("--truth", type=Path, metavar="CSV", help="what the photos show: image, brands, also")
    group.add_argument(
        "--alarms-only",
        action="store_true",
        help="no photo holds a near miss, or a logo of --logos: count what is called one",
    )
    group.add_argument(
        "--brands",
        type=Path,
        nargs="+",
        default=[],
        metavar="CSV",
        help="the lexicon, or how a logo set's brands are written: brand, wordmarks",
    )
    group.add_argument("--title", default="", metavar="TEXT", help="of every listing (default: none)")
    group.add_argument("--fonts", type=Path, default=FONTS, metavar="DIR", help="where Noto fonts lie")
    group.add_argument("--lines", type=Path, metavar="FILE", help="keep what was read here, to match again")
    group.add_argument("--sheet", type=Path, metavar="PNG", help="draw every alarm (also of --task logos)")


def run_text(chosen: argparse.Namespace, tell: Tell) -> dict[str, Any]:
    """Measure and write the results file; returns what it holds."""
    from benchmarks.machine import machine, write_json
    from benchmarks.text.chosen import chosen_set
    from benchmarks.text.kept_lines import KeptLines
    from benchmarks.text.measuring import read_set, text_results
    from benchmarks.text.sheet import draw_sheet
    from matcher.assembly import build_text_reader
    from matcher.config import load_settings

    settings = load_settings(chosen.config)
    reader = build_text_reader(settings.models)
    if reader is None:
        raise UsageError("models.text is 'none': the task text needs a reader; set it to rapidocr")
    found = chosen_set(
        chosen.dataset, brands=chosen.brands, truth=chosen.truth, alarms_only=chosen.alarms_only,
        drawn=chosen.drawn, seed=chosen.seed, part=chosen.part, fonts=chosen.fonts, limit=chosen.limit,
    )  # fmt: skip
    name = reader.name
    if chosen.lines:
        reader = KeptLines(reader, chosen.lines)
    answers = read_set(found, reader, settings.images, chosen.title, tell)
    asked: dict[str, JsonValue] = {
        "part": chosen.part, "seed": chosen.seed, "limit": chosen.limit, "title": chosen.title,
        "drawn": None if chosen.truth or chosen.alarms_only else chosen.drawn,
        "truth": chosen.truth.name if chosen.truth else None, "alarms_only": chosen.alarms_only,
        "models": settings.models.model_dump(mode="json"), "images": settings.images.model_dump(mode="json"),
    }  # fmt: skip
    results = text_results(found, answers, resamples=chosen.resamples, seed=chosen.seed)
    results |= {"model": name, "settings": asked, **machine()}
    write_json(chosen.out, results)
    if chosen.sheet:
        draw_sheet([one for one in answers if one.alarms or one.wrong], chosen.sheet)
    return results


def show_text(found: dict[str, Any]) -> None:
    """The overall line with its intervals, then a line a part, then each alarm."""
    console = Console()
    console = console if console.is_terminal else Console(width=PIPED_WIDTH)
    table = Table(title=f"text on {found['dataset']['name']}, {found['model']}", box=box.SIMPLE_HEAD)
    for head in ("", "photos", *HEADS):
        table.add_column(head, justify="right" if head else "left", no_wrap=True)
    metrics = found["metrics"]
    cells = (_figure(metrics, one) for one in METRICS)
    table.add_row("overall", str(found["counts"]["photos"]), *cells, style="bold")
    table.add_row("95 %", "", *(_interval(metrics, one) for one in METRICS), style="dim", end_section=True)
    for name, part in found["by"].items():
        table.add_row(name, str(part["queries"]), *(_figure(part, one) for one in METRICS))
    console.print(table)
    for what in ("alarms", "wrong"):
        for one in found[what]:
            console.print(_line(what, one), highlight=False, markup=False)


def _line(what: str, one: dict[str, Any]) -> str:
    said = "near miss of" if what == "alarms" else "wordmark"
    shown = f", shows {json.dumps(one['shown'], ensure_ascii=False)}" if one["shown"] else ""
    return f"{one['image']}: {one['text']!r} called {said} {one['wordmark']!r}, {one['score']:.2f}{shown}"


def _figure(metrics: dict[str, Any], name: str) -> str:
    value = metrics.get(name)
    return "–" if value is None else f"{value:.2f}" if name.startswith("alarms") else f"{value:.3f}"


def _interval(metrics: dict[str, Any], name: str) -> str:
    bounds: Sequence[float] | None = metrics.get(f"{name}_ci")
    return f"{bounds[0]:.2f}–{bounds[1]:.2f}" if bounds else ""
