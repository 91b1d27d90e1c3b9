"""A fixed vocabulary of coarse words, and which of them lie nearest to a local feature."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.exact import Ids
from matcher.errors import GalleryError

DIMS = 128
MOST_WORDS = 65_536
FEW = 16
"""Up to here the nearest words are picked one after the other; beyond, all are sorted."""
BLOCK_FLOATS = 2**21

Features = NDArray[np.uint8]
"""RootSIFT features (Arandjelović and Zisserman 2012) scaled to length 512, shape (n, 128)."""


class Words:
    """A vocabulary, uint8 (W, 128). A feature's words are the same in any batch and on any machine.

    A product of two features is at most 128 * 255² = 8.3 million, and so is every partial sum of it: whole
    numbers below 2**24, which float32 holds exactly. So `|w|² - 2 x·w` has no rounding in whatever order
    BLAS sums, and equal distances are equal numbers.
    """

    def __init__(self, table: Features) -> None:
        """Keep `table` and a float32 copy of it."""
        self.table = table
        self._columns = np.ascontiguousarray(table.T, dtype=np.float32)
        self._squares = np.einsum("wd,wd->w", table, table, dtype=np.int64).astype(np.float32)

    def __len__(self) -> int:
        return len(self.table)

    def nearest(self, features: Features, count: int) -> Ids:
        """The `count` nearest words of each feature, (n, count), nearest first, equal ones by number."""
        count = min(count, len(self))
        found = np.empty((len(features), count), np.int64)
        step = max(1, BLOCK_FLOATS // len(self))
        for start in range(0, len(features), step):
            part = features[start : start + step].astype(np.float32)
            distances = part @ self._columns
            distances *= -2
            distances += self._squares
            found[start : start + step] = _lowest(distances, count)
        return found


def _lowest(distances: NDArray[np.float32], count: int) -> Ids:
    if count > FEW:
        return np.argsort(distances, axis=1, kind="stable")[:, :count]
    found, rows = np.empty((len(distances), count), np.int64), np.arange(len(distances))
    for place in range(count):
        found[:, place] = distances.argmin(axis=1)  # the first of equal ones
        distances[rows, found[:, place]] = np.inf
    return found


def checked_features(given: ArrayLike, folder: Path) -> Features:
    """Features uint8 (n, 128) in one piece of memory, or `GalleryError`."""
    features: NDArray[np.generic] = np.asarray(given)
    if features.dtype != np.uint8 or features.ndim != 2 or features.shape[1] != DIMS:
        raise GalleryError(
            str(folder), f"features are {features.dtype} of shape {features.shape}, uint8 (n, {DIMS}) needed"
        )
    return np.ascontiguousarray(features, dtype=np.uint8)


def checked_words(given: ArrayLike, folder: Path) -> Features:
    """A vocabulary uint8 (W, 128) of 1 to 65,536 words, or `GalleryError`."""
    table = checked_features(given, folder)
    if not 1 <= len(table) <= MOST_WORDS:
        raise GalleryError(str(folder), f"{len(table)} words given, 1 to {MOST_WORDS:,} needed")
    return table
