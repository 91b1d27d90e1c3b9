"""Files that are on the disk when the call returns, hashed on the way."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from pydantic import Field

from matcher.records import Record

READ_BYTES = 2**22


class FileRecord(Record):
    """What a file holds: its length in bytes and the SHA-256 of them in hex."""

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class NewFile:
    """A file that is written once; leaving the `with` block flushes it to the disk, `record` describes it."""

    def __init__(self, path: Path) -> None:
        path.unlink(
            missing_ok=True
        )  # a leftover of a killed writer: never written into, others may have it linked
        self._path, self._hash, self._bytes = path, hashlib.sha256(), 0
        self._file: BinaryIO = path.open("xb")

    def write(self, part: bytes | memoryview) -> None:
        """Append `part`."""
        self._hash.update(part)
        self._bytes += self._file.write(part)

    def __enter__(self) -> NewFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        with self._file:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
        if kind is not None:
            self._path.unlink(missing_ok=True)

    @property
    def record(self) -> FileRecord:
        """Length and hash of what was written so far."""
        return FileRecord(bytes=self._bytes, sha256=self._hash.hexdigest())


def record_of(path: Path) -> FileRecord:
    """Read a whole file and describe it."""
    digest, length = hashlib.sha256(), 0
    with path.open("rb") as file:
        while part := file.read(READ_BYTES):
            digest.update(part)
            length += len(part)
    return FileRecord(bytes=length, sha256=digest.hexdigest())


def sync_file(path: Path) -> None:
    """Flush a file that another library wrote."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
