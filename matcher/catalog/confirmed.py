"""Fakes that a reviewer confirmed become known counterfeits, until the answer changes."""

from __future__ import annotations

from sqlalchemy import Connection, select

from matcher.catalog.brands import add_brand, find_brand
from matcher.catalog.products import StoredImage
from matcher.catalog.references import put_product, remove_product
from matcher.catalog.results import JudgedListing
from matcher.catalog.tables import DEFAULT_OWNER, brands, products
from matcher.errors import CatalogError
from matcher.records import Brand, ImageRole, ReferenceRow, Verdict

ROLE = ImageRole.KNOWN_COUNTERFEIT


def keep_confirmed(
    connection: Connection, judged: JudgedListing, *, brand: str = "", owner_id: int = DEFAULT_OWNER
) -> int:
    """Make the listing's kept photos a known counterfeit of `brand` (empty: the verdict's); how many images.

    A photo that reuses the brand's own picture is left out: it would accuse everyone who shows that picture.
    So it may be that none is left, and 0 is returned. Raises `CatalogError` where no brand is named.
    """
    name = brand or judged.verdict.brand
    if not name:
        raise CatalogError("the verdict names no brand: say whose fake it is")
    reused = _reused(judged.verdict)
    images = [
        StoredImage(photo.content_hash, photo.stored_hash, photo.source, photo.width, photo.height)
        for photo in judged.photos
        if photo.stored_hash and photo.position not in reused
    ]
    drop_confirmed(connection, judged, owner_id=owner_id)
    if not images:
        return 0
    if find_brand(connection, name, owner_id=owner_id) is None:
        add_brand(connection, Brand(name=name), owner_id=owner_id)
    row = ReferenceRow(
        reference_id=reference_id_of(judged),
        images=tuple(image.source for image in images),
        title=judged.listing.title,
        brand=name,
    )
    put_product(connection, name, row, images, ROLE, owner_id=owner_id)
    return len(images)


def _reused(verdict: Verdict) -> set[int | None]:
    """The positions of the photos that reuse a brand's own picture.

    A verdict of before evidence had `also` tells only the surest photo of each brand.
    """
    reused: set[int | None] = set()
    for one in verdict.evidence:
        if one.signal == "copy":
            also = one.detail.get("also")
            others = also if isinstance(also, list) else []
            reused |= {one.photo, *(position for position in others if isinstance(position, int))}
    return reused


def drop_confirmed(connection: Connection, judged: JudgedListing, *, owner_id: int = DEFAULT_OWNER) -> int:
    """Take back what `keep_confirmed` did for the listing, under whatever brand; how many images went."""
    query = (
        select(brands.c.name)
        .join_from(products, brands, brands.c.brand_id == products.c.brand_id)
        .where(products.c.owner_id == owner_id, products.c.role == ROLE.value)
        .where(products.c.reference_id == reference_id_of(judged))
    )
    names = connection.execute(query).scalars().all()
    return sum(
        remove_product(connection, name, reference_id_of(judged), ROLE, owner_id=owner_id) for name in names
    )


def reference_id_of(judged: JudgedListing) -> str:
    """The name under which the listing's photos are known counterfeits."""
    return f"confirmed-{judged.listing_row}"
