"""Reads Parquet in small batches, and of it only the columns that are wanted."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from matcher.errors import ManifestError
from matcher.manifests.columns import is_image, is_known
from matcher.manifests.footer import DELTA_ENCODINGS, DICTIONARY_ENCODINGS, Chunk, read_pages, read_row_groups
from matcher.manifests.opening import explained
from matcher.manifests.rows import (
    MAX_CELL,
    MAX_IMAGES,
    Cells,
    Columns,
    Item,
    Numeral,
    Row,
    Unusable,
    number_text,
    unreadable,
)

BATCH_ROWS = 1_024

MAX_SWOLLEN = 64 * 2**20
"""Most bytes a column may swell to in one batch, if each of its texts were the longest the file can hold."""

LIST_BATCH_ROWS = 64

MAX_PAGE = 256 * 2**20
"""Most bytes that one page of a wanted column may unpack to; writers make pages of about 1 MB."""

MAX_SWELLING_PAGE = 8 * 2**20
"""The same for a page whose few bytes may become many once more: dictionaries (usually 1 MB) and delta
encodings.
"""

_BROKEN = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError)


class PageError(ValueError):
    """A page or column is larger than any honest one."""


def read_parquet(path: Path, known: Callable[[str], bool] = is_known) -> Iterator[Item]:
    """The columns of a Parquet file, then its rows; `line` is the row's place, from 1.

    Only columns that are `known` by name are read; the others are named, and their cells left out.

    Columns of text stay dictionary-encoded while they are read, so that a long text repeated a million times
    stays one text; a cell above `MAX_CELL` bytes spoils its row. Raises `ManifestError` if the file is
    damaged, a wanted column is neither text nor number nor (for images) a list of texts, or one of its
    pages unpacks beyond `MAX_PAGE`.
    """
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            wanted = [field.name for field in schema if known(field.name)]
            texts = _text_columns(file.schema, wanted)
        _refuse_types(schema, path, known)
        with path.open("rb") as content:
            groups = read_row_groups(content)
        if groups:
            _plan(path, groups[0], wanted, texts)
    except _BROKEN as error:
        raise ManifestError(str(path), f"is not a readable Parquet file: {explained(error)}") from error
    yield Columns(tuple(schema.names))
    if wanted:
        yield from _rows(path, groups, wanted, texts)


def _text_columns(schema: Any, wanted: list[str]) -> list[str]:
    """The flat columns of byte arrays: those that can be read as dictionaries."""
    columns = [schema.column(at) for at in range(len(schema))]
    return [
        column.path for column in columns if column.physical_type == "BYTE_ARRAY" and column.path in wanted
    ]


def _is_list(kind: Any) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _is_text(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    checks = (
        pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view,
        pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view,
    )  # fmt: skip
    return any(check(kind) for check in checks)


def _is_plain(kind: Any) -> bool:
    checks = (
        pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean,
        pa.types.is_temporal, pa.types.is_null,
    )  # fmt: skip
    return _is_text(kind) or any(check(kind) for check in checks)


def _refuse_types(schema: Any, path: Path, known: Callable[[str], bool]) -> None:
    for field in schema:
        if not known(field.name) or _is_plain(field.type):
            continue
        if not (is_image(field.name) and _is_list(field.type) and _is_text(field.type.value_type)):
            raise ManifestError(
                str(path), f"column {field.name!r} holds {str(field.type)[:60]}; texts are expected"
            )


class _Plan(NamedTuple):
    """How to read a row group: so many rows at once, and these columns as dictionaries."""

    batch_rows: int
    dictionaries: frozenset[str]


def _plan(path: Path, group: list[Chunk], wanted: list[str], texts: list[str]) -> _Plan:
    """The way to read a group; raises `PageError` if a page of a wanted column is too large.

    A column that is dictionary-encoded throughout is read as a dictionary, which takes no more room than in
    the file. pyarrow would gather all a group's texts for one that is so in part, and cannot do it for lists
    and deltas: these are unpacked, in batches small enough.
    """
    rows, dictionaries = BATCH_ROWS, set()
    with path.open("rb") as content:
        for chunk in (chunk for chunk in group if chunk.path[0] in wanted):
            if chunk.values > MAX_IMAGES * max(1, chunk.rows):
                raise PageError(f"column {chunk.path[0]!r} has more than {MAX_IMAGES} values a row")
            swelling, encodings = _look_at_pages(content, chunk)
            if encodings <= DICTIONARY_ENCODINGS and chunk.path[0] in texts:
                dictionaries.add(chunk.path[0])
            else:
                rows = min(
                    rows,
                    MAX_SWOLLEN // max(1, swelling),
                    BATCH_ROWS if len(chunk.path) == 1 else LIST_BATCH_ROWS,
                )
    return _Plan(rows, frozenset(dictionaries))


def _look_at_pages(content: BinaryIO, chunk: Chunk) -> tuple[int, set[int]]:
    """Unpacked bytes of a chunk's largest page that may swell, and the encodings of its values."""
    largest, encodings = 0, set()
    for page in read_pages(content, chunk):
        swells = page.encoding is None or page.encoding in DELTA_ENCODINGS
        if page.unpacked > (MAX_SWELLING_PAGE if swells else MAX_PAGE):
            raise PageError(
                f"column {chunk.path[0]!r} has a page of {page.unpacked:,} bytes; write smaller ones"
            )
        if swells:
            largest = max(largest, page.unpacked)
        if page.encoding is not None:
            encodings.add(page.encoding)
    return largest, encodings


def _rows(path: Path, groups: list[list[Chunk]], wanted: list[str], texts: list[str]) -> Iterator[Row[Cells]]:
    line = 0
    try:
        for batch in _batches(path, groups, wanted, texts):
            names = tuple(batch.schema.names)
            for values in zip(*map(_texts, batch.columns), strict=True):
                line += 1
                if any(values):
                    yield Row(line, Cells(names, values))
    except _BROKEN as error:
        yield unreadable(line + 1, f"the rest of the file cannot be read: {explained(error)}")


def _batches(path: Path, groups: list[list[Chunk]], wanted: list[str], texts: list[str]) -> Iterator[Any]:
    """Batches group by group, so that a damaged one costs none of those before it."""
    plans = ((number, _plan(path, group, wanted, texts)) for number, group in enumerate(groups))
    for dictionaries, alike in itertools.groupby(plans, key=lambda plan: plan[1].dictionaries):
        with pq.ParquetFile(
            path, read_dictionary=sorted(dictionaries), buffer_size=1 << 20, pre_buffer=False
        ) as file:
            for number, plan in alike:
                yield from file.iter_batches(
                    batch_size=plan.batch_rows, row_groups=[number], columns=wanted, use_threads=False
                )


def _texts(column: Any) -> list[str]:
    """One cell's text a row."""
    if pa.types.is_dictionary(column.type):
        return _dictionary_texts(column)
    if _is_list(column.type):
        return [_joined(column.slice(at, 1)) for at in range(len(column))]
    if _is_text(column.type):
        return _dictionary_texts(column.dictionary_encode())
    return [_plain_text(value) for value in column.to_pylist()]


def _joined(column: Any) -> str:
    """The texts of one list, which `column` is the only value of, as images are joined."""
    if not column[0].is_valid:
        return ""
    if pc.list_value_length(column)[0].as_py() > MAX_IMAGES:
        return Unusable(f"lists more than {MAX_IMAGES} values")
    texts = _texts(column.flatten())
    return next((text for text in texts if isinstance(text, Unusable)), "|".join(texts))


def _dictionary_texts(column: Any) -> list[str]:
    """The texts of a dictionary-encoded column; each distinct one that its rows use is made once."""
    used = pc.unique(column.indices).drop_null()
    kind = pa.large_binary()
    distinct = column.dictionary.take(used).cast(kind)
    lengths = pc.binary_length(distinct).to_pylist()
    texts = {
        index: _decoded(distinct[at], length)
        for at, (index, length) in enumerate(zip(used.to_pylist(), lengths, strict=True))
    }
    return [texts.get(index, "") for index in column.indices.to_pylist()]


def _decoded(value: Any, length: int | None) -> str:
    if length is None:
        return ""
    if length > MAX_CELL * 4:
        return Unusable(f"is longer than {MAX_CELL:,} characters")
    try:
        return str(value.as_py(), "utf-8")
    except UnicodeDecodeError:
        return Unusable("is not UTF-8")


def _plain_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value()
        return Numeral(f"{value.to_integral_value() if whole else value:f}")
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)
