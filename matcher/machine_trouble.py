"""Tells the machine's trouble, which ends a scan until it is mended, from that of one listing."""

from __future__ import annotations

import errno
import re
import socket

from matcher.errors import CatalogError, DescriptorError, GalleryError, ImageError, MatcherError, ModelError

AGAIN = "run again with --resume"
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
"""No file or connection could have been opened, whichever it was."""
_BROKEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE})
_NO_MEMORY = re.compile(r"bad.?alloc|(?:not enough|insufficient|allocate) memory", re.IGNORECASE)
_NO_THREAD = "can't start new thread"


def machine_trouble(error: Exception) -> str:
    """What ends a scan and what to do, in one line; empty where `error` is of the item that was examined.

    The matcher's own errors are the machine's but for those of one image. An absurd photo that takes too much
    memory is refused where it is decoded; all that follows has bounded sizes, so that what fails there for
    want of memory would fail for any listing.
    """
    if isinstance(error, (ImageError, DescriptorError)):
        return ""
    if isinstance(error, GalleryError):
        return f"{error}; {AGAIN} or, where that says the same, scan into another folder"
    if isinstance(error, (CatalogError, ModelError)):
        return f"{error}; mend it and {AGAIN}"
    if isinstance(error, MatcherError):
        return str(error)
    return _of_the_system(error, " ".join(str(error).split())[:300])


def exhaustion_behind(error: ImageError) -> OSError | None:
    """The machine's want of file handles or memory that made an image unreadable; None for other causes."""
    cause: BaseException | None = error.__cause__
    while cause is not None:
        # A name look-up's error numbers are of another list.
        if isinstance(cause, OSError) and not isinstance(cause, socket.gaierror):
            return cause if cause.errno in _EXHAUSTED else None
        cause = cause.__cause__
    return None


def _of_the_system(error: Exception, said: str) -> str:
    if isinstance(error, MemoryError) or _NO_MEMORY.search(said):
        what = f" ({said})" if said else ""
        return f"a worker ran out of memory{what}; free some or give fewer --workers, and {AGAIN}"
    if isinstance(error, RuntimeError) and _NO_THREAD in said:
        return f"{said}; allow more processes (`ulimit -u`) or give fewer --workers, and {AGAIN}"
    if not isinstance(error, OSError) or error.errno not in _EXHAUSTED | _BROKEN:
        return ""
    where = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    if error.errno in _EXHAUSTED:
        return f"{where}; allow more (`ulimit -n`) or give fewer --workers, and {AGAIN}"
    return f"{where}; mend it and {AGAIN}"
