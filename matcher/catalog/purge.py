"""Forgets listings with everything kept of them, and image files that nothing names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, false, func, select, union

from matcher.catalog.confirmed import count_confirmed, forget_confirmed
from matcher.catalog.database import Database
from matcher.catalog.features import delete_orphaned_features
from matcher.catalog.image_store import ImageStore
from matcher.catalog.tables import failures, listings, photos, reviews, scans, verdicts
from matcher.catalog.verification import orphan_files
from matcher.errors import UsageError
from matcher.faults import commit_point


@dataclass(frozen=True)
class Purge:
    """Which listings go: those that meet every condition given; at least one must be.

    `older_than` compares with the time the listing's scan was started.
    """

    seller_id: str | None = None
    listing_id: str | None = None
    owner_id: int | None = None
    older_than: datetime | None = None


@dataclass(frozen=True)
class PurgeCounts:
    """What went; `scan_folders` are the output folders that still tell of it, untouched here.

    `known_counterfeits` are fakes that a reviewer had confirmed among the listings; `known_counterfeits_kept`
    did not go with theirs.
    """

    listings: int
    photos: int
    verdicts: int
    reviews: int
    failures: int
    known_counterfeits: int
    known_counterfeits_kept: int
    files: int
    scan_folders: tuple[str, ...]


def purge_listings(database: Database, store: ImageStore, which: Purge) -> PurgeCounts:
    """Delete the listings' rows in one transaction, then every image file that no row names any more.

    What confirmed fakes among them made known goes too, but by age alone it stays: that is no request to
    forget, and the fake is still known. A file that a reference or another kept photo uses stays. A kill
    between the two leaves files that the next purge removes. Failures go by listing_id, owner and age; they
    know no seller. Raises `UsageError` without a condition.
    """
    if which == Purge():
        raise UsageError("purge: say which listings: by seller, listing, owner or age")
    with database.write() as connection:
        counts = _delete_rows(connection, which)
    commit_point("purge:rows-deleted")
    return PurgeCounts(**counts, files=sweep_images(database, store))


def sweep_images(database: Database, store: ImageStore) -> int:
    """Delete files that no row names and what killed writers left; returns how many content files went."""
    swept = 0
    with store.sweeping(), database.read() as connection:
        store.delete_unfinished()
        for content_hash in list(orphan_files(connection, store)):
            swept += store.delete(content_hash)
            commit_point("purge:file-deleted")
    return swept


def sweep_features(database: Database) -> int:
    """Delete cached descriptors and keypoints of contents that no catalog image has; returns how many."""
    with database.write() as connection:
        return delete_orphaned_features(connection)


def _delete_rows(connection: Connection, which: Purge) -> dict[str, Any]:
    chosen = (
        select(listings.c.listing_row)
        .join_from(listings, scans, scans.c.scan_id == listings.c.scan_id)
        .where(*_listing_conditions(which))
    )
    told_of = [
        select(listings.c.scan_id).where(listings.c.listing_row.in_(chosen)),
        select(failures.c.scan_id).where(*_failure_conditions(which)),
    ]
    folders = select(scans.c.out).distinct().where(scans.c.scan_id.in_(union(*told_of)))
    answer: dict[str, Any] = {"scan_folders": tuple(sorted(connection.execute(folders).scalars()))}
    for name, table in (("photos", photos), ("verdicts", verdicts), ("reviews", reviews)):
        answer[name] = _count(connection, table, table.c.listing_row.in_(chosen))
    forgets = which.older_than is None or which.seller_id is not None or which.listing_id is not None
    answer["known_counterfeits"] = forget_confirmed(connection, chosen) if forgets else 0
    answer["known_counterfeits_kept"] = 0 if forgets else count_confirmed(connection, chosen)
    answer["failures"] = connection.execute(delete(failures).where(*_failure_conditions(which))).rowcount
    # Photos, verdicts and reviews go with their listing.
    answer["listings"] = connection.execute(
        delete(listings).where(listings.c.listing_row.in_(chosen))
    ).rowcount
    return answer


def _listing_conditions(which: Purge) -> list[ColumnElement[bool]]:
    conditions = _scan_conditions(which)
    if which.seller_id is not None:
        conditions.append(listings.c.seller_id == which.seller_id)
    if which.listing_id is not None:
        conditions.append(listings.c.listing_id == which.listing_id)
    return conditions


def _scan_conditions(which: Purge) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if which.owner_id is not None:
        conditions.append(scans.c.owner_id == which.owner_id)
    if which.older_than is not None:
        conditions.append(scans.c.created < which.older_than)
    return conditions


def _failure_conditions(which: Purge) -> list[ColumnElement[bool]]:
    """Failures know no seller, so that by seller none is meant."""
    if which.seller_id is not None:
        return [false()]
    conditions: list[ColumnElement[bool]] = [
        failures.c.scan_id.in_(select(scans.c.scan_id).where(*_scan_conditions(which)))
    ]
    if which.listing_id is not None:
        conditions.append(failures.c.listing_id == which.listing_id)
    return conditions


def _count(connection: Connection, table: Table, wanted: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(table).where(wanted)).scalar_one())
