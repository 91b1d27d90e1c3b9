"""How many threads a search may use; the application's choice, since only it knows what else runs."""

from __future__ import annotations

import faiss


def use_threads(count: int) -> None:
    """Let FAISS use `count` threads in this process."""
    faiss.omp_set_num_threads(count)
