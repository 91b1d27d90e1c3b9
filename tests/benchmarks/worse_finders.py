"""Finders that are worse than the matcher on purpose: a check must notice them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.finder import Task
from matcher.config import Settings
from matcher.finder import Finder, build_finder

Vectors = NDArray[np.float32]


class Spoilt:
    """An embedder whose descriptors are changed on their way out."""

    def __init__(self, embedder: Any, change: Any) -> None:
        self._embedder, self._change = embedder, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed_photos(self, photos: Any) -> Any:
        return [self._changed(each) for each in self._embedder.embed_photos(photos)]

    def embed_references(self, photos: Any) -> Any:
        return [self._changed(each) for each in self._embedder.embed_references(photos)]

    def _changed(self, vectors: Any) -> Vectors:
        changed = self._change(np.asarray(vectors, np.float32))
        length = np.linalg.norm(changed, axis=-1, keepdims=True)
        return np.asarray(changed / np.maximum(length, 1e-12), np.float32)


class Shuffle:
    """Every descriptor with its numbers in another order: it says nothing of its photo any more."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)

    def __call__(self, vectors: Vectors) -> Vectors:
        return self._random.permuted(vectors, axis=-1)


def sixteen_levels(vectors: Vectors) -> Vectors:
    """Four bits a number, the levels spread over [-1, 1], where hardly any number of a descriptor lies."""
    return np.round((vectors + 1) * 7.5) / 7.5 - 1


def shuffled(settings: Settings, *, embedder: str, verify: bool, task: Task) -> Finder:
    return spoilt(settings, Shuffle(), embedder=embedder, verify=verify, task=task)


def four_bits(settings: Settings, *, embedder: str, verify: bool, task: Task) -> Finder:
    return spoilt(settings, sixteen_levels, embedder=embedder, verify=verify, task=task)


def spoilt(settings: Settings, change: Any, *, embedder: str, verify: bool, task: Task) -> Finder:
    finder = build_finder(settings, embedder=embedder, verify=verify, task=task)
    changed: Any = Spoilt(finder.embedder, change)
    finder.embedder = changed
    return finder
