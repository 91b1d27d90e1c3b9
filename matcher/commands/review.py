"""`matcher review`: what waits for a person, and what people said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.commands import screen
from matcher.commands.brand import AsJson
from matcher.commands.check import STYLES
from matcher.commands.choices import Answer
from matcher.commands.session import open_workspace
from matcher.errors import CatalogError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from matcher.catalog import JudgedListing, Scan

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="Listings that wait for a person, and their answers."
)


@app.command("list")
def list_(
    context: typer.Context,
    scan: Annotated[
        str, typer.Option(metavar="SCAN", help="Only this scan's: its number or its folder.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what is not clear and has no answer yet, oldest first.

    For instance:

      matcher review list
      matcher review list --scan monday --json
    """
    from matcher.catalog import pending_reviews

    with open_workspace(context) as workspace, workspace.database.read() as connection:
        chosen = find(connection, scan).scan_id if scan else None
        pending = pending_reviews(connection, scan_id=chosen, limit=limit + 1)
    if as_json:
        screen.say_json([_facts(one) for one in pending[:limit]])
        return
    from rich.text import Text

    rows = [
        (
            one.scan_id,
            one.listing.listing_id,
            Text(one.verdict.verdict.value, style=STYLES[one.verdict.verdict.value]),
            f"{one.verdict.score:.2f}",
            one.verdict.brand,
            one.verdict.reasons[0] if one.verdict.reasons else "",
        )
        for one in pending[:limit]
    ]
    columns = ("scan", "listing", "verdict", "score", "brand", "first reason")
    screen.table("Waiting for a review", columns, rows, numbers=("scan", "score"))
    if len(pending) > limit:
        screen.note(f"there are more; --limit {limit * 10} shows more of them")


def _facts(one: JudgedListing) -> dict[str, Any]:
    from matcher.outputs import verdict_record

    return {
        "scan": one.scan_id,
        "title": one.listing.title,
        "url": one.listing.url,
        **verdict_record(one.verdict),
    }


@app.command("answer")
def answer(
    context: typer.Context,
    scan: Annotated[str, typer.Argument(metavar="SCAN", help="The scan's number or its folder.")],
    listing_id: Annotated[str, typer.Argument(metavar="LISTING_ID", help="The listing, as in the manifest.")],
    said: Annotated[
        Answer, typer.Argument(metavar="ANSWER", help="confirm (it is a fake), reject (it is not) or unsure.")
    ],
    reviewer: Annotated[str, typer.Option(metavar="NAME", help="Who says so.")] = "",
    note: Annotated[str, typer.Option(help="A remark to keep with it.")] = "",
) -> None:
    """Keep a person's answer; earlier ones stay on record, the latest counts.

    For instance:

      matcher review answer monday L-17 confirm --reviewer kim --note "stitching is wrong"
      matcher review answer 12 L-18 reject
    """
    from matcher.catalog import answer_review, find_listing
    from matcher.records import ReviewAnswer

    with open_workspace(context) as workspace, workspace.database.write() as connection:
        found = find_listing(connection, find(connection, scan).scan_id, listing_id)
        answer_review(connection, found.listing_row, ReviewAnswer(said.value), reviewer=reviewer, note=note)
    screen.say(f"{listing_id}: {said.value}", "green")


def find(connection: Connection, scan: str) -> Scan:
    """The scan of that number, or the newest in that folder; raises `CatalogError` where there is none."""
    from matcher.catalog import find_scan, latest_scan

    by_number = (
        find_scan(connection, int(scan)) if scan.isascii() and scan.isdigit() and len(scan) < 18 else None
    )
    found = by_number or latest_scan(connection, str(Path(scan).resolve()))
    if found is None:
        raise CatalogError(f"there is no scan {scan}: give its number, or the folder it was written to")
    return found
