"""What an index does to be compared with others; knows none of them, so that any environment imports it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]
Search = Callable[[Vectors, int], Ids]
"""Queries (q, dims) and k to the rows found, (q, k), padded with -1."""
ADD_ROWS = 65_536
EFFORTS = (8, 16, 32, 64, 128, 256, 512)
CELLS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Index(Protocol):
    """One index over vectors whose row number is their id."""

    def build(self, vectors: Vectors, folder: Path) -> None:
        """Take all vectors in; whatever is written goes into `folder`."""
        ...

    def settings(self) -> dict[str, object]:
        """What was chosen, ready for JSON."""
        ...

    def searches(self) -> Iterator[tuple[str, Search]]:
        """Ways to search it, cheapest first, by the setting that differs."""
        ...

    def add(self, vectors: Vectors) -> None:
        """Take in more, once it is built."""
        ...

    def nbytes(self, folder: Path) -> int:
        """What it takes on disk, the vectors included where it needs them."""
        ...
