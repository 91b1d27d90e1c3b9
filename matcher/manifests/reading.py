"""Reads a manifest of any format as records, row by row, with bad rows told apart from a bad file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from matcher.errors import ManifestError
from matcher.manifests.archive import USUAL_LIMITS, ArchiveLimits
from matcher.manifests.columns import LISTINGS, REFERENCES, Schema, missing_columns, record_id, to_record
from matcher.manifests.folder import list_folder
from matcher.manifests.formats import choose_reader
from matcher.manifests.grouping import merge_repeated
from matcher.manifests.opening import READ_ERRORS, explained
from matcher.manifests.packed import is_packed, packed_rows
from matcher.manifests.rows import MAX_ID, BadCellError, Cells, Columns, Item, Row, shortened
from matcher.records import FailedRow, Listing, ReferenceRow

R = TypeVar("R", ReferenceRow, Listing)

_SHOWN_COLUMNS = 12


def read_references(
    path: Path, limits: ArchiveLimits = USUAL_LIMITS
) -> Iterator[Row[ReferenceRow] | FailedRow]:
    """The references of a catalog manifest, in order, with the lines they start on; memory stays bounded.

    `limits`: what a ZIP may hold.

    Rows of one reference (and brand) that stand together are merged. A row without an id or image, or with a
    price or currency that is given but cannot be read, is a `FailedRow` that carries the id as `listing_id`;
    the rest goes on. Raises `ManifestError`, before the first row, if the file is missing, of no known
    format, or lacks a column.
    """
    return _read(Path(path), REFERENCES, limits)


def read_listings(path: Path, limits: ArchiveLimits = USUAL_LIMITS) -> Iterator[Row[Listing] | FailedRow]:
    """The listings of a manifest, in order, with the lines they start on; memory stays bounded.

    `limits`: what a ZIP may hold.

    Rows of one listing that stand together are merged; the same id again further on is passed through as
    another row, since telling would take memory without bound. A listing may have no image (`images == ()`).
    A row without an id, or with a price or currency that is given but cannot be read, is a `FailedRow`; the
    rest goes on. Raises `ManifestError`, before the first row, if the file is missing, of no known format, or
    has no id column.
    """
    return _read(Path(path), LISTINGS, limits)


def _read(path: Path, schema: Schema[R], limits: ArchiveLimits) -> Iterator[Row[R] | FailedRow]:
    if path.is_dir():
        return _folder_records(path, schema)
    if is_packed(path):
        return packed_rows(
            path,
            limits,
            lambda table: _read_table(table, schema),
            lambda name, images: schema.make(name, images, {}),
        )
    return _read_table(path, schema)


def _read_table(path: Path, schema: Schema[R]) -> Iterator[Row[R] | FailedRow]:
    first, items = first_item(path)
    require_columns(first, schema, path)
    return merge_repeated(_records(items, schema, str(path)), str(path))


def first_item(path: Path) -> tuple[Item, Iterator[Item]]:
    """A table's columns, and the rows behind them; raises `ManifestError` where it cannot be read."""
    items = choose_reader(path)(path)
    try:
        return next(items), items
    except READ_ERRORS as error:
        raise ManifestError(str(path), f"cannot be read: {explained(error)}") from error


def require_columns(
    first: Item, schema: Schema[R], path: Path, required: tuple[str, ...] | None = None
) -> None:
    """Raise `ManifestError` where no column gives one of `required`, else of what the schema requires."""
    names = first.names if isinstance(first, Columns) else ()
    if names is None:
        return
    missing = missing_columns(names, schema, required)
    if missing:
        shown = ", ".join(shortened(name)[1:-1] for name in names[:_SHOWN_COLUMNS] if name) or "none"
        more = ", …" if len(names) > _SHOWN_COLUMNS else ""
        raise ManifestError(str(path), f"has no column {' or '.join(missing)}; columns found: {shown}{more}")


def _records(items: Iterator[Item], schema: Schema[R], source: str) -> Iterator[Row[R] | FailedRow]:
    for item in items:
        if isinstance(item, Row):
            yield _record(item, schema, source)


def _record(row: Row[Cells], schema: Schema[R], source: str) -> Row[R] | FailedRow:
    try:
        return Row(row.line, to_record(row.value, schema))
    except BadCellError as error:
        identity = record_id(row.value, schema)
        return FailedRow(source=source, line=row.line, listing_id=identity, reason=str(error))


def _folder_records(folder: Path, schema: Schema[R]) -> Iterator[Row[R] | FailedRow]:
    """Each image's record; its line is its place among the folder's images."""
    images = list_folder(folder)
    return (
        _folder_record(line, image.identity, image.path, schema, str(folder))
        for line, image in enumerate(images, start=1)
    )


def _folder_record(line: int, identity: str, path: str, schema: Schema[R], source: str) -> Row[R] | FailedRow:
    if len(identity) > MAX_ID:
        return FailedRow(source=source, line=line, reason=f"the name is longer than {MAX_ID} characters")
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return FailedRow(source=source, line=line, reason=f"the name is not valid text: {ascii(path)[:200]}")
    return Row(line, schema.make(identity, (path,), {}))
