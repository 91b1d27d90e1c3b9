"""Inner products of RootSIFT descriptors in whole numbers: exact as in floats, and quicker."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.models.onnx_session import Session, open_session

FOLDER = Path(__file__).parent / "weights"
UNSIGNED, SIGNED = FOLDER / "inner-products.onnx", FOLDER / "inner-products-signed.onnx"
"""Made by `training/export_inner_products.py`."""
HALF = 128
_PROBED = ((1, 1), (3, 40), (40, 3), (300, 801))

Bytes = NDArray[np.uint8]
Products = NDArray[np.int32]


def inner_products(left: Bytes, right: Bytes) -> Products:
    """Of each row of `left`, uint8 (n, 128), with each of `right`, uint8 (m, 128): int32 (n, m), exact."""
    return _signed(left, right) if signed_is_exact() else _unsigned(left, right)


@lru_cache(maxsize=1)
def signed_is_exact() -> bool:
    """Whether this processor multiplies unsigned by signed bytes without saturating: only then it is used.

    Those without VNNI add two products in 16 bits, which the largest values overflow; here they are tried.
    """
    for rows, columns in _PROBED:
        for low, high in ((255, 255), (255, 0), (0, 255)):
            left = np.full((rows, 128), 255, np.uint8)
            right = np.where(np.arange(columns)[:, None] % 2 == 0, low, high).repeat(128, axis=1)
            right = right.astype(np.uint8)
            if (_signed(left, right) != left.astype(np.int32) @ right.astype(np.int32).T).any():
                return False
    return True


def _signed(left: Bytes, right: Bytes) -> Products:
    """By `right` less 128, as signed bytes."""
    shifted = (right ^ np.uint8(HALF)).view(np.int8)
    found: Products = _session(SIGNED).run(None, {"left": left, "right": shifted})[0]
    found += left.sum(axis=1, dtype=np.int32)[:, None] * np.int32(HALF)
    return found


def _unsigned(left: Bytes, right: Bytes) -> Products:
    found: Products = _session(UNSIGNED).run(None, {"left": left, "right": right})[0]
    return found


@lru_cache(maxsize=2)
def _session(graph: Path) -> Session:
    return open_session(graph.name, graph.read_bytes(), "reinstall the package")
