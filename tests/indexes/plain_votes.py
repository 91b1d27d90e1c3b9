"""Votes word for word as `VotingGallery.vote` promises them, in whole numbers and without any index."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from indexes.vocabulary import Vocabulary
from indexes.voting import Votes

FOLLOWED = 4


def features(count: int, seed: int, top: int = 120) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, top, (count, 128), dtype=np.uint8)


def vocabulary(words: int, seed: int, *, branches: int = 1, dims: int = 16) -> Vocabulary:
    """Random axes that keep what `features` gives within 0 … 255, and a random tree there."""
    random = np.random.default_rng(seed)
    axes = random.integers(-40, 41, (128, dims), dtype=np.int8)
    offsets = (2**15 - 60 * axes.sum(axis=0, dtype=np.int64)).astype(np.int32)
    near_the_middle = random.integers(90, 166, (branches + words, dims), dtype=np.uint8)
    return Vocabulary(axes, offsets, 8, 900.0, near_the_middle[:branches], near_the_middle[branches:])


def keeping_all(words: np.ndarray, *, near: float = 39_321.6) -> Vocabulary:
    """Keeps features as they are."""
    axes = np.eye(128, dtype=np.int8) * 64
    return Vocabulary(axes.astype(np.int8), np.zeros(128, np.int32), 6, near, words[:1], words)


def reduced(given: np.ndarray, known: Vocabulary) -> np.ndarray:
    turned = given.astype(np.int64) @ known.axes.astype(np.int64) + known.offsets
    return np.clip(turned // 2**known.shift, 0, 255)


def distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return ((left[:, None].astype(np.int64) - right[None].astype(np.int64)) ** 2).sum(axis=2)


def nearest_words(kept: np.ndarray, known: Vocabulary, count: int) -> list[list[int]]:
    """Of each of `kept` (n, D): those under the branches nearest to it."""
    leaves = len(known.words) // len(known.branches)
    followed = np.argsort(distances(kept, known.branches), axis=1, kind="stable")[:, :FOLLOWED]
    far = distances(kept, known.words)
    found = []
    for row, branches in zip(far, followed, strict=True):
        under = np.flatnonzero(np.isin(np.arange(len(known.words)) // leaves, branches))
        found.append(under[np.argsort(row[under], kind="stable")][:count].tolist())
    return found


def plain_vote(
    ids: np.ndarray, stored: np.ndarray, photo: np.ndarray, k: int, known: Vocabulary, *, probes: int
) -> Votes:
    stored, asked = reduced(stored, known), reduced(photo, known)
    words = np.array([word for (word,) in nearest_words(stored, known, 1)], np.int64)
    given_by = defaultdict(list)
    for feature, probed in zip(asked, nearest_words(asked, known, probes), strict=True):
        rows = np.flatnonzero(np.isin(words, probed))
        far = distances(feature[None], stored[rows])[0] if len(rows) else []
        nearest = sorted(zip(far, ids[rows].tolist(), strict=True))[:3]
        for image in {image for _, image in nearest}:
            given_by[image].append(int(min(square for square, owner in nearest if owner == image)))
    sums = {i: np.float32(sum(np.exp(-np.sort(s) / known.near).tolist())) for i, s in given_by.items()}
    best = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))[:k]
    best += [(-1, np.float32(-1))] * (k - len(best))
    return Votes(np.array([vote for _, vote in best], np.float32), np.array([image for image, _ in best]))
