"""Lays artwork on a photo as if on the goods: leaning, folded, in the photo's light, partly covered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.models import Pixels
from training.augment import Rng
from training.logos.artwork import Rgba

Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]
SHOWS = 0.25
"""Cover from which a pixel counts as ink of the artwork."""
SEEN = 24.0
"""Levels by which ink must change the photo to be seen: what cannot be seen is not in the box."""


@dataclass(frozen=True)
class Folds:
    """How far artwork departs from flat: `turn` degrees, `lean` and `wave` shares of its size, chances."""

    turn: float
    lean: float
    wave: float
    covered: float


FLAT = Folds(turn=0.0, lean=0.0, wave=0.0, covered=0.0)


def laid(photo: Pixels, artwork: Rgba, corner: tuple[float, float], size: tuple[float, float],
         folds: Folds, rng: Rng) -> tuple[Pixels, Box | None]:  # fmt: skip
    """The photo with the artwork at `corner`, `size` pixels wide and high, and the box of its ink that shows.

    The box is None where less than a third of the artwork lies within the photo uncovered, or less than a
    fifth of it can be told from the photo; the photo then stays as it was.
    """
    height, width = photo.shape[:2]
    corners = _corners(corner, size, folds, rng)
    shown, whole = _warped(artwork, corners, (width, height), size, folds, rng)
    cover = shown[..., 3:] * (1 / 255)
    if folds.covered and rng.random() < folds.covered:
        _covered(cover, corners, rng)
    rough = ink_box(cover[..., 0])
    if rough is None or float(cover.sum()) < 0.35 * whole:
        return photo, None
    x1, y1, x2, y2 = (int(value) for value in rough)
    x1, y1, x2, y2 = max(0, x1 - 3), max(0, y1 - 3), min(width, x2 + 3), min(height, y2 + 3)
    there = photo[y1:y2, x1:x2].astype(np.float32)
    share = cover[y1:y2, x1:x2] * np.float32(rng.uniform(0.82, 1.0))
    inked = np.clip(_lit(shown[y1:y2, x1:x2, :3], there, rng), 0, 255)
    painted = inked * share + there * (1 - share)
    seen = np.abs(painted - there).max(axis=2) > SEEN
    # Lone specks of a plate that is hardly darker than the cloth do not widen the box.
    box = ink_box(cast(Floats, cv2.blur(cover[y1:y2, x1:x2, 0] * seen, (3, 3))))
    if box is None or float(seen.sum()) < 0.2 * float((cover[..., 0] > SHOWS).sum()):
        return photo, None
    together = photo.copy()
    together[y1:y2, x1:x2] = painted.astype(np.uint8)
    return together, (box[0] + x1, box[1] + y1, box[2] + x1, box[3] + y1)


def ink_box(cover: Floats) -> Box | None:
    """The box of what shows of a cover (height, width), in pixels; None where nothing does."""
    rows, columns = np.flatnonzero(cover.max(axis=1) > SHOWS), np.flatnonzero(cover.max(axis=0) > SHOWS)
    if not len(rows) or not len(columns):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _corners(corner: tuple[float, float], size: tuple[float, float], folds: Folds, rng: Rng) -> Floats:
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * size
    if folds.lean:
        corners = corners + rng.uniform(-folds.lean, folds.lean, (4, 2)) * size
    if folds.turn:
        # Most logos stand upright; a few lie as their goods were laid down.
        angle = np.radians(
            rng.normal(0, folds.turn / 3) if rng.random() < 0.8 else rng.uniform(-1, 1) * 2 * folds.turn
        )
        sine, cosine = np.sin(angle), np.cos(angle)
        middle = corners.mean(axis=0)
        corners = (corners - middle) @ np.array([[cosine, sine], [-sine, cosine]]) + middle
    return cast(Floats, (corners + corner).astype(np.float32))


def _warped(artwork: Rgba, corners: Floats, canvas: tuple[int, int], size: tuple[float, float],
            folds: Folds, rng: Rng) -> tuple[Floats, float]:  # fmt: skip
    """The artwork on an empty canvas, and how much cover it would have without the canvas's edges."""
    factor = min(1.0, 1.3 * max(size) / max(artwork.shape[:2]))
    if factor < 1:
        # A long thin line of writing still has a pixel of height.
        small = max(1, round(artwork.shape[1] * factor)), max(1, round(artwork.shape[0] * factor))
        artwork = cast(Rgba, cv2.resize(artwork, small, interpolation=cv2.INTER_AREA))
    if folds.wave and rng.random() < 0.6:
        artwork = _folded(artwork, folds.wave, rng)
    height, width = artwork.shape[:2]
    own = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(own, corners)
    # Colours are carried multiplied with their cover, so that no paper shows at the rims.
    values = artwork.astype(np.float32)
    values[..., :3] *= values[..., 3:] / 255
    shown = cast(Floats, cv2.warpPerspective(values, matrix, canvas, flags=cv2.INTER_LINEAR))
    shown[..., :3] /= np.maximum(shown[..., 3:], 1) / 255
    area = float(cv2.contourArea(corners)) / (height * width)
    return shown, float(values[..., 3].sum()) / 255 * area


def _folded(artwork: Rgba, wave: float, rng: Rng) -> Rgba:
    """Two slanted waves through the artwork, as cloth has."""
    edge = int(max(artwork.shape[:2]) * wave) + 1
    framed = cv2.copyMakeBorder(artwork, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    height, width = framed.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    across, down = columns.copy(), rows.copy()
    for _ in range(2):
        angle, length = rng.uniform(0, np.pi), max(height, width) / rng.uniform(0.7, 2.5)
        phase = rng.uniform(0, 2 * np.pi)
        swing = (
            edge
            * rng.uniform(0.1, 0.5)
            * np.sin(2 * np.pi * (np.cos(angle) * columns + np.sin(angle) * rows) / length + phase)
        )
        across += np.float32(np.cos(angle + 1)) * swing
        down += np.float32(np.sin(angle + 1)) * swing
    return cast(Rgba, cv2.remap(framed, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR))


def _covered(cover: Floats, corners: Floats, rng: Rng) -> None:
    """Take away what lies beyond a line through one side, as behind a hand, a fold or another thing."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    rows, columns = np.mgrid[0 : cover.shape[0], 0 : cover.shape[1]]
    angle = rng.uniform(0, 2 * np.pi)
    along = np.cos(angle) * (columns - low[0]) / max(1, high[0] - low[0]) + np.sin(angle) * (
        rows - low[1]
    ) / max(1, high[1] - low[1])
    ends = [float(v) for v in (along[cover[..., 0] > SHOWS] if (cover[..., 0] > SHOWS).any() else [0.0])]
    limit = np.quantile(ends, rng.uniform(0.65, 0.95))
    cover[..., 0] *= np.clip((limit - along) * max(high - low) / 2 + 0.5, 0, 1)


def _lit(colours: Floats, there: Floats, rng: Rng) -> Floats:
    """Ink in the light of what it lies on: its shading, its folds and a share of its texture."""
    grey = there @ np.array([0.299, 0.587, 0.114], np.float32)
    wide = max(1.0, min(grey.shape) / 12)
    soft = cv2.GaussianBlur(grey, (0, 0), wide)
    shade = (soft + 24) / (float(soft.mean()) + 24)
    # Dark cloth under a white print is still in bright light: only part of its darkness is shadow.
    level = 0.55 + 0.45 * np.clip(float(soft.mean()) / 170, 0.15, 1.3) if rng.random() < 0.8 else 1.0
    texture = (grey - cv2.GaussianBlur(grey, (0, 0), 1.5)) * rng.uniform(0.2, 0.9)
    return cast(Floats, colours * (level * shade[..., None] ** rng.uniform(0.5, 1.0)) + texture[..., None])
