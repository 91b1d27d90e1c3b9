"""`python -m benchmarks accuracy` for copies and products: how true references rank for each query."""

from __future__ import annotations

import argparse

from pydantic import JsonValue
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.chosen_finder import chosen_finder, costs_at_the_end
from benchmarks.finder import Finder, MakeFinder
from benchmarks.screen import StageBars

SHOWN = ("uAP", "R@P90", "R@1", "R@5", "R@100", "mAP")


def run_retrieval(chosen: argparse.Namespace, make_finder: MakeFinder) -> None:
    """Look up every query of copies or products, and tell how well the true references rank."""
    from benchmarks.accuracy import limited, measure, results
    from benchmarks.machine import machine, write_json
    from benchmarks.score_normalisation import normalised
    from benchmarks.truth_sets import truth_from_folder
    from matcher.config import load_settings
    from matcher.images import Picture, decode

    settings = load_settings(chosen.config)
    sizes = {name: getattr(chosen, name) for name in ("references", "edited", "distractors", "seed")}
    truth = truth_from_folder(chosen.dataset, chosen.task, part=chosen.part, layout=chosen.layout, **sizes)
    truth = limited(truth, chosen.limit, chosen.seed)

    def make() -> Finder:
        return chosen_finder(chosen, settings, make_finder)

    def read(blob: bytes, source: str) -> Picture:
        return decode(blob, source, settings.images)

    finder = normalised(make(), make, truth, read) if chosen.normalise_scores else make()
    with StageBars() as bars:
        measured = measure(truth, finder, read, bars.tell)
    found = results(chosen.task, truth, finder, measured, resamples=chosen.resamples, seed=chosen.seed)
    found |= costs_at_the_end(finder)
    asked: dict[str, JsonValue] = {
        "part": chosen.part, "seed": chosen.seed, "limit": chosen.limit, "verify": not chosen.no_verify,
    }  # fmt: skip
    found |= {"settings": {**asked, **_table(found["settings"])}, **machine()}
    write_json(chosen.out, found)
    show(found)


def show(found: dict[str, JsonValue]) -> None:
    """The overall line with its intervals, then a line a kind, on the screen."""
    dataset, overall = _table(found["dataset"]), _table(found["metrics"])
    title = f"{found['task']} on {dataset['name']}, {found['model']}"
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("kind", no_wrap=True)
    for metric in SHOWN:
        table.add_column(metric, justify="right", no_wrap=True)
    table.add_row("overall", *(_figure(overall, metric) for metric in SHOWN), style="bold")
    table.add_row("95 %", *(_interval(overall, metric) for metric in SHOWN), style="dim", end_section=True)
    for kind, metrics in _table(found["by"]).items():
        table.add_row(kind, *(_figure(_table(metrics), metric) for metric in SHOWN))
    console = Console()
    console.print(table)
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in _table(found["counts"]).items())
    console.print(f"{counts}; {found['seconds']} s", highlight=False)
    notes = dataset["notes"]
    for note in notes if isinstance(notes, list) else []:
        console.print(f"note: {note}", highlight=False, markup=False)


def _table(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _figure(metrics: dict[str, JsonValue], metric: str) -> str:
    value = metrics.get(metric)
    return f"{value:.3f}" if isinstance(value, float | int) else "–"


def _interval(metrics: dict[str, JsonValue], metric: str) -> str:
    match metrics.get(f"{metric}_ci"):
        case [float(low), float(high)]:
            return f"{low:.2f}–{high:.2f}"
        case _:
            return ""
