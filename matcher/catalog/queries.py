"""Small pieces of SQL that several parts of the catalog share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Row, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

from matcher.catalog.columns import escape_text
from matcher.errors import CatalogError

PAGE = 1000
"""Rows read at a time where a whole table is walked."""
_KEY_BYTES = 2000
_Item = TypeVar("_Item")


def check_key(text: str, what: str) -> str:
    """`text`, or `CatalogError` where it is blank or too long for PostgreSQL's index (2,000 bytes)."""
    if not text.strip():
        raise CatalogError(f"{what} is empty")
    if len(escape_text(text).encode()) > _KEY_BYTES:
        raise CatalogError(f"{what} '{text[:40]}…' is longer than {_KEY_BYTES} bytes")
    return text


def groups(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """`items` in lists of `size`, the last one shorter."""
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group


def walk(connection: Connection, query: Select[Any], key: Column[Any]) -> Iterator[Row[Any]]:
    """Every row of `query` in the order of `key` (unique, one of its columns), a page in memory."""
    page = connection.execute(query.order_by(key).limit(PAGE)).all()
    while page:
        yield from page
        page = connection.execute(query.where(key > page[-1]._mapping[key]).order_by(key).limit(PAGE)).all()


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert `rows`; those whose primary key is there replace what is there."""
    if not rows:
        return
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)
