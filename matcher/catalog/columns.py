"""Columns as all tables have them, and types that keep text, decimals and times exact on either database."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, ForeignKey, Integer, String, Text
from sqlalchemy.types import TypeDecorator

_UNSTORABLE = re.compile("[\x00\x1a\ud800-\udfff]")
_ESCAPED = re.compile("\x1a([0-9a-f]{4})")

RowId = BigInteger().with_variant(Integer(), "sqlite")
"""A row's number; SQLite counts up by itself only in a column of type INTEGER."""


def escape_text(text: str) -> str:
    """`text` without NUL and lone surrogates, which no database keeps; undone by `unescape_text`."""
    return _UNSTORABLE.sub(lambda found: f"\x1a{ord(found.group()):04x}", text)


def unescape_text(stored: str) -> str:
    """The text that `escape_text` was given."""
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), stored)


class ExactText(TypeDecorator[str]):
    """Any Python string, compared and sorted by code point on every database."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """PostgreSQL sorts by the server's language unless told otherwise."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Text(collation="C"))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Escape on the way in."""
        return None if value is None else escape_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Undo the escape on the way out."""
        return None if value is None else unescape_text(value)


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal kept digit by digit as text, because SQLite would make it a float."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Its digits."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """The same decimal, trailing zeros included."""
        return None if value is None else Decimal(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept and returned in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC; SQLite drops the zone."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """With the zone that SQLite dropped."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def number_column(name: str) -> Column[Any]:
    """What numbers a table's rows, counted up by the database."""
    return Column(name, RowId, primary_key=True, autoincrement=True)


def belonging_column(name: str, target: str, *, index: bool = False) -> Column[Any]:
    """The number of the row in `target` (table.column) that this one goes with."""
    return Column(name, RowId, ForeignKey(target, ondelete="CASCADE"), nullable=False, index=index)


def owner_column() -> Column[Any]:
    """Whose the row is."""
    return belonging_column("owner_id", "owners.owner_id")


def text_column(name: str) -> Column[Any]:
    """Any text, which comes out as it went in."""
    return Column(name, ExactText, nullable=False)


def hash_column(name: str, *, index: bool = False) -> Column[Any]:
    """A SHA-256 as 64 hexadecimal digits, or empty."""
    return Column(name, String(64), nullable=False, index=index)


def count_column(name: str) -> Column[Any]:
    """A small whole number."""
    return Column(name, Integer, nullable=False)
