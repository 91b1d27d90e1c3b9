"""Unpacks archives below one folder: nothing leads out of it, no links, no more than there is space for."""

from __future__ import annotations

import io
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from benchmarks.adapters.rows import inside
from matcher.errors import UsageError

RESERVE = 1 << 30
"""Bytes of the disk that are left free."""


def unpack(archive: Sequence[Path], folder: Path) -> int:
    """Unpack a `.zip`, or a `.tar` in one or several parts, below `folder`; returns the number of files.

    Existing files are overwritten. Raises UsageError at a damaged archive, a member that leads out of the
    folder or is no plain file, and when the disk would be full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    space = Space(shutil.disk_usage(folder).free - RESERVE, archive[0])
    try:
        if zipfile.is_zipfile(archive[0]):
            return _unpack_zip(archive[0], folder, space)
        return _unpack_tar(archive, folder, space)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise UsageError(f"{archive[0]}: cannot be unpacked: {error}") from error


class Space:
    """What is left of the disk for one archive."""

    def __init__(self, free: int, archive: Path) -> None:
        self._free, self._archive = free, archive

    def take(self, size: int) -> None:
        """Raises UsageError when less than `size` bytes are left."""
        self._free -= size
        if self._free < 0:
            raise UsageError(f"{self._archive}: there is no space to unpack it; free the disk and try again")


class Joined(io.RawIOBase):
    """Several files read one after the other, as `cat` would give them."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._file = self._paths.pop(0).open("rb")

    def readable(self) -> bool:
        """True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; empty at the very end."""
        while not (blob := self._file.read(size)) and self._paths:
            self._file.close()
            self._file = self._paths.pop(0).open("rb")
        return blob

    def close(self) -> None:
        """Close the file that is open."""
        self._file.close()
        super().close()


def _unpack_tar(archive: Sequence[Path], folder: Path, space: Space) -> int:
    count = 0
    with Joined(archive) as whole, tarfile.open(fileobj=whole, mode="r|*") as tar:
        for member in tar:
            if member.isdir():
                continue
            if not member.isfile():
                raise UsageError(f"{archive[0]}: {member.name!r} is no plain file")
            path = inside(folder, member.name)
            space.take(member.size)
            blob = tar.extractfile(member)
            if blob is not None:
                _write(blob, path)
                count += 1
    return count


def _unpack_zip(archive: Path, folder: Path, space: Space) -> int:
    count = 0
    with zipfile.ZipFile(archive) as zipped:
        for member in zipped.infolist():
            if member.is_dir():
                continue
            if stat.S_ISLNK(member.external_attr >> 16):
                raise UsageError(f"{archive}: {member.filename!r} is no plain file")
            path = inside(folder, member.filename)
            space.take(member.file_size)
            with zipped.open(member) as blob:
                _write(blob, path)
            count += 1
    return count


def _write(blob: IO[bytes], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        shutil.copyfileobj(blob, file)
