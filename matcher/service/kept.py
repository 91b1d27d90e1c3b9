"""Keeps a checked listing, so that a person can review it: as a scan of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from matcher.catalog import (
    ExaminedListing,
    commit_chunk,
    find_listing,
    finish_scan,
    start_scan,
    stored_hash_of,
)
from matcher.images import storable
from matcher.records import VerdictKind
from matcher.service.access import Caller
from matcher.service.announcing import tell_of_verdict
from matcher.service.logs import request_id


def keep(caller: Caller, result: ExaminedListing, blobs: Mapping[str, bytes]) -> int | None:
    """The number of the listing in reviews; None where it is clear, and so not kept.

    `blobs`: the photos' bytes by source. They are on disk, without EXIF and GPS, before the rows commit.
    """
    verdict = result.verdict
    if verdict.verdict is VerdictKind.CLEAR:
        return None
    workspace = caller.service.workspace
    with workspace.store.keeping():
        photos = []
        for photo in result.photos:
            kept = storable(blobs[photo.source], photo.source, workspace.settings.images)
            workspace.store.put(photo.content_hash, kept)
            photos.append(replace(photo, stored_hash=stored_hash_of(kept)))
        with caller.write("check.keep", verdict.listing_id) as connection:
            scan_id = start_scan(
                connection,
                out=f"check:{request_id.get()}",
                manifest="check",
                manifest_fingerprint="",
                snapshot=verdict.snapshot,
                settings={"policy": verdict.policy, "models": dict(verdict.models), "snapshot": ""},
                owner_id=caller.owner_id,
            )
            commit_chunk(connection, scan_id, 0, [replace(result, photos=tuple(photos))], [], 1)
            finish_scan(connection, scan_id, 1)
            number = find_listing(connection, scan_id, verdict.listing_id).listing_row
            tell_of_verdict(connection, caller.owner_id, number, verdict)
    return number
