"""The numbered history of the catalog's images, by which galleries catch up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from matcher.catalog.queries import groups, walk
from matcher.catalog.tables import brands, changes, counters, images, products
from matcher.records import ImageRole

Action = Literal["add", "remove"]
_COUNTER = counters.c.name == "changes"


@dataclass(frozen=True)
class Change:
    """One image that came or went; an image_id comes once, goes at most once, and is never used again."""

    number: int
    action: Action
    image_id: int
    role: ImageRole


@dataclass(frozen=True)
class LiveImage:
    """An image that is in the catalog, and so must be in the gallery of its role."""

    image_id: int
    role: ImageRole
    content_hash: str


@dataclass(frozen=True)
class ImageFacts:
    """What a signal may want to know of a catalog image; sizes in pixels."""

    image_id: int
    owner_id: int
    brand_id: int
    brand: str
    role: ImageRole
    reference_id: str
    content_hash: str
    position: int
    width: int
    height: int
    title: str
    price: Decimal | None
    currency: str


@dataclass(frozen=True)
class ChangedImage:
    """An image row as the recorder of changes needs it."""

    owner_id: int
    brand_id: int
    image_id: int
    role: ImageRole


def last_number(connection: Connection) -> int:
    """The newest committed change, 0 in an empty catalog; every smaller number is committed too."""
    return int(connection.execute(select(counters.c.value).where(_COUNTER)).scalar_one())


def newest_change(connection: Connection, owner_id: int) -> int:
    """The number of the newest change of this owner's images, 0 where there was none."""
    query = select(func.max(changes.c.number)).where(changes.c.owner_id == owner_id)
    return int(connection.execute(query).scalar_one() or 0)


def changes_since(connection: Connection, number: int, limit: int = 1000) -> list[Change]:
    """At most `limit` changes after `number`, in order."""
    query = select(changes.c.number, changes.c.action, changes.c.image_id, changes.c.role)
    query = query.where(changes.c.number > number).order_by(changes.c.number).limit(limit)
    rows = connection.execute(query)
    return [Change(row.number, row.action, row.image_id, ImageRole(row.role)) for row in rows]


def lock_catalog(connection: Connection) -> None:
    """Wait until no other transaction changes the catalog, and keep others out until this one ends.

    Everything that changes the catalog calls this first, so that PostgreSQL's writers neither deadlock nor
    see half of each other's work. (SQLite has one writer anyway.) Locked is the row the numbers come from.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(select(counters.c.value).where(_COUNTER).with_for_update())


def record_changes(connection: Connection, action: Action, changed: Sequence[ChangedImage]) -> None:
    """Number the changes; the counter's row lock makes the order of numbers the order of commits."""
    if not changed:
        return
    raised = update(counters).where(_COUNTER).values(value=counters.c.value + len(changed))
    last = int(connection.execute(raised.returning(counters.c.value)).scalar_one())
    first = last - len(changed) + 1
    rows = [
        {
            "number": number,
            "action": action,
            "image_id": image.image_id,
            "role": image.role.value,
            "brand_id": image.brand_id,
            "owner_id": image.owner_id,
        }
        for number, image in enumerate(changed, start=first)
    ]
    connection.execute(insert(changes), rows)


def live_images(connection: Connection, role: ImageRole | None = None) -> Iterator[LiveImage]:
    """Every image in the catalog by image_id, streaming."""
    query = select(images.c.image_id, images.c.role, images.c.content_hash)
    if role is not None:
        query = query.where(images.c.role == role.value)
    for row in walk(connection, query, images.c.image_id):
        yield LiveImage(row.image_id, ImageRole(row.role), row.content_hash)


def count_images(connection: Connection, *, owner_id: int) -> dict[ImageRole, int]:
    """How many images the owner has of each role."""
    query = select(images.c.role, func.count()).where(images.c.owner_id == owner_id).group_by(images.c.role)
    found = {row[0]: int(row[1]) for row in connection.execute(query)}
    return {role: found.get(role.value, 0) for role in ImageRole}


def image_facts(connection: Connection, image_ids: Iterable[int] | None = None) -> Iterator[ImageFacts]:
    """Facts of the images named, or of all by image_id, streaming; ids that are gone are left out."""
    query: Select[Any] = (
        select(
            images.c.image_id,
            images.c.owner_id,
            images.c.brand_id,
            brands.c.name,
            images.c.role,
            products.c.reference_id,
            images.c.content_hash,
            images.c.position,
            images.c.width,
            images.c.height,
            products.c.title,
            products.c.price,
            products.c.currency,
        )
        .join_from(images, products, products.c.product_id == images.c.product_id)
        .join(brands, brands.c.brand_id == images.c.brand_id)
    )
    if image_ids is None:
        rows: Iterator[Row[Any]] = walk(connection, query, images.c.image_id)
    else:
        rows = (
            row
            for group in groups(image_ids, 500)
            for row in connection.execute(
                query.where(images.c.image_id.in_(group)).order_by(images.c.image_id)
            )
        )
    for row in rows:
        image_id, owner_id, brand_id, brand, role, *rest = tuple(row)
        yield ImageFacts(image_id, owner_id, brand_id, brand, ImageRole(role), *rest)
