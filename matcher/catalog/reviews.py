"""What people say of verdicts: every answer is kept, the latest that was not taken back counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from matcher.catalog.changes import lock_catalog
from matcher.catalog.columns import now
from matcher.catalog.queries import groups, walk
from matcher.catalog.results import FLAGGED, JudgedListing, find_judged, judge_rows
from matcher.catalog.tables import DEFAULT_OWNER, listings, reviews, verdicts
from matcher.errors import CatalogError, MissingError
from matcher.records import ReviewAnswer, VerdictKind

COUNTS = reviews.c.withdrawn.is_(None)
"""The answer was not taken back."""
ANSWERED = select(reviews.c.review_id).where(reviews.c.listing_row == listings.c.listing_row, COUNTS).exists()
"""Someone has answered for the listing of the query around it."""
SHOWN_ROWS = 10


@dataclass(frozen=True)
class Review:
    """One answer, with the time it was given in UTC."""

    listing_row: int
    answer: ReviewAnswer
    reviewer: str
    note: str
    time: datetime


@dataclass(frozen=True)
class GivenAnswer:
    """An answer and what it is of; `number` counts all answers, `withdrawn` is when it was taken back."""

    number: int
    listing_row: int
    scan_id: int
    listing_id: str
    verdict: VerdictKind
    brand: str
    answer: ReviewAnswer
    reviewer: str
    note: str
    time: datetime
    withdrawn: datetime | None


def listings_of_id(connection: Connection, scan_id: int, listing_id: str) -> dict[int, VerdictKind]:
    """The scan's listings of that id in input order: listing_row and verdict; an id may occur again."""
    query = (
        select(listings.c.listing_row, verdicts.c.verdict)
        .join_from(listings, verdicts, verdicts.c.listing_row == listings.c.listing_row)
        .where(listings.c.scan_id == scan_id, listings.c.listing_id == listing_id)
    )
    rows = connection.execute(query.order_by(listings.c.position))
    return {row.listing_row: VerdictKind(row.verdict) for row in rows}


def told_rows(found: Mapping[int, VerdictKind]) -> str:
    """Listings of one id as an error names them: `row 17 (counterfeit), row 18 (clear)`."""
    shown = [f"row {row} ({kind.value})" for row, kind in islice(found.items(), SHOWN_ROWS)]
    return ", ".join(shown) + (f" and {len(found) - SHOWN_ROWS} more" if len(found) > SHOWN_ROWS else "")


def find_listing(
    connection: Connection, scan_id: int, listing_id: str, *, row: int | None = None
) -> JudgedListing:
    """The scan's listing of that id; where it occurs again, the one of `row`, else the only one not clear.

    Raises `CatalogError` where there is none, or no saying which is meant.
    """
    found = listings_of_id(connection, scan_id, listing_id)
    if not found:
        raise MissingError(f"scan {scan_id} has no listing '{listing_id}'", "see `matcher review list`")
    if row is not None:
        if row not in found:
            raise MissingError(
                f"scan {scan_id} has no listing '{listing_id}' in row {row}", f"it has {told_rows(found)}"
            )
        chosen = [row]
    else:
        chosen = [number for number, kind in found.items() if len(found) == 1 or kind in FLAGGED]
    if len(chosen) != 1:
        raise CatalogError(
            f"scan {scan_id} has {len(found)} listings '{listing_id}': {told_rows(found)}; "
            "say which with --row"
        )
    judged = find_judged(connection, chosen[0])
    assert judged is not None  # It was read above, in this transaction.
    return judged


def find_newest_listing(
    connection: Connection, listing_id: str, *, owner_id: int = DEFAULT_OWNER
) -> JudgedListing | None:
    """The listing of that id with a verdict in the owner's newest scan that has one, or None.

    Where the scan has the id again, the last; see `listings_of_id`.
    """
    query = (
        select(func.max(listings.c.listing_row))
        .join_from(listings, verdicts, verdicts.c.listing_row == listings.c.listing_row)
        .where(listings.c.listing_id == listing_id, listings.c.owner_id == owner_id)
    )
    row = connection.execute(query).scalar_one_or_none()
    return None if row is None else find_judged(connection, row)


def iterate_reviewed(
    connection: Connection, *, scan_id: int | None = None, owner_id: int = DEFAULT_OWNER
) -> Iterator[tuple[JudgedListing, ReviewAnswer]]:
    """Every reviewed listing with the answer that counts, the earliest answer first, a page in memory."""
    latest = select(func.max(reviews.c.review_id)).where(COUNTS).group_by(reviews.c.listing_row)
    query = (
        select(listings, verdicts.c.text, reviews.c.answer, reviews.c.review_id)
        .join_from(listings, verdicts, verdicts.c.listing_row == listings.c.listing_row)
        .join(reviews, reviews.c.listing_row == listings.c.listing_row)
        .where(reviews.c.review_id.in_(latest), listings.c.owner_id == owner_id)
    )
    if scan_id is not None:
        query = query.where(listings.c.scan_id == scan_id)
    for group in groups(walk(connection, query, reviews.c.review_id), 500):
        for judged, row in zip(judge_rows(connection, group), group, strict=True):
            yield judged, ReviewAnswer(row.answer)


def answer_review(
    connection: Connection,
    listing_row: int,
    answer: ReviewAnswer,
    *,
    reviewer: str = "",
    note: str = "",
    time: datetime | None = None,
    owner_id: int = DEFAULT_OWNER,
) -> Review:
    """Keep the answer beside earlier ones, as of `time` or now.

    Answers that were given at once have one `time`, and are taken back at once. Raises `CatalogError` where
    the owner has no such listing.
    """
    query = select(listings.c.owner_id).where(listings.c.listing_row == listing_row)
    if connection.execute(query).scalar_one_or_none() != owner_id:
        raise MissingError(f"there is no listing {listing_row} to review", "see `matcher review list`")
    lock_catalog(connection)  # so that answers are numbered in the order they commit
    review = Review(listing_row, answer, reviewer, note, time or now())
    row = {**vars(review), "answer": answer.value, "owner_id": owner_id}
    connection.execute(insert(reviews).values(row))
    return review


def last_answers(
    connection: Connection, reviewer: str, *, since: datetime, owner_id: int = DEFAULT_OWNER
) -> list[Review]:
    """What `reviewer` answered last, if not before `since`; what was given at once is together."""
    theirs = (reviews.c.owner_id == owner_id) & (reviews.c.reviewer == reviewer) & COUNTS
    last = connection.execute(select(func.max(reviews.c.time)).where(theirs)).scalar_one_or_none()
    if last is None or last < since:
        return []
    query = select(reviews).where(theirs, reviews.c.time == last).order_by(reviews.c.review_id)
    return [_review(row) for row in connection.execute(query)]


def withdraw_answers(
    connection: Connection, reviewer: str, *, since: datetime, owner_id: int = DEFAULT_OWNER
) -> list[int]:
    """Take back `last_answers`; which listings these are. Where someone else answered since, that counts."""
    found = last_answers(connection, reviewer, since=since, owner_id=owner_id)
    which = (reviews.c.owner_id == owner_id) & (reviews.c.reviewer == reviewer) & COUNTS
    for time in {review.time for review in found}:
        connection.execute(update(reviews).where(which, reviews.c.time == time).values(withdrawn=now()))
    return [review.listing_row for review in found]


def review_history(connection: Connection, listing_row: int) -> list[Review]:
    """Every answer for the listing that was not taken back, oldest first."""
    query = select(reviews).where(reviews.c.listing_row == listing_row, COUNTS).order_by(reviews.c.review_id)
    return [_review(row) for row in connection.execute(query)]


def answers_of(connection: Connection, listing_rows: Sequence[int]) -> dict[int, ReviewAnswer]:
    """The answer that counts for each of the listings that has one; at most 1,000 of them."""
    query = select(reviews).where(reviews.c.listing_row.in_(listing_rows), COUNTS)
    rows = connection.execute(query.order_by(reviews.c.review_id))
    return {row.listing_row: ReviewAnswer(row.answer) for row in rows}


def answers_after(
    connection: Connection, number: int, limit: int, *, owner_id: int = DEFAULT_OWNER
) -> list[GivenAnswer]:
    """At most `limit` answers after that number, in the order they were given, also those taken back."""
    query = (
        select(reviews, listings.c.scan_id, listings.c.listing_id, verdicts.c.verdict, verdicts.c.brand)
        .join_from(reviews, listings, listings.c.listing_row == reviews.c.listing_row)
        .join(verdicts, verdicts.c.listing_row == listings.c.listing_row)
        .where(reviews.c.owner_id == owner_id, reviews.c.review_id > number)
    )
    return [
        GivenAnswer(
            number=row.review_id, listing_row=row.listing_row, scan_id=row.scan_id,
            listing_id=row.listing_id, verdict=VerdictKind(row.verdict), brand=row.brand,
            answer=ReviewAnswer(row.answer), reviewer=row.reviewer, note=row.note, time=row.time,
            withdrawn=row.withdrawn,
        )
        for row in connection.execute(query.order_by(reviews.c.review_id).limit(limit))
    ]  # fmt: skip


def latest_review(connection: Connection, listing_row: int) -> Review | None:
    """The answer that counts, or None."""
    return next(reversed(review_history(connection, listing_row)), None)


def pending_reviews(
    connection: Connection,
    *,
    scan_id: int | None = None,
    after: int = 0,
    limit: int = 100,
    owner_id: int = DEFAULT_OWNER,
) -> list[JudgedListing]:
    """At most `limit` listings that are not clear and have no answer, by listing_row, after `after`."""
    query = (
        select(listings, verdicts.c.text)
        .join_from(listings, verdicts, verdicts.c.listing_row == listings.c.listing_row)
        .where(verdicts.c.owner_id == owner_id, verdicts.c.listing_row > after)
        .where(verdicts.c.verdict.in_([kind.value for kind in FLAGGED]), ~ANSWERED)
    )
    if scan_id is not None:
        query = query.where(verdicts.c.scan_id == scan_id)
    return judge_rows(
        connection, connection.execute(query.order_by(listings.c.listing_row).limit(limit)).all()
    )


def _review(row: Row[Any]) -> Review:
    return Review(row.listing_row, ReviewAnswer(row.answer), row.reviewer, row.note, row.time)
