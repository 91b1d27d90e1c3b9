"""Trains the vocabulary of local features: which numbers are kept of RootSIFT, and a tree of words."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from indexes.vocabulary import Features, Reduced, Vocabulary
from matcher.config import ImageSettings
from matcher.errors import UsageError
from matcher.models.rootsift import DESCRIPTOR_LENGTH, RootSift
from matcher.models.vocabulary import write_vocabulary
from training.photos import read_pixels, tuning_paths

NEAR = 0.15 * DESCRIPTOR_LENGTH**2
"""The squared distance of whole features at which a vote has fallen to 1/e."""
SPREAD = 3.5
"""Standard deviations on either side of the mean that the 256 levels of a kept number cover."""
SHIFT = 8
TOP_ROUNDS, LEAF_ROUNDS = 15, 10
SAMPLE = 400
"""Points a branch, and a word, is trained with at most."""


def main(arguments: list[str] | None = None) -> None:
    """`python -m training.train_vocabulary FOLDER… --out FILE.npz`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--dims", type=int, default=32, help="numbers kept of a feature")
    parser.add_argument("--branches", type=int, default=256)
    parser.add_argument("--leaves", type=int, default=256, help="words of each branch")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    paths = [path for folder in options.folders for path in tuning_paths(folder)]
    found = features(paths)
    made = train(found, options.dims, options.branches, options.leaves, options.seed)
    write_vocabulary(options.out, made)
    print(f"{options.out}: {len(made.words)} words from {len(found)} features of {len(paths)} photos")


def features(paths: list[Path]) -> Features:
    """RootSIFT of all photos, uint8 (n, 128)."""
    detector = RootSift()
    return np.concatenate(
        [detector.detect(pixels).descriptors for pixels in read_pixels(paths, ImageSettings())]
    )


def train(found: Features, dims: int, branches: int, leaves: int, seed: int) -> Vocabulary:
    """A vocabulary of `branches` x `leaves` words over `dims` numbers.

    The first principal components of RootSIFT, turned at random among themselves so that each carries as much
    (Jégou and others, "Aggregating local descriptors into a compact image representation", CVPR 2010),
    then k-means, and k-means in each cluster. Raises `UsageError` for too few features.
    """
    axes, offsets, near = reduction(found, dims, seed)
    empty = np.empty((0, dims), np.uint8)
    kept = Vocabulary(axes, offsets, SHIFT, near, empty, empty).reduced(found).astype(np.float32)
    tops, owner = clusters(kept, branches, TOP_ROUNDS, seed)
    words = [clusters(kept[owner == top], leaves, LEAF_ROUNDS, seed)[0] for top in range(branches)]
    return Vocabulary(axes, offsets, SHIFT, near, tops, np.concatenate(words))


def reduction(found: Features, dims: int, seed: int) -> tuple[NDArray[np.int8], NDArray[np.int32], float]:
    """Axes int8 (128, dims), offsets int32 (dims,), and what `NEAR` is among what they keep."""
    mean = found.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(np.cov(found.astype(np.float32), rowvar=False))
    random = np.random.default_rng(seed).standard_normal((dims, dims))
    turned = vectors[:, ::-1][:, :dims] @ np.linalg.qr(random)[0]
    carried = float(values[::-1][:dims].sum())
    scale = 127.5 / (SPREAD * math.sqrt(carried / dims))
    scale = min(scale, 127 / (float(np.abs(turned).max()) * 2**SHIFT))
    axes = np.rint(turned * scale * 2**SHIFT).astype(np.int8)
    # What is kept is shifted down, so half a level goes on top to round it.
    offsets = np.rint((127.5 + 0.5) * 2**SHIFT - mean @ axes).astype(np.int32)
    near = NEAR * scale**2 * carried / float(values.sum())
    return axes, offsets, round(near, 3)


def clusters(
    points: NDArray[np.float32], count: int, rounds: int, seed: int
) -> tuple[Reduced, NDArray[np.int64]]:
    """Centres uint8 (count, D) by Lloyd's k-means, and the number of each point's nearest."""
    if len(points) < count:
        raise UsageError(
            f"{len(points)} features for {count} clusters; give more photos or ask for fewer words"
        )
    kmeans = faiss.Kmeans(
        points.shape[1],
        count,
        niter=rounds,
        seed=seed,
        min_points_per_centroid=1,
        max_points_per_centroid=SAMPLE,
    )
    kmeans.train(points)
    return np.rint(kmeans.centroids).clip(0, 255).astype(np.uint8), kmeans.index.search(points, 1)[1][:, 0]


if __name__ == "__main__":
    main()
