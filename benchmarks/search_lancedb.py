"""A table of LanceDB with the index it makes for vectors, as it is compared with ours."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa

from benchmarks.search_index import ADD_ROWS, CELLS, Ids, Search, Vectors

REFINES = (10, 50)
"""Candidates a wanted neighbour that are scored exactly; codes of 16 dimensions a byte need many."""


class LanceDb:
    """IVF-PQ on disk by inner product, with LanceDB's own choice of lists and codes; asked one at a time."""

    def build(self, vectors: Vectors, folder: Path) -> None:
        """Write the table, then index it."""
        self._dims, self._count = vectors.shape[1], len(vectors)
        starts = range(0, len(vectors), ADD_ROWS)
        rows = (self._batch(vectors[at : at + ADD_ROWS], at) for at in starts)
        self.table: Any = lancedb.connect(folder / "lance").create_table(
            "vectors", pa.RecordBatchReader.from_batches(self._schema(), rows)
        )
        self.table.create_index(metric="dot", vector_column_name="vector", index_type="IVF_PQ")

    def settings(self) -> dict[str, object]:
        """The kind of its index."""
        return {"index": "IVF_PQ"}

    def searches(self) -> Iterator[tuple[str, Search]]:
        """By nprobes and candidates."""
        for cells, refine in product(CELLS[2::2], REFINES):
            yield f"nprobes {cells}, refine_factor {refine}", self._with(cells, refine)

    def _with(self, cells: int, refine: int) -> Search:
        def search(queries: Vectors, k: int) -> Ids:
            found = np.full((len(queries), k), -1, np.int64)
            for row, query in enumerate(queries):
                asked = self.table.search(query).distance_type("dot").nprobes(cells).refine_factor(refine)
                told = asked.limit(k).select(["id", "_distance"]).to_arrow()["id"].to_numpy()
                found[row, : len(told)] = told
            return found

        return search

    def add(self, vectors: Vectors) -> None:
        """Rows that the index does not hold yet; searches look at them too."""
        self.table.add(pa.Table.from_batches([self._batch(vectors, self._count)]))
        self._count += len(vectors)

    def nbytes(self, folder: Path) -> int:
        """All files of the table."""
        return sum(path.stat().st_size for path in (folder / "lance").rglob("*") if path.is_file())

    def _schema(self) -> Any:
        return pa.schema([("id", pa.int64()), ("vector", pa.list_(pa.float32(), self._dims))])

    def _batch(self, vectors: Vectors, first: int) -> Any:
        flat = pa.array(np.ascontiguousarray(vectors).reshape(-1))
        ids = pa.array(np.arange(first, first + len(vectors)))
        rows = pa.FixedSizeListArray.from_arrays(flat, self._dims)
        return pa.RecordBatch.from_arrays([ids, rows], schema=self._schema())
