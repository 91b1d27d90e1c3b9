"""Reads from a Parquet file's footer and page headers what reading it will cost, before anything is unpacked.

pyarrow tells some of this too, but its metadata objects end the process on a footer with wrong counts. The
format is Apache Parquet's `parquet.thrift` in Thrift's compact protocol.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

MAX_FOOTER = 16 * 2**20
"""Longest footer that is read, bytes; a thousand columns and row groups have 1 MB or so."""

MAX_PAGES = 1_000_000
_HEADER_BYTES = (512, 1 << 20)
_MAX_NESTING = 16

DICTIONARY_ENCODINGS = frozenset({2, 8})
"""PLAIN_DICTIONARY and RLE_DICTIONARY: values are numbers of entries of the chunk's dictionary page."""

DELTA_ENCODINGS = frozenset({6, 7})
"""DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY; the second writes how a text differs from the one before."""


class FooterError(ValueError):
    """The file is no Parquet file, or not one that can be read."""


class Chunk(NamedTuple):
    """One column of one row group: its path in the schema, counts of values and rows, and where its pages
    lie.
    """

    path: tuple[str, ...]
    values: int
    rows: int
    start: int
    end: int


class Page(NamedTuple):
    """What a page unpacks to, in bytes, and its encoding (None for a dictionary)."""

    unpacked: int
    encoding: int | None


def read_row_groups(file: BinaryIO) -> list[list[Chunk]]:
    """The column chunks of each row group of an open Parquet file; raises `FooterError`."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 8))
    tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    if size < 12 or tail[4:] != b"PAR1" or length > size - 12:
        raise FooterError("it is cut off or damaged")
    if length > MAX_FOOTER:
        raise FooterError(f"its footer is longer than {MAX_FOOTER:,} bytes")
    file.seek(size - 8 - length)
    try:
        footer, _ = _struct(file.read(length), 0, 0)
        groups = footer.get(4, ())
        return [[_chunk(column[3], int(group[3]), size) for column in group[1]] for group in groups]
    except (IndexError, KeyError, TypeError, AttributeError, ValueError, struct.error) as error:
        raise FooterError("its footer is damaged") from error


def _chunk(column: dict[int, Any], rows: int, size: int) -> Chunk:
    start = min(offset for offset in (column.get(11), column[9]) if offset)
    end = start + column[7]
    if not 0 < start <= end <= size or not column[3]:
        raise FooterError("its footer names places outside of it")
    path = tuple(part.decode("utf-8", "replace") for part in column[3])
    return Chunk(path, int(column[5]), rows, start, end)


def read_pages(file: BinaryIO, chunk: Chunk) -> Iterator[Page]:
    """The pages of a chunk, in order; raises `FooterError` where there is no page header or there is no end
    of them.
    """
    at = chunk.start
    for _ in range(MAX_PAGES):
        if at >= chunk.end:
            return
        header, length = _page_header(file, at)
        try:
            packed, unpacked = int(header[3]), int(header[2])
            details = header.get(5) or header.get(8)
            yield Page(unpacked, int(details[4 if 8 in header else 2]) if details else None)
        except (IndexError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise FooterError("a page header is damaged") from error
        if packed < 0 or unpacked < 0:
            raise FooterError("a page header is damaged")
        at += length + packed
    raise FooterError(f"a column has more than {MAX_PAGES:,} pages")


def _page_header(file: BinaryIO, at: int) -> tuple[dict[int, Any], int]:
    for size in _HEADER_BYTES:
        file.seek(at)
        try:
            return _struct(file.read(size), 0, 0)
        except (IndexError, ValueError, struct.error):
            continue  # it may hold long statistics
    raise FooterError("a page header is damaged")


def _struct(content: bytes, at: int, depth: int) -> tuple[dict[int, Any], int]:
    """The fields of a Thrift struct by number, and where it ends; IndexError if the content does first."""
    if depth > _MAX_NESTING:
        raise ValueError("nested too deeply")
    fields: dict[int, Any] = {}
    number = 0
    while content[at]:
        kind, step = content[at] & 15, content[at] >> 4
        at += 1
        if step:
            number += step
        else:
            number, at = _zigzag(content, at)
        if kind in (1, 2):
            fields[number] = kind == 1
        else:
            fields[number], at = _value(content, at, kind, depth)
    return fields, at + 1


def _value(content: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in (4, 5, 6):
        return _zigzag(content, at)
    if kind in (1, 2, 3):  # a byte; in lists a boolean is one too
        return content[at], at + 1
    if kind == 7:
        return struct.unpack_from("<d", content, at)[0], at + 8
    if kind == 8:
        length, at = _varint(content, at)
        if at + length > len(content):
            raise IndexError
        return content[at : at + length], at + length
    if kind in (9, 10):
        return _list(content, at, depth + 1)
    if kind == 12:
        return _struct(content, at, depth + 1)
    raise ValueError(f"no such type: {kind}")


def _list(content: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    if depth > _MAX_NESTING:
        raise ValueError("nested too deeply")
    kind, count = content[at] & 15, content[at] >> 4
    at += 1
    if count == 15:
        count, at = _varint(content, at)
    values = []
    for _ in range(count):
        value, at = _value(content, at, kind, depth)
        values.append(value)
    return values, at


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a number is too long")


def _zigzag(content: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(content, at)
    return (value >> 1) ^ -(value & 1), at
