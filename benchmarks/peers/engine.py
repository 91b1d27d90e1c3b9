"""What a peer must be able to do, and what it answers with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""An RGB image, shape (height, width, 3)."""
Answers = Sequence[tuple[int, float]]
"""(number of the reference, score in [0, 1]), best first."""


class NotAvailableError(Exception):
    """Something the peer needs is not at hand; `str()` says in one line what, and what to do."""


class Engine(Protocol):
    """What a peer that ranks can do. References are numbered from 0 as they are added."""

    def settings(self) -> dict[str, object]:
        """What was chosen, ready for JSON."""
        ...

    def add(self, pixels: Pixels) -> None:
        """Take in one reference."""
        ...

    def build(self) -> None:
        """All references are in."""
        ...

    def find(self, pixels: Pixels, k: int) -> Answers:
        """At most `k` references, best first."""
        ...

    def index_bytes(self) -> int:
        """What is kept of all references together."""
        ...


class GroupEngine(Protocol):
    """What a peer that only groups the files of a folder can do."""

    def settings(self) -> dict[str, object]:
        """What was chosen, ready for JSON."""
        ...

    def groups(self, folder: str) -> list[list[str]]:
        """Sets of files that are duplicates of each other."""
        ...


def one_line(error: BaseException) -> str:
    """What an error says, on one line of bearable length."""
    return " ".join(str(error).split())[:300]
