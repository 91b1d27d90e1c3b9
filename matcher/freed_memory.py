"""Freed memory stays with the process: photos need the same amount again and again."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_MEBIBYTE = 2**20
_OPTIONS = {_MMAP_THRESHOLD: 32 * _MEBIBYTE, _TRIM_THRESHOLD: 512 * _MEBIBYTE, _TOP_PAD: 64 * _MEBIBYTE}
"""glibc's `mallopt` (man 3 mallopt); 32 MiB is the most that it takes for the first."""


def keep_freed_memory() -> None:
    """Let glibc keep what this process frees, up to 512 MiB; with another C library nothing happens.

    As it comes, it gives the pyramid of one photo back to the system, and the next photo's is faulted in page
    by page: a fifth of an import's time on a virtual machine. The peak hardly grows where a few threads look
    at photos, always the same ones, as each keeps some.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for option, value in _OPTIONS.items():
            mallopt(option, value)
