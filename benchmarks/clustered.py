"""Made descriptors with the structure of real ones: categories, products and photos, not uniform noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

COMMON, CATEGORY, PRODUCT, PHOTO = 0.5, 0.225, 0.175, 0.1
"""Shares of a descriptor's length: what all have in common, their category's, their product's, their own.

So two photos of one product have a cosine near 0.90, of one category 0.73, others 0.50. Measured beside it:
EfficientNet-Lite0 with ImageNet weights on 700 phone photos of clothes and on 400 studio photos with several
views of a product, and 6,000 made ones. Median of all pairs 0.51, 0.61 and 0.52; of nearest neighbours 0.74,
0.89 and 0.90; of tenth neighbours 0.67, 0.81 and 0.77; axes that count (participation ratio of the variances)
53, 27 and 39.
"""
SPECTRUM = 0.7
"""Variance falls with the axis to this power."""
PHOTOS_A_PRODUCT = 6
PRODUCTS_A_CATEGORY = 50
SKEW = 1.5
"""Popular products have many photos, most have few: the share u of them is drawn as u to this power."""
COPY_COSINES = (0.75, 0.97)
BATCH = 65_536


@dataclass(frozen=True)
class Clustered:
    """Descriptors that follow from count, dims and seed alone."""

    count: int
    dims: int = 256
    seed: int = 0

    def batches(self) -> Iterator[Vectors]:
        """All of them, unit float32 (up to `BATCH`, dims) each."""
        centres = self._centres()
        for number, start in enumerate(range(0, self.count, BATCH)):
            rng = np.random.default_rng([self.seed, 1, number])
            yield self._photos(centres, min(BATCH, self.count - start), rng)

    def more(self, count: int) -> Vectors:
        """Others of the same products, (count, dims)."""
        return self._photos(self._centres(), count, np.random.default_rng([self.seed, 2]))

    def queries(self, stored: Vectors, count: int) -> Vectors:
        """Half are copies of stored ones, at cosines of 0.75 to 0.97, half other photos of the products."""
        rng = np.random.default_rng([self.seed, 3])
        copies = count // 2
        originals = np.asarray(stored[np.sort(rng.integers(0, len(stored), copies))])
        cosines = rng.uniform(*COPY_COSINES, (copies, 1)).astype(np.float32)
        noise = self._drawn(rng, copies)
        noise -= (noise * originals).sum(axis=1, keepdims=True) * originals
        turned = cosines * originals + np.sqrt(1 - cosines**2) * _unit(noise)
        others = self._photos(self._centres(), count - copies, np.random.default_rng([self.seed, 4]))
        return _unit(np.concatenate([turned, others]))

    def _centres(self) -> tuple[Vectors, Vectors]:
        """(what all have in common, (1, dims); category and product of each product, (products, dims))."""
        rng = np.random.default_rng([self.seed, 0])
        products = max(1, self.count // PHOTOS_A_PRODUCT)
        categories = self._drawn(rng, max(2, products // PRODUCTS_A_CATEGORY))
        chosen = (len(categories) * rng.random(products) ** SKEW).astype(np.int64)
        centres = np.float32(CATEGORY**0.5) * categories[chosen]
        centres += np.float32(PRODUCT**0.5) * self._drawn(rng, products)
        common = np.float32(COMMON**0.5) * _unit(rng.standard_normal((1, self.dims), np.float32))
        return common, centres

    def _photos(self, centres: tuple[Vectors, Vectors], count: int, rng: np.random.Generator) -> Vectors:
        common, products = centres
        chosen = (len(products) * rng.random(count) ** SKEW).astype(np.int64)
        return _unit(common + products[chosen] + np.float32(PHOTO**0.5) * self._drawn(rng, count))

    def _drawn(self, rng: np.random.Generator, count: int) -> Vectors:
        """Gaussian rows of length about 1 whose variance falls along the axes."""
        variance = np.arange(1, self.dims + 1) ** -SPECTRUM
        scale = np.sqrt(variance / variance.sum()).astype(np.float32)
        return np.asarray(rng.standard_normal((count, self.dims), np.float32) * scale)


def save(made: Clustered, path: Path) -> Vectors:
    """Write all descriptors to a `.npy` file a batch at a time; gives it mapped, (count, dims)."""
    table = np.lib.format.open_memmap(path, "w+", np.float32, (made.count, made.dims))
    start = 0
    for batch in made.batches():
        table[start : start + len(batch)] = batch
        start += len(batch)
    table.flush()
    return np.asarray(np.load(path, mmap_mode="r"))


def nearest(stored: Vectors, queries: Vectors, k: int) -> NDArray[np.int64]:
    """Rows of the `k` largest inner products of each query, best first, (queries, k), by comparing all."""
    best = np.full((len(queries), 0), 0, np.float32)
    rows = np.full((len(queries), 0), 0, np.int64)
    for start in range(0, len(stored), BATCH // 4):
        scores = queries @ np.asarray(stored[start : start + BATCH // 4]).T
        numbers = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
        if scores.shape[1] > k:
            numbers = np.argpartition(-scores, k, axis=1)[:, :k]
        best = np.concatenate([best, np.take_along_axis(scores, numbers, 1)], axis=1)
        rows = np.concatenate([rows, numbers + start], axis=1)
        order = np.argsort(-best, axis=1, kind="stable")[:, :k]
        best, rows = np.take_along_axis(best, order, 1), np.take_along_axis(rows, order, 1)
    return rows


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
