"""The evidence pack of one listing, to send with a takedown notice."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Annotated

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from matcher.catalog import JudgedListing, Product, Scope, find_scan, review_history
from matcher.containers import sniff
from matcher.errors import MatcherError
from matcher.images import decode
from matcher.report import Card
from matcher.report.pack import Pack, PackedAnswer, PackedImage, write_pack
from matcher.report.side_by_side import side_by_side
from matcher.service.access import Caller
from matcher.service.reviews import ReviewNumber, judged_listing
from matcher.service.web.frame import PageRoute
from matcher.service.web.showing import Key, products_of, shown
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
IN_MEMORY, PIECE = 16 * 2**20, 2**18


@router.get("/review/{listing}/evidence.zip")
def evidence_pack(
    visitor: Annotated[Visitor, admitted(Scope.REVIEWS_READ)], listing: ReviewNumber
) -> StreamingResponse:
    """Photos, references, both side by side, the verdict and the words for it; who took it is on record."""
    caller = visitor.caller
    with caller.read() as connection:
        judged = judged_listing(connection, caller, listing)
        pack = _pack(connection, caller, judged)
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed when it has been sent
    write_pack(file, pack)
    caller.note("evidence.pack", str(listing))
    headers = {
        "Content-Disposition": f'attachment; filename="evidence-{listing}.zip"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(_pieces(file), headers=headers, media_type="application/zip")


def _pack(connection: Connection, caller: Caller, judged: JudgedListing) -> Pack:
    card = shown(connection, caller, judged).card
    products = products_of(connection, caller, judged.verdict)
    scan = find_scan(connection, judged.scan_id)
    made = datetime.now(UTC)
    return Pack(
        card=card,
        photos=_photos(caller, judged),
        references=_references(caller, card, products),
        answers=[
            PackedAnswer(one.answer, one.reviewer, one.note, one.time)
            for one in review_history(connection, judged.listing_row)
        ],
        side_by_side=_drawn(caller, judged, card, products),
        examined=made if scan is None else scan.finished or scan.created,
        made=made,
    )


def _photos(caller: Caller, judged: JudgedListing) -> list[PackedImage]:
    kept = [one for one in judged.photos if one.stored_hash]
    found = [_image(caller, f"photo-{one.position + 1}", one.source, one.content_hash) for one in kept]
    return [image for image in found if image is not None]


def _references(caller: Caller, card: Card, products: dict[Key, Product]) -> list[PackedImage]:
    """Every image of the references that evidence speaks of, the leading one's first."""
    spoken = [(one.brand, one.reference_id or "") for one in card.row.verdict.evidence if one.reference_id]
    keys = dict.fromkeys([*([card.reference_key] if card.reference_key else []), *spoken])
    found = []
    for product in (products[key] for key in keys if key in products):
        name = f"{product.brand}-{product.reference_id}"
        source = f"{product.role.value} {product.reference_id} of {product.brand}"
        found += [_image(caller, name, source, one.content_hash) for one in product.images]
    return [image for image in found if image is not None]


def _image(caller: Caller, name: str, source: str, content_hash: str) -> PackedImage | None:
    try:
        blob = caller.service.workspace.store.get(content_hash)
    except MatcherError:
        return None  # Purged since.
    return PackedImage(name, source, (sniff(blob) or "png").lower(), blob)


def _drawn(caller: Caller, judged: JudgedListing, card: Card, products: dict[Key, Product]) -> bytes:
    """The photo that the card leads with beside its reference, or nothing where the photo is gone."""
    workspace = caller.service.workspace
    leading = products.get(card.reference_key) if card.reference_key else None
    hashes = {f"/{one.position}": one.content_hash for one in judged.photos if one.stored_hash}
    if card.photo is None:
        return b""
    content_hash = hashes[card.photo.address[card.photo.address.rindex("/") :]]
    try:
        photo = decode(workspace.store.get(content_hash), content_hash, workspace.settings.images)
        reference = None
        if leading is not None and leading.images:
            other = leading.images[0].content_hash
            reference = decode(workspace.store.get(other), other, workspace.settings.images)
    except MatcherError:
        return b""
    name = leading.role.value.replace("-", " ").capitalize() if leading else ""
    return side_by_side(photo, card.photo, reference, name)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
