"""Reads Parquet in small batches, and of it only the columns that are wanted."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from matcher.errors import ManifestError
from matcher.manifests.columns import is_image, is_known
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
    unreadable,
)
from matcher.manifests.spreadsheet import number_text

BATCH_ROWS = 1_024
_LIST_BATCH_ROWS = 64

MAX_CHUNK = 1 << 30
"""Most bytes that one wanted column of one row group may claim to unpack to."""

_BROKEN = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError)


def read_parquet(path: Path) -> Iterator[Item]:
    """The columns of a Parquet file, then its rows; `line` is the row's place, from 1.

    Columns of text stay dictionary-encoded while they are read, so that a long text repeated a million times
    stays one text; a cell above `MAX_CELL` bytes spoils its row. Raises `ManifestError` if the file is
    damaged, a wanted column is neither text nor number nor (for images) a list of texts, or claims to unpack
    beyond `MAX_CHUNK`.
    """
    try:
        with pq.ParquetFile(path) as file:
            schema, metadata = file.schema_arrow, file.metadata
            wanted = [field.name for field in schema if is_known(field.name)]
            leaves = _text_leaves(file.schema, wanted)
        _refuse_types(schema, path)
        _refuse_size(metadata, wanted, path)
    except _BROKEN as error:
        raise ManifestError(str(path), f"is not a readable Parquet file: {explained(error)}") from error
    yield Columns(tuple(schema.names))
    if wanted:
        yield from _rows(
            path, wanted, leaves, lists=any(_is_list(schema.field(name).type) for name in wanted)
        )


def _text_leaves(schema: Any, wanted: list[str]) -> list[str]:
    """The flat columns of byte arrays: those which reading as a dictionary keeps from expanding."""
    columns = (schema.column(at) for at in range(len(schema)))
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


def _refuse_types(schema: Any, path: Path) -> None:
    for field in schema:
        if not is_known(field.name) or _is_plain(field.type):
            continue
        if not (is_image(field.name) and _is_list(field.type) and _is_text(field.type.value_type)):
            raise ManifestError(
                str(path), f"column {field.name!r} holds {str(field.type)[:60]}; texts are expected"
            )


def _refuse_size(metadata: Any, wanted: list[str], path: Path) -> None:
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group)
        for at in range(rows.num_columns):
            column = rows.column(at)
            if column.path_in_schema.split(".")[0] not in wanted:
                continue
            if column.total_uncompressed_size > MAX_CHUNK:
                reason = (
                    f"column {column.path_in_schema!r} unpacks to {column.total_uncompressed_size:,} bytes"
                )
                raise ManifestError(str(path), f"{reason} in one row group; write smaller row groups")
            if column.num_values > MAX_IMAGES * max(1, rows.num_rows):
                raise ManifestError(
                    str(path), f"column {column.path_in_schema!r} has more than {MAX_IMAGES} values a row"
                )


def _rows(path: Path, wanted: list[str], leaves: list[str], *, lists: bool) -> Iterator[Row[Cells]]:
    line = 0
    size = _LIST_BATCH_ROWS if lists else BATCH_ROWS
    try:
        with pq.ParquetFile(path, read_dictionary=leaves, buffer_size=1 << 20, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=size, columns=wanted, use_threads=False):
                names = tuple(batch.schema.names)
                for values in zip(*map(_texts, batch.columns), strict=True):
                    line += 1
                    if any(values):
                        yield Row(line, Cells(names, values))
    except _BROKEN as error:
        yield unreadable(line + 1, f"the rest of the file cannot be read: {explained(error)}")


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
