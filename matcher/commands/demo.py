"""`matcher demo`: invented brands and listings, from drawing to report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.commands import screen
from matcher.commands.check import STYLES
from matcher.commands.progress import Meter
from matcher.commands.session import session_of

if TYPE_CHECKING:
    from matcher.demo_run import DemoResult


def demo(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where it goes: a new or empty folder, or a former demo's.")
    ] = Path("matcher-demo"),
) -> None:
    """Show it at work: draw invented brands and listings, import, scan, compare with the truth.

    Takes a minute or two. Everything lies in --out, its workspace too; a
    former demo there is replaced.

      matcher demo
      matcher --workspace matcher-demo/workspace review list
    """
    from matcher.config import load_settings
    from matcher.demo_run import run_demo

    settings = load_settings(session_of(context).config)
    with Meter() as meter:

        def tell(what: str, total: int | None) -> None:
            screen.note(what, "")
            meter.begin(what, total)

        result = run_demo(
            out, settings=settings, tell=tell,
            progress=lambda done, photos: meter.show(done, counted=photos, unit="photos"),
        )  # fmt: skip
    show(result)


def show(result: DemoResult) -> None:
    """The table of kinds, and where the report lies."""
    from rich.text import Text

    from matcher.records import VerdictKind

    rows: list[list[object]] = [
        [
            one.kind,
            Text(one.expected.value, style=STYLES[one.expected.value]),
            *(one.got[kind] or "" for kind in VerdictKind),
            f"{one.right} of {one.listings}",
        ]
        for one in result.kinds
    ]
    right, listings = sum(one.right for one in result.kinds), sum(one.listings for one in result.kinds)
    rows.append(["all", "", *result.summary.counts.values(), f"{right} of {listings}"])
    numbers = [kind.value for kind in VerdictKind]
    screen.table(
        "Listings by kind: what they got",
        ("kind of listing", "a fair reviewer says", *numbers, "right"),
        rows,
        numbers=(*numbers, "right"),
    )
    screen.say("the report, for any browser:")
    screen.say(str(result.folder / "scan" / "report.html"), "bold")
