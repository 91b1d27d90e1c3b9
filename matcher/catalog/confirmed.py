"""Fakes that a reviewer confirmed become known counterfeits, until the answer changes."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, String, cast, func, literal, select

from matcher.catalog.brands import add_brand, find_brand
from matcher.catalog.products import StoredImage
from matcher.catalog.references import put_product, remove_product
from matcher.catalog.results import JudgedListing
from matcher.catalog.reviews import answer_review
from matcher.catalog.tables import DEFAULT_OWNER, brands, listings, products
from matcher.records import Brand, ImageRole, ReferenceRow, ReviewAnswer, Verdict

ROLE = ImageRole.KNOWN_COUNTERFEIT
PREFIX = "confirmed-"


class Learnt(NamedTuple):
    """What an answer made known: so many `photos` are known counterfeits of `brand`.

    No brand: no fake was confirmed, or nobody said whose it is.
    """

    brand: str = ""
    photos: int = 0


def answer_listing(
    connection: Connection,
    judged: JudgedListing,
    answer: ReviewAnswer,
    *,
    brand: str = "",
    reviewer: str = "",
    note: str = "",
    time: datetime | None = None,
    owner_id: int = DEFAULT_OWNER,
) -> Learnt:
    """Keep the answer beside earlier ones, as of `time` or now, and apply it.

    Raises `CatalogError` where the owner has no such listing, or `brand` cannot be a brand's name.
    """
    row = judged.listing_row
    answer_review(connection, row, answer, reviewer=reviewer, note=note, time=time, owner_id=owner_id)
    return apply_answer(connection, judged, answer, brand=brand, owner_id=owner_id)


def apply_answer(
    connection: Connection,
    judged: JudgedListing,
    answer: ReviewAnswer | None,
    *,
    brand: str = "",
    owner_id: int = DEFAULT_OWNER,
) -> Learnt:
    """Make the listing's known counterfeits what `answer` says, the one that counts; None where none does.

    They are of `brand`, empty of the verdict's. An answer that names none either teaches nothing: it is kept
    all the same, as it says that the listing is a fake. Raises `CatalogError` where `brand` cannot be a name.
    """
    _drop(connection, judged, owner_id)
    name = brand.strip() or judged.verdict.brand
    if answer is not ReviewAnswer.CONFIRM or not name:
        return Learnt()
    return Learnt(name, _keep(connection, judged, name, owner_id))


def _keep(connection: Connection, judged: JudgedListing, name: str, owner_id: int) -> int:
    """Make the listing's kept photos a known counterfeit of the brand; how many images.

    A photo that reuses the brand's own picture is left out: it would accuse everyone who shows that picture.
    So it may be that none is left.
    """
    reused = _reused(judged.verdict)
    images = [
        StoredImage(photo.content_hash, photo.stored_hash, photo.source, photo.width, photo.height)
        for photo in judged.photos
        if photo.stored_hash and photo.position not in reused
    ]
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


def _drop(connection: Connection, judged: JudgedListing, owner_id: int) -> None:
    """Take out what was learnt of the listing, under whatever brand."""
    query = (
        select(brands.c.name)
        .join_from(products, brands, brands.c.brand_id == products.c.brand_id)
        .where(products.c.owner_id == owner_id, products.c.role == ROLE.value)
        .where(products.c.reference_id == reference_id_of(judged))
    )
    for name in connection.execute(query).scalars().all():
        remove_product(connection, name, reference_id_of(judged), ROLE, owner_id=owner_id)


def forget_confirmed(connection: Connection, chosen: Select[tuple[int]]) -> int:
    """Take out what was learnt of the listings whose listing_row the query selects; how many products.

    The listings must still be there.
    """
    query = (
        select(products.c.owner_id, products.c.reference_id, brands.c.name)
        .join_from(products, brands, brands.c.brand_id == products.c.brand_id)
        .join(listings, _learnt_of_listing())
        .where(listings.c.listing_row.in_(chosen))
    )
    found = connection.execute(query).all()
    for row in found:
        remove_product(connection, row.name, row.reference_id, ROLE, owner_id=row.owner_id)
    return len(found)


def count_confirmed(connection: Connection, chosen: Select[tuple[int]]) -> int:
    """How many products were learnt of the listings whose listing_row the query selects."""
    query = (
        select(func.count())
        .select_from(products)
        .join(listings, _learnt_of_listing())
        .where(listings.c.listing_row.in_(chosen))
    )
    return int(connection.execute(query).scalar_one())


def _learnt_of_listing() -> ColumnElement[bool]:
    """The product is what was learnt of the listing."""
    name = literal(PREFIX) + cast(listings.c.listing_row, String)
    same = (products.c.role == ROLE.value) & (products.c.owner_id == listings.c.owner_id)
    return same & (products.c.reference_id == name)


def reference_id_of(judged: JudgedListing) -> str:
    """The name under which the listing's photos are known counterfeits."""
    return f"{PREFIX}{judged.listing_row}"
