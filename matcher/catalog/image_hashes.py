"""Perceptual hashes of the catalog's images, by kind, kept beside what models said of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select

from matcher.catalog.queries import groups, upsert
from matcher.catalog.service_tables import image_hashes
from matcher.catalog.tables import brands, images


class BrandedImage(NamedTuple):
    """An image of the catalog, the product it shows and the name of its brand."""

    image_id: int
    product_id: int
    brand: str


def put_image_hashes(connection: Connection, kind: str, values: Mapping[str, str]) -> None:
    """Keep hashes by content hash; an empty one says that there is none."""
    rows = [{"content_hash": name, "kind": kind, "value": value} for name, value in values.items()]
    upsert(connection, image_hashes, rows)


def images_without_hash(connection: Connection, kind: str, limit: int) -> list[str]:
    """At most `limit` content hashes of images, of any owner, that have no hash of the kind yet."""
    has = (image_hashes.c.content_hash == images.c.content_hash) & (image_hashes.c.kind == kind)
    query = select(images.c.content_hash).where(~select(image_hashes.c.kind).where(has).exists())
    return list(connection.execute(query.distinct().limit(limit)).scalars())


def owner_hashes(connection: Connection, owner_id: int, kind: str) -> list[tuple[int, str]]:
    """The image_id and hash of each image of the owner that has one, by image_id."""
    query = (
        select(images.c.image_id, image_hashes.c.value)
        .join_from(images, image_hashes, image_hashes.c.content_hash == images.c.content_hash)
        .where(images.c.owner_id == owner_id, image_hashes.c.kind == kind, image_hashes.c.value != "")
    )
    return [(row.image_id, row.value) for row in connection.execute(query.order_by(images.c.image_id))]


def count_owner_hashes(connection: Connection, owner_id: int, kind: str) -> int:
    """How many there are."""
    query = (
        select(func.count())
        .select_from(images)
        .join(image_hashes, image_hashes.c.content_hash == images.c.content_hash)
        .where(images.c.owner_id == owner_id, image_hashes.c.kind == kind, image_hashes.c.value != "")
    )
    return int(connection.execute(query).scalar_one())


def branded_images(
    connection: Connection, owner_id: int, image_ids: Iterable[int]
) -> dict[int, BrandedImage]:
    """The owner's among the images, by image_id; others are left out."""
    query = (
        select(images.c.image_id, images.c.product_id, brands.c.name)
        .join_from(images, brands, brands.c.brand_id == images.c.brand_id)
        .where(images.c.owner_id == owner_id)
    )
    found: dict[int, BrandedImage] = {}
    for group in groups(image_ids, 500):
        for row in connection.execute(query.where(images.c.image_id.in_(group))):
            found[row.image_id] = BrandedImage(*row)
    return found


def drop_unused_hashes(connection: Connection) -> None:
    """Forget hashes of pictures that the catalog does not hold any more."""
    used = select(images.c.content_hash).where(images.c.content_hash == image_hashes.c.content_hash)
    connection.execute(delete(image_hashes).where(~used.exists()))
