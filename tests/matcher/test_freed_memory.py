"""A process that keeps what it frees does not have the same pages faulted in for each photo."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNT_FAULTS = """
import resource
import sys
import numpy as np
from matcher.freed_memory import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory()
def examine():
    levels = [np.ones(3 * 2**20, np.uint8) for _ in range(30)]
examine()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    examine()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    """Page faults of a process that takes and frees 90 MB five times, after the first time."""
    answer = subprocess.run(
        [sys.executable, "-c", COUNT_FAULTS, how], capture_output=True, text=True, check=True
    )
    return int(answer.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has its own ways")
def test_memory_that_was_freed_is_used_again_without_a_fault() -> None:
    assert faults("kept") * 10 < faults("given back")
