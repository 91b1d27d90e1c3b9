"""The evidence pack of one listing, to send with a takedown notice."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Annotated

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from matcher.catalog import JudgedListing, Product, Scope, find_scan, review_history
from matcher.containers import sniff
from matcher.errors import MatcherError
from matcher.images import Picture, decode
from matcher.report import Card, ReferenceKey, key_of
from matcher.report.agreement import Agreement
from matcher.report.pack import Pack, PackedAnswer, PackedImage, write_pack
from matcher.report.pdf import write_pdf
from matcher.report.side_by_side import lines_drawn, side_by_side
from matcher.service.access import Caller
from matcher.service.reviews import ReviewNumber, judged_listing
from matcher.service.web.frame import PageRoute
from matcher.service.web.keypoints import best_agreement
from matcher.service.web.showing import Shown, products_of, shown
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Reader = Annotated[Visitor, admitted(Scope.REVIEWS_READ)]
IN_MEMORY, PIECE = 16 * 2**20, 2**18
SHEET_SIDE = 1_200
"""Pixels of the longer side of what is drawn on: it is to be printed."""


@router.get("/review/{listing}/evidence.zip")
def evidence_pack(visitor: Reader, listing: ReviewNumber) -> StreamingResponse:
    """Photos, references, both side by side, the verdict and the words for it; who took it is on record."""
    pack = _pack(visitor.caller, listing)
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed when it has been sent
    write_pack(file, pack)
    visitor.caller.note("evidence.pack", str(listing))
    headers = _headers(f"evidence-{listing}.zip")
    return StreamingResponse(_pieces(file), headers=headers, media_type="application/zip")


@router.get("/review/{listing}/evidence.pdf")
def evidence_pages(visitor: Reader, listing: ReviewNumber) -> Response:
    """The same as pages to read and print."""
    caller = visitor.caller
    pages = write_pdf(_pack(caller, listing), caller.service.workspace.settings.images)
    caller.note("evidence.pdf", str(listing))
    return Response(pages, headers=_headers(f"evidence-{listing}.pdf"), media_type="application/pdf")


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


def _pack(caller: Caller, listing: int) -> Pack:
    with caller.read() as connection:
        judged = judged_listing(connection, caller, listing)
        best, agreed = best_agreement(caller, shown(connection, caller, judged))
        products = products_of(connection, caller, judged.verdict)
        scan = find_scan(connection, judged.scan_id)
        answers = review_history(connection, listing)
    made = datetime.now(UTC)
    side_by_side, keypoints = _sheets(caller, best, agreed)
    return Pack(
        card=best.card,
        photos=_photos(caller, judged),
        references=_references(caller, best.card, products),
        answers=[PackedAnswer(one.answer, one.reviewer, one.note, one.time) for one in answers],
        side_by_side=side_by_side,
        keypoints=keypoints,
        examined=made if scan is None else scan.finished or scan.created,
        made=made,
    )


def _photos(caller: Caller, judged: JudgedListing) -> list[PackedImage]:
    kept = [one for one in judged.photos if one.stored_hash]
    found = [_image(caller, f"photo-{one.position + 1}", one.source, one.content_hash) for one in kept]
    return [image for image in found if image is not None]


def _references(caller: Caller, card: Card, products: dict[ReferenceKey, Product]) -> list[PackedImage]:
    """Every image of the references that evidence speaks of, the leading one's first."""
    keys = dict.fromkeys([card.reference_key, *map(key_of, card.row.verdict.evidence)])
    found = []
    for product in (products[key] for key in keys if key and key in products):
        name = f"{product.brand}-{product.reference_id}"
        what = product.role.value.replace("-", " ")
        source = f"{what} {product.reference_id} of {product.brand}"
        found += [_image(caller, name, source, one.content_hash) for one in product.images]
    return [image for image in found if image is not None]


def _image(caller: Caller, name: str, source: str, content_hash: str) -> PackedImage | None:
    try:
        blob = caller.service.workspace.store.get(content_hash)
    except MatcherError:
        return None  # Purged since.
    return PackedImage(name, source, (sniff(blob) or "png").lower(), blob)


def _sheets(caller: Caller, best: Shown, agreed: Agreement) -> tuple[bytes, bytes]:
    """The leading photo beside its reference, with regions and with keypoints; empty where one is gone."""
    photos = {one.position: one.content_hash for one in best.judged.photos if one.stored_hash}
    if best.card.photo is None or best.position is None:
        return b"", b""
    try:
        photo = _decoded(caller, photos[best.position])
        reference = None
        if best.leading is not None and best.leading.images:
            reference = _decoded(caller, best.leading.images[best.place].content_hash)
    except MatcherError:
        return b"", b""
    name = best.role.value.replace("-", " ").capitalize()
    lines = lines_drawn(photo, reference, agreed, name) if reference is not None and agreed.count else b""
    return side_by_side(photo, best.card.photo, reference, name), lines


def _decoded(caller: Caller, content_hash: str) -> Picture:
    workspace = caller.service.workspace
    settings = workspace.settings.images.model_copy(update={"working_side": SHEET_SIDE})
    return decode(workspace.store.get(content_hash), content_hash, settings)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
