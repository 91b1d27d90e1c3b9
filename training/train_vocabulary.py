"""Trains the coarse vocabulary by which local features vote: k-means over RootSIFT of photos."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import cast

import faiss
import numpy as np
from numpy.typing import NDArray

from matcher.config import ImageSettings
from matcher.models.rootsift import RootSift
from training.photos import read_pixels, tuning_paths


def main(arguments: list[str] | None = None) -> None:
    """`python -m training.train_vocabulary FOLDER… --words 4096 --out FILE.npy`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--words", type=int, default=4096)
    parser.add_argument(
        "--per-photo", type=int, default=150, help="features taken of a photo, strongest first"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    paths = [path for folder in options.folders for path in tuning_paths(folder)]
    words = vocabulary(features(paths, options.per_photo), options.words, options.seed)
    np.save(options.out, words)
    print(f"{options.out}: {len(words)} words from {len(paths)} photos")


def features(paths: list[Path], per_photo: int) -> NDArray[np.float32]:
    """RootSIFT of all photos, float32 (n, 128)."""
    detector = RootSift()
    found = [
        detector.detect(pixels).descriptors[:per_photo] for pixels in read_pixels(paths, ImageSettings())
    ]
    return np.concatenate(found).astype(np.float32)


def vocabulary(points: NDArray[np.float32], words: int, seed: int) -> NDArray[np.uint8]:
    """Cluster centres, uint8 (words, 128), by Lloyd's k-means on a seeded sample of 60 points a word."""
    kmeans = faiss.Kmeans(points.shape[1], words, niter=12, seed=seed, max_points_per_centroid=60)
    kmeans.train(points)
    return cast(NDArray[np.uint8], np.rint(kmeans.centroids).clip(0, 255).astype(np.uint8))


if __name__ == "__main__":
    main()
