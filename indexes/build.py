"""Chooses the kind of a segment, trains it, and tunes its search by measured recall."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from indexes.durable import FileRecord, record_of, sync_file
from indexes.exact import Ids, Vectors, rank_found
from indexes.flat import search_flat
from indexes.manifest import Kind, SearchSettings, SegmentRecord
from indexes.segment import held_rows, map_rows, propose
from matcher.config import GallerySettings
from matcher.faults import commit_point

LEAST_TRAINED = 1_024
"""Fewer rows are always flat: nothing can be learned from them, and nothing gained."""
LINKS = 32
BUILD_EFFORT = 96
MEASURED_AT = 10
SAMPLE_QUERIES = 256
BLENDED = np.float32(0.4)
"""How much of another row a query holds: about as hard then as a new photo. Of 100,000 made descriptors, rows
as they are promised 0.988 of a graph that found 0.959.
"""
ADD_ROWS = 65_536
POINTS_A_CELL = 40
"""Rows a cell is learnt from; fewer are too few for its middle (FAISS warns below 39)."""
EFFORTS = tuple(16 * 2**step for step in range(8))
REFINES = (4, 10, 25, 60, 150)
SCORED = 400
"""What one more candidate a wanted neighbour costs, in codes that are compared: ten of 40 each (measured)."""
SEED = 20_240_501


class Sample(NamedTuple):
    """Held-out rows as queries, and the other rows that are truly nearest to each."""

    held: int
    rows: Ids
    others: Ids
    queries: Vectors
    truth: Ids


def choose_kind(count: int, settings: GallerySettings) -> Kind:
    """Flat up to `flat_limit`; beyond, the kind that is set, or IVF-PQ lists where it is `auto`.

    A graph is as quick as lists at every size that was measured; it takes two to four times as long to build,
    and 0.8 kB a vector (at 256 dims) where lists take 0.1 kB.
    """
    if settings.kind == "flat" or count <= max(settings.flat_limit, LEAST_TRAINED):
        return "flat"
    return "hnsw" if settings.kind == "hnsw" else "ivfpq"


def finish_segment(
    folder: Path, name: str, files: dict[str, FileRecord], dims: int, settings: GallerySettings
) -> SegmentRecord:
    """Describe a segment whose vectors and ids are written; past `flat_limit`, train and tune an index."""
    count = files["ids"].bytes // 8
    kind = choose_kind(count, settings)
    search = None
    if kind != "flat":
        vectors, _ = map_rows(folder, name, count, dims)
        sample = _hold_out(vectors)
        index = _hnsw(vectors) if kind == "hnsw" else _ivfpq(vectors, sample.others)
        _add(index, vectors, sample.others)
        search = _tune(index, vectors, sample, settings.recall_target)
        _add(index, vectors, sample.rows)
        path = folder / f"{name}-index"
        faiss.write_index(index, str(path))
        sync_file(path)
        files = files | {"index": record_of(path)}
    commit_point("index:segment-written")
    return SegmentRecord.model_validate(
        {"name": name, "kind": kind, "count": count, "files": files, "search": search}
    )


def _hnsw(vectors: Vectors) -> Any:
    """A graph (Malkov and Yashunin 2018) over half-precision copies; the vectors file gives exact scores."""
    index = faiss.IndexHNSWSQ(
        vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, LINKS, faiss.METRIC_INNER_PRODUCT
    )
    index.hnsw.efConstruction = BUILD_EFFORT
    index.train(np.ascontiguousarray(vectors[:1024]))
    return index


def _ivfpq(vectors: Vectors, others: Ids) -> Any:
    """Cells of product-quantised residuals (Jégou et al. 2011), trained without the held-out rows.

    Codes of 4 bits for two dimensions, 32 vectors compared at once (André et al. 2015): as long as of 8 bits
    for four, coarser, and several times as quick, so that more candidates can be scored again.

    About 4 sqrt(n) cells, the least that FAISS's guidelines advise: with half as many, four times
    as many had to be visited to recall 0.95 of 1,000,000 made rows.
    """
    count, dims = vectors.shape
    cells = int(min(65_536, max(8, 2 ** round(np.log2(4 * sqrt(count))))))
    codes = max(part for part in range(1, max(1, ceil(dims / 2)) + 1) if dims % part == 0)
    quantizer = faiss.IndexFlatIP(dims)
    index = faiss.IndexIVFPQFastScan(quantizer, dims, cells, codes, 4, faiss.METRIC_INNER_PRODUCT)
    for clustering, points in ((index.cp, POINTS_A_CELL), (index.pq.cp, 128)):
        clustering.min_points_per_centroid, clustering.max_points_per_centroid = 1, points
        clustering.niter = 12
    learned = min(len(others), max(POINTS_A_CELL * cells, 128 * 256))
    chosen = np.sort(np.random.default_rng(SEED).choice(others, learned, replace=False))
    index.train(np.ascontiguousarray(vectors[chosen]))
    return index


def _add(index: Any, vectors: Vectors, rows: Ids) -> None:
    for start in range(0, len(rows), ADD_ROWS):
        index.add(np.ascontiguousarray(vectors[rows[start : start + ADD_ROWS]]))


def _hold_out(vectors: Vectors) -> Sample:
    """Every so many rows, each blended with another, as queries; their true neighbours among the rest.

    A new photo is less like the stored ones than these are like one another, and is harder to find for.
    """
    count = len(vectors)
    asked = held_rows(count, held := min(SAMPLE_QUERIES, count // 4))
    numbers = np.arange(count, dtype=np.int64)
    rows, others = np.asarray(vectors[asked]), np.delete(numbers, asked)
    queries = rows + BLENDED * np.roll(rows, held // 2, axis=0)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    none = np.empty(0, np.int64)
    truth = search_flat(queries, vectors, numbers, MEASURED_AT, dead=none, rows=others).ids
    return Sample(held, asked, others, queries, truth)


def _tune(index: Any, vectors: Vectors, sample: Sample, target: float) -> SearchSettings:
    """The cheapest search that reaches `target`, or the one that recalls most where none does."""
    efforts: tuple[int, ...] = EFFORTS
    refines: tuple[int, ...] = (2,)
    entries = 1.0
    if isinstance(index, faiss.IndexIVF):
        efforts = (*(2**step for step in range(17) if 2**step < index.nlist), index.nlist)
        refines, entries = REFINES, len(vectors) / index.nlist
    numbers = np.arange(len(vectors), dtype=np.int64)

    def recall(effort: int, refine: int) -> float:
        search = SearchSettings(effort=effort, refine=refine, held=sample.held, recall=0.0)
        found = propose(index, sample.queries, MEASURED_AT, search, None, len(vectors))
        best = rank_found(sample.queries, vectors, numbers, found, MEASURED_AT).ids
        return _overlap(best, sample, vectors)

    effort, refine, reached = cheapest(
        efforts, refines, recall, target, lambda effort, refine: effort * entries + refine * SCORED
    )
    return SearchSettings(effort=effort, refine=refine, held=sample.held, recall=reached)


def cheapest(
    efforts: Sequence[int],
    refines: Sequence[int],
    recall: Callable[[int, int], float],
    target: float,
    cost: Callable[[int, int], float],
) -> tuple[int, int, float]:
    """The effort and the refine, both rising, that recall `target` at the least cost, and that recall.

    Recall and cost rise with both. Where no pair reaches the target it is the last one. The most candidates
    are tried first: what reaches the target with fewer needs as much effort or more.
    """
    best, reached = _first([(effort, refines[-1]) for effort in efforts], recall, target)
    for refine in reversed(refines[:-1] if reached >= target else ()):
        cheaper = [(one, refine) for one in efforts if one >= best[0] and cost(one, refine) < cost(*best)]
        if cheaper:
            found, recalled = _first(cheaper, recall, target)
            if recalled >= target:
                best, reached = found, recalled
    return *best, reached


def _first(
    pairs: Sequence[tuple[int, int]], recall: Callable[[int, int], float], target: float
) -> tuple[tuple[int, int], float]:
    """The first of the pairs that reaches the target, otherwise the last; with what it recalls."""
    for pair in pairs:
        reached = recall(*pair)
        if reached >= target:
            break
    return pair, reached


def _overlap(found: Ids, sample: Sample, vectors: Vectors) -> float:
    """The share of true neighbours found; one as near as the last true one counts, being its twin."""
    edge = np.einsum("qd,qd->q", sample.queries, vectors[sample.truth[:, -1]])
    near = np.einsum("qd,qkd->qk", sample.queries, vectors[np.maximum(found, 0)])
    hits: NDArray[np.bool_] = (found >= 0) & (near >= edge[:, None] - 1e-6)
    return float(hits.mean())
