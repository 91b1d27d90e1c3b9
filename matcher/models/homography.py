"""Verification: mutual ratio matches, agreement in scale and angle, then a robust homography."""

from __future__ import annotations

import threading

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.models import Correspondence, Keypoints, Pixels
from matcher.models.alignment import SWATCH_GRID, compare_aligned
from matcher.models.inner_products import inner_products
from matcher.models.rootsift import DESCRIPTOR_LENGTH
from matcher.models.rootsift import mirrored as flipped

Floats = NDArray[np.float32]
Homography = NDArray[np.float64]

CANVAS = 400.0
"""Longest side, in pixels, of the frame in which distances between points are measured."""
CORNERS: Floats = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


class HomographyMatcher:
    """Matches keypoints as Lowe does (IJCV 2004, section 7), fits with MAGSAC++ (Barath et al., CVPR 2020).

    May be shared by threads.

    `ratio`: nearest over second nearest distance that a match must stay under. `threshold`: pixels on a
    400-pixel canvas within which a match agrees. `least`: inliers below which there is no correspondence.
    """

    name = "homography"

    def __init__(self, *, ratio: float = 0.85, threshold: float = 4.0, least: int = 5) -> None:
        self.ratio, self.threshold, self.least = ratio, threshold, least
        self._flipped = threading.local()
        self.fingerprint = f"homography-{ratio}-{threshold}-{least}-3"

    def match(
        self, photo: Keypoints, pixels: Pixels, reference: Keypoints, *, mirrored: bool
    ) -> Correspondence | None:
        """How `reference` lies in the photo, None where no believable homography exists.

        `pixels` are the photo's, to compare with the reference's once aligned; `mirrored` flips both first.
        """
        if mirrored:
            photo, pixels = self._flip(photo, pixels)
        matched = mutual_matches(photo.descriptors, reference.descriptors, self.ratio)
        fit = self._agreed(photo, reference, matched)
        if fit is None:
            return None
        homography, pairs = fit
        return describe(photo, pixels, reference, pairs, homography, len(matched), mirrored)

    def pairs(self, photo: Keypoints, reference: Keypoints, *, mirrored: bool) -> Floats:
        """Where the keypoints that agree lie, (n, 2, 2): in the photo and in the reference, x y in [0, 1].

        Strongest in the photo first, those of one spot on both sides once; none where `match` finds nothing.
        """
        seen = flipped(photo) if mirrored else photo
        matched = mutual_matches(seen.descriptors, reference.descriptors, self.ratio)
        fit = self._agreed(seen, reference, matched)
        if fit is None:
            return np.zeros((0, 2, 2), np.float32)
        here, there = photo.points[fit[1][:, 0]], reference.points[fit[1][:, 1]]
        cells = np.rint(np.concatenate([here, there], axis=1) * (CANVAS / 3))
        _, first = np.unique(cells, axis=0, return_index=True)
        return np.stack([here, there], axis=1)[np.sort(first)]

    def _agreed(
        self, photo: Keypoints, reference: Keypoints, matched: NDArray[np.intp]
    ) -> tuple[Homography, NDArray[np.intp]] | None:
        """The homography that the matches (m, 2) agree on and those that do; None where there is none."""
        pairs = matched[agreeing(photo.frames[matched[:, 0]], reference.frames[matched[:, 1]])]
        if len(pairs) < self.least:
            return None
        fit = self._fit(photo, reference, pairs)
        return None if fit is None else (fit[0], pairs[fit[1]])

    def _flip(self, photo: Keypoints, pixels: Pixels) -> tuple[Keypoints, Pixels]:
        """The flipped photo, kept until another comes: it is tried against several references in a row.

        Each thread keeps its own.
        """
        if getattr(self._flipped, "of", None) is not photo:
            self._flipped.seen = flipped(photo), np.ascontiguousarray(pixels[:, ::-1])
            self._flipped.of = photo
        seen: tuple[Keypoints, Pixels] = self._flipped.seen
        return seen

    def _fit(
        self, photo: Keypoints, reference: Keypoints, pairs: NDArray[np.intp]
    ) -> tuple[Homography, NDArray[np.bool_]] | None:
        source = reference.points[pairs[:, 1]] * canvas(reference.aspect)
        target = photo.points[pairs[:, 0]] * canvas(photo.aspect)
        # Several keypoints may sit on one spot with other angles; a few spots counted often are no fit.
        if distinct_spots(source, target) < self.least:
            return None
        homography, mask = cv2.findHomography(
            source, target, cv2.USAC_MAGSAC, self.threshold, maxIters=1000, confidence=0.999
        )
        if homography is None or mask is None:
            return None
        inliers = mask.ravel().astype(bool)
        matrix = np.asarray(homography, np.float64)
        if distinct_spots(source[inliers], target[inliers]) < self.least:
            return None
        return (matrix, inliers) if believable(matrix, reference.aspect) else None


def mutual_matches(photo: NDArray[np.uint8], reference: NDArray[np.uint8], ratio: float) -> NDArray[np.intp]:
    """Pairs (photo, reference), intp (m, 2), that are each other's nearest and pass the ratio test."""
    if len(photo) < 2 or len(reference) < 2:
        return np.zeros((0, 2), np.intp)
    alike = inner_products(photo, reference)
    rows = np.arange(len(photo))
    nearest = alike.argmax(axis=1)
    best = alike[rows, nearest]
    alike[rows, nearest] = -1
    first, second = (
        np.maximum(2 - 2 * value.astype(np.float32) / DESCRIPTOR_LENGTH**2, 0)
        for value in (best, alike.max(axis=1))
    )
    alike[rows, nearest] = best
    # Few pass the ratio test: only their columns are searched for a nearer photo keypoint, which is dear.
    kept = np.flatnonzero(first < ratio**2 * second)
    kept = kept[alike[:, nearest[kept]].argmax(axis=0) == kept]
    return np.stack([kept, nearest[kept]], axis=1)


def agreeing(
    photo: Floats, reference: Floats, octaves: float = 1.0, degrees: float = 45.0
) -> NDArray[np.intp]:
    """Which matches share the most common change of scale and angle, as indices; frames are (m, 2).

    The pose voting of Lowe (2004, section 7.3), a window in place of bins: chance matches find few allies.
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
    return min(len(set(map(tuple, np.rint(points / 3).tolist()))) for points in (source, target))


def canvas(aspect: float) -> Floats:
    """Width and height of an image of this aspect when its longest side is `CANVAS`."""
    return np.array([CANVAS, CANVAS / aspect] if aspect >= 1 else [CANVAS * aspect, CANVAS], np.float32)


def believable(homography: Homography, aspect: float) -> bool:
    """Whether the reference's outline stays convex, unflipped and not absurdly small, large or slanted."""
    corners = CORNERS * canvas(aspect)
    weights = np.c_[corners, np.ones(4)] @ homography[2]
    if (weights <= 1e-6).any() or weights.max() > 4 * weights.min():
        return False
    quad = np.asarray(cv2.perspectiveTransform(corners[None], homography), np.float32)[0]
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
    hull = np.asarray(cv2.convexHull(source), np.float32)[:, 0] / canvas(reference.aspect)
    outline = _carried(CORNERS, homography, reference.aspect, photo.aspect)
    places = _carried(SWATCH_GRID, homography, reference.aspect, photo.aspect)
    quad = outline * np.array([-1, 1], np.float32) + np.array([1, 0], np.float32) if flipped else outline
    return Correspondence(
        matches=matches,
        inliers=distinct_spots(source, target),
        coverage=_area(hull),
        likeness=compare_aligned(pixels, reference.swatch, places, hull),
        quad=quad,
        mirrored=flipped,
    )


def _carried(points: Floats, homography: Homography, source: float, target: float) -> Floats:
    """Points in [0, 1] of the reference to [0, 1] of the photo; `source` and `target` are the aspects."""
    there = cv2.perspectiveTransform((points * canvas(source))[None], homography)
    carried: Floats = np.asarray(there, np.float32)[0] / canvas(target)
    return carried


def _area(polygon: Floats) -> float:
    return float(abs(cv2.contourArea(polygon.astype(np.float32))))
