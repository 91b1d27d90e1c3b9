"""Raw FAISS indexes, and what autofaiss chooses, as they are compared with ours."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from benchmarks.search_index import ADD_ROWS, CELLS, EFFORTS, Ids, Search, Vectors

LEARNED = 200_000
"""Rows at most that IVF and PQ are trained on."""


class Flat:
    """Every vector compared."""

    index: Any

    def build(self, vectors: Vectors, folder: Path) -> None:
        """Make, train and fill it."""
        self.index = self.made(vectors)
        for start in range(0, len(vectors), ADD_ROWS):
            self.index.add(np.ascontiguousarray(vectors[start : start + ADD_ROWS]))

    def made(self, vectors: Vectors) -> Any:
        """The index, trained, without vectors."""
        return faiss.IndexFlatIP(vectors.shape[1])

    def settings(self) -> dict[str, object]:
        """The class of the index."""
        return {"index": type(self.index).__name__}

    def searches(self) -> Iterator[tuple[str, Search]]:
        """One way."""
        yield "all", lambda queries, k: self.index.search(queries, k)[1]

    def add(self, vectors: Vectors) -> None:
        """As FAISS adds."""
        self.index.add(np.ascontiguousarray(vectors))

    def nbytes(self, folder: Path) -> int:
        """The file FAISS writes."""
        path = folder / "index.faiss"
        faiss.write_index(self.index, str(path))
        return path.stat().st_size

    def _with(self, parameters: Any, queries: Vectors, k: int) -> Ids:
        rows: Ids = self.index.search(queries, k, params=parameters)[1]
        return rows


class Hnsw(Flat):
    """A graph (Malkov and Yashunin 2018) with 32 links, built with effort 96 as ours is."""

    def made(self, vectors: Vectors) -> Any:
        """The empty graph."""
        index = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 96
        return index

    def searches(self) -> Iterator[tuple[str, Search]]:
        """By efSearch."""
        for effort in EFFORTS:
            chosen = faiss.SearchParametersHNSW(efSearch=effort)
            yield f"efSearch {effort}", partial(self._with, chosen)


class IvfPq(Flat):
    """Cells of product-quantised residuals (Jégou et al. 2011); scores are those of the codes."""

    def made(self, vectors: Vectors) -> Any:
        """Trained on a sample."""
        count, dims = vectors.shape
        cells = max(1, min(int(4 * sqrt(count)), count // 39))
        codes = max(part for part in range(1, dims // 4 + 1) if dims % part == 0)
        bits = 8 if count >= 256 else 4
        index = faiss.IndexIVFPQ(
            faiss.IndexFlatIP(dims), dims, cells, codes, bits, faiss.METRIC_INNER_PRODUCT
        )
        index.cp.min_points_per_centroid = index.pq.cp.min_points_per_centroid = 1
        sample = np.random.default_rng(0).permutation(count)[:LEARNED]
        index.train(np.ascontiguousarray(vectors[np.sort(sample)]))
        return index

    def searches(self) -> Iterator[tuple[str, Search]]:
        """By nprobe."""
        for cells in [one for one in CELLS if one <= self.index.nlist]:
            chosen = faiss.SearchParametersIVF(nprobe=cells)
            yield f"nprobe {cells}", partial(self._with, chosen)


class IvfPqRefined(IvfPq):
    """The same, and the ten best times as many candidates scored exactly, as `IndexRefineFlat` does."""

    def made(self, vectors: Vectors) -> Any:
        """Wrapped before it is filled, so that it keeps the vectors too."""
        return faiss.IndexRefineFlat(super().made(vectors))

    def searches(self) -> Iterator[tuple[str, Search]]:
        """By nprobe."""
        for cells in [one for one in CELLS if one <= faiss.extract_index_ivf(self.index).nlist]:
            inner = faiss.SearchParametersIVF(nprobe=cells)
            chosen = faiss.IndexRefineSearchParameters(k_factor=10, base_index_params=inner)
            chosen.kept = inner  # FAISS holds no reference to it
            yield f"nprobe {cells}", partial(self._with, chosen)


class AutoFaiss(Flat):
    """`autofaiss.build_index` with its defaults, on vectors in memory."""

    def build(self, vectors: Vectors, folder: Path) -> None:
        """It chooses the kind and tunes the search itself."""
        import autofaiss

        self.index, self._about = autofaiss.build_index(
            np.ascontiguousarray(vectors), save_on_disk=False, metric_type="ip", verbose=logging.ERROR,
            nb_cores=int(os.environ.get("OMP_NUM_THREADS", "1")),
        )  # fmt: skip

    def settings(self) -> dict[str, object]:
        """What it chose."""
        kept = ("index_key", "index_param", "nb vectors")
        return {key: self._about[key] for key in kept if key in self._about}

    def searches(self) -> Iterator[tuple[str, Search]]:
        """As it tuned itself."""
        yield "as tuned", lambda queries, k: self.index.search(queries, k)[1]
