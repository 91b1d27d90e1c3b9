"""A listing with its verdict made ready for pages: pictures by their address, evidence in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from matcher.catalog import JudgedListing, Product, find_product
from matcher.errors import CatalogError
from matcher.records import ImageRole, Listing, Verdict
from matcher.report import Card, Linked, ReferenceFacts, ReportRow, card
from matcher.report import Shown as Picture
from matcher.scan_report import named_references
from matcher.service.access import Caller

Key = tuple[str, str]


@dataclass(frozen=True)
class Shown:
    """What a page shows of a listing; `role` is what stands beside it, `more` are further images of that."""

    judged: JudgedListing
    card: Card
    role: ImageRole
    more: tuple[Linked, ...]


def shown(connection: Connection, caller: Caller, judged: JudgedListing) -> Shown:
    """The listing beside the references that its evidence speaks of, those that are still there."""
    products = products_of(connection, caller, judged.verdict)
    made = card(row_of(judged.listing, judged.verdict, photos_of(judged), products), judged.position)
    leading = products.get(made.reference_key) if made.reference_key else None
    more = tuple(linked(leading, place) for place in range(1, len(leading.images))) if leading else ()
    return Shown(judged, made, leading.role if leading else ImageRole.REFERENCE, more)


def products_of(connection: Connection, caller: Caller, verdict: Verdict) -> dict[Key, Product]:
    """The references that a verdict speaks of, those that are still there."""
    named = named_references(verdict)
    for match in verdict.matches:
        named.setdefault((match.brand, match.reference_id), ImageRole.REFERENCE)
    found = {key: _product(connection, caller, key, role) for key, role in named.items()}
    return {key: product for key, product in found.items() if product is not None}


def row_of(
    listing: Listing, verdict: Verdict, photos: Mapping[int, Picture], products: Mapping[Key, Product]
) -> ReportRow:
    """What a card is made of."""
    return ReportRow(
        listing=listing,
        verdict=verdict,
        photos=photos,
        references={key: linked(product, 0) for key, product in products.items() if product.images},
        reference_facts={
            key: ReferenceFacts(product.title, product.price, product.currency)
            for key, product in products.items()
        },
    )


def photos_of(judged: JudgedListing) -> dict[int, Linked]:
    """The kept photos by their place in the listing."""
    return {
        one.position: Linked(f"/review/{judged.listing_row}/photos/{one.position}", one.width, one.height)
        for one in judged.photos
        if one.stored_hash
    }


def linked(product: Product, place: int) -> Linked:
    """One image of a product, by its place among them."""
    image = product.images[place]
    address = f"/references/{product.product_id}/images/{image.position}"
    return Linked(address, image.width, image.height)


def _product(connection: Connection, caller: Caller, key: Key, role: ImageRole) -> Product | None:
    try:
        return find_product(connection, *key, role, owner_id=caller.owner_id)
    except CatalogError:
        return None  # The brand has gone since; the evidence still names it.
