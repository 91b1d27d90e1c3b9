"""`python -m benchmarks roofline|sizes`: their arguments, and what they say on the screen."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine, write_json
from benchmarks.made_photos import SIZE
from benchmarks.screen import writable

Subcommands = Any
"""What `argparse` gives for sub-commands, which it does not name in public."""


def add_bounds(commands: Subcommands) -> None:
    """The sub-commands `roofline` and `sizes`."""
    roofline = commands.add_parser("roofline", help="what bounds each model, and search")
    roofline.add_argument("--rounds", type=int, default=15, metavar="N", help="the median of these is told")
    sizes = commands.add_parser("sizes", help="bytes that a reference and a descriptor take")
    sizes.add_argument("--photos", type=int, default=60, metavar="N", help="made photos that are described")
    sizes.add_argument("--descriptors", type=int, default=20_000, metavar="N", help="in each kind of gallery")
    sizes.add_argument("--width", type=int, default=SIZE[0], metavar="PIXELS", help="of the made photos")
    for command in (roofline, sizes):
        command.add_argument("--out", type=Path, required=True, metavar="JSON", help="results file")


def run_roofline(chosen: argparse.Namespace) -> int:
    """Measure, show a line each, write the results file."""
    from benchmarks.roofline import measure_roofline

    writable(chosen.out)
    found = measure_roofline(chosen.rounds)
    write_json(chosen.out, {**found, **machine()})
    show_roofline(found)
    return 0


def run_sizes(chosen: argparse.Namespace) -> int:
    """Measure, show and write."""
    from benchmarks.scale_sizes import measure_sizes

    writable(chosen.out)
    found = measure_sizes(chosen.photos, chosen.descriptors, (chosen.width, chosen.width * 3 // 4))
    write_json(chosen.out, {**found, **machine()})
    metrics = found["metrics"]
    for name, figure in metrics.items() if isinstance(metrics, dict) else ():
        print(f"{name.replace('_', ' '):>24} {figure}")
    return 0


BOUNDS_COMMANDS = {"roofline": run_roofline, "sizes": run_sizes}
"""What each sub-command runs; it gives the exit code."""


def show_roofline(found: Mapping[str, Any]) -> None:
    """The roofs, then a line for each model and for search."""
    metrics = found["metrics"]
    roofs = f"{metrics['roof_gflops']:.0f} GFLOP and {metrics['memory_gbs']:.1f} GB a second"
    table = Table(title=f"one core: {roofs}", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("", "work", "ms", "of the roof", "bound by"):
        table.add_column(column, justify="left" if column in ("", "bound by") else "right")
    for name, told in found["by"].items():
        unit = "gb" if f"{name}_gb" in metrics else "gflop"
        work = f"{metrics[f'{name}_{unit}']:.2f} {unit.upper()}"
        share, ms = f"{metrics[f'{name}_share']:.0%}", f"{metrics[f'{name}_ms']:.1f}"
        table.add_row(name.replace("_", " "), work, ms, share, told["bound"])
    Console().print(table)
