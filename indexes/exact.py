"""Scores that repeat to the last digit, their ranking, and the plain search that indexes are held against."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Unit vectors, shape (n, dims)."""

Ids = NDArray[np.int64]
"""Whole numbers that the caller chose, shape (n,)."""

NO_ID = -1
NO_SCORE = -1.0
PAIR_FLOATS = 2**21
"""How many products are held at once: 16 MiB of float64."""


class Neighbours(NamedTuple):
    """What a search found: per query the best first, equal scores by rising id.

    `scores`: float32 (queries, k), inner products clipped to [-1, 1].
    `ids`: int64 (queries, k). Where fewer than k exist, the rest is id -1 and score -1.
    """

    scores: NDArray[np.float32]
    ids: NDArray[np.int64]


def pair_scores(left: Vectors, right: Vectors) -> NDArray[np.float32]:
    """Inner products of paired rows, shape (n,), clipped to [-1, 1].

    BLAS sums in an order that follows the shape of the call, so the last bits of its products change with
    the batch. Here the float64 products (exact, of float32) are summed by halving, an order that `dims`
    alone decides: a pair has one score, in any company and on any machine.
    """
    sums = np.empty(len(left), np.float32)
    step = max(1, PAIR_FLOATS // max(1, left.shape[1]))
    for start in range(0, len(left), step):
        sums[start : start + step] = _halved(left[start : start + step], right[start : start + step])
    return np.clip(sums, -1.0, 1.0) + np.float32(0.0)  # adding zero turns -0.0 into 0.0


def _halved(left: Vectors, right: Vectors) -> NDArray[np.float64]:
    products = left.astype(np.float64) * right
    width = products.shape[1]
    while width > 1:
        half = (width + 1) // 2
        products[:, : width - half] += products[:, half:width]
        width = half
    return products[:, 0]


def rank_pairs(queries: Vectors, vectors: Vectors, ids: Ids, pairs: tuple[Ids, Ids], k: int) -> Neighbours:
    """The best `k` of given candidates: `pairs` are query numbers and row numbers of `vectors`, both (n,)."""
    asked, rows = pairs
    scores = np.empty(len(asked), np.float32)
    step = max(1, PAIR_FLOATS // queries.shape[1])
    for start in range(0, len(asked), step):
        part = slice(start, start + step)
        scores[part] = pair_scores(queries[asked[part]], vectors[rows[part]])
    return _rank(asked, scores, ids[rows], len(queries), k)


def rounding(dims: int) -> float:
    """How far a float32 product of unit vectors may lie from the true one (Higham 2002, section 3.1)."""
    return (dims + 4) * 2.0**-24 * 1.03


def rank_found(queries: Vectors, vectors: Vectors, ids: Ids, found: Ids, k: int) -> Neighbours:
    """The best `k` of the rows of `vectors` found for each query, (queries, n), padded with -1.

    Quick float32 products leave out first what rounding does not allow among the best.
    """
    slack = np.float32(2 * rounding(queries.shape[1]))
    kept = []
    for query, rows in zip(queries, found, strict=True):
        rows = rows[rows >= 0]
        if len(rows) > k:
            rough = np.clip(vectors[rows] @ query, -1, 1)
            rows = rows[rough >= np.partition(rough, -k)[-k] - slack]
        kept.append(rows)
    asked = np.repeat(np.arange(len(queries)), [len(rows) for rows in kept])
    return rank_pairs(queries, vectors, ids, (asked, np.concatenate([np.empty(0, np.int64), *kept])), k)


def merge(parts: list[Neighbours], queries: int, k: int) -> Neighbours:
    """The best `k` over several searches of the same queries."""
    if not parts:
        return _rank(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.int64), queries, k)
    scores = np.concatenate([part.scores for part in parts], axis=1)
    ids = np.concatenate([part.ids for part in parts], axis=1)
    asked, columns = np.nonzero(ids != NO_ID)
    return _rank(asked, scores[asked, columns], ids[asked, columns], queries, k)


def _rank(asked: Ids, scores: NDArray[np.float32], ids: Ids, queries: int, k: int) -> Neighbours:
    """Sort by query, then score descending, then id, and lay the first `k` of each query into a table."""
    order = np.lexsort((ids, -scores, asked))
    asked, scores, ids = asked[order], scores[order], ids[order]
    place = np.arange(len(asked)) - np.searchsorted(asked, asked, side="left")
    kept = place < k
    found = Neighbours(np.full((queries, k), NO_SCORE, np.float32), np.full((queries, k), NO_ID, np.int64))
    found.scores[asked[kept], place[kept]] = scores[kept]
    found.ids[asked[kept], place[kept]] = ids[kept]
    return found


def exact_search(vectors: Vectors, ids: Ids, queries: Vectors, k: int) -> Neighbours:
    """Compare every query with every vector: slow and right, the reference of the tests."""
    rows = np.arange(len(ids), dtype=np.int64)
    parts = [
        rank_pairs(queries[at : at + 1], vectors, ids, (np.zeros(len(ids), np.int64), rows), k)
        for at in range(len(queries))
    ]
    if not parts:
        return merge([], 0, k)
    return Neighbours(np.concatenate([p.scores for p in parts]), np.concatenate([p.ids for p in parts]))
