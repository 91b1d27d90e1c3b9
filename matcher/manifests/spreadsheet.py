"""Reads an Excel workbook (.xlsx): the first sheet that has a header with an id column."""

from __future__ import annotations

import datetime
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from matcher.errors import ManifestError
from matcher.manifests.columns import is_id
from matcher.manifests.directory import read_directory
from matcher.manifests.opening import explained
from matcher.manifests.rows import Cells, Columns, Item, Row, Unusable, number_text, unreadable

MAX_UNPACKED = 1 << 30
"""Most bytes that a workbook's parts may unpack to; the rows are streamed."""

MAX_SHARED = 128 * 2**20
"""Most bytes of any part but a sheet: such parts, above all the shared strings, are held in memory."""

MAX_RATIO = 200
"""Most bytes that a packed byte may become; sheets pack at 5 to 50. Parts below `FREE_BYTES` may."""

FREE_BYTES = 10 * 2**20

MAX_PARTS = 10_000
MAX_ROWS = 1_048_576
MAX_COLUMNS = 256
"""Columns that are looked at; a row may have 16,384."""

_HEADER_ROWS = 10
"""A header may stand below a title: it is looked for in so many rows."""

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

_BROKEN = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError, OSError,
    EOFError, NotImplementedError, RuntimeError, ParseError, zlib.error, zipfile.BadZipFile,
    InvalidFileException,
)  # fmt: skip
"""What openpyxl lets through of a broken or hostile workbook."""


def read_spreadsheet(path: Path) -> Iterator[Item]:
    """The columns of a workbook's first sheet with an id column, then its rows; `line` is the row number.

    Whole numbers are texts without a point (`123.0` is `"123"`), dates are ISO 8601, a formula is its last
    computed value, an error cell spoils its row if its column is wanted. Raises `ManifestError` if the file
    is no workbook, unpacks beyond the limits above, or no sheet has such a header.
    """
    refuse_bomb(path)
    with path.open("rb") as content:  # not by its path: openpyxl would judge it by its extension
        try:
            with _silence():
                book = load_workbook(content, read_only=True, data_only=True, keep_links=False)
        except _BROKEN as error:
            raise ManifestError(str(path), f"is not a readable workbook: {explained(error)}") from error
        try:
            sheet, line, names = _find_header(book, path)
            yield Columns(names)
            yield from _rows(sheet, line, names)
        finally:
            book.close()


def refuse_bomb(path: Path) -> None:
    """Raise `ManifestError` if the archive's directory claims more than a workbook needs; nothing is
    unpacked.
    """
    try:
        # Before the directory is in memory: one of millions of entries fits into a file that is let in.
        read_directory(path, MAX_PARTS)
    except ManifestError as error:
        raise ManifestError(str(path), f"is not a readable workbook: it {error.reason}") from error
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ManifestError(str(path), f"is not a readable workbook: {explained(error)}") from error
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise ManifestError(str(path), "is a document, not an Excel workbook; save it as XLSX or CSV")
    total = sum(part.file_size for part in parts)
    packed = max(1, path.stat().st_size)
    held = max((part.file_size for part in parts if not _is_streamed(part)), default=0)
    swollen = any(part.file_size > max(FREE_BYTES, part.compress_size * MAX_RATIO) for part in parts)
    # Overlapping parts would show in the sum alone.
    swollen = swollen or total > max(FREE_BYTES, packed * MAX_RATIO)
    if total > MAX_UNPACKED or held > MAX_SHARED or swollen or len(parts) > MAX_PARTS:
        raise ManifestError(str(path), f"unpacks to {total:,} bytes, which is refused; save it as CSV")


def _is_streamed(part: zipfile.ZipInfo) -> bool:
    # Media is never opened.
    return part.filename.startswith(("xl/worksheets/", "xl/media/"))


def _find_header(book: Any, path: Path) -> tuple[Any, int, tuple[str, ...]]:
    """The sheet, the header's row number and the column names; else the first row of all, to be complained
    of.
    """
    first: tuple[Any, int, tuple[str, ...]] | None = None
    try:
        for sheet in book.worksheets:
            rows = sheet.iter_rows(max_row=_HEADER_ROWS, max_col=MAX_COLUMNS)
            for line, cells in enumerate(_quietly(rows), start=1):
                names = _trimmed([str(_text(cell)) for cell in cells])
                if any(map(is_id, names)):
                    return sheet, line, names
                if names and first is None:
                    first = sheet, line, names
    except _BROKEN as error:
        raise ManifestError(str(path), f"is not a readable workbook: {explained(error)}") from error
    if first is None:
        raise ManifestError(str(path), "has no header: its sheets are empty")
    return first


@contextmanager
def _silence() -> Iterator[None]:
    """No warnings: openpyxl gives them of styles, extensions and dates it leaves out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _quietly(rows: Iterator[Any]) -> Iterator[Any]:
    while True:
        with _silence():  # not around the yield, where it would silence others
            row = next(rows, None)
        if row is None:
            return
        yield row


def _trimmed(names: list[str]) -> tuple[str, ...]:
    while names and not names[-1].strip():
        names.pop()
    return tuple(names)


def _rows(sheet: Any, header: int, names: tuple[str, ...]) -> Iterator[Row[Cells]]:
    line = header
    try:
        rows = sheet.iter_rows(min_row=header + 1, max_row=MAX_ROWS, max_col=len(names))
        for line, cells in enumerate(_quietly(rows), start=header + 1):
            values = tuple(map(_text, cells))
            if any(values):
                yield Row(line, Cells(names, values))
    except _BROKEN as error:
        yield unreadable(line + 1, f"the rest of the sheet cannot be read: {explained(error)}")


def _text(cell: Any) -> str:
    """A cell's value as text; `Unusable` for Excel's errors."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "e":
        return Unusable(f"is the error {value}")
    if isinstance(value, str):
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value) if "_x" in value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)
