"""Text, decimals and times come back exactly as they went in, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, insert, select
from sqlalchemy.dialects import sqlite

from matcher.catalog import Database
from matcher.catalog.columns import ExactDecimal, ExactText, UtcTime, escape_text, unescape_text

ANYTHING = st.text(st.characters())


@given(ANYTHING | st.text("\x00\x1a0a\ud800"))
def test_any_text_comes_back(text: str) -> None:
    stored = escape_text(text)
    assert unescape_text(stored) == text
    assert "\x00" not in stored
    stored.encode()


@given(ANYTHING, ANYTHING)
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert (escape_text(one) == escape_text(other)) == (one == other)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_keeps_its_digits(price: Decimal) -> None:
    column, dialect = ExactDecimal(), sqlite.dialect()  # type: ignore[no-untyped-call]
    stored = column.process_bind_param(price, dialect)
    assert str(column.process_result_value(stored, dialect)) == str(price)  # type: ignore[arg-type]


def test_both_databases_keep_awkward_values_and_sort_by_code_point(database: Database) -> None:
    table = Table(
        "kept", MetaData(), Column("text", ExactText), Column("price", ExactDecimal), Column("time", UtcTime)
    )
    texts = ["", " ", "\x00", "Z", "a", "z", "ä", "\ud800", "\U0001f45f"]
    time = datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=9)))
    with database.write() as connection:
        table.create(connection)
        rows = [{"text": text, "price": Decimal("1.2300"), "time": time} for text in reversed(texts)]
        connection.execute(insert(table), rows)
        found = connection.execute(select(table).order_by(table.c.text)).all()
    assert sorted(row.text for row in found) == sorted(texts)
    assert [row.text for row in found] == sorted(texts, key=lambda text: escape_text(text).encode())
    assert {str(row.price) for row in found} == {"1.2300"}
    assert {row.time for row in found} == {time}
    assert {row.time.tzinfo for row in found} == {UTC}
