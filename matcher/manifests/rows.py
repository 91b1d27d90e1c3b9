"""What passes between a format's reader and the step that makes records: rows of named text cells."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_CELL = 131_072
"""Longest cell, characters; also the csv module's own default."""

MAX_ID = 512
"""Longest listing_id or reference_id, characters: what every database can still index."""

MAX_IMAGES = 1_000
"""Most images of one listing or reference, also when they come from repeated rows."""

PEEKED_ROWS = 100
"""Rows looked at to learn the columns of a format that has no header."""


@dataclass(frozen=True)
class Row(Generic[T]):
    """A value and where it stands: `line` counts from 1, the physical line (row, item) where it starts."""

    line: int
    value: T


class Numeral(str):
    """The text of a cell that was a number in its file, so that its point is known to be a decimal point."""

    __slots__ = ()


class Unusable(str):
    """Stands for a cell that cannot be used; its text says why, and matters only if the column is wanted."""

    __slots__ = ()


class BadCellError(ValueError):
    """A row cannot become a record; `str()` says why, in one line."""


@dataclass(frozen=True)
class Cells:
    """One row: `values[i]` stands under `names[i]`, as the file spells it; a name may repeat.

    A `problem` says why the row as a whole is bad; its cells are then only good for finding the id.
    """

    names: tuple[str, ...]
    values: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True)
class Columns:
    """The first thing a reader yields: the columns it found, None where no row tells them."""

    names: tuple[str, ...] | None


Item = Columns | Row[Cells]


def unreadable(line: int, problem: str) -> Row[Cells]:
    """A row of which nothing but its place is known."""
    return Row(line, Cells((), (), problem))


def with_columns(rows: Iterator[Row[Cells]]) -> Iterator[Item]:
    """The rows of a format without a header, after the columns that its first `PEEKED_ROWS` rows name."""
    first = list(islice(rows, PEEKED_ROWS))
    names = tuple(dict.fromkeys(name for row in first for name in row.value.names))
    if not names and first and first[0].value.problem:
        # Nothing readable at all: let the one complaint be about the file, with an example.
        names = (f"none; row {first[0].line}: {first[0].value.problem}",)
    yield Columns(names if first else None)
    yield from chain(first, rows)


def shortened(text: str, limit: int = 60) -> str:
    """`text` in quotes, on one line and cut, fit for an error message."""
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")


def number_text(value: float) -> str:
    """A number as a person writes it: whole ones without a point, others without an exponent where that is
    short.
    """
    if isinstance(value, int):
        return Numeral(value) if abs(value) < 10**30 else Unusable("is too large a number")
    if not math.isfinite(value):
        return Unusable("is not a finite number")
    return Numeral(int(value)) if value.is_integer() and abs(value) < 10**30 else Numeral(repr(value))
