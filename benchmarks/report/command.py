"""`python -m benchmarks report`: its arguments, and what it does."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.report.comparison import compare
from benchmarks.report.flat import flat_tables
from benchmarks.report.folder import is_run, read_run
from benchmarks.report.markdown import run_markdown
from benchmarks.report.mistakes import MOST_SHOWN
from benchmarks.saved import read_saved, write_figures
from matcher.errors import UsageError


def add_report_arguments(report: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    report.add_argument("folder", type=Path, metavar="DIR", help="a run's folder, or loose results files")
    report.add_argument(
        "--html", type=Path, metavar="FILE", help="also write one page that needs nothing else"
    )
    report.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the figures of every part as one file"
    )
    report.add_argument(
        "--against", type=Path, metavar="DIR", help="another run; show what differs beyond noise"
    )
    report.add_argument(
        "--mistakes", type=int, default=MOST_SHOWN, metavar="N",
        help="mistakes with pictures on the page, over all parts (default: %(default)s)",
    )  # fmt: skip


def run_report(chosen: argparse.Namespace) -> None:
    """Print the Markdown, write the page."""
    if chosen.mistakes < 0:
        raise UsageError(f"--mistakes {chosen.mistakes}: give a whole number from 0 up")
    if chosen.json is not None:
        write_figures(read_saved(chosen.folder), _file(chosen.json))
    if chosen.html is None and chosen.against is None and not is_run(chosen.folder):
        print(flat_tables(chosen.folder))
        return
    run = read_run(chosen.folder)
    against = compare(read_run(chosen.against), run) if chosen.against else None
    # The page first: whoever reads only the head of the table has it too.
    if chosen.html is not None:
        from benchmarks.report.page import write_page

        write_page(_file(chosen.html), run, against, mistakes=chosen.mistakes)
        print(f"wrote {chosen.html}", file=sys.stderr)
    print(run_markdown(run, against) if is_run(chosen.folder) or against else flat_tables(chosen.folder))


def _file(path: Path) -> Path:
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file to write")
    return path
