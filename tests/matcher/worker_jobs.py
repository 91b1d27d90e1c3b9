"""What the workers of the tests are told to do: each is made once in a worker and called on every item."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from matcher.errors import CatalogError, DescriptorError, GalleryError, ImageError, ModelError, StorageError

Job = Callable[[int], int]


def doubling() -> Job:
    return lambda item: 2 * item


def troubled(trouble: int, kind: str, folder: str) -> Job:
    """Doubles every item, but comes to grief over one of them; notes each attempt at it in `folder`."""

    def work(item: int) -> int:
        if item == trouble:
            (Path(folder) / f"attempt-{time.monotonic_ns()}").touch()
            grief(kind)
        return 2 * item

    return work


ERRORS: dict[str, Exception] = {
    "raise": ValueError("cannot\nbe done"),
    "store": CatalogError("image store images: No space left on device"),
    "spool": StorageError("temporary file in tmp: Disk quota exceeded"),
    "full disk": OSError(errno.ENOSPC, "No space left on device"),
    "bad disk": OSError(errno.EIO, "Input/output error", "images.feather"),
    "handles": OSError(errno.EMFILE, "Too many open files"),
    "memory": MemoryError(),
    "native memory": RuntimeError("std::bad_alloc"),
    "threads": RuntimeError("can't start new thread"),
    "gallery": GalleryError("descriptors", "s1-index is damaged"),
    "model": ModelError("rapidocr", "rec.onnx cannot be read: No such file or directory"),
    "encoder": OSError("encoder error -2 when writing image file"),
    "photo": ImageError("a.png", "is truncated"),
    "blank": DescriptorError("clip", "gives a vector of zeros"),
}
"""What an item may raise, by name."""


def grief(kind: str) -> None:
    if kind in ERRORS:
        raise ERRORS[kind]
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "exit":
        raise SystemExit(3)
    if kind == "sleep":
        time.sleep(60)


def killed_once(folder: str) -> Job:
    """Item 3 kills the first worker that meets it, as the system does when memory is short."""

    def work(item: int) -> int:
        mark = Path(folder) / "killed"
        if item == 3 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return 2 * item

    return work


def unstartable(kind: str) -> Job:
    grief(kind)
    return doubling()


def counting_threads() -> Callable[[int], str | None]:
    """Says how many threads its libraries were told to use."""
    return lambda item: os.environ.get("OPENBLAS_NUM_THREADS")


def naming(_: str) -> Job:
    """Says which process it is."""
    return lambda item: os.getpid()
