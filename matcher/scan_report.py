"""Gathers what a scan's report shows: flagged listings, their photos and the references held against them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection

from matcher.catalog import (
    JudgedListing,
    Product,
    Scan,
    count_brands,
    find_product,
    top_rows,
)
from matcher.errors import CatalogError, MatcherError
from matcher.images import decode, decode_legible, thumbnail
from matcher.models.text_crops import cut_out
from matcher.records import Evidence, VerdictKind
from matcher.report import (
    ReferenceFacts,
    ReferenceKey,
    ReportRow,
    ReportSummary,
    Thumbnail,
    named,
    write_report,
)
from matcher.scan_start import ScanRequest, ScanTerms
from matcher.workspace import Workspace

if TYPE_CHECKING:
    from matcher.scan import ScanSummary

THUMBNAIL_SIDE = 320
"""Pixels; two to four pictures a row keep a thousand rows near 20 MB."""
SHOWN_PHOTOS = 4
SHOWN_MATCHES = 3
READ = ("wordmark", "claims")
"""Signals whose evidence may stand on text in a photo."""
AROUND, CLOSEUP_WIDTH = 0.12, 360
"""How much of a close-up's height lies around the text, and how wide it is at most, pixels."""


def write_scan_report(
    connection: Connection,
    workspace: Workspace,
    scan: Scan,
    summary: ScanSummary,
    request: ScanRequest,
) -> None:
    """Write a finished scan's `report.html` into `request.out`: what is not clear, up to the limit."""
    rows = top_rows(connection, summary.scan_id, workspace.settings.scan.max_report_rows)
    pictures = Pictures(connection, workspace, scan.owner_id)
    facts = _summary(connection, workspace, scan, summary, request, len(rows))
    write_report(request.out / "report.html", facts, pictures.rows(rows))


class Pictures:
    """Makes the pictures of report rows, those of a reference once; references are the scan's owner's."""

    def __init__(self, connection: Connection, workspace: Workspace, owner_id: int) -> None:
        self._connection, self._workspace, self._owner_id = connection, workspace, owner_id
        self._reference = lru_cache(maxsize=512)(self._find_reference)

    def rows(self, judged: Sequence[JudgedListing]) -> Iterator[ReportRow]:
        """A report row for each listing, made as it is asked for."""
        for one in judged:
            keys = named(one.verdict.evidence, one.verdict.matches[:SHOWN_MATCHES])
            found = {key: self._reference(key) for key in keys}
            known = {key: value for key, value in found.items() if value is not None}
            yield ReportRow(
                listing=one.listing,
                verdict=one.verdict,
                photos=self._photos(one),
                closeups=self._closeups(one),
                references={key: picture for key, (picture, _) in known.items() if picture},
                reference_facts={key: facts for key, (_, facts) in known.items()},
            )

    def _photos(self, judged: JudgedListing) -> dict[int, Thumbnail]:
        """The photos that evidence speaks of first, then the others, as many as a row shows."""
        spoken = {evidence.photo for evidence in judged.verdict.evidence if evidence.photo is not None}
        ordered = sorted(judged.photos, key=lambda photo: (photo.position not in spoken, photo.position))
        made = {
            photo.position: self._thumbnail(photo.content_hash)
            for photo in ordered[:SHOWN_PHOTOS]
            if photo.stored_hash
        }
        return {position: picture for position, picture in made.items() if picture}

    def _closeups(self, judged: JudgedListing) -> dict[int, Thumbnail]:
        """What was read, as it stands in the photos."""
        hashes = {photo.position: photo.content_hash for photo in judged.photos if photo.stored_hash}
        made = {
            place: self._closeup(hashes[evidence.photo], evidence)
            for place, evidence in enumerate(judged.verdict.evidence)
            if evidence.signal in READ and evidence.photo in hashes
        }
        return {place: picture for place, picture in made.items() if picture}

    def _closeup(self, content_hash: str, evidence: Evidence) -> Thumbnail | None:
        settings = self._workspace.settings.images
        try:
            quad = np.array(evidence.detail.get("quad"), np.float32).reshape(4, 2)
            picture = decode_legible(self._workspace.store.get(content_hash), content_hash, settings)
        except (MatcherError, ValueError, TypeError):
            return None
        scale = np.array([picture.pixels.shape[1] / picture.width, picture.pixels.shape[0] / picture.height])
        line = cut_out(picture.pixels, (quad * scale).astype(np.float32), margin=AROUND)
        flat = replace(picture, pixels=line[:, :CLOSEUP_WIDTH])
        height, width = flat.pixels.shape[:2]
        return Thumbnail(thumbnail(flat, CLOSEUP_WIDTH), "image/webp", width, height)

    def _find_reference(self, key: ReferenceKey) -> tuple[Thumbnail | None, ReferenceFacts] | None:
        product = self._product(key)
        if product is None:
            return None
        facts = ReferenceFacts(product.title, product.price, product.currency)
        return (self._thumbnail(product.images[0].content_hash) if product.images else None), facts

    def _product(self, key: ReferenceKey) -> Product | None:
        try:
            return find_product(self._connection, *key, owner_id=self._owner_id)
        except CatalogError:
            return None  # The brand has gone since; the evidence still names it.

    def _thumbnail(self, content_hash: str) -> Thumbnail | None:
        try:
            picture = decode(
                self._workspace.store.get(content_hash), content_hash, self._workspace.settings.images
            )
        except MatcherError:
            return None  # Purged since; the row stands without its picture.
        return Thumbnail(thumbnail(picture, THUMBNAIL_SIDE), "image/webp", picture.width, picture.height)


def _summary(
    connection: Connection,
    workspace: Workspace,
    scan: Scan,
    summary: ScanSummary,
    request: ScanRequest,
    shown: int,
) -> ReportSummary:
    flagged: dict[str, int] = {}
    for count in count_brands(connection, summary.scan_id):
        if count.verdict is not VerdictKind.CLEAR:
            flagged[count.brand] = flagged.get(count.brand, 0) + count.listings
    terms = ScanTerms.of(scan)
    return ReportSummary(
        title=request.title or request.manifest.name,
        created=scan.created.strftime("%Y-%m-%d %H:%M UTC"),
        workspace=workspace.folder.name,
        snapshot=scan.snapshot,
        policy=terms.policy,
        models=terms.models,
        listings=summary.listings,
        counts=summary.counts,
        failed=summary.failed,
        failed_photos=summary.failed_photos,
        photos=summary.photos,
        seconds=summary.seconds,
        photos_per_second=summary.photos_per_second,
        brands=tuple(sorted(flagged.items(), key=lambda item: (-item[1], item[0]))),
        shown=shown,
        left_out=summary.listings - shown,
    )
