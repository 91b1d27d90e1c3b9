"""Every table as JSON lines and back, the same from and to SQLite and PostgreSQL."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, Table, func, insert, select, text

from matcher.catalog.columns import ExactDecimal, UtcTime
from matcher.catalog.queries import groups
from matcher.catalog.tables import metadata

BATCH = 500
TABLES: tuple[Table, ...] = tuple(metadata.sorted_tables)
"""In an order in which each row's parents come before it."""
Change = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Is given a table's name and a row, and gives the row to be kept."""


def table_lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """Each row of the table as a line of JSON, in the order of the primary key, streaming."""
    query = select(table).order_by(*table.primary_key.columns)
    for row in connection.execute(query, execution_options={"yield_per": BATCH}):
        found = {column.name: _told(value) for column, value in zip(table.columns, row, strict=True)}
        yield json.dumps(found).encode() + b"\n"


def load_table(connection: Connection, table: Table, lines: Iterable[bytes], change: Change) -> int:
    """Insert the rows that `table_lines` gave, each as `change` makes it; how many there were."""
    count = 0
    rows = (change(table.name, _row(table, line)) for line in lines)
    for batch in groups(rows, BATCH):
        connection.execute(insert(table), batch)
        count += len(batch)
    return count


def last_numbers(connection: Connection) -> dict[str, int]:
    """The largest number that each table has given a row, also where that row is gone."""
    return {
        table.name: max(_given(connection, table, column), _largest(connection, column))
        for table, column in _counted()
    }


def set_last_numbers(connection: Connection, numbers: Mapping[str, int]) -> None:
    """Let each table go on counting behind its number in `numbers`."""
    for table, column in _counted():
        last = max(numbers.get(table.name, 0), _largest(connection, column))
        if not last:
            continue
        if connection.dialect.name != "sqlite":
            query = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
            connection.execute(query, {"table": table.name, "column": column.name, "last": last})
        elif table.dialect_options["sqlite"]["autoincrement"]:
            which = {"table": table.name, "last": last}
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), which)
            connection.execute(text("INSERT INTO sqlite_sequence VALUES (:table, :last)"), which)


def _counted() -> Iterator[tuple[Table, Column[Any]]]:
    """The tables that number their rows by themselves."""
    for table in TABLES:
        column = table.autoincrement_column
        if column is not None and not column.foreign_keys and column.autoincrement is True:
            yield table, column


def _largest(connection: Connection, column: Column[Any]) -> int:
    return int(connection.execute(select(func.max(column))).scalar_one() or 0)


def _given(connection: Connection, table: Table, column: Column[Any]) -> int:
    if connection.dialect.name == "sqlite":
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
        return int(connection.execute(query, {"table": table.name}).scalar_one_or_none() or 0)
    names = {"table": table.name, "column": column.name}
    query = text("SELECT pg_sequence_last_value(pg_get_serial_sequence(:table, :column)::regclass)")
    return int(connection.execute(query, names).scalar_one_or_none() or 0)


def _told(value: Any) -> Any:
    """A value as JSON has it; a decimal keeps its digits."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _row(table: Table, line: bytes) -> dict[str, Any]:
    found = json.loads(line)
    return {name: _value(table.columns[name], value) for name, value in found.items()}


def _value(column: Column[Any], told: Any) -> Any:
    if told is None:
        return None
    if isinstance(column.type, LargeBinary):
        return base64.b64decode(told)
    if isinstance(column.type, UtcTime):
        return datetime.fromisoformat(told)
    return Decimal(told) if isinstance(column.type, ExactDecimal) else told
