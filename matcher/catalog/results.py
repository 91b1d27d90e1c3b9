"""Reads a scan back: verdicts in input order, failures, counts, and the rows a report shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, case, func, select

from matcher.catalog.queries import groups, walk
from matcher.catalog.scans import PhotoFacts
from matcher.catalog.tables import failures, listings, photos, verdicts
from matcher.records import FailedRow, Listing, Verdict, VerdictKind

FLAGGED = (VerdictKind.COUNTERFEIT, VerdictKind.REVIEW)


@dataclass(frozen=True)
class JudgedListing:
    """A listing read back with its verdict; `listing_row` names it in reviews."""

    listing_row: int
    scan_id: int
    position: int
    listing: Listing
    photos: tuple[PhotoFacts, ...]
    verdict: Verdict


@dataclass(frozen=True)
class BrandCount:
    """How many of a scan's listings got that verdict, the brand being the leading finding's."""

    brand: str
    verdict: VerdictKind
    listings: int


def iterate_verdicts(connection: Connection, scan_id: int) -> Iterator[Verdict]:
    """The scan's verdicts in input order, a page in memory at a time."""
    query = (
        select(listings.c.position, verdicts.c.text)
        .join_from(listings, verdicts, verdicts.c.listing_row == listings.c.listing_row)
        .where(listings.c.scan_id == scan_id)
    )
    for row in walk(connection, query, listings.c.position):
        yield Verdict.model_validate_json(row.text)


def verdicts_after(
    connection: Connection, scan_id: int, position: int, limit: int
) -> list[tuple[int, Verdict]]:
    """At most `limit` verdicts of listings from `position` on, each with its listing's position."""
    query = (
        select(listings.c.position, verdicts.c.text)
        .join_from(listings, verdicts, verdicts.c.listing_row == listings.c.listing_row)
        .where(listings.c.scan_id == scan_id, listings.c.position >= position)
    )
    rows = connection.execute(query.order_by(listings.c.position).limit(limit))
    return [(row.position, Verdict.model_validate_json(row.text)) for row in rows]


def flagged_after(
    connection: Connection, scan_id: int, position: int, limit: int
) -> list[tuple[int, int, Verdict]]:
    """At most `limit` verdicts that are not clear, of listings from `position` on.

    Each comes after its listing's position and its number in reviews.
    """
    query = (
        select(listings.c.position, listings.c.listing_row, verdicts.c.text)
        .join_from(listings, verdicts, verdicts.c.listing_row == listings.c.listing_row)
        .where(listings.c.scan_id == scan_id, listings.c.position >= position)
        .where(verdicts.c.verdict != VerdictKind.CLEAR.value)
    )
    rows = connection.execute(query.order_by(listings.c.position).limit(limit))
    return [(row.position, row.listing_row, Verdict.model_validate_json(row.text)) for row in rows]


def failures_after(
    connection: Connection, scan_id: int, number: int, limit: int
) -> list[tuple[int, FailedRow]]:
    """At most `limit` rows that could not be examined, after the one numbered `number`, with numbers."""
    query = select(failures).where(failures.c.scan_id == scan_id, failures.c.failure_id > number)
    return [
        (
            row.failure_id,
            FailedRow(source=row.source, line=row.line, listing_id=row.listing_id, reason=row.reason),
        )
        for row in connection.execute(query.order_by(failures.c.failure_id).limit(limit))
    ]


def iterate_judged(connection: Connection, scan_id: int) -> Iterator[JudgedListing]:
    """The scan's listings with photos and verdicts in input order, a page in memory at a time."""
    query = _judged().where(listings.c.scan_id == scan_id)
    for group in groups(walk(connection, query, listings.c.position), 500):
        yield from judge_rows(connection, group)


def iterate_failures(connection: Connection, scan_id: int) -> Iterator[FailedRow]:
    """What could not be examined, in the order it was committed, a page in memory at a time."""
    query = select(failures).where(failures.c.scan_id == scan_id)
    for row in walk(connection, query, failures.c.failure_id):
        yield FailedRow(source=row.source, line=row.line, listing_id=row.listing_id, reason=row.reason)


def count_verdicts(connection: Connection, scan_id: int) -> dict[VerdictKind, int]:
    """How many listings got each verdict, those that none got as 0."""
    query = select(verdicts.c.verdict, func.count()).where(verdicts.c.scan_id == scan_id)
    found = {row[0]: int(row[1]) for row in connection.execute(query.group_by(verdicts.c.verdict))}
    return {kind: found.get(kind.value, 0) for kind in VerdictKind}


def count_brands(connection: Connection, scan_id: int) -> list[BrandCount]:
    """Counts by brand and verdict, brands in order, the mildest verdict first; no brand is ''."""
    query = select(verdicts.c.brand, verdicts.c.verdict, func.count()).where(verdicts.c.scan_id == scan_id)
    rows = connection.execute(query.group_by(verdicts.c.brand, verdicts.c.verdict))
    counts = [BrandCount(brand, VerdictKind(verdict), int(number)) for brand, verdict, number in rows]
    kinds = list(VerdictKind)
    return sorted(counts, key=lambda count: (count.brand, kinds.index(count.verdict)))


def count_failures(connection: Connection, scan_id: int) -> int:
    """How many rows, or photos of rows, could not be examined."""
    query = select(func.count()).select_from(failures).where(failures.c.scan_id == scan_id)
    return int(connection.execute(query).scalar_one())


def count_photo_failures(connection: Connection, scan_id: int) -> int:
    """How many of them concern photos alone: their listing has a verdict, from its other photos."""
    judged = select(listings.c.listing_row).where(
        listings.c.scan_id == failures.c.scan_id, listings.c.listing_id == failures.c.listing_id
    )
    query = select(func.count()).select_from(failures)
    query = query.where(failures.c.scan_id == scan_id, failures.c.listing_id != "", judged.exists())
    return int(connection.execute(query).scalar_one())


def top_rows(
    connection: Connection, scan_id: int, limit: int, kinds: Sequence[VerdictKind] = FLAGGED
) -> list[JudgedListing]:
    """At most `limit` listings judged one of `kinds`: counterfeit, review, clear, each by falling score."""
    severity = case({kind.value: rank for rank, kind in enumerate(VerdictKind)}, value=verdicts.c.verdict)
    wanted = verdicts.c.verdict.in_([kind.value for kind in kinds])
    query = _judged().where(verdicts.c.scan_id == scan_id, wanted)
    query = query.order_by(severity.desc(), verdicts.c.score.desc(), listings.c.position).limit(limit)
    return judge_rows(connection, connection.execute(query).all())


def judged_after(
    connection: Connection,
    scan_id: int,
    *,
    kind: VerdictKind | None = None,
    brand: str = "",
    after: int = -1,
    limit: int = 100,
) -> list[JudgedListing]:
    """At most `limit` of the scan's listings in input order, behind the position `after`."""
    query = _judged().where(listings.c.scan_id == scan_id, listings.c.position > after)
    if kind is not None:
        query = query.where(verdicts.c.verdict == kind.value)
    if brand:
        query = query.where(verdicts.c.brand == brand)
    return judge_rows(connection, connection.execute(query.order_by(listings.c.position).limit(limit)).all())


def find_judged(
    connection: Connection, listing_row: int, *, owner_id: int | None = None
) -> JudgedListing | None:
    """One listing with photos and verdict, or None; with `owner_id` only where it is that owner's."""
    query = _judged().where(listings.c.listing_row == listing_row)
    if owner_id is not None:
        query = query.where(listings.c.owner_id == owner_id)
    rows = connection.execute(query).all()
    return next(iter(judge_rows(connection, rows)), None)


def _judged() -> Any:
    return select(listings, verdicts.c.text).join_from(
        listings, verdicts, verdicts.c.listing_row == listings.c.listing_row
    )


def judge_rows(connection: Connection, rows: Sequence[Row[Any]]) -> list[JudgedListing]:
    """Rows of listings and verdict text, made whole with their photos."""
    found = _photos_of(connection, [row.listing_row for row in rows])
    return [
        JudgedListing(
            listing_row=row.listing_row,
            scan_id=row.scan_id,
            position=row.position,
            listing=_listing(row._mapping),
            photos=tuple(found.get(row.listing_row, ())),
            verdict=Verdict.model_validate_json(row.text),
        )
        for row in rows
    ]


def _listing(row: Mapping[Any, Any]) -> Listing:
    facts = {name: row[name] for name in Listing.model_fields}
    return Listing(**(facts | {"images": tuple(json.loads(row["images"]))}))


def _photos_of(connection: Connection, listing_rows: Sequence[int]) -> dict[int, list[PhotoFacts]]:
    answer: dict[int, list[PhotoFacts]] = {}
    for group in groups(listing_rows, 500):
        query = select(photos).where(photos.c.listing_row.in_(group))
        for row in connection.execute(query.order_by(photos.c.listing_row, photos.c.position)):
            photo = PhotoFacts(
                row.position, row.source, row.content_hash, row.stored_hash, row.width, row.height
            )
            answer.setdefault(row.listing_row, []).append(photo)
    return answer
