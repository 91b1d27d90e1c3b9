"""Inner products of RootSIFT descriptors in whole numbers: exact as in floats, and quicker."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.models.onnx_session import Session, open_session

GRAPH = Path(__file__).parent / "weights" / "inner-products.onnx"
"""Made by `training/export_inner_products.py`."""


@lru_cache(maxsize=1)
def _session() -> Session:
    return open_session(GRAPH.name, GRAPH.read_bytes(), "reinstall the package")


def inner_products(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Of each row of `left`, uint8 (n, 128), with each of `right`, uint8 (m, 128): int32 (n, m), exact.

    Unsigned times unsigned, because only that never overflows on processors without VNNI.
    """
    found: NDArray[np.int32] = _session().run(None, {"left": left, "right": right})[0]
    return found
