"""Batch runs: their listings, photos, verdicts and failures, committed a chunk at a time in input order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import JsonValue
from sqlalchemy import Connection, Row, Select, insert, select, update

from matcher.catalog.columns import now
from matcher.catalog.references import expect_stored
from matcher.catalog.tables import DEFAULT_OWNER, failures, listings, photos, scans, verdicts
from matcher.errors import ScanError, ScanMovedError
from matcher.faults import commit_point
from matcher.records import FailedRow, Listing, Verdict

State = Literal["running", "finished"]


@dataclass(frozen=True)
class Scan:
    """A batch run as stored; `position` says how much of the input is committed."""

    scan_id: int
    owner_id: int
    out: str
    manifest: str
    manifest_fingerprint: str
    snapshot: int
    settings: dict[str, JsonValue]
    position: int
    state: State
    created: datetime
    finished: datetime | None


@dataclass(frozen=True)
class PhotoFacts:
    """A photo that was decoded; `position` counts the listing's images from 0.

    `stored_hash` is empty where the bytes are not kept in the image store (the listing is clear).
    """

    position: int
    source: str
    content_hash: str
    stored_hash: str
    width: int
    height: int


@dataclass(frozen=True)
class ExaminedListing:
    """A listing with what was decoded of it and what was decided."""

    listing: Listing
    photos: tuple[PhotoFacts, ...]
    verdict: Verdict


def start_scan(
    connection: Connection,
    *,
    out: str,
    manifest: str,
    manifest_fingerprint: str,
    snapshot: int,
    settings: Mapping[str, JsonValue],
    owner_id: int = DEFAULT_OWNER,
) -> int:
    """The new scan's id; nothing of it is committed yet (position 0). `settings` must be JSON."""
    row = {
        "owner_id": owner_id,
        "out": out,
        "manifest": manifest,
        "manifest_fingerprint": manifest_fingerprint,
        "snapshot": snapshot,
        "settings": json.dumps(dict(settings), sort_keys=True),
        "position": 0,
        "state": "running",
        "created": now(),
        "finished": None,
    }
    return int(connection.execute(insert(scans).values(row).returning(scans.c.scan_id)).scalar_one())


def find_scan(connection: Connection, scan_id: int) -> Scan | None:
    """The scan, or None."""
    return _scan(connection.execute(select(scans).where(scans.c.scan_id == scan_id)).one_or_none())


def latest_scan(connection: Connection, out: str, *, owner_id: int = DEFAULT_OWNER) -> Scan | None:
    """The newest scan into the folder `out` (compared as text: give absolute paths), or None."""
    query = select(scans).where(scans.c.out == out, scans.c.owner_id == owner_id)
    return _scan(connection.execute(query.order_by(scans.c.scan_id.desc()).limit(1)).one_or_none())


def list_scans(
    connection: Connection,
    *,
    limit: int = 100,
    owner_id: int = DEFAULT_OWNER,
    before: datetime | None = None,
    but_out: Sequence[str] = (),
) -> list[Scan]:
    """At most `limit` scans, newest first, that began before the time `before`.

    Left out are those whose `out` is like one of `but_out`, patterns of SQL's LIKE.
    """
    query = select(scans).where(scans.c.owner_id == owner_id, *(~scans.c.out.like(one) for one in but_out))
    if before is not None:
        query = query.where(scans.c.created < before)
    rows = connection.execute(query.order_by(scans.c.created.desc(), scans.c.scan_id.desc()).limit(limit))
    return [scan for row in rows if (scan := _scan(row)) is not None]


def unfinished_scans(connection: Connection) -> list[Scan]:
    """Scans of every owner that are under way, or that a kill left to be resumed."""
    query = select(scans).where(scans.c.state == "running").order_by(scans.c.scan_id)
    return [scan for row in connection.execute(query) if (scan := _scan(row)) is not None]


def _scan(row: Row[Any] | None) -> Scan | None:
    if row is None:
        return None
    facts = row._asdict()
    return Scan(**(facts | {"settings": json.loads(facts["settings"])}))


def commit_chunk(
    connection: Connection,
    scan_id: int,
    expected_position: int,
    results: Sequence[ExaminedListing],
    failed: Sequence[FailedRow],
    next_position: int,
) -> None:
    """Write a chunk and move the scan's position, in the caller's transaction, which holds nothing else.

    Positions count whatever the caller counts (input rows, listings), as long as a chunk moves on by at
    least the number of its results, so that each has a place. Photos with a `stored_hash` are in the image
    store by then. Raises `ScanMovedError` where the scan is finished or not at `expected_position`; then
    nothing is written.
    """
    scan = _locked_scan(connection, scan_id)
    if scan.state != "running" or scan.position != expected_position:
        stands = f"is {scan.state} at {scan.position}"
        raise ScanMovedError(
            f"scan {scan_id} {stands}, not running at {expected_position}: is another scan writing it?"
        )
    if next_position - expected_position < len(results):
        raise ScanError(
            f"scan {scan_id}: {len(results)} results do not fit {expected_position} to {next_position}"
        )
    rows = _insert_listings(connection, scan, results)
    _insert_photos(connection, scan, results, rows)
    _insert_verdicts(connection, scan, results, rows)
    _insert_failures(connection, scan, failed)
    moved = update(scans).where(scans.c.scan_id == scan_id).values(position=next_position)
    connection.execute(moved)
    commit_point("scan:rows-written")


def finish_scan(connection: Connection, scan_id: int, expected_position: int) -> None:
    """Mark the scan finished; raises `ScanMovedError` where it does not stand at `expected_position`."""
    scan = _locked_scan(connection, scan_id)
    if scan.position != expected_position:
        raise ScanMovedError(f"scan {scan_id} stands at {scan.position}, not {expected_position}")
    if scan.state != "finished":
        values = {"state": "finished", "finished": now()}
        connection.execute(update(scans).where(scans.c.scan_id == scan_id).values(values))


def _locked_scan(connection: Connection, scan_id: int) -> Row[Any]:
    """The scan's row, which nobody else may change until the transaction ends."""
    query: Select[Any] = select(scans).where(scans.c.scan_id == scan_id)
    found = connection.execute(query.with_for_update()).one_or_none()
    if found is None:
        raise ScanError(f"there is no scan {scan_id}")
    return found


def _insert_listings(connection: Connection, scan: Row[Any], results: Sequence[ExaminedListing]) -> list[int]:
    """The new rows' numbers, in the order of `results`."""
    if not results:
        return []
    rows = [
        {
            **result.listing.model_dump(),
            "images": json.dumps(result.listing.images),
            "owner_id": scan.owner_id,
            "scan_id": scan.scan_id,
            "position": position,
        }
        for position, result in enumerate(results, start=scan.position)
    ]
    added = insert(listings).returning(listings.c.listing_row, sort_by_parameter_order=True)
    return [int(number) for number in connection.execute(added, rows).scalars()]


def _insert_photos(
    connection: Connection, scan: Row[Any], results: Sequence[ExaminedListing], listing_rows: Sequence[int]
) -> None:
    rows: list[dict[str, Any]] = []
    for result, listing_row in zip(results, listing_rows, strict=True):
        for photo in result.photos:
            rows.append({**vars(photo), "owner_id": scan.owner_id, "listing_row": listing_row})
            if photo.stored_hash:
                expect_stored(connection, photo.content_hash, photo.stored_hash)
    if rows:
        connection.execute(insert(photos), rows)


def _insert_verdicts(
    connection: Connection, scan: Row[Any], results: Sequence[ExaminedListing], listing_rows: Sequence[int]
) -> None:
    rows = [
        {
            "listing_row": listing_row,
            "owner_id": scan.owner_id,
            "scan_id": scan.scan_id,
            "verdict": result.verdict.verdict.value,
            "score": result.verdict.score,
            "brand": result.verdict.brand,
            "text": result.verdict.model_dump_json(),
        }
        for result, listing_row in zip(results, listing_rows, strict=True)
    ]
    if rows:
        connection.execute(insert(verdicts), rows)


def _insert_failures(connection: Connection, scan: Row[Any], failed: Sequence[FailedRow]) -> None:
    rows = [
        {**failure.model_dump(), "owner_id": scan.owner_id, "scan_id": scan.scan_id} for failure in failed
    ]
    if rows:
        connection.execute(insert(failures), rows)
