"""What the end of a ZIP file says of its directory, checked before the directory is read into memory."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from matcher.errors import ManifestError

END_BYTES = 22 + 65_535
"""Where the end record lies at the latest: its own length and the longest comment."""
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY_BYTES = 46
_LENGTHS = struct.Struct("<3H")
"""Of an entry's name, extra field and comment, which follow it."""
_MOST_DIRECTORY_BYTES = 64 * 2**20


class Directory(NamedTuple):
    """Where the list of entries begins, its size in bytes, and how many entries it has."""

    offset: int
    size: int
    entries: int


def read_directory(path: Path, most_entries: int) -> Directory:
    """The directory of the ZIP at `path` (APPNOTE 6.3, sections 4.3.14 to 4.3.16).

    Raises `ManifestError` where there is none, it names over `most_entries` entries or has no room for them,
    or something lies before the archive or behind its end.
    """
    try:
        with path.open("rb") as file:
            found = _found(file, path)
            _refuse_long(found, path, most_entries)
            told = _count(file, found)
    except OSError as error:
        raise ManifestError(str(path), f"cannot be read: {error.strerror}") from error
    if told != found.entries:
        raise ManifestError(str(path), "has a directory that cannot be")
    return found


def _refuse_long(found: Directory, path: Path, most_entries: int) -> None:
    if found.entries > most_entries:
        raise ManifestError(str(path), f"holds {found.entries:,} entries, at most {most_entries:,} are read")
    if found.size < found.entries * _ENTRY_BYTES or found.size > _MOST_DIRECTORY_BYTES:
        raise ManifestError(str(path), "has a directory that cannot be")


def _count(file: BinaryIO, found: Directory) -> int:
    """How many entries there are, at most one more than were told of: a reader takes in all there are."""
    at, count, end = found.offset, 0, found.offset + found.size
    while at < end and count <= found.entries:
        file.seek(at)
        entry = file.read(_ENTRY_BYTES)
        if len(entry) < _ENTRY_BYTES or not entry.startswith(b"PK\x01\x02"):
            return -1
        at += _ENTRY_BYTES + sum(_LENGTHS.unpack_from(entry, 28))
        count += 1
    return count if at == end else -1


def _found(file: BinaryIO, path: Path) -> Directory:
    length = file.seek(0, 2)
    file.seek(max(0, length - END_BYTES))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise ManifestError(str(path), "is no ZIP archive, or a cut-off one")
    _, disk, first, here, entries, size, offset, comment = _END.unpack_from(tail, at)
    if at + _END.size + comment != len(tail):
        raise ManifestError(str(path), "holds something behind its end: it is a file of two kinds")
    if disk or first or here != entries:
        raise ManifestError(str(path), "is one part of several; send one whole archive")
    begins = length - len(tail) + at
    if at >= _LOCATOR.size and tail[at - _LOCATOR.size :].startswith(b"PK\x06\x07"):
        begins, size, offset, entries = _large(file, path, tail[at - _LOCATOR.size : at])
    if offset + size != begins:
        raise ManifestError(str(path), "holds something before its first entry: it is a file of two kinds")
    return Directory(offset, size, entries)


def _large(file: BinaryIO, path: Path, locator: bytes) -> tuple[int, int, int, int]:
    """Where the record of a large archive (ZIP64) begins, and the size, offset and entries it tells."""
    place = _LOCATOR.unpack(locator)[2]
    file.seek(place)
    record = file.read(_END64.size)
    if len(record) < _END64.size or not record.startswith(b"PK\x06\x06"):
        raise ManifestError(str(path), "has a directory that cannot be")
    *_, entries, size, offset = _END64.unpack(record)
    return place, size, offset, entries
