"""Products of a brand with their images, read back: references, logos and known counterfeits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, func, select

from matcher.catalog.brands import brand_id_of
from matcher.catalog.tables import DEFAULT_OWNER, brands, images, products
from matcher.errors import MissingError
from matcher.records import ImageRole


@dataclass(frozen=True)
class StoredImage:
    """An image whose bytes lie in the image store.

    `content_hash` is of the bytes as given and names the file, `stored_hash` is of the bytes in the file;
    both are SHA-256 in lower-case hex. `source` is the path or URL as given; sizes are in pixels, as shown.
    """

    content_hash: str
    stored_hash: str
    source: str
    width: int
    height: int


@dataclass(frozen=True)
class UnreadImage:
    """An image that a row names but that cannot be had now; what the product has from `source` stays."""

    source: str


@dataclass(frozen=True)
class CatalogImage(StoredImage):
    """A `StoredImage` that is in the catalog."""

    image_id: int
    position: int


@dataclass(frozen=True)
class Product:
    """A product (or logo, or known counterfeit) with its images in order."""

    product_id: int
    brand: str
    role: ImageRole
    reference_id: str
    title: str
    price: Decimal | None
    currency: str
    gtin: str
    images: tuple[CatalogImage, ...]


def find_product(
    connection: Connection,
    brand: str,
    reference_id: str,
    role: ImageRole = ImageRole.REFERENCE,
    *,
    owner_id: int = DEFAULT_OWNER,
) -> Product | None:
    """The product with its images, or None; raises `CatalogError` for an unknown brand."""
    brand_id = brand_id_of(connection, brand, owner_id=owner_id)
    found = find_row(connection, brand_id, reference_id, role)
    return None if found is None else _products(connection, products.c.product_id == found.product_id, 1)[0]


def product_of(connection: Connection, product_id: int, *, owner_id: int = DEFAULT_OWNER) -> Product:
    """The owner's product of that id; raises `MissingError` where there is none."""
    wanted = (products.c.product_id == product_id) & (products.c.owner_id == owner_id)
    found = _products(connection, wanted, 1)
    if not found:
        raise MissingError(f"there is no reference {product_id}")
    return found[0]


def list_products(
    connection: Connection,
    *,
    brand: str = "",
    role: ImageRole | None = None,
    after: int = 0,
    limit: int = 100,
    owner_id: int = DEFAULT_OWNER,
) -> list[Product]:
    """At most `limit` products by product_id, after the product_id `after` (the page before's last)."""
    wanted = (products.c.owner_id == owner_id) & (products.c.product_id > after)
    if brand:
        wanted &= products.c.brand_id == brand_id_of(connection, brand, owner_id=owner_id)
    if role is not None:
        wanted &= products.c.role == role.value
    return _products(connection, wanted, limit)


def count_products(connection: Connection, owner_id: int) -> dict[int, dict[ImageRole, int]]:
    """How many references, logos and known counterfeits each brand has, by brand_id, if any."""
    query = select(products.c.brand_id, products.c.role, func.count()).where(products.c.owner_id == owner_id)
    counts: dict[int, dict[ImageRole, int]] = {}
    for brand_id, role, number in connection.execute(query.group_by(products.c.brand_id, products.c.role)):
        counts.setdefault(brand_id, dict.fromkeys(ImageRole, 0))[ImageRole(role)] = int(number)
    return counts


def image_roles(connection: Connection) -> frozenset[ImageRole]:
    """What the images of all owners together stand for; empty where there are none."""
    return frozenset(map(ImageRole, connection.execute(select(images.c.role).distinct()).scalars()))


def first_images(connection: Connection, owner_id: int) -> dict[int, tuple[int, int]]:
    """(product_id, position) of the image that stands for each brand: its first logo, else reference."""
    shown = (ImageRole.REFERENCE.value, ImageRole.LOGO.value)
    oldest = (
        select(func.min(images.c.image_id))
        .where(images.c.owner_id == owner_id, images.c.role.in_(shown))
        .group_by(images.c.brand_id, images.c.role)
    )
    rows = connection.execute(select(images).where(images.c.image_id.in_(oldest))).all()
    ordered = sorted(rows, key=lambda row: row.role == ImageRole.LOGO.value)
    return {row.brand_id: (row.product_id, row.position) for row in ordered}


def _products(connection: Connection, wanted: Any, limit: int) -> list[Product]:
    query = select(products, brands.c.name.label("brand")).join_from(
        products, brands, brands.c.brand_id == products.c.brand_id
    )
    rows = connection.execute(query.where(wanted).order_by(products.c.product_id).limit(limit)).all()
    found = images_of(connection, [row.product_id for row in rows])
    return [
        Product(
            product_id=row.product_id,
            brand=row.brand,
            role=ImageRole(row.role),
            reference_id=row.reference_id,
            title=row.title,
            price=row.price,
            currency=row.currency,
            gtin=row.gtin,
            images=tuple(found[row.product_id]),
        )
        for row in rows
    ]


def find_row(connection: Connection, brand_id: int, reference_id: str, role: ImageRole) -> Row[Any] | None:
    """The product's row without its images."""
    query = select(products).where(
        products.c.brand_id == brand_id,
        products.c.role == role.value,
        products.c.reference_id == reference_id,
    )
    return connection.execute(query).one_or_none()


def images_of(connection: Connection, product_ids: Sequence[int]) -> dict[int, list[CatalogImage]]:
    """Images in order by product_id; every id asked for is there."""
    query = select(images).where(images.c.product_id.in_(product_ids))
    answer: dict[int, list[CatalogImage]] = {product_id: [] for product_id in product_ids}
    for row in connection.execute(query.order_by(images.c.position, images.c.image_id)):
        answer[row.product_id].append(
            CatalogImage(
                content_hash=row.content_hash,
                stored_hash=row.stored_hash,
                source=row.source,
                width=row.width,
                height=row.height,
                image_id=row.image_id,
                position=row.position,
            )
        )
    return answer
