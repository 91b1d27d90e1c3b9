"""Opens a manifest's bytes, unpacked if they are gzipped, and says what identifies its content."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from pathlib import Path

from matcher.errors import ManifestError
from matcher.manifests.folder import list_folder

GZIP_MAGIC = b"\x1f\x8b"

MAX_EXPANSION = 200
"""How many bytes a gzipped byte may become, once `FREE_EXPANSION` bytes are out; text packs at 5 to 30."""

FREE_EXPANSION = 64 * 2**20

_BLOCK = 1 << 20


class ExpansionError(OSError):
    """A gzipped file unpacks to more than text can be packed into."""


READ_ERRORS = (OSError, EOFError, zlib.error)
"""What reading a damaged, vanished or over-packed file may raise; `ExpansionError` is an OSError."""


class _Unpacked(io.RawIOBase):
    """The content of a gzipped file, refused when it grows beyond all measure."""

    def __init__(self, path: Path) -> None:
        self._packed = path.open("rb")
        self._content = gzip.GzipFile(fileobj=self._packed, mode="rb")
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        part = self._content.read1(len(buffer))  # what comes before a damaged place still counts
        buffer[: len(part)] = part
        self._given += len(part)
        if self._given > max(FREE_EXPANSION, self._packed.tell() * MAX_EXPANSION):
            raise ExpansionError(f"unpacks to more than {MAX_EXPANSION} times its size")
        return len(part)

    def close(self) -> None:
        self._content.close()
        self._packed.close()
        super().close()


def open_bytes(path: Path) -> io.BufferedReader:
    """The file's bytes, unpacked if it is gzipped (by content, whatever its name); the caller closes it."""
    if is_gzipped(path):
        return io.BufferedReader(_Unpacked(path), _BLOCK)
    return path.open("rb")


def is_gzipped(path: Path) -> bool:
    """Whether the file begins as gzip does."""
    with path.open("rb") as packed:
        return packed.read(2) == GZIP_MAGIC


def explained(error: BaseException) -> str:
    """Why reading failed, in a few words on one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())[:200] or type(error).__name__


def manifest_folder(path: Path) -> Path:
    """The folder that a manifest's image paths are relative to: a folder itself, a file's parent."""
    return path if path.is_dir() else path.parent


def manifest_fingerprint(path: Path) -> str:
    """SHA-256, in hex, of a manifest's content: a file's bytes; a folder's sorted image names and sizes.

    Raises `ManifestError` if it cannot be read. Two manifests with one fingerprint give the same rows; for a
    folder, as far as names and sizes tell.
    """
    digest = hashlib.sha256()
    try:
        if path.is_dir():
            for image in list_folder(path):
                size = (path / image.path).stat().st_size
                digest.update(os.fsencode(image.path) + b"\0" + str(size).encode() + b"\n")
        else:
            with path.open("rb") as content:
                while block := content.read(_BLOCK):
                    digest.update(block)
    except OSError as error:
        raise ManifestError(str(path), f"cannot be read: {explained(error)}") from error
    return digest.hexdigest()
