"""Compares a photo with a reference pixel by pixel, once it is known where the reference lies in it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.models import Likeness, Pixels
from matcher.models.rootsift import SWATCH_SIDE

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

FAR_APART = 64.0
"""Shading levels of 255 beyond which two pixels are as different as can be."""
LEAST_PIXELS = 16
NOISE = 4.0
"""Variance of shading added to both sides, so that flat patches do not correlate by chance."""


def _grid() -> Floats:
    middles = (np.arange(SWATCH_SIDE) + 0.5) / SWATCH_SIDE
    return np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2).astype(np.float32)


SWATCH_GRID = _grid()
"""Middles of a swatch's pixels, float32 (64 * 64, 2), x and y in [0, 1]."""


def compare_aligned(pixels: Pixels, swatch: Pixels, places: Floats, hull: Floats) -> Likeness:
    """How alike `pixels` of a photo and a reference's `swatch` are.

    `places`: where each swatch pixel lies in the photo, float32 (4096, 2), and `hull`, the polygon of the
    inliers in the reference, float32 (n, 2), both in [0, 1] of their image.
    """
    seen: Mask = np.asarray(((places >= 0) & (places <= 1)).all(axis=1))
    inside = _filled(hull) & seen
    if inside.sum() < LEAST_PIXELS:
        return Likeness(0.0, 0.0, 0.0, 0.0, float(seen.mean()))
    mine, theirs = _lab(_sampled(pixels, places)), _lab(swatch)
    return Likeness(
        grey=_correlation(mine[inside, :1], theirs[inside, :1]),
        colour=_correlation(mine[inside, 1:], theirs[inside, 1:], agreed=NOISE),
        whole=_correlation(mine[seen, :1], theirs[seen, :1]),
        agreement=_agreement(mine[:, 0], theirs[:, 0], inside, seen),
        visible=float(seen.mean()),
    )


def _sampled(pixels: Pixels, places: Floats) -> Pixels:
    """The photo's pixels under the swatch's, the photo first shrunk to its scale so that nothing aliases."""
    height, width = pixels.shape[:2]
    spans = (places.max(axis=0) - places.min(axis=0)) * np.array([width, height], np.float32)
    factor = min(1.0, SWATCH_SIDE / max(float(spans.min()), 1.0))
    size = max(8, round(width * factor)), max(8, round(height * factor))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    maps = (places * np.array(size, np.float32) - 0.5).reshape(SWATCH_SIDE, SWATCH_SIDE, 2)
    sampled = cv2.remap(small, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled, np.uint8)


def _filled(hull: Floats) -> Mask:
    mask = np.zeros((SWATCH_SIDE, SWATCH_SIDE), np.uint8)
    corners = np.rint(hull * SWATCH_SIDE - 0.5).astype(np.int32)
    return np.asarray(cv2.fillConvexPoly(mask, corners, (1,))).ravel().astype(bool)


def _lab(image: Pixels) -> Floats:
    smooth = np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0), np.uint8)
    return np.asarray(cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB), np.float32).reshape(-1, 3)


def _correlation(mine: Floats, theirs: Floats, *, agreed: float = 0.0) -> float:
    """Pearson's, pooled over columns; 0 where nothing varies.

    `agreed` is covariance granted beforehand: with `NOISE`, two images without any colour agree in colour.
    """
    left, right = mine - mine.mean(axis=0), theirs - theirs.mean(axis=0)
    spread = np.sqrt(((left**2).mean() + NOISE) * ((right**2).mean() + NOISE))
    return float(((left * right).mean() + agreed) / spread)


def _agreement(mine: Floats, theirs: Floats, inside: Mask, seen: Mask) -> float:
    """1 minus the mean difference in units of `FAR_APART`, the exposure matched inside the hull."""
    left, right = mine[inside], theirs[inside]
    contrast = float(np.clip((right.std() + 2) / (left.std() + 2), 0.4, 2.5))
    matched = (mine[seen] - left.mean()) * contrast + right.mean()
    apart = np.minimum(np.abs(matched - theirs[seen]), FAR_APART)
    return 1 - float(apart.mean()) / FAR_APART
