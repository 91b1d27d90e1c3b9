"""Exhaustive search over memory-mapped vectors: every true neighbour, whatever BLAS rounds."""

from __future__ import annotations

from collections.abc import Iterator

import faiss
import numpy as np
from numpy.typing import NDArray

from indexes.exact import Ids, Neighbours, Vectors, rank_pairs, rounding

BLOCK_ROWS = 8192
BLOCK_QUERIES = 64
MARGIN = 16
"""Candidates beyond k, so that near ties at the edge are scored too."""
DEAD_MARGIN = 64
"""Candidates beyond k that removed rows may take before a query needs the careful scan."""


def search_flat(
    queries: Vectors, vectors: Vectors, ids: Ids, k: int, *, dead: Ids, rows: Ids | None = None
) -> Neighbours:
    """The exact best `k` of the rows that are not `dead`, or of `rows` alone when given (rising, live)."""
    if rows is None:
        found, sure = _quick(queries, vectors, ids, k, dead)
        doubtful = np.flatnonzero(~sure)
        rows = np.delete(np.arange(len(ids), dtype=np.int64), dead) if len(doubtful) and len(dead) else None
    else:
        found = Neighbours(np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64))
        doubtful = np.arange(len(queries))
    for start in range(0, len(doubtful), BLOCK_QUERIES):
        part = doubtful[start : start + BLOCK_QUERIES]
        again = _careful(np.ascontiguousarray(queries[part]), vectors, ids, k, rows)
        found.scores[part], found.ids[part] = again
    return found


def _quick(
    queries: Vectors, vectors: Vectors, ids: Ids, k: int, dead: Ids
) -> tuple[Neighbours, NDArray[np.bool_]]:
    """FAISS proposes, exact scores decide; says of each query whether nothing better can be left out."""
    wanted = min(len(ids), k + MARGIN + min(len(dead), DEAD_MARGIN))
    rough, rows = faiss.knn(queries, vectors, wanted, metric=faiss.METRIC_INNER_PRODUCT)
    live = rows >= 0
    if len(dead):
        live &= ~np.isin(rows, dead)
    asked, columns = np.nonzero(live)
    found = rank_pairs(queries, vectors, ids, (asked, rows[asked, columns]), k)
    if wanted == len(ids):
        return found, np.ones(len(queries), np.bool_)
    last = rough[:, -1].astype(np.float64) + rounding(queries.shape[1])
    return found, (found.ids[:, -1] >= 0) & (found.scores[:, -1] > last)


def _careful(queries: Vectors, vectors: Vectors, ids: Ids, k: int, rows: Ids | None) -> Neighbours:
    """Keep each row that rounding allows among the best `k`: for filters and for crowds of equal scores."""
    slack = np.float32(2 * rounding(queries.shape[1]))
    best = np.full((len(queries), k), -np.inf, np.float32)
    asked, kept, scores = [], [], []
    for numbers, block in _blocks(vectors, rows):
        rough = np.clip(queries @ block.T, np.float32(-1.0), np.float32(1.0))
        both = np.concatenate((best, rough), axis=1)
        best = np.partition(both, both.shape[1] - k, axis=1)[:, -k:]
        query, column = np.nonzero(rough >= best.min(axis=1, keepdims=True) - slack)
        asked.append(query)
        kept.append(numbers[column])
        scores.append(rough[query, column])
    if not asked:
        return rank_pairs(queries, vectors, ids, (np.empty(0, np.int64), np.empty(0, np.int64)), k)
    query = np.concatenate(asked)
    hopeful = np.concatenate(scores) >= best.min(axis=1)[query] - slack
    return rank_pairs(queries, vectors, ids, (query[hopeful], np.concatenate(kept)[hopeful]), k)


def _blocks(vectors: Vectors, rows: Ids | None) -> Iterator[tuple[Ids, Vectors]]:
    count = len(vectors) if rows is None else len(rows)
    for start in range(0, count, BLOCK_ROWS):
        stop = min(count, start + BLOCK_ROWS)
        if rows is None:
            yield np.arange(start, stop, dtype=np.int64), vectors[start:stop]
        else:
            yield rows[start:stop], vectors[rows[start:stop]]
