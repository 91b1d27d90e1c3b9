"""`python -m benchmarks diff A B`: its options, and what it shows."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from benchmarks.diff.changes import ScanDiff

SHOWN = 20


def add_diff_arguments(diff: argparse.ArgumentParser) -> None:
    """The command line of `diff`."""
    diff.add_argument("before", type=Path, metavar="A", help="folder of a scan")
    diff.add_argument(
        "after",
        type=Path,
        metavar="B",
        help="folder of another scan of the same listings, or a policy (TOML)",
    )
    diff.add_argument(
        "--workspace", type=Path, action="append", metavar="DIR",
        help="that they were made in, for the pictures; may repeat (default: as matcher has it)",
    )  # fmt: skip
    diff.add_argument(
        "--listings", type=Path, metavar="MANIFEST",
        help="the listings, for photos of those that were clear, which no workspace keeps",
    )  # fmt: skip
    diff.add_argument("--out", type=Path, metavar="HTML", help="write a page with pictures")
    diff.add_argument(
        "--limit", type=int, default=500, metavar="N", help="listings on the page (default: 500)"
    )
    diff.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run_diff(chosen: argparse.Namespace) -> None:
    """Compare, write the page, show what changed; raises MatcherError."""
    from benchmarks.diff.changes import compare_scans
    from benchmarks.diff.page import write_diff
    from benchmarks.diff.pictures import Albums

    found = compare_scans(chosen.before, chosen.after)
    if chosen.out is not None:
        changes = list(islice(found.changes, max(0, chosen.limit)))
        wanted = {one.listing_id for one in changes}
        folders = chosen.after, chosen.before
        with Albums(list(_workspaces(chosen)), folders, chosen.listings, wanted) as albums:
            shown = write_diff(chosen.out, found, albums.rows(changes))
            if shown and not albums.known:
                Console(stderr=True).print(
                    "no workspace has these scans, so the page has no pictures; --workspace DIR"
                )
    if chosen.json:
        print(json.dumps(found.facts(), ensure_ascii=True, indent=2))
    else:
        _show(found, chosen.out)


def _workspaces(chosen: argparse.Namespace) -> Iterator[Path]:
    """Those that are named, else the one that `matcher` itself would use, if it is there."""
    if chosen.workspace:
        yield from chosen.workspace
        return
    usual = Path(os.environ.get("MATCHER_WORKSPACE", "matcher-workspace"))
    if usual.is_dir():
        yield usual


def _show(found: ScanDiff, out: Path | None) -> None:
    console = Console()
    title = f"{len(found.changes):,} of {found.both:,} listings changed their verdict"
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for head in ("listing", "before", "after", "score", "most by"):
        table.add_column(head, overflow="fold")
    for one in found.changes[:SHOWN]:
        by = next((each for each in one.signals if abs(each.after - each.before) >= 0.05), None)
        score = f"{one.before.score:.2f} to {one.after.score:.2f}"
        most = f"{by.signal} {by.before:+.1f} to {by.after:+.1f}" if by else "thresholds"
        cells = (_plain(one.listing_id), one.before.verdict.value, one.after.verdict.value, score, most)
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    for move, count in found.moves.items():
        console.print(f"{count:,} {move}", highlight=False)
    if len(found.changes) > SHOWN:
        console.print(f"and {len(found.changes) - SHOWN:,} more; --json tells them all", highlight=False)
    for ids, side in ((found.only_before, "A"), (found.only_after, "B")):
        if ids:
            console.print(f"{len(ids):,} listings only in {side}", highlight=False)
    if out is not None:
        console.print(Text(str(out), style="bold"), soft_wrap=True)


def _plain(text: str) -> str:
    from matcher.commands.screen import plain

    return plain(text)
