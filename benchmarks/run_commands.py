"""`python -m benchmarks run|compare|baseline`: their arguments, and what they say on the screen."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from matcher.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.compare import Comparison, Difference
    from benchmarks.plan import PlannedPart
    from benchmarks.runs import PartState

REGRESSION = 1
STYLES = {"worse": "bold red", "better": "green", "noise": "dim", "same": "dim", "unknown": "dim"}
Subcommands = Any
"""What `argparse` gives for sub-commands, which it does not name in public."""


def add_run_arguments(commands: Subcommands) -> None:
    """The sub-commands `run`, `compare` and `baseline`."""
    run = commands.add_parser("run", help="every part of a plan, into a folder")
    run.add_argument("plan", type=Path, metavar="PLAN", help="TOML file, such as configs/bench/small.toml")
    run.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder; goes on with what it holds"
    )
    run.add_argument(
        "--data",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where the paths of sets begin (default: here)",
    )
    run.add_argument("--fresh", action="store_true", help="measure again what is done")
    run.add_argument(
        "--check", type=Path, metavar="BASELINE", help="exit with 1 where it got worse than this beyond noise"
    )
    compare = commands.add_parser("compare", help="two runs: what differs beyond noise")
    compare.add_argument("before", type=Path, metavar="A", help="run's folder, results file or baseline")
    compare.add_argument("after", type=Path, metavar="B", help="the same")
    compare.add_argument("--check", action="store_true", help="exit with 1 where B is worse beyond noise")
    compare.add_argument("--json", type=Path, metavar="FILE", help="write the differences here")
    for command in (run, compare):
        command.add_argument(
            "--confidence", type=_share, metavar="SHARE", help="default: 0.95, with --check 0.99"
        )
    baseline = commands.add_parser("baseline", help="one file of a run, for --check")
    baseline.add_argument("run", type=Path, metavar="DIR", help="run's folder")
    baseline.add_argument("--out", type=Path, required=True, metavar="JSON", help="baseline file")


def run_run(chosen: argparse.Namespace) -> int:
    """Measure the plan; exit code 0, 1 where a part broke, none ran or, with `--check`, one got worse."""
    from benchmarks.runs import DONE, FAILED, run_plan
    from benchmarks.saved import read_saved

    baseline = read_saved(chosen.check) if chosen.check else None
    with RunBars() as bars:
        states = run_plan(
            chosen.plan, chosen.out, photos=chosen.data, fresh=chosen.fresh, telling=bars.telling()
        )
    show_run(chosen.out, states)
    nothing = all(state.state != DONE for state in states)
    if nothing:
        print("nothing was measured: no part of the plan can run here", file=sys.stderr)
    code = int(nothing or any(state.state == FAILED for state in states))
    if baseline is None:
        return code
    found = _compared(baseline, read_saved(chosen.out), chosen.confidence, check=True)
    return max(code, show_comparison(found, check=True))


def run_compare(chosen: argparse.Namespace) -> int:
    """Show how B differs from A; with `--check`, exit code 1 where it is worse."""
    from benchmarks.machine import write_json
    from benchmarks.saved import read_saved

    found = _compared(
        read_saved(chosen.before), read_saved(chosen.after), chosen.confidence, check=chosen.check
    )
    if chosen.json:
        write_json(chosen.json, as_json(found))
    return show_comparison(found, check=chosen.check)


def run_baseline(chosen: argparse.Namespace) -> int:
    """Write a run as one file."""
    from benchmarks.saved import read_saved, write_baseline

    if not chosen.run.is_dir():
        raise UsageError(f"{chosen.run}: is not a folder; name the --out folder of a run")
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    write_baseline(read_saved(chosen.run), chosen.out)
    return 0


RUN_COMMANDS = {"run": run_run, "compare": run_compare, "baseline": run_baseline}
"""What each sub-command runs; it gives the exit code."""


def _compared(before: Any, after: Any, confidence: float | None, *, check: bool) -> Comparison:
    from benchmarks.compare import CHECK_CONFIDENCE, CONFIDENCE, compare_runs

    wanted = confidence or (CHECK_CONFIDENCE if check else CONFIDENCE)
    return compare_runs(before, after, confidence=wanted, same_queries=check)


def show_run(folder: Path, states: Iterable[PartState]) -> None:
    """A line a part: its state, and its figures or why it has none."""
    from benchmarks.saved import read_saved

    saved = read_saved(folder).parts
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("part", "state", "figures"):
        table.add_column(column, overflow="fold")
    for state in states:
        part = saved[state.part.name]
        figures = ", ".join(f"{name} {value:.3f}" for name, value in part.metrics.items())
        table.add_row(
            escape(state.part.name), "kept" if state.kept else state.state,
            escape(figures if part.done else state.why), style="" if part.done else "red",
        )  # fmt: skip
    Console().print(table)


def show_comparison(found: Comparison, *, check: bool) -> int:
    """The differences as a table; exit code 1 where `check` finds a regression."""
    console = Console()
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("part", "metric", "before", "after", "difference", "interval", ""):
        left = column in ("part", "metric", "")
        table.add_column(column, justify="left" if left else "right", no_wrap=not left, overflow="fold")
    shown = ""
    for each in found.differences:
        table.add_row(
            "" if each.part == shown else escape(each.part), *_row(each), style=STYLES[each.standing]
        )
        shown = each.part
    console.print(table)
    for note in found.notes:
        console.print(f"note: {note}", highlight=False, markup=False)
    for lost in found.lost:
        console.print(f"lost: {lost}", highlight=False, markup=False)
    if not check:
        return 0
    if found.regressed:
        console.print(f"worse beyond noise: {len(found.worse)} figures; lost: {len(found.lost)} parts")
        return REGRESSION
    console.print("nothing is worse beyond noise")
    return 0


def as_json(found: Comparison) -> dict[str, JsonValue]:
    """The comparison for programs."""
    return {
        "differences": [
            {
                "part": each.part, "metric": each.metric, "before": each.before, "after": each.after,
                "difference": each.value, "paired": each.paired, "standing": each.standing,
                "interval": None if math.isnan(each.low) else [each.low, each.high],
            }
            for each in found.differences
        ],
        "notes": [*found.notes],
        "lost": [*found.lost],
    }  # fmt: skip


class RunBars:
    """A bar for the parts and one for the stage at hand, on the error stream."""

    def __init__(self) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._parts = self._progress.add_task("parts", total=None)
        self._stage = self._progress.add_task("", total=None, visible=False)
        self._name = ""

    def __enter__(self) -> RunBars:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress.live.is_started:
            self._progress.stop()

    def telling(self) -> Any:
        """What a run reports to."""
        from benchmarks.runs import Telling

        return Telling(self._begins, self._moves, self._ends)

    def _begins(self, number: int, total: int, part: PlannedPart) -> None:
        self._name = ""
        self._progress.start()  # Only now: a plan that is wrong is said without a bar above it.
        self._progress.update(
            self._parts, completed=number, total=total, description=f"part {escape(part.name)}"
        )

    def _moves(self, name: str, done: int, total: int) -> None:
        if name != self._name:
            self._progress.reset(self._stage, total=total, description=escape(name), visible=True)
            self._name = name
        self._progress.update(self._stage, completed=done, total=total)

    def _ends(self, state: PartState) -> None:
        self._progress.console.print(
            f"{state.part.name}: {'kept' if state.kept else state.state}", markup=False
        )


def _row(each: Difference) -> tuple[str, ...]:
    interval = "–" if math.isnan(each.low) else f"{each.low:+.3f} … {each.high:+.3f}"
    figures = (f"{each.before:.4f}", f"{each.after:.4f}", f"{each.value:+.4f}")
    return each.metric, *figures, interval, each.standing


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.5 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0.5 up to 1")
    return value
