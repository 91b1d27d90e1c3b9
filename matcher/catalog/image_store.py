"""The folder of original image bytes, one file a content, written before the rows that name it commit."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from matcher.errors import CatalogError, StorageError
from matcher.faults import commit_point
from matcher.files import sync_folder

_NAME = re.compile("[0-9a-f]{64}")
_LOCK = ".lock"
"""Shared by those who keep, held alone by whoever sweeps."""
_GATE = ".gate"
"""Passed by those who come to keep, held alone by whoever sweeps or waits to: locks know no queue."""


def stored_hash_of(blob: bytes) -> str:
    """SHA-256 of the bytes as they are kept, lower-case hex."""
    return hashlib.sha256(blob).hexdigest()


class ImageStore:
    """Files named by content hash (64 lower-case hex digits; any other name raises `CatalogError`).

    A file is there whole or not at all, also after a crash. The folder is made when first needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, content_hash: str) -> Path:
        """Where the bytes of that content lie, or would lie."""
        if not _NAME.fullmatch(content_hash):
            raise CatalogError(f"'{content_hash[:80]}' is not a content hash (64 hex digits)")
        return self.folder / content_hash

    def put(self, content_hash: str, blob: bytes) -> None:
        """Keep `blob`, durably when this returns; the same bytes again change nothing.

        Other bytes replace the file, which mends a damaged one. Call it
        inside `keeping()` until the row that names the file has committed.
        """
        path = self.path(content_hash)
        if self._holds(path, blob):
            sync_folder(self.folder)  # whoever put it there may have died before this
            return
        fresh = self.folder / f".{content_hash}.{os.getpid()}.{secrets.token_hex(4)}.tmp"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_durably(fresh, blob)
            commit_point("images:written")
            fresh.replace(path)
            commit_point("images:renamed")
            sync_folder(self.folder)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink()
            raise StorageError(f"image store {self.folder}: {error.strerror}") from error

    @staticmethod
    def _holds(path: Path, blob: bytes) -> bool:
        try:
            return path.stat().st_size == len(blob) and path.read_bytes() == blob
        except OSError:
            return False

    def get(self, content_hash: str) -> bytes:
        """The bytes; raises `CatalogError` when there is no such file or it cannot be read."""
        path = self.path(content_hash)
        try:
            return path.read_bytes()
        except OSError as error:
            raise StorageError(
                f"image {content_hash}: {error.strerror}: see `matcher catalog verify`"
            ) from error

    def has(self, content_hash: str) -> bool:
        """Whether there is a file of that name; says nothing of what is in it."""
        return self.path(content_hash).is_file()

    def delete(self, content_hash: str) -> bool:
        """Remove the file; False where there was none. See `sweep_images` for removing what nothing names."""
        try:
            self.path(content_hash).unlink()
        except FileNotFoundError:
            return False
        sync_folder(self.folder)
        return True

    def iterate(self) -> Iterator[str]:
        """The content hash of every file, in no order, streaming."""
        for name in self._names():
            if _NAME.fullmatch(name):
                yield name

    def delete_unfinished(self) -> int:
        """Remove what a killed `put` left behind; only inside `sweeping()`, when no `put` is under way."""
        names = [name for name in self._names() if name.startswith(".") and name.endswith(".tmp")]
        for name in names:
            (self.folder / name).unlink(missing_ok=True)
        return len(names)

    def _names(self) -> Iterator[str]:
        if self.folder.is_dir():
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    yield entry.name

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """While it lasts nothing is swept, so a file may be there before its row; many may hold it.

        Whoever comes while a sweep waits lets it go first, so let go at times where `sweep_waits`. Never
        sweep inside it, nor begin it twice in one thread: the one would wait for the other for ever.
        """
        with self._locked(_GATE, fcntl.LOCK_SH):
            held = self._opened(_LOCK, fcntl.LOCK_SH)
        try:
            yield
        finally:
            os.close(held)

    @contextmanager
    def sweeping(self) -> Iterator[None]:
        """While it lasts nobody is `keeping()`, so a file that no row names is one that none will name."""
        with self._locked(_GATE, fcntl.LOCK_EX), self._locked(_LOCK, fcntl.LOCK_EX):
            yield

    def sweep_waits(self) -> bool:
        """Whether somebody is `sweeping()`, or would be if nobody were `keeping()`."""
        try:
            with self._locked(_GATE, fcntl.LOCK_SH | fcntl.LOCK_NB):
                return False
        except BlockingIOError:
            return True

    @contextmanager
    def _locked(self, name: str, kind: int) -> Iterator[None]:
        held = self._opened(name, kind)
        try:
            yield
        finally:
            os.close(held)

    def _opened(self, name: str, kind: int) -> int:
        """The lock file, locked until it is closed; `BlockingIOError` where `kind` says not to wait."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise StorageError(f"image store {self.folder}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, kind)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


def _write_durably(path: Path, blob: bytes) -> None:
    with path.open("xb") as file:
        file.write(blob)
        file.flush()
        os.fsync(file.fileno())
