"""Takes answers in that people gave elsewhere, such as in a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from matcher.catalog import (
    JudgedListing,
    answer_listing,
    find_judged,
    find_newest_listing,
    latest_review,
    listings_of_id,
    told_rows,
)
from matcher.cells import restored_cell
from matcher.errors import CatalogError
from matcher.labels.tables import IDS, WORDS, first_of, read_table
from matcher.manifests.rows import shortened
from matcher.records import FailedRow, ReviewAnswer, VerdictKind

ANSWER_COLUMNS = ("answer", "label")
ANSWERS = {VerdictKind.COUNTERFEIT: ReviewAnswer.CONFIRM, VerdictKind.CLEAR: ReviewAnswer.REJECT}


@dataclass
class AnswersSummary:
    """What came of it: answers `added`, those `known` before, rows that say nothing yet, rows that failed.

    By listing_row: `learnt`, how many photos are known counterfeits by an added answer, and `unnamed`, the
    listing_id of a fake that was confirmed and is of no brand, so that nothing was learnt.
    """

    added: int = 0
    known: int = 0
    empty: int = 0
    failed: list[FailedRow] = field(default_factory=list)
    learnt: dict[int, int] = field(default_factory=dict)
    unnamed: dict[int, str] = field(default_factory=dict)


def import_answers(
    connection: Connection, path: Path, *, scan_id: int | None = None, reviewer: str = ""
) -> AnswersSummary:
    """Keep the answers of a table, in the caller's transaction; the same table again changes nothing.

    Columns: `listing_id` and `answer` (or `label`: `confirm`, `reject`, `unsure` or a word that means it),
    optionally `reviewer` (else the one given), `note` and `row` (the listing's number; an id that a scan has
    again fails without it). Without `scan_id` an answer goes to the newest scan that has the listing. A
    confirmed fake is a known counterfeit from then on, as `answer_listing` has it.
    Raises `ManifestError` where the table cannot be read.
    """
    summary = AnswersSummary()
    for line, cells, problem in read_table(path, needed=(IDS, ANSWER_COLUMNS)):
        listing_id = first_of(cells, IDS)
        try:
            if problem:
                raise CatalogError(problem)
            _keep(connection, cells, listing_id, scan_id, reviewer, summary)
        except CatalogError as error:
            summary.failed.append(
                FailedRow(source=str(path), line=line, listing_id=listing_id, reason=str(error))
            )
    return summary


def _keep(
    connection: Connection,
    cells: Mapping[str, str],
    listing_id: str,
    scan_id: int | None,
    reviewer: str,
    summary: AnswersSummary,
) -> None:
    label = first_of(cells, ANSWER_COLUMNS).strip()
    if not label:
        summary.empty += 1
        return
    answer = _answer(label)
    judged = _listing(connection, listing_id, scan_id, cells.get("row", "").strip())
    name, note = cells.get("reviewer", "").strip() or reviewer, cells.get("note", "").strip()
    before = latest_review(connection, judged.listing_row)
    if before and (before.answer, before.reviewer, before.note) == (answer, name, note):
        summary.known += 1
        return
    learnt = answer_listing(connection, judged, answer, reviewer=name, note=note)
    summary.added += 1
    # A table may answer for a listing twice: what the later row says counts.
    summary.learnt[judged.listing_row] = learnt.photos
    summary.unnamed.pop(judged.listing_row, None)
    if answer is ReviewAnswer.CONFIRM and not learnt.brand:
        summary.unnamed[judged.listing_row] = judged.listing.listing_id


def _answer(label: str) -> ReviewAnswer:
    word = label.casefold()
    if word not in WORDS:
        raise CatalogError(f"the answer is {shortened(label)}; use confirm, reject or unsure")
    truth = WORDS[word]
    return ReviewAnswer.UNSURE if truth is None else ANSWERS.get(truth, ReviewAnswer.UNSURE)


def _listing(connection: Connection, listing_id: str, scan_id: int | None, row: str) -> JudgedListing:
    """By the id as it stands, or as it was before it was made safe for a spreadsheet.

    Of several with one id none is preferred: a table may answer for each of them, so `row` must say which.
    """
    if not listing_id:
        raise CatalogError("the row names no listing")
    names = list(dict.fromkeys((listing_id, restored_cell(listing_id))))
    if row:
        return _by_row(connection, names, scan_id, row)
    for name in names:
        found = _found(connection, name, scan_id)
        if len(found) > 1:
            told = f"scan has {len(found)} listings {shortened(name)}: {told_rows(found)}"
            raise CatalogError(f"the {told}; say which in a column row")
        if found and (judged := find_judged(connection, next(iter(found)))):
            return judged
    where = "no scan has" if scan_id is None else f"scan {scan_id} does not have"
    raise CatalogError(f"{where} the listing {shortened(listing_id)}; see `matcher review list`")


def _found(connection: Connection, name: str, scan_id: int | None) -> dict[int, VerdictKind]:
    """The listings of that id in the scan, else in the newest that has it."""
    if scan_id is None:
        newest = find_newest_listing(connection, name)
        scan_id = newest.scan_id if newest else None
    return {} if scan_id is None else listings_of_id(connection, scan_id, name)


def _by_row(connection: Connection, names: list[str], scan_id: int | None, row: str) -> JudgedListing:
    """The listing of that number, which must be one of the id."""
    numbered = row.isascii() and row.isdigit() and len(row) < 18
    judged = find_judged(connection, int(row)) if numbered else None
    if judged is None or judged.listing.listing_id not in names or scan_id not in (None, judged.scan_id):
        where = "no scan has" if scan_id is None else f"scan {scan_id} does not have"
        told = f"{where} the listing {shortened(names[0])} in row {shortened(row)}"
        raise CatalogError(f"{told}; see `matcher review list`")
    return judged
