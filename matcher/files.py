"""Writing a file so that it is whole or absent: a temporary name, fsync, rename."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from matcher.errors import UsageError
from matcher.faults import commit_point

_DISK_TROUBLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


@contextmanager
def replacing(*paths: Path) -> Iterator[list[BinaryIO]]:
    """Open a new file for each path; when the block ends well, all are fsynced, then renamed in order.

    When it does not, the new files are removed and what was there before stays. They stand beside the final
    path under a fixed name (`.NAME.part`), so that what a kill leaves is overwritten by the next run.
    Raises `UsageError` where a folder or file cannot be written or the disk is full; other errors of the
    block pass through.
    """
    parts = [path.with_name(f".{path.name}.part") for path in paths]
    try:
        with ExitStack() as stack:
            files = [stack.enter_context(_opened(part)) for part in parts]
            yield files
            for file in files:
                file.flush()
                os.fsync(file.fileno())
        commit_point("outputs-written")
        for part, path in zip(parts, paths, strict=True):
            part.replace(path)
            commit_point("outputs-renamed")
        for folder in {path.parent for path in paths}:
            sync_folder(folder)
    except OSError as error:
        _remove(parts)
        if error.errno in _DISK_TROUBLE:
            raise UsageError(f"{paths[0].parent}: cannot be written: {error.strerror}") from error
        raise
    except BaseException:
        _remove(parts)
        raise


def expect_writable(path: Path, what: str) -> None:
    """Raise `UsageError` where a file cannot be written at `path`, before any work; `what` names it.

    Nothing is made yet; a disk may still fill up meanwhile.
    """
    try:
        if path.is_dir():
            raise UsageError(f"{what} {path}: is a folder; name a file")
        if path.exists() and not path.is_file():
            raise UsageError(f"{what} {path}: is no ordinary file; name another")
        folder = next(one for one in path.absolute().parents if one.exists())
    except OSError as error:
        raise UsageError(f"{what} {path}: cannot be written: {error.strerror}; name another file") from error
    if not folder.is_dir():
        raise UsageError(f"{what} {path}: cannot be written: {folder} is no folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"{what} {path}: cannot be written: {folder} is closed to writing")


def _opened(part: Path) -> BinaryIO:
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        return part.open("wb")
    except OSError as error:
        raise UsageError(
            f"{part.parent}: cannot be written: {error.strerror}; choose another folder"
        ) from error


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable.

    Only POSIX systems let a folder be opened for that; some network file systems cannot, and say EINVAL.
    """
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(opened)


def _remove(parts: Iterable[Path]) -> None:
    for part in parts:
        with suppress(OSError):
            part.unlink()
