"""USearch's graph, as it is compared with ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from usearch.index import Index as Graph

from benchmarks.search_index import ADD_ROWS, EFFORTS, Ids, Search, Vectors

LINKS = 32
BUILD_EFFORT = 96
"""As our graphs and those of FAISS are built."""


class Usearch:
    """A graph over half-precision vectors by inner product, in memory, on one thread."""

    def build(self, vectors: Vectors, folder: Path) -> None:
        """Add all, a batch at a time."""
        self.index: Any = Graph(
            ndim=vectors.shape[1],
            metric="ip",
            dtype="f16",
            connectivity=LINKS,
            expansion_add=BUILD_EFFORT,
        )
        self._count = 0
        for start in range(0, len(vectors), ADD_ROWS):
            self.add(vectors[start : start + ADD_ROWS])

    def settings(self) -> dict[str, object]:
        """What it was made with."""
        return {"dtype": "f16", "connectivity": LINKS, "expansion_add": BUILD_EFFORT}

    def searches(self) -> Iterator[tuple[str, Search]]:
        """By expansion_search."""
        for effort in EFFORTS:
            yield f"expansion_search {effort}", self._with(effort)

    def _with(self, effort: int) -> Search:
        def search(queries: Vectors, k: int) -> Ids:
            self.index.expansion_search = effort
            found = self.index.search(queries, k, threads=1)
            keys = np.asarray(found.keys, np.int64).reshape(len(queries), -1)
            there = np.arange(keys.shape[1]) < np.reshape(found.counts, (len(queries), 1))
            return np.where(there, keys, -1)

        return search

    def add(self, vectors: Vectors) -> None:
        """Row numbers are the keys."""
        keys = np.arange(self._count, self._count + len(vectors))
        self.index.add(keys, np.ascontiguousarray(vectors), threads=1)
        self._count += len(vectors)

    def nbytes(self, folder: Path) -> int:
        """The file it writes."""
        path = folder / "index.usearch"
        self.index.save(str(path))
        return path.stat().st_size
