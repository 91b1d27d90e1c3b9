"""What `matcher review` tells of answers that were taken in and of sets that were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.commands import screen

if TYPE_CHECKING:
    from matcher.catalog import Learnt
    from matcher.labels import AnswersSummary, ExportSummary

SHOWN_FAILURES = 20


def tell_learnt(learnt: Learnt) -> None:
    """What a confirmed fake made known, or why nothing."""
    if not learnt.brand:
        screen.note(
            "it names no brand, so its photos are no known counterfeits; confirm again with --brand", "yellow"
        )
    elif not learnt.photos:
        screen.say("no photo of it is a known counterfeit: none is kept, or all reuse the brand's pictures")
    else:
        count = screen.counted(learnt.photos, "photo")
        is_known = "is a known counterfeit" if learnt.photos == 1 else "are known counterfeits"
        screen.say(f"{count} {is_known} of {learnt.brand} now")


def tell_import(summary: AnswersSummary) -> None:
    """What a table made known, whose brand is missing, and which rows failed."""
    if photos := sum(summary.learnt.values()):
        screen.say(f"photos that are known counterfeits by it: {photos:,}")
    if summary.unnamed:
        names = "fake names" if len(summary.unnamed) == 1 else "fakes name"
        screen.note(
            f"{len(summary.unnamed):,} confirmed {names} no brand and made nothing known; "
            "`matcher review answer --brand` says whose",
            "yellow",
        )
        for listing_id in list(summary.unnamed.values())[:SHOWN_FAILURES]:
            screen.note(listing_id)
    for one in summary.failed[:SHOWN_FAILURES]:
        screen.note(f"line {one.line}: {one.listing_id}: {one.reason}", "yellow")
    if max(len(summary.failed), len(summary.unnamed)) > SHOWN_FAILURES:
        screen.note(f"the first {SHOWN_FAILURES} are shown; --json tells them all")


def show_export(summary: ExportSummary) -> None:
    """The splits with their counts, and what to know of them."""
    rows: list[tuple[object, ...]] = [
        (name, counts.get("counterfeit", 0), counts.get("clear", 0), sum(counts.values()))
        for name, counts in summary.counts.items()
    ]
    rows.append(("in none", "", "", summary.left_out))
    columns = ("split", "fakes", "genuine", "listings")
    screen.table("Reviewed listings", columns, rows, numbers=columns[1:])
    largest = screen.counted(summary.largest_group, "listing")
    screen.say(f"groups that share nothing: {summary.groups:,}; the largest holds {largest}")
    if summary.without_photos:
        screen.note(
            f"{summary.without_photos:,} have no photos in the set, which a scan anew takes", "yellow"
        )
    screen.say(str(summary.folder), "bold")
