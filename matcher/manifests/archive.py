"""A ZIP of images as a manifest: each image is one reference or listing, or as a table in it says."""

from __future__ import annotations

import io
import posixpath
import re
import shutil
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NoReturn, Self

from matcher.containers import sniff
from matcher.errors import ImageError, ManifestError
from matcher.manifests.directory import END_BYTES, read_directory
from matcher.manifests.folder import identities
from matcher.manifests.rows import Row
from matcher.records import FailedRow, ReferenceRow

READ_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The others expand without bound in memory, and no program packs photos so."""
_ENCRYPTED = 0x1
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
_PASSED_OVER = frozenset({"__macosx", "thumbs.db", "desktop.ini"})
_LONGEST_NAME = 500
TABLE_SUFFIXES = (".csv", ".tsv", ".xlsx", ".jsonl", ".ndjson", ".json", ".parquet", ".xml")


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may hold: `entries`, bytes when expanded (all, a file, the table), and over packed."""

    entries: int = 100_000
    total_bytes: int = 32 * 2**30
    file_bytes: int = 40 * 2**20
    table_bytes: int = 2 * 2**30
    ratio: int = 100


USUAL_LIMITS = ArchiveLimits()


class ImageArchive:
    """The images of one ZIP file; a context manager, for one thread.

    Raises `ManifestError` where it is no ZIP, or is hostile as a whole: too many entries, too much when
    expanded, entries that lie over one another, or bytes before or behind it, as a file of two kinds has.
    """

    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        self._path, self._limits = path, limits
        directory = read_directory(path, limits.entries)
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise ManifestError(str(path), f"is no ZIP that can be read: {error}") from error
        try:
            self._entries = [one for one in self._zip.infolist() if not _passed_over(one)]
            self._refuse_hostile(directory.offset)
        except BaseException:
            self._zip.close()
            raise
        self._by_name = {_with_slashes(one.filename): one for one in self._entries}
        self._times = Counter(_with_slashes(one.filename) for one in self._entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def __len__(self) -> int:
        return len(self._entries)

    @cached_property
    def table(self) -> str:
        """The entry that says what the images are, "" where there is none: the table that is least deep.

        Raises `ManifestError` where several are.
        """
        names = [one.filename for one in self._entries if one.filename.lower().endswith(TABLE_SUFFIXES)]
        least = min((_depth(name) for name in names), default=0)
        found = [name for name in names if _depth(name) == least]
        if len(found) > 1:
            self._refuse(f"holds several tables, such as {found[0]} and {found[1]}; pack only one")
        return found[0] if found else ""

    def copy_table(self, target: BinaryIO) -> None:
        """Write the table's bytes; raises `ManifestError` where it is damaged, encrypted or no file."""
        entry = self._by_name[_with_slashes(self.table)]
        limits = replace(self._limits, file_bytes=self._limits.table_bytes)
        if reason := self._reason(entry, limits):
            self._refuse(f"holds a table that {reason}")
        try:
            with self._zip.open(entry) as file:
                shutil.copyfileobj(file, target)
        except _DAMAGE as error:
            self._refuse(f"holds a damaged table: {error}")

    def rows(self) -> Iterator[Row[ReferenceRow] | FailedRow]:
        """An entry a row, in the archive's order, lines counted from 1; what cannot be an image has failed.

        A reference's id is the entry's name without its extension, or with it where two would be the same.
        """
        reasons = [self._reason(one, self._limits) for one in self._entries]
        good = [one.filename for one, reason in zip(self._entries, reasons, strict=True) if not reason]
        names = dict(zip(good, identities(good), strict=True))
        for line, (entry, reason) in enumerate(zip(self._entries, reasons, strict=True), 1):
            if reason:
                yield FailedRow(
                    source="archive", line=line, listing_id=entry.filename[:_LONGEST_NAME], reason=reason
                )
            else:
                name = entry.filename
                yield Row(line, ReferenceRow(reference_id=names[name], images=(name,)))

    def read(self, name: str) -> bytes:
        """The bytes of the entry; raises `ImageError` where it is damaged or a file of two kinds."""
        return self._read(name, self._by_name[_with_slashes(name)])

    def read_named(self, image: str) -> bytes:
        """The bytes of what the table calls `image`, its path from where the table lies; else as `read`.

        Raises `ImageError` also for a path that is not there, and for an entry that is no file.
        """
        beside = posixpath.dirname(_with_slashes(self.table))
        entry = self._by_name.get(posixpath.normpath(posixpath.join(beside, _with_slashes(image))))
        if entry is None:
            raise ImageError(image, "is not in the archive")
        if reason := self._reason(entry, self._limits):
            raise ImageError(image, reason)
        return self._read(image, entry)

    def _read(self, name: str, entry: zipfile.ZipInfo) -> bytes:
        try:
            with self._zip.open(entry) as file:
                blob = file.read(self._limits.file_bytes + 1)
        except _DAMAGE as error:
            raise ImageError(name, f"is damaged in the archive: {error}") from error
        if also := second_kind(blob):
            raise ImageError(name, f"is an image and {also} at once, which is refused")
        return blob

    def _reason(self, entry: zipfile.ZipInfo, limits: ArchiveLimits) -> str:
        return _reason(entry, limits, self._times[_with_slashes(entry.filename)])

    def _refuse_hostile(self, directory_offset: int) -> None:
        total = sum(one.file_size for one in self._entries)
        packed = max(1, self._path.stat().st_size)
        if total > self._limits.total_bytes:
            self._refuse(f"would expand to {total:,} bytes, at most {self._limits.total_bytes:,} are read")
        if total / packed > self._limits.ratio:
            self._refuse(f"would expand {total // packed:,}-fold, as no archive of photos does")
        self._refuse_overlaps(directory_offset)

    def _refuse_overlaps(self, directory_offset: int) -> None:
        """Each entry's bytes end before the next one's begin, and the first is where the file begins."""
        ordered = sorted(self._zip.infolist(), key=lambda one: one.header_offset)
        if ordered and ordered[0].header_offset != 0:
            self._refuse("holds something before its first entry: it is a file of two kinds")
        starts = [one.header_offset for one in ordered[1:]] + [directory_offset]
        for entry, following in zip(ordered, starts, strict=True):
            if entry.header_offset + 30 + entry.compress_size > following:
                self._refuse("holds entries that lie over one another")

    def _refuse(self, reason: str) -> NoReturn:
        raise ManifestError(str(self._path), reason)


def second_kind(blob: bytes) -> str:
    """What else a picture's file would open as: 'a ZIP archive', 'a PDF' …; empty where it is one thing."""
    if sniff(blob) is None:
        return ""
    if b"PK\x05\x06" in blob[-END_BYTES:] and zipfile.is_zipfile(io.BytesIO(blob)):
        return "a ZIP archive"
    if b"%PDF-" in blob[:1024]:
        return "a PDF"
    if b"Rar!\x1a\x07" in blob:
        return "a RAR archive"
    return "a 7z archive" if b"7z\xbc\xaf\x27\x1c" in blob else ""


def _with_slashes(name: str) -> str:
    """A name as ZIPs write it; some of Windows hold backslashes."""
    return name.replace("\\", "/")


def _depth(name: str) -> int:
    return _with_slashes(name).count("/")


def _passed_over(entry: zipfile.ZipInfo) -> bool:
    """Folders, and what systems leave beside people's files."""
    parts = entry.filename.lower().replace("\\", "/").rstrip("/").split("/")
    hidden = any(part.startswith(".") and part.strip(".") for part in parts)
    return entry.is_dir() or hidden or bool(_PASSED_OVER & set(parts))


def _reason(entry: zipfile.ZipInfo, limits: ArchiveLimits, times: int) -> str:
    """Why the entry is not read, told from what the archive says of it; empty where it is."""
    name, kind = entry.filename, stat.S_IFMT(entry.external_attr >> 16)
    parts = name.replace("\\", "/").split("/")
    ratio = entry.file_size / max(1, entry.compress_size)
    checks = (
        (not name.strip() or bool(_CONTROL.search(name)), "has a name with characters that no name has"),
        (len(name) > _LONGEST_NAME, f"has a name of more than {_LONGEST_NAME} characters"),
        (parts[0] == "" or bool(_DRIVE.match(name)), "has an absolute name"),
        (".." in parts, "has a name that leads out of the archive ('..')"),
        (times > 1, "occurs more than once in the archive"),
        (kind == stat.S_IFLNK, "is a symbolic link"),
        (kind not in (0, stat.S_IFREG), "is no regular file"),
        (bool(entry.flag_bits & _ENCRYPTED), "is encrypted"),
        (
            entry.compress_type not in READ_METHODS,
            "is packed in a way that is not read; use stored or deflate",
        ),
        (entry.file_size > limits.file_bytes, f"is {entry.file_size:,} bytes, at most {limits.file_bytes:,}"),
        (ratio > limits.ratio, f"would expand {ratio:,.0f}-fold, as no photo does"),
    )
    return next((reason for wrong, reason in checks if wrong), "")
