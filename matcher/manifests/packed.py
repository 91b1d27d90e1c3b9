"""A ZIP in a manifest's place: the table in it is the manifest; without one each image is a row."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from matcher.errors import ManifestError
from matcher.manifests.archive import ArchiveLimits, ImageArchive
from matcher.manifests.directory import read_directory
from matcher.manifests.rows import Row
from matcher.records import FailedRow, ReferenceRow

T = TypeVar("T")
_ANY = 2**32
"""Entries; how many there may be is asked when the archive is read."""


def is_packed(path: Path) -> bool:
    """Whether the file is a ZIP and no document; what is damaged is for the reader of workbooks to refuse.

    XLSX lists its parts in `[Content_Types].xml` (ECMA-376, part 2), ODS begins with `mimetype`
    (OpenDocument, part 2).
    """
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(38)
            if not head.startswith(b"PK\x03\x04") or head.endswith(b"mimetype"):
                return False
            directory = read_directory(path, _ANY)
            file.seek(directory.offset)
            return b"[Content_Types].xml" not in file.read(directory.size)
    except (ManifestError, OSError):
        return False


def packed_rows(
    path: Path,
    limits: ArchiveLimits,
    read_table: Callable[[Path], Iterator[Row[T] | FailedRow]],
    make: Callable[[str, tuple[str, ...]], T],
) -> Iterator[Row[T] | FailedRow]:
    """The rows of the table in the ZIP, read by `read_table`; or what `make` makes of each id and image.

    Raises `ManifestError` where the archive, or the table in it, cannot be read.
    """
    with ImageArchive(path, limits) as archive:
        if not archive.table:
            return _image_rows(str(path), list(archive.rows()), make)
        folder = Path(tempfile.mkdtemp(prefix="matcher-table-"))
        try:
            rows = _table_rows(str(path), read_table(_unpacked(archive, folder)))
        except ManifestError as error:
            shutil.rmtree(folder)
            raise ManifestError(str(path), error.reason) from error
    weakref.finalize(rows, shutil.rmtree, folder, ignore_errors=True)
    return rows


@contextmanager
def unpacked_table(path: Path, limits: ArchiveLimits) -> Iterator[Path | None]:
    """The table in the ZIP as a file for as long as the block runs, None where it holds images alone.

    Raises `ManifestError` where the archive, or its table, cannot be unpacked.
    """
    with (
        ImageArchive(path, limits) as archive,
        tempfile.TemporaryDirectory(prefix="matcher-table-") as folder,
    ):
        yield _unpacked(archive, Path(folder)) if archive.table else None


def _unpacked(archive: ImageArchive, folder: Path) -> Path:
    """The archive's table as a file of its own name in the folder."""
    table = folder / Path(archive.table.replace("\\", "/")).name
    with table.open("wb") as file:
        archive.copy_table(file)
    return table


def _image_rows(
    source: str, found: list[Row[ReferenceRow] | FailedRow], make: Callable[[str, tuple[str, ...]], T]
) -> Iterator[Row[T] | FailedRow]:
    for one in found:
        if isinstance(one, FailedRow):
            yield one.model_copy(update={"source": source})
        else:
            yield Row(one.line, make(one.value.reference_id, one.value.images))


def _table_rows(source: str, rows: Iterator[Row[T] | FailedRow]) -> Iterator[Row[T] | FailedRow]:
    """Rows and errors as of the archive: nobody knows the file that its table was unpacked into."""
    try:
        for row in rows:
            yield row.model_copy(update={"source": source}) if isinstance(row, FailedRow) else row
    except ManifestError as error:
        raise ManifestError(source, error.reason) from error
