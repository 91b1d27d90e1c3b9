"""`matcher review`: what waits for a person, and what people said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.commands import screen
from matcher.commands.brand import AsJson
from matcher.commands.check import STYLES
from matcher.commands.choices import Answer
from matcher.commands.progress import Meter
from matcher.commands.reviewed import show_export, tell_import, tell_learnt
from matcher.commands.session import open_workspace
from matcher.errors import CatalogError, UsageError

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
            one.listing_row,
            one.listing.listing_id,
            Text(one.verdict.verdict.value, style=STYLES[one.verdict.verdict.value]),
            f"{one.verdict.score:.2f}",
            one.verdict.brand,
            one.verdict.reasons[0] if one.verdict.reasons else "",
        )
        for one in pending[:limit]
    ]
    columns = ("scan", "row", "listing", "verdict", "score", "brand", "first reason")
    screen.table("Waiting for a review", columns, rows, numbers=("scan", "row", "score"))
    if len(pending) > limit:
        screen.note(f"there are more; --limit {limit * 10} shows more of them")


def _facts(one: JudgedListing) -> dict[str, Any]:
    from matcher.outputs import verdict_record

    return {
        "scan": one.scan_id,
        "row": one.listing_row,
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
    brand: Annotated[
        str,
        typer.Option(metavar="NAME", help="Whose fake it is, where not the verdict's brand; with confirm."),
    ] = "",
    row: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Which listing, where the scan has the id again: its row."),
    ] = None,
) -> None:
    """Keep a person's answer; earlier ones stay on record, the latest counts.

    The photos of a confirmed fake are known counterfeits from the next scan or
    check on, until the answer changes. Photos that reuse the brand's own
    pictures never are. A brand that is not there yet is added.

    Where the scan has the id more than once, the only one that is not clear is
    meant; where there is no such one, say which with --row, a number that
    `matcher review list` and the refusal show.

    For instance:

      matcher review answer monday L-17 confirm --reviewer kim --note "stitching is wrong"
      matcher review answer monday L-19 confirm --brand Adidas
      matcher review answer 12 L-18 reject
      matcher review answer 12 L-20 confirm --row 4711
    """
    from matcher.catalog import answer_listing, find_listing, listings_of_id
    from matcher.records import ReviewAnswer

    answered = ReviewAnswer(said.value)
    if brand and answered is not ReviewAnswer.CONFIRM:
        raise UsageError(f"{listing_id}: {said.value} names no fake; give --brand with confirm")
    with open_workspace(context) as workspace, workspace.database.write() as connection:
        found = find_listing(connection, find(connection, scan).scan_id, listing_id, row=row)
        again = len(listings_of_id(connection, found.scan_id, listing_id)) > 1
        learnt = answer_listing(connection, found, answered, brand=brand, reviewer=reviewer, note=note)
    # Which of several was meant is told, also where it was plain.
    named = f"{listing_id} (row {found.listing_row})" if again else listing_id
    screen.say(f"{named}: {said.value}", "green")
    if answered is ReviewAnswer.CONFIRM:
        tell_learnt(learnt)


@app.command("import")
def import_(
    context: typer.Context,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A table (CSV, XLSX, JSON lines, Parquet) with listing_id and answer."
        ),
    ],
    scan: Annotated[
        str,
        typer.Option(metavar="SCAN", help="The scan that is answered; else the newest that has the listing."),
    ] = "",
    reviewer: Annotated[
        str, typer.Option(metavar="NAME", help="Who says so, where the table has no such column.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Keep answers from a table; the same table again changes nothing.

    An answer is confirm (it is a fake), reject (it is not) or unsure; fake and
    genuine will do too. Rows without an answer are passed over. A bad row is
    told with its line and the reason, the others go in; the exit code is then 1.
    A row for an id that the scan has more than once is bad unless a column row
    says which is meant, by the number that `matcher review list` shows.
    The photos of confirmed fakes are known counterfeits from then on, as with
    `matcher review answer`; what is of no brand is told, as it teaches nothing.

      matcher review import answers.csv --scan monday --reviewer kim
    """
    from matcher.labels import import_answers

    with open_workspace(context) as workspace, workspace.database.write() as connection:
        chosen = find(connection, scan).scan_id if scan else None
        summary = import_answers(connection, path, scan_id=chosen, reviewer=reviewer)
    failed = [failure.model_dump(mode="json") for failure in summary.failed]
    counts = {"added": summary.added, "known": summary.known, "without_answer": summary.empty}
    learnt = {
        "known_counterfeits": sum(summary.learnt.values()),
        "without_brand": list(summary.unnamed.values()),
    }
    if as_json:
        screen.say_json({**counts, **learnt, "failures": failed})
    else:
        said = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())
        screen.say(f"{path}: {said}, {len(failed):,} failed", "" if failed else "green")
        tell_import(summary)
    if failed:
        raise typer.Exit(screen.FINDINGS)


@app.command("export")
def export(
    context: typer.Context,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the set goes; a new or empty folder.")],
    scan: Annotated[
        str, typer.Option(metavar="SCAN", help="Only this scan's: its number or its folder.")
    ] = "",
    like: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="An earlier export: its listings stay in their splits."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Deals the listings out in another way.")] = 0,
    photos: Annotated[
        bool, typer.Option("--photos/--no-photos", help="With the listings' photos, as far as they are kept.")
    ] = True,
    catalog: Annotated[
        bool, typer.Option("--catalog/--no-catalog", help="With the brands and their images.")
    ] = True,
    near: Annotated[
        bool,
        typer.Option("--near/--no-near", help="Compare photos, to keep near duplicates in one split."),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Write the reviewed listings as a labelled set, in splits that nothing leaks across.

    Listings that share a seller, a product or a photo (also a nearly equal
    one) stand in one split: tune to choose on, report to report on. What
    stands between is in none. The set is what `matcher policy tune` and the
    benchmarks read; it holds sellers' names and photos, so treat it as such.

      matcher review export --out labels-june
      matcher review export --out labels-july --like labels-june
    """
    from matcher.labels.export import ExportRequest, export_reviews
    from matcher.labels.near_photos import clusters_of

    with open_workspace(context) as workspace, Meter(quiet=as_json) as meter:
        meter.begin("comparing photos")
        with workspace.database.read() as connection:
            request = ExportRequest(
                out, find(connection, scan).scan_id if scan else None, like, seed, catalog, photos
            )
            summary = export_reviews(
                connection,
                workspace,
                request,
                clusters=lambda hashes: clusters_of(workspace, hashes, heard=meter.show) if near else {},
            )
    if as_json:
        screen.say_json(summary.facts())
    else:
        show_export(summary)


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
