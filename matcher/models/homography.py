"""Verification: mutual ratio matches, agreement in scale and angle, a robust homography, and the aligned pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.models import Correspondence, Keypoints, Pixels
from matcher.models.rootsift import DESCRIPTOR_LENGTH, SWATCH_SIDE, mirrored

Floats = NDArray[np.float32]
Homography = NDArray[np.float64]

CANVAS = 400.0
"""Longest side, in pixels, of the frame in which distances between points are measured."""
FAR_APART = 64.0
"""Shading levels of 255 beyond which two pixels are as different as can be."""
CORNERS: Floats = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


class HomographyMatcher:
    """Matches keypoints the way of Lowe (IJCV 2004, section 7), fits with MAGSAC++ (Barath et al., CVPR 2020).

    `ratio`: nearest over second nearest distance that a match must stay under. `threshold`: pixels on a 400-pixel
    canvas within which a match agrees. `least`: inliers below which there is no correspondence.
    """

    name = "homography"

    def __init__(self, *, ratio: float = 0.85, threshold: float = 4.0, least: int = 5) -> None:
        self.ratio, self.threshold, self.least = ratio, threshold, least
        self.fingerprint = f"homography-{ratio}-{threshold}-{least}-2"

    def match(
        self, photo: Keypoints, pixels: Pixels, reference: Keypoints, *, mirrored: bool
    ) -> Correspondence | None:
        """How `reference` lies in the photo, None where no believable homography exists.

        `pixels` are the photo's, to compare with the reference's once aligned; `mirrored` flips the photo first.
        """
        if mirrored:
            photo, pixels = _flipped(photo, pixels)
        pairs = mutual_matches(photo.descriptors, reference.descriptors, self.ratio)
        matches = len(pairs)
        pairs = pairs[agreeing(photo.frames[pairs[:, 0]], reference.frames[pairs[:, 1]])]
        if len(pairs) < self.least:
            return None
        fit = self._fit(photo, reference, pairs)
        if fit is None:
            return None
        homography, inliers = fit
        return describe(photo, pixels, reference, pairs[inliers], homography, matches, mirrored)

    def _fit(
        self, photo: Keypoints, reference: Keypoints, pairs: NDArray[np.intp]
    ) -> tuple[Homography, NDArray[np.bool_]] | None:
        source = reference.points[pairs[:, 1]] * canvas(reference.aspect)
        target = photo.points[pairs[:, 0]] * canvas(photo.aspect)
        # Several keypoints may sit on one spot with different angles; a fit must not live on a few spots counted often.
        if (
            len(np.unique(np.rint(source / 3), axis=0)) < self.least
            or len(np.unique(np.rint(target / 3), axis=0)) < self.least
        ):
            return None
        homography, mask = cv2.findHomography(
            source, target, cv2.USAC_MAGSAC, self.threshold, maxIters=1000, confidence=0.999
        )
        if homography is None or mask is None:
            return None
        inliers = mask.ravel().astype(bool)
        if distinct_spots(source[inliers], target[inliers]) < self.least or not believable(
            homography, reference.aspect
        ):
            return None
        return homography, inliers


def mutual_matches(photo: NDArray[np.uint8], reference: NDArray[np.uint8], ratio: float) -> NDArray[np.intp]:
    """Pairs (photo, reference), intp (m, 2), that are each other's nearest and pass the ratio test."""
    if len(photo) < 2 or len(reference) < 2:
        return np.zeros((0, 2), np.intp)
    alike = photo.astype(np.float32) @ reference.astype(np.float32).T
    rows = np.arange(len(photo))
    nearest, nearest_photo = alike.argmax(axis=1), alike.argmax(axis=0)
    best = alike[rows, nearest]
    alike[rows, nearest] = -1
    first, second = (
        np.maximum(2 - 2 * value / DESCRIPTOR_LENGTH**2, 0) for value in (best, alike.max(axis=1))
    )
    kept = (nearest_photo[nearest] == rows) & (first < ratio**2 * second)
    return np.stack([rows[kept], nearest[kept]], axis=1)


def agreeing(
    photo: Floats, reference: Floats, octaves: float = 1.0, degrees: float = 45.0
) -> NDArray[np.intp]:
    """Which matches share the most common change of scale and angle, as indices; frames are (m, 2).

    The pose voting of Lowe (2004, section 7.3) with a window in place of bins: it leaves chance matches few allies.
    """
    if not len(photo):
        return np.zeros(0, np.intp)
    change = photo - reference
    scale = np.abs(change[:, None, 0] - change[None, :, 0])
    angle = np.abs((change[:, None, 1] - change[None, :, 1] + 180) % 360 - 180)
    near = (scale <= octaves) & (angle <= degrees)
    return np.flatnonzero(near[near.sum(axis=1).argmax()])


def distinct_spots(source: Floats, target: Floats) -> int:
    """How many inliers lie on spots of their own on both sides (3-pixel cells)."""
    return min(len(np.unique(np.rint(points / 3), axis=0)) for points in (source, target))


def canvas(aspect: float) -> Floats:
    """Width and height of an image of this aspect when its longest side is `CANVAS`."""
    return np.array([CANVAS, CANVAS / aspect] if aspect >= 1 else [CANVAS * aspect, CANVAS], np.float32)


def believable(homography: Homography, aspect: float) -> bool:
    """Whether the reference's outline stays a convex, unflipped, not absurdly small, large or slanted quadrilateral."""
    corners = CORNERS * canvas(aspect)
    weights = np.c_[corners, np.ones(4)] @ homography[2]
    if (weights <= 1e-6).any() or weights.max() > 4 * weights.min():
        return False
    quad = cv2.perspectiveTransform(corners[None], homography)[0]
    edges = np.roll(quad, -1, axis=0) - quad
    turns = edges[:, 0] * np.roll(edges[:, 1], -1) - edges[:, 1] * np.roll(edges[:, 0], -1)
    if (turns <= 0).any():
        return False
    lengths = np.linalg.norm(edges, axis=1)
    area_ratio = _area(quad) / float(np.prod(canvas(aspect)))
    scales = lengths / np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    return bool(0.005 < area_ratio < 50 and scales.max() < 6 * scales.min())


def describe(
    photo: Keypoints,
    pixels: Pixels,
    reference: Keypoints,
    inliers: NDArray[np.intp],
    homography: Homography,
    matches: int,
    flipped: bool,
) -> Correspondence:
    """The correspondence that `homography` stands for, with the aligned pixels compared."""
    source = reference.points[inliers[:, 1]] * canvas(reference.aspect)
    target = photo.points[inliers[:, 0]] * canvas(photo.aspect)
    hull = cv2.convexHull(source)[:, 0]
    quad = cv2.perspectiveTransform((CORNERS * canvas(reference.aspect))[None], homography)[0] / canvas(
        photo.aspect
    )
    grey, colour, whole, agreement, visible = _aligned(photo, pixels, reference, homography, hull)
    if flipped:
        quad = quad * np.array([-1, 1], np.float32) + np.array([1, 0], np.float32)
    return Correspondence(
        matches=matches,
        inliers=distinct_spots(source, target),
        coverage=_area(hull) / float(np.prod(canvas(reference.aspect))),
        visible=visible,
        grey=grey,
        colour=colour,
        whole=whole,
        agreement=agreement,
        quad=quad.astype(np.float32),
        mirrored=flipped,
    )


def _aligned(
    photo: Keypoints, pixels: Pixels, reference: Keypoints, homography: Homography, hull: Floats
) -> tuple[float, float, float, float, float]:
    """Correlation of shading and chroma in the hull, of shading everywhere; agreement; share of the reference in view."""
    grid = (
        np.stack(np.meshgrid(np.arange(SWATCH_SIDE), np.arange(SWATCH_SIDE)), axis=-1).reshape(-1, 2) + 0.5
    ) / SWATCH_SIDE
    points = (grid * canvas(reference.aspect)).astype(np.float32)
    places = cv2.perspectiveTransform(points[None], homography)[0] / canvas(photo.aspect)
    seen = ((places >= 0) & (places <= 1)).all(axis=1)
    height, width = pixels.shape[:2]
    maps = (
        (places * np.array([width, height], np.float32) - 0.5)
        .astype(np.float32)
        .reshape(SWATCH_SIDE, SWATCH_SIDE, 2)
    )
    sampled = cv2.remap(pixels, maps, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mine, theirs = (_shading_and_chroma(image) for image in (sampled, reference.swatch))
    inside = _filled(hull * (SWATCH_SIDE / canvas(reference.aspect))) & seen
    shades = mine[:, :1], theirs[:, :1]
    return (
        _correlation(*shades, inside),
        _correlation(mine[:, 1:], theirs[:, 1:], inside),
        _correlation(*shades, seen),
        _agreement(*shades, inside, seen),
        float(seen.mean()),
    )


def _agreement(mine: Floats, theirs: Floats, inside: NDArray[np.bool_], seen: NDArray[np.bool_]) -> float:
    """1 minus the mean difference of shading in units of `FAR_APART`, after matching contrast and brightness in the hull."""
    if inside.sum() < 16:
        return 0.0
    left, right = mine[inside], theirs[inside]
    contrast = float(np.clip((right.std() + 2) / (left.std() + 2), 0.4, 2.5))
    matched = (mine - left.mean()) * contrast + right.mean()
    apart = np.minimum(np.abs(matched[seen] - theirs[seen]), FAR_APART)
    return 1 - float(apart.mean()) / FAR_APART


def _filled(hull: Floats) -> NDArray[np.bool_]:
    mask = np.zeros((SWATCH_SIDE, SWATCH_SIDE), np.uint8)
    return cv2.fillConvexPoly(mask, np.rint(hull - 0.5).astype(np.int32), 1).ravel().astype(bool)


def _shading_and_chroma(image: Any) -> Floats:
    smooth = cv2.GaussianBlur(image, (0, 0), 1.0)
    return cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)


def _correlation(mine: Floats, theirs: Floats, inside: NDArray[np.bool_]) -> float:
    """Pearson's, pooled over columns; 0 where there is too little to compare or nothing varies."""
    if inside.sum() < 16:
        return 0.0
    left, right = (values[inside] - values[inside].mean(axis=0) for values in (mine, theirs))
    # Two grey levels of noise are added to the spread, so that flat patches do not correlate by chance.
    spread = np.sqrt(((left**2).mean() + 4) * ((right**2).mean() + 4))
    return float((left * right).mean() / spread)


def _area(polygon: Floats) -> float:
    return float(abs(cv2.contourArea(polygon.astype(np.float32))))


def _flipped(photo: Keypoints, pixels: Pixels) -> tuple[Keypoints, Pixels]:
    return mirrored(photo), np.ascontiguousarray(pixels[:, ::-1])
