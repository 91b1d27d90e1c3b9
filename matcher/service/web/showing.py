"""A listing with its verdict made ready for pages: pictures by their address, evidence in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from matcher.catalog import JudgedListing, Product, find_product
from matcher.errors import CatalogError
from matcher.records import ImageRole, Listing, Verdict
from matcher.report import Card, Linked, Picture, ReferenceFacts, ReferenceKey, ReportRow, card, named
from matcher.report import Shown as Pictured
from matcher.service.access import Caller


@dataclass(frozen=True)
class Shown:
    """What a page shows of a listing beside the product that leads, if any is left in the catalog.

    `position`: of the photo that leads; None where none is kept. `place`: which of the product's images
    stands beside it.
    """

    judged: JudgedListing
    card: Card
    position: int | None
    leading: Product | None
    place: int = 0

    @property
    def role(self) -> ImageRole:
        """What stands beside the photo."""
        return self.leading.role if self.leading else ImageRole.REFERENCE

    @property
    def more(self) -> tuple[Linked, ...]:
        """The product's other images."""
        count = len(self.leading.images) if self.leading else 0
        return tuple(linked(self.leading, at) for at in range(count) if self.leading and at != self.place)

    def beside(self, place: int) -> Shown:
        """The same with another of the product's images beside the photo."""
        if self.leading is None or place == self.place:
            return self
        other = linked(self.leading, place)
        picture = Picture(other.address, other.width, other.height, "Reference")
        return replace(self, card=replace(self.card, reference=picture), place=place)


def shown(connection: Connection, caller: Caller, judged: JudgedListing) -> Shown:
    """The listing beside the references that its evidence speaks of, those that are still there."""
    products, photos = products_of(connection, caller, judged.verdict), photos_of(judged)
    made = card(row_of(judged.listing, judged.verdict, photos, products), judged.position)
    leading = products.get(made.reference_key) if made.reference_key else None
    drawn = made.photo.address if made.photo else ""
    position = next((at for at, photo in photos.items() if photo.address == drawn), None)
    return Shown(judged, made, position, leading)


def products_of(connection: Connection, caller: Caller, verdict: Verdict) -> dict[ReferenceKey, Product]:
    """The references that a verdict speaks of, those that are still there."""
    keys = named(verdict.evidence, verdict.matches)
    found = {key: _product(connection, caller, key) for key in keys}
    return {key: product for key, product in found.items() if product is not None}


def row_of(
    listing: Listing,
    verdict: Verdict,
    photos: Mapping[int, Pictured],
    products: Mapping[ReferenceKey, Product],
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


def _product(connection: Connection, caller: Caller, key: ReferenceKey) -> Product | None:
    try:
        return find_product(connection, *key, owner_id=caller.owner_id)
    except CatalogError:
        return None  # The brand has gone since; the evidence still names it.
