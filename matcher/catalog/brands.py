"""Brands with what they say of themselves: wordmarks, licensed sellers, trademark registrations."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, delete, insert, select, update

from matcher.catalog.changes import ChangedImage, lock_catalog, record_changes
from matcher.catalog.queries import check_key
from matcher.catalog.tables import (
    DEFAULT_OWNER,
    brands,
    images,
    licensed_sellers,
    owners,
    trademarks,
    wordmarks,
)
from matcher.errors import MissingError
from matcher.records import Brand, ImageRole, Trademark, brand_key


def add_owner(connection: Connection, name: str) -> int:
    """The owner's id, new or known; owners see nothing of one another."""
    lock_catalog(connection)
    found = connection.execute(select(owners.c.owner_id).where(owners.c.name == name)).scalar_one_or_none()
    if found is not None:
        return int(found)
    check_key(name, "the owner's name")
    return int(connection.execute(insert(owners).values(name=name).returning(owners.c.owner_id)).scalar_one())


def list_owners(connection: Connection) -> dict[int, str]:
    """Every owner's name by id."""
    rows = connection.execute(select(owners.c.owner_id, owners.c.name).order_by(owners.c.owner_id))
    return {row.owner_id: row.name for row in rows}


def find_brand(connection: Connection, name: str, *, owner_id: int = DEFAULT_OWNER) -> int | None:
    """The brand's id, its name compared by `brand_key`."""
    query = select(brands.c.brand_id).where(
        brands.c.owner_id == owner_id, brands.c.name_key == brand_key(name)
    )
    return connection.execute(query).scalar_one_or_none()


def brand_id_of(connection: Connection, name: str, *, owner_id: int = DEFAULT_OWNER) -> int:
    """The brand's id; raises `CatalogError` when there is none of that name."""
    found = find_brand(connection, name, owner_id=owner_id)
    if found is None:
        raise MissingError(
            f"no brand '{name}'", "see `matcher brand list`, or add it with `matcher brand add`"
        )
    return found


def add_brand(connection: Connection, brand: Brand, *, owner_id: int = DEFAULT_OWNER) -> int:
    """The brand's id; to a known brand, what is new of wordmarks, sellers and trademarks is added.

    A known brand keeps its name as first spelled; blank sellers are left out. Raises `CatalogError` for empty
    or over-long names.
    """
    lock_catalog(connection)
    name = brand.name.strip()
    key = check_key(brand_key(name), "the brand's name")
    brand_id = find_brand(connection, name, owner_id=owner_id)
    if brand_id is None:
        check_key(name, "the brand's name")
        row = insert(brands).values(owner_id=owner_id, name=name, name_key=key).returning(brands.c.brand_id)
        brand_id = int(connection.execute(row).scalar_one())
    row_of = {"owner_id": owner_id, "brand_id": brand_id}
    _add_texts(connection, wordmarks, "text", (text.strip() for text in brand.wordmarks), row_of)
    # A listing's seller is compared without blanks around it, so that one stored with them would match none.
    sellers = filter(None, (seller.strip() for seller in brand.licensed_sellers))
    _add_texts(connection, licensed_sellers, "seller_id", sellers, row_of)
    for trademark in brand.trademarks:
        _add_trademark(connection, trademark, row_of)
    return brand_id


def _add_texts(
    connection: Connection, table: Table, column: str, texts: Iterable[str], row_of: dict[str, int]
) -> None:
    query = select(table.c[column]).where(table.c.brand_id == row_of["brand_id"])
    known = set(connection.execute(query).scalars())
    for text in dict.fromkeys(texts):
        if text not in known:
            check_key(text, f"a {column.removesuffix('_id')} of the brand")
            connection.execute(insert(table).values({column: text, **row_of}))


def _add_trademark(connection: Connection, trademark: Trademark, row_of: dict[str, int]) -> None:
    """Nice classes of a registration that is known are joined with those it has."""
    same = (
        (trademarks.c.brand_id == row_of["brand_id"])
        & (trademarks.c.office == trademark.office)
        & (trademarks.c.number == trademark.number)
    )
    known = connection.execute(select(trademarks.c.nice_classes).where(same)).scalar_one_or_none()
    classes = sorted({*trademark.nice_classes, *(json.loads(known) if known else ())})
    if known is not None:
        connection.execute(update(trademarks).where(same).values(nice_classes=json.dumps(classes)))
        return
    check_key(trademark.number, "the trademark's number")
    check_key(trademark.office, "the trademark's office")
    row = {
        "number": trademark.number,
        "office": trademark.office,
        "nice_classes": json.dumps(classes),
        **row_of,
    }
    connection.execute(insert(trademarks).values(row))


def brand_name_of(connection: Connection, brand_id: int, *, owner_id: int = DEFAULT_OWNER) -> str:
    """The name of the owner's brand of that id; raises `MissingError` where there is none."""
    query = select(brands.c.name).where(brands.c.brand_id == brand_id, brands.c.owner_id == owner_id)
    name = connection.execute(query).scalar_one_or_none()
    if name is None:
        raise MissingError(f"there is no brand {brand_id}")
    return str(name)


def replace_brand(connection: Connection, brand: Brand, *, owner_id: int = DEFAULT_OWNER) -> int:
    """Make what a brand says of itself exactly what `brand` says, in its order; returns the brand's id.

    The brand is added where there is none of that name; one that is known keeps its name as first spelled.
    """
    lock_catalog(connection)
    brand_id = find_brand(connection, brand.name, owner_id=owner_id)
    if brand_id is not None:
        for table in (wordmarks, licensed_sellers, trademarks):
            connection.execute(delete(table).where(table.c.brand_id == brand_id))
    return add_brand(connection, brand, owner_id=owner_id)


def show_brand(connection: Connection, name: str, *, owner_id: int = DEFAULT_OWNER) -> Brand:
    """Everything said of the brand; raises `CatalogError` when there is none of that name."""
    brand_id = brand_id_of(connection, name, owner_id=owner_id)
    return _brands(connection, select(brands.c.brand_id).where(brands.c.brand_id == brand_id))[0]


def list_brands(connection: Connection, *, owner_id: int | None = DEFAULT_OWNER) -> list[Brand]:
    """All brands of an owner (None: of every owner), by name."""
    query = select(brands.c.brand_id)
    return _brands(connection, query if owner_id is None else query.where(brands.c.owner_id == owner_id))


def _brands(connection: Connection, wanted: Select[Any]) -> list[Brand]:
    marks = _by_brand(connection, wordmarks, wanted)
    sellers = _by_brand(connection, licensed_sellers, wanted)
    registered = _by_brand(connection, trademarks, wanted)
    query = select(brands).where(brands.c.brand_id.in_(wanted)).order_by(brands.c.name_key, brands.c.brand_id)
    return [
        Brand(
            name=brand.name,
            wordmarks=tuple(row.text for row in marks[brand.brand_id]),
            licensed_sellers=tuple(row.seller_id for row in sellers[brand.brand_id]),
            trademarks=tuple(
                Trademark(number=row.number, office=row.office, nice_classes=json.loads(row.nice_classes))
                for row in registered[brand.brand_id]
            ),
        )
        for brand in connection.execute(query)
    ]


def _by_brand(connection: Connection, table: Table, wanted: Select[Any]) -> dict[int, list[Row[Any]]]:
    """Rows of `table` in the order they were added."""
    answer: dict[int, list[Row[Any]]] = defaultdict(list)
    query = select(table).where(table.c.brand_id.in_(wanted)).order_by(next(iter(table.primary_key)))
    for row in connection.execute(query):
        answer[row.brand_id].append(row)
    return answer


def remove_brand(connection: Connection, name: str, *, owner_id: int = DEFAULT_OWNER) -> int:
    """Remove the brand with its products and images; returns how many images went.

    Files are left for `sweep_images`. Raises `CatalogError` when there is none of that name.
    """
    lock_catalog(connection)
    brand_id = brand_id_of(connection, name, owner_id=owner_id)
    query = (
        select(images.c.image_id, images.c.role)
        .where(images.c.brand_id == brand_id)
        .order_by(images.c.image_id)
    )
    gone = [
        ChangedImage(owner_id, brand_id, row.image_id, ImageRole(row.role))
        for row in connection.execute(query)
    ]
    record_changes(connection, "remove", gone)
    connection.execute(delete(brands).where(brands.c.brand_id == brand_id))
    return len(gone)
