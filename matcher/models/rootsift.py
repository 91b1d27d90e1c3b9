"""Keypoints by SIFT, described by RootSIFT (Arandjelović & Zisserman, CVPR 2012, section 3)."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.models import Keypoints, Pixels

SWATCH_SIDE = 64
DESCRIPTOR_LENGTH = 512


class RootSift:
    """Finds up to `count` keypoints in an image whose longest side is first brought to `side` pixels."""

    name = "rootsift"

    def __init__(self, *, side: int = 512, count: int = 800, contrast: float = 0.01) -> None:
        self.side, self.count, self.contrast = side, count, contrast
        self.fingerprint = f"rootsift-{side}-{count}-{contrast}-{SWATCH_SIDE}-1"

    def detect(self, image: Pixels) -> Keypoints:
        """The keypoints of `image`, uint8 (height, width, 3), strongest first; there may be none."""
        height, width = image.shape[:2]
        shades = cast(NDArray[np.uint8], cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        grey = _resized(shades, self.side / max(height, width))
        # OpenCV does not say that one may be used by several threads at a time; making one costs nothing.
        sift = cv2.SIFT.create(nfeatures=self.count, contrastThreshold=self.contrast)
        found, raw = sift.detectAndCompute(grey, None)
        swatch = cv2.resize(image, (SWATCH_SIDE, SWATCH_SIDE), interpolation=cv2.INTER_AREA)
        if raw is None:
            return Keypoints(
                np.zeros((0, 2), np.float32),
                np.zeros((0, 2), np.float32),
                np.zeros((0, 128), np.uint8),
                width / height,
                cast(Pixels, swatch),
            )
        # SIFT may return a few more than asked for. Ties in strength are broken by place, to fix the order.
        order = sorted(range(len(found)), key=lambda i: (-found[i].response, found[i].pt))[: self.count]
        places = np.array([(*found[i].pt, found[i].size, found[i].angle) for i in order], np.float32)
        size = np.array([grey.shape[1], grey.shape[0]], np.float32)
        frames = np.stack([np.log2(places[:, 2] / self.side), places[:, 3]], axis=1)
        descriptors = root(cast(NDArray[np.float32], raw)[order])
        return Keypoints(places[:, :2] / size, frames, descriptors, width / height, cast(Pixels, swatch))


def root(raw: NDArray[np.float32]) -> NDArray[np.uint8]:
    """RootSIFT of raw SIFT, float32 (n, 128), as uint8 of length about 512.

    It is the square root of the L1-normalised vector.
    """
    share = raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-9)
    rooted = np.rint(np.sqrt(share) * DESCRIPTOR_LENGTH).clip(0, 255)
    return cast(NDArray[np.uint8], rooted.astype(np.uint8))


def mirrored(keypoints: Keypoints) -> Keypoints:
    """What `detect` would find in the flipped image, by permuting: no pixel is looked at again.

    A flip reverses the rows of SIFT's 4 x 4 cells (they lie along the keypoint's angle) and the 8 directions.
    """
    cells = keypoints.descriptors.reshape(-1, 4, 4, 8)[:, ::-1]
    flipped = cells[..., [0, 7, 6, 5, 4, 3, 2, 1]].reshape(-1, 128)
    points = keypoints.points * np.array([-1, 1], np.float32) + np.array([1, 0], np.float32)
    frames = np.stack([keypoints.frames[:, 0], (180 - keypoints.frames[:, 1]) % 360], axis=1)
    return Keypoints(
        points, frames, flipped, keypoints.aspect, np.ascontiguousarray(keypoints.swatch[:, ::-1])
    )


def _resized(grey: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    if abs(factor - 1) < 0.02:
        return grey
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    height, width = (max(8, round(length * factor)) for length in grey.shape)
    return cast(NDArray[np.uint8], cv2.resize(grey, (width, height), interpolation=kind))
