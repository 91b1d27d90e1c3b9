"""One index in a process of its own: `python -m benchmarks.search_child KIND FOLDER ROUNDS BATCH`.

Reads the vectors, queries and true neighbours in FOLDER, writes `KIND.json` there. It imports nothing of the
project for an index that is not ours, so that the environment of a peer will do.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.child import peak_mib
from benchmarks.search_index import Index, Search
from benchmarks.search_kinds import made

K = 10
ALONE = 200
"""Queries that are asked one at a time too."""


def measure_index(index: Index, source: Path, folder: Path, *, rounds: int, batch: int) -> dict[str, Any]:
    """Build, search in every way, then add: seconds, bytes, peak MiB and a point a way.

    A point has `recall` (share of the ten true neighbours among the ten found), `recall_first` (is the
    nearest found first), `queries_per_second` (median of the rounds, after one that does not count),
    `p50_ms` (median of queries asked one at a time) and `setting`.
    """
    stored = np.load(source / "vectors.npy", mmap_mode="r")
    queries, truth, more = (np.load(source / f"{name}.npy") for name in ("queries", "truth", "more"))
    start = time.perf_counter()
    index.build(stored, folder)
    built = time.perf_counter() - start
    points = [
        {"setting": setting, **measured(search, queries, truth, rounds=rounds, batch=batch)}
        for setting, search in index.searches()
    ]
    size, chosen = index.nbytes(folder), index.settings()
    start = time.perf_counter()
    index.add(more)
    added = time.perf_counter() - start
    return {
        "build_seconds": round(built, 4),
        "add_per_second": round(len(more) / added, 1),
        "index_bytes_per_image": round(size / len(stored), 1),
        "peak_mib": peak_mib(),
        "settings": chosen,
        "points": points,
    }


def measured(
    search: Search,
    queries: NDArray[np.float32],
    truth: NDArray[np.int64],
    *,
    rounds: int,
    batch: int,
) -> dict[str, float]:
    """Recall and pace of one way to search, `batch` queries at a time."""
    batches = [np.ascontiguousarray(queries[at : at + batch]) for at in range(0, len(queries), batch)]
    seconds = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        found = [search(each, K) for each in batches]
        seconds.append(time.perf_counter() - start)
    every = np.concatenate([padded(each) for each in found])
    hits = (every[:, :, None] == truth[:, None, :K]).any(axis=1)
    return {
        "recall": round(float(hits.mean()), 4),
        "recall_first": round(float((every[:, 0] == truth[:, 0]).mean()), 4),
        "queries_per_second": round(len(queries) / statistics.median(seconds[1:]), 1),
        "p50_ms": round(1000 * statistics.median(_alone(search, queries[:ALONE])), 3),
    }


def _alone(search: Search, queries: NDArray[np.float32]) -> list[float]:
    """Seconds of each query, asked one at a time."""
    seconds = []
    for row in range(len(queries)):
        start = time.perf_counter()
        search(queries[row : row + 1], K)
        seconds.append(time.perf_counter() - start)
    return seconds


def padded(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """(queries, K), -1 where fewer were found."""
    full = np.full((len(rows), K), -1, np.int64)
    full[:, : rows.shape[1]] = rows[:, :K]
    return full


def main() -> None:
    """Measure one kind."""
    kind, source, rounds, batch = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    with TemporaryDirectory(dir=source) as folder:
        found = measure_index(made(kind), source, Path(folder), rounds=rounds, batch=batch)
    (source / f"{kind}.json").write_text(json.dumps(found, default=str), encoding="utf-8")


if __name__ == "__main__":
    main()
