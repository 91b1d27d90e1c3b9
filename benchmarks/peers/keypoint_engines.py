"""The textbook baseline: keypoints matched with every reference, and a homography by RANSAC."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.engine import Answers, Pixels

LONGEST_SIDE = 640
FEATURES = 500
REPROJECTION = 5.0
"""Pixels by which an inlier may miss (after shrinking to `LONGEST_SIDE`)."""
LEAST_MATCHES = 8
HALF_SURE = 15
"""So many inliers score 0.5; they rank, the score only brings them into [0, 1]."""


class Keypoints:
    """What ORB and SIFT share: everything is kept, every reference is matched with every photo."""

    def __init__(self, detector: Any, norm: int, ratio: float) -> None:
        cv2.setNumThreads(1)
        self._detector, self._matcher, self._ratio = detector, cv2.BFMatcher(norm), ratio
        self._references: list[tuple[NDArray[np.float32], NDArray[Any]]] = []

    def settings(self) -> dict[str, object]:
        """Sizes and limits."""
        return {
            "longest_side": LONGEST_SIDE, "features": FEATURES,
            "ratio": self._ratio, "reprojection": REPROJECTION,
        }  # fmt: skip

    def add(self, pixels: Pixels) -> None:
        """Describe one reference."""
        self._references.append(self._describe(pixels))

    def build(self) -> None:
        """Nothing is built."""

    def find(self, pixels: Pixels, k: int) -> Answers:
        """By falling number of inliers; a reference without a homography is not found."""
        photo = self._describe(pixels)
        inliers = [self._inliers(photo, reference) for reference in self._references]
        order = sorted((-count, number) for number, count in enumerate(inliers) if count)
        return [(number, -count / (HALF_SURE - count)) for count, number in order[:k]]

    def index_bytes(self) -> int:
        """Points and descriptors of all references."""
        return sum(points.nbytes + descriptors.nbytes for points, descriptors in self._references)

    def _describe(self, pixels: Pixels) -> tuple[NDArray[np.float32], NDArray[Any]]:
        grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
        factor = LONGEST_SIDE / max(grey.shape)
        if factor < 1:
            grey = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        found, descriptors = self._detector.detectAndCompute(grey, None)
        points = np.array([point.pt for point in found], np.float32).reshape(-1, 2)
        return points, np.empty((0, 1), np.uint8) if descriptors is None else descriptors

    def _inliers(
        self,
        photo: tuple[NDArray[np.float32], NDArray[Any]],
        reference: tuple[NDArray[np.float32], NDArray[Any]],
    ) -> int:
        if min(len(photo[0]), len(reference[0])) < LEAST_MATCHES:
            return 0
        pairs = self._matcher.knnMatch(photo[1], reference[1], k=2)
        kept = [first for first, second in pairs if first.distance < self._ratio * second.distance]
        if len(kept) < LEAST_MATCHES:
            return 0
        cv2.setRNGSeed(0)
        _, inside = cv2.findHomography(
            reference[0][[match.trainIdx for match in kept]],
            photo[0][[match.queryIdx for match in kept]],
            cv2.RANSAC,
            REPROJECTION,
        )
        count = 0 if inside is None else int(inside.sum())
        return count if count >= LEAST_MATCHES else 0


class Orb(Keypoints):
    """ORB (Rublee et al., ICCV 2011) by Hamming distance."""

    def __init__(self, argument: str) -> None:
        super().__init__(cv2.ORB.create(FEATURES), cv2.NORM_HAMMING, 0.75)


class Sift(Keypoints):
    """SIFT (Lowe, IJCV 2004) by Euclidean distance, with Lowe's ratio."""

    def __init__(self, argument: str) -> None:
        super().__init__(cv2.SIFT.create(FEATURES), cv2.NORM_L2, 0.8)
