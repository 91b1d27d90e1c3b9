"""What the workers of the tests are told to do: each is made once in a worker and called on every item."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from matcher.errors import CatalogError

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


def grief(kind: str) -> None:
    if kind == "raise":
        raise ValueError("cannot\nbe done")
    if kind == "full disk":
        raise CatalogError("image store images: No space left on device")
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
