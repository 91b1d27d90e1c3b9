"""`python -m benchmarks accuracy --task dedup`: the table of cuts on the screen, the results file."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from pydantic import JsonValue
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.chosen_finder import chosen_finder
from benchmarks.finder import MakeFinder
from matcher.config import load_settings
from matcher.errors import UsageError


def add_dedup_arguments(accuracy: argparse.ArgumentParser) -> None:
    """Register what the task `dedup` alone has."""
    accuracy.add_argument(
        "--groups", type=int, default=300, metavar="N", help="dedup: photos, six images each"
    )


def run_dedup(
    chosen: argparse.Namespace, make_finder: MakeFinder, tell: Callable[[str, int, int], None]
) -> None:
    """Measure, show the cuts, write the results file."""
    from benchmarks.dedup import dedup_run
    from benchmarks.machine import machine, write_json
    from matcher.images import decode

    if chosen.groups < 2:
        raise UsageError("--groups: give at least 2 photos")
    settings = load_settings(chosen.config)
    found, *_ = dedup_run(
        chosen.dataset,
        chosen.finder,
        lambda: chosen_finder(chosen, settings, make_finder),
        lambda blob, source: decode(blob, source, settings.images),
        groups=chosen.groups,
        seed=chosen.seed,
        part=chosen.part,
        resamples=chosen.resamples,
        tell=tell,
    )
    write_json(chosen.out, {**found, "seed": chosen.seed, **machine()})
    show_cuts(found)


def show_cuts(found: Mapping[str, JsonValue]) -> None:
    """A line a cut, as imagededup's tables have them, then recall by transform."""
    table = Table(title=f"dedup, {found['model']}", box=box.SIMPLE_HEAD)
    for name in ("cut", "class-1 precision", "class-1 recall"):
        table.add_column(name, justify="left" if name == "cut" else "right")
    cuts = found["cuts"]
    for cut in cuts if isinstance(cuts, list) else []:
        one = cut if isinstance(cut, dict) else {}
        name = f"{one.get('name')}{'' if one.get('complete') else ' (incomplete)'}"
        table.add_row(name, *(_figure(one.get(key)) for key in ("precision", "recall")))
    console = Console(highlight=False)
    console.print(table)
    by = found["by"]
    recalls = {kind: one for kind, one in by.items() if isinstance(one, dict)} if isinstance(by, dict) else {}
    console.print(
        "recall by transform: " + ", ".join(f"{k} {_figure(v['recall'])}" for k, v in recalls.items())
    )
    console.print(f"{found['counts']}; {found['images_per_second']} images a second")


def _figure(value: JsonValue) -> str:
    return f"{value:.3f}" if isinstance(value, float | int) else "–"
