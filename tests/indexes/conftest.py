"""Vectors that lie in groups, as descriptors of products do, and galleries of each kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexes.exact import Vectors
from indexes.gallery import Gallery
from matcher.config import GallerySettings

DIMS = 32
KINDS = ("flat", "hnsw", "ivfpq")


def grouped(count: int, seed: int, dims: int = DIMS) -> Vectors:
    """Unit vectors around forty centres, the same for every seed."""
    centres = np.random.default_rng(7).standard_normal((40, dims))
    generator = np.random.default_rng(seed)
    drawn = centres[generator.integers(0, 40, count)] + 0.8 * generator.standard_normal((count, dims))
    return unit(drawn)


def unit(drawn: np.ndarray) -> Vectors:
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def settings_for(kind: str) -> GallerySettings:
    return GallerySettings(flat_limit=10**9 if kind == "flat" else 0, kind=kind, recall_target=0.95)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an empty flat gallery lies."""
    path = tmp_path / "gallery"
    Gallery.create(path, dims=DIMS, fingerprint="model@1")
    return path
