"""`python -m benchmarks accuracy|speed|report`: one command a figure."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from benchmarks.bounds_commands import BOUNDS_COMMANDS, add_bounds
from benchmarks.chosen_finder import add_finder_argument
from benchmarks.dedup_command import add_dedup_arguments, run_dedup
from benchmarks.diff.command import add_diff_arguments, run_diff
from benchmarks.fetching import add_fetch
from benchmarks.finder import MakeFinder, product_finder
from benchmarks.logos.command import add_logo_arguments, run_logos, show_logos
from benchmarks.peers.commands import add_peers_arguments, run_peers
from benchmarks.report.command import add_report_arguments, run_report
from benchmarks.retrieval_command import run_retrieval
from benchmarks.run_commands import RUN_COMMANDS, add_run_arguments
from benchmarks.screen import StageBars, writable
from benchmarks.search_curves import add_search_arguments, run_search
from benchmarks.text.command import add_text_arguments, run_text, show_text
from benchmarks.verdicts_command import add_verdicts_arguments, run_verdicts, show_verdicts
from matcher.errors import MatcherError

CODED = {**RUN_COMMANDS, **BOUNDS_COMMANDS}
"""Commands that give their exit code."""


class Parser(argparse.ArgumentParser):
    """Complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None, *, make_finder: MakeFinder = product_finder) -> int:
    """Run one benchmark; exit code 0, 1 where a check fails, or 2 with one line on the error stream."""
    chosen = parser().parse_args(arguments)
    try:
        if chosen.benchmark == "accuracy":
            run_accuracy(chosen, make_finder)
        elif chosen.benchmark == "speed":
            run_speed(chosen)
        elif chosen.benchmark == "false-alarms":
            run_false_alarms(chosen)
        elif chosen.benchmark == "peers":
            run_peers(chosen)
        elif chosen.benchmark == "fetch":
            from benchmarks.fetching.command import run_fetch

            run_fetch(chosen)
        elif chosen.benchmark == "diff":
            run_diff(chosen)
        elif chosen.benchmark in CODED:
            return CODED[chosen.benchmark](chosen)
        else:
            run_report(chosen)
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing more is written, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (MatcherError, OSError) as error:
        print("error: " + " ".join(str(error).split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = Parser(prog="python -m benchmarks", description="Measure accuracy and speed of the matcher.")
    commands = top.add_subparsers(dest="benchmark", required=True, parser_class=Parser)
    _add_accuracy_arguments(
        commands.add_parser("accuracy", help="copies, products, duplicates, wordmarks, logos found")
    )
    _add_speed_arguments(commands.add_parser("speed", help="milliseconds a photo by stage, and a whole scan"))
    _add_false_alarms_arguments(
        commands.add_parser("false-alarms", help="what a scan flags among unrelated photos")
    )
    add_bounds(commands)
    add_peers_arguments(commands)
    add_fetch(commands)
    add_run_arguments(commands)
    add_diff_arguments(
        commands.add_parser("diff", help="listings whose verdict two scans or policies change")
    )
    report = commands.add_parser("report", help="a run as Markdown, and as one HTML page")
    add_report_arguments(report)
    return top


def _add_accuracy_arguments(accuracy: argparse.ArgumentParser) -> None:
    accuracy.add_argument(
        "--task", choices=("copies", "products", "dedup", "verdicts", "text", "logos"), required=True
    )
    accuracy.add_argument(
        "--dataset", type=Path, required=True, metavar="DIR", help="folder of photos or product set"
    )
    accuracy.add_argument(
        "--embedder", default="", metavar="NAME", help="as in the settings (default: theirs)"
    )
    add_finder_argument(accuracy)
    add_dedup_arguments(accuracy)
    add_verdicts_arguments(accuracy)
    add_text_arguments(accuracy)
    add_logo_arguments(accuracy)
    accuracy.add_argument(
        "--layout", default="", metavar="NAME", help="of the set (default: by what lies in the folder)"
    )
    accuracy.add_argument(
        "--normalise-scores", action="store_true", help="by the set's training photos (DISC21)"
    )
    accuracy.add_argument("--no-verify", action="store_true", help="descriptors alone, no keypoints")
    accuracy.add_argument("--limit", type=int, metavar="N", help="look up only N of the queries")
    accuracy.add_argument("--part", choices=("tune", "report", "all"), default="all")
    accuracy.add_argument("--seed", type=_natural, default=0, metavar="N")
    accuracy.add_argument("--config", type=Path, metavar="TOML", help="settings file")
    accuracy.add_argument("--references", type=_natural, default=1000, metavar="N", help="copies: references")
    accuracy.add_argument("--edited", type=_natural, default=500, metavar="N", help="copies: edited copies")
    accuracy.add_argument(
        "--distractors", type=_natural, default=500, metavar="N", help="copies: unrelated photos"
    )
    accuracy.add_argument(
        "--resamples", type=_natural, default=1000, metavar="N", help="for the intervals; 0: none"
    )
    accuracy.add_argument("--out", type=Path, required=True, metavar="JSON", help="results file")


def _add_speed_arguments(speed: argparse.ArgumentParser) -> None:
    speed.add_argument(
        "--stage",
        nargs="+",
        default=[],
        choices=("decode", "embed", "search", "verify", "ocr", "logo", "scan", "check", "watch"),
        help="one or more; default: all but the last two",
    )
    speed.add_argument(
        "--requests", type=_natural, default=200, metavar="N",
        help="check: by each number of clients; watch: listings at each rate",
    )  # fmt: skip
    speed.add_argument(
        "--rates", type=float, nargs="+", default=(0.5, 1.0, 2.0), metavar="N",
        help="watch: listings that arrive a second",
    )  # fmt: skip
    speed.add_argument(
        "--clients", type=_natural, nargs="+", default=(1, 8, 32), metavar="N", help="check: at once"
    )
    speed.add_argument("--photos", type=_natural, default=64, metavar="N", help="photos for the stages")
    speed.add_argument(
        "--rounds", type=_natural, default=5, metavar="N", help="the median of these is reported"
    )
    speed.add_argument(
        "--processes", type=_natural, default=1, metavar="N", help="that run each stage but scan at once"
    )
    speed.add_argument("--references", type=_natural, default=3000, metavar="N", help="scan: references")
    speed.add_argument("--listings", type=_natural, default=20000, metavar="N", help="scan: listings")
    speed.add_argument("--workers", type=_natural, default=0, metavar="N", help="scan: as in matcher scan")
    speed.add_argument(
        "--size",
        type=_natural,
        nargs=2,
        default=(1600, 1200),
        metavar=("W", "H"),
        help="of the photos, pixels",
    )
    speed.add_argument(
        "--of", type=Path, nargs="+", default=(), metavar="DIR",
        help="photos of these folders, brought to that size, in place of made ones",
    )  # fmt: skip
    speed.add_argument("--folder", type=Path, metavar="DIR", help="scan: keep the photos here")
    speed.add_argument("--embedder", default="", metavar="NAME", help="as in the settings (default: theirs)")
    speed.add_argument(
        "--batch", type=_natural, nargs="+", default=(), metavar="N", help="embed: also so many views a pass"
    )
    speed.add_argument(
        "--growth", type=_natural, nargs="+", default=(), metavar="N", help="search: also so many references"
    )
    add_search_arguments(speed)
    speed.add_argument(
        "--config", type=Path, metavar="TOML", help="settings file of the stages and of the scan"
    )
    speed.add_argument("--out", type=Path, required=True, metavar="JSON", help="results file")


def _add_false_alarms_arguments(alarms: argparse.ArgumentParser) -> None:
    alarms.add_argument(
        "--references", type=Path, nargs="+", required=True, metavar="DIR", help="folders of references"
    )
    alarms.add_argument(
        "--listings", type=Path, nargs="+", required=True, metavar="DIR", help="folders of listings"
    )
    alarms.add_argument(
        "--limit", type=_natural, default=1000, metavar="N", help="references taken of a folder"
    )
    alarms.add_argument("--config", type=Path, metavar="TOML", help="settings file")
    alarms.add_argument("--out", type=Path, required=True, metavar="JSON", help="results file")


def run_accuracy(chosen: argparse.Namespace, make_finder: MakeFinder) -> None:
    """Measure the task, show the table, write the results file."""
    writable(chosen.out)
    if chosen.task == "dedup":
        with StageBars() as bars:
            run_dedup(chosen, make_finder, bars.tell)
    elif chosen.task == "verdicts":
        with StageBars() as bars:
            judged = run_verdicts(chosen, bars.tell)
        show_verdicts(judged)
    elif chosen.task == "text":
        with StageBars() as bars:
            texts = run_text(chosen, bars.tell)
        show_text(texts)
    elif chosen.task == "logos":
        with StageBars() as bars:
            logos = run_logos(chosen, bars.tell)
        show_logos(logos)
    else:
        run_retrieval(chosen, make_finder)


def run_false_alarms(chosen: argparse.Namespace) -> None:
    """Scan, show what was flagged, write the results file."""
    from benchmarks.false_alarms import choose, measure_false_alarms
    from benchmarks.machine import machine, write_json
    from matcher.config import load_settings

    writable(chosen.out)
    photos = choose(chosen.references, chosen.listings, chosen.limit)
    found = measure_false_alarms(photos, load_settings(chosen.config))
    write_json(chosen.out, {**found, **machine()})
    print(f"{found['counts']}: {found['metrics']}")
    for listing in found["flagged"] if isinstance(found["flagged"], list) else []:
        print(listing)


def run_speed(chosen: argparse.Namespace) -> None:
    """Measure the stages, show and write them."""
    from benchmarks.machine import machine, write_json
    from benchmarks.speed import SpeedPlan, measure_speed
    from matcher.config import load_settings

    if chosen.descriptors:
        run_search(chosen, Console(stderr=True).print)
        return
    writable(chosen.out)
    plan = SpeedPlan(
        photos=chosen.photos, rounds=chosen.rounds, references=chosen.references, listings=chosen.listings,
        workers=chosen.workers, embedder=chosen.embedder, folder=chosen.folder, size=tuple(chosen.size),
        of=tuple(chosen.of),
        requests=chosen.requests, clients=tuple(chosen.clients), rates=tuple(chosen.rates),
        processes=chosen.processes,
        batches=tuple(chosen.batch), growth=tuple(chosen.growth),
    )  # fmt: skip
    console = Console(stderr=True)
    found = measure_speed(plan, chosen.stage, load_settings(chosen.config), tell=console.print)
    write_json(chosen.out, {**found, **machine()})
    metrics = found["metrics"]
    for name, figure in metrics.items() if isinstance(metrics, dict) else ():
        Console().print(f"{name.replace('_', ' '):>28} {figure}", highlight=False)
    for note in found["notes"] if isinstance(found["notes"], list) else ():
        console.print(f"note: {note}", highlight=False, markup=False)
    by = found["by"]
    for name, figures in by.items() if isinstance(by, dict) else ():
        Console().print(f"{name:>28} {figures}", highlight=False)


def _natural(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
