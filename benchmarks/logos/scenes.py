"""Made scenes: logos laid on photos aslant, faint or bold, from 24 pixels up, their places known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from benchmarks.datasets import Part, distinct, half_of, image_paths
from benchmarks.logo_sets import LogoBox
from benchmarks.logos.cases import LogoCase, LogoCases, Reference
from benchmarks.text.lettering import as_jpeg
from matcher.config import ImageSettings
from matcher.errors import UsageError
from matcher.images import decode
from matcher.models import Pixels
from matcher.models.logo_variants import ink

Random = np.random.Generator
SIDE = 800
"""Pixels of a scene's longest side."""
SMALLEST, LARGEST = 24, 0.45
"""A logo's longer side: pixels at least, and share of the scene's shorter side at most."""
COUNTS = {0: 0.1, 1: 0.6, 2: 0.3}
"""How many logos a scene has, and how often."""
TURN, ASLANT = 14.0, 0.12
"""Degrees (standard deviation) a logo is turned by; how far its corners stray, as a share of its sides."""
TRIES = 20


def made_scenes(
    folder: Path,
    logos: Sequence[Reference],
    settings: ImageSettings,
    *,
    count: int,
    seed: int = 0,
    part: Part = "all",
) -> LogoCases:
    """`count` scenes of the photos in `folder` with `logos` on them, each logo a brand of its own.

    The same arguments give the same scenes. The references are the clean logos. Raises UsageError where
    the folder has no photo, or no logo lies on a plain ground.
    """
    photos = [path for path in distinct(image_paths(folder)) if part in ("all", half_of(path.name))]
    cut = [(one, mask) for one in logos if (mask := ink(one.pixels)) is not None]
    if not photos or not cut:
        raise UsageError(f"{folder}: no photo for part {part!r}, or no logo on a plain ground")
    cases = tuple(_scene(number, photos, cut, settings, seed) for number in range(count))
    references = {one.brand: [one] for one, _ in cut}
    return LogoCases(f"scenes of {folder.resolve().name}", "made", cases, references)


def _scene(
    number: int,
    photos: Sequence[Path],
    logos: Sequence[tuple[Reference, np.ndarray]],
    settings: ImageSettings,
    seed: int,
) -> LogoCase:
    rng = np.random.default_rng([seed, number])
    path = photos[int(rng.integers(len(photos)))]
    picture = decode(path.read_bytes(), str(path), settings.model_copy(update={"working_side": SIDE}))
    factor = SIDE / max(picture.pixels.shape[:2])
    resized = cv2.resize(picture.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    scene = cast(Pixels, resized)
    wanted = int(rng.choice(list(COUNTS), p=list(COUNTS.values())))
    boxes: list[LogoBox] = []
    for place in rng.permutation(len(logos))[:wanted]:
        logo, mask = logos[int(place)]
        laid = _laid(scene, logo.pixels, mask, boxes, rng)
        if laid is not None:
            scene, corners = laid
            boxes.append(LogoBox(logo.brand, *corners))
    blob = as_jpeg(scene, rng)
    brands = frozenset(box.brand for box in boxes)
    return LogoCase(f"{number:05d}", lambda: blob, brands, tuple(boxes))


def _laid(
    scene: Pixels, logo: Pixels, mask: np.ndarray, boxes: Sequence[LogoBox], rng: Random
) -> tuple[Pixels, tuple[float, float, float, float]] | None:
    """The scene with the logo on it and the box around its mark; None where no place is free."""
    height, width = scene.shape[:2]
    for _ in range(TRIES):
        side = math.exp(rng.uniform(math.log(SMALLEST), math.log(LARGEST * min(height, width))))
        small, cut = _shrunk(logo, side), _shrunk(mask, side)
        mapping = _mapping(small, side, width, height, rng)
        cover = cv2.warpPerspective(cut, mapping, (width, height), flags=cv2.INTER_LINEAR)
        rows, columns = np.flatnonzero((cover > 0.4).any(axis=1)), np.flatnonzero((cover > 0.4).any(axis=0))
        if len(rows) < 8 or len(columns) < 8:
            continue
        box = float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
        if any(_touch(box, other) for other in boxes):
            continue
        return _coloured(scene, small, mapping, cover, rng), box
    return None


def _shrunk(image: np.ndarray, side: float) -> np.ndarray:
    """At most twice as large as it will lie there: else thin strokes fall between pixels."""
    factor = 2 * side / max(image.shape[:2])
    if factor >= 1:
        return image
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def _mapping(logo: Pixels, side: float, width: int, height: int, rng: Random) -> np.ndarray:
    """From the logo to a place in the scene: shrunk, turned a little, in perspective."""
    down, across = np.array(logo.shape[:2]) * side / max(logo.shape[:2])
    angle = math.radians(float(np.clip(rng.normal(0, TURN), -40, 40)))
    box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (across / 2, down / 2)
    box += rng.uniform(-ASLANT, ASLANT, (4, 2)) * (across, down)
    turned = box @ np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    reach = np.abs(turned).max(axis=0)
    free = np.maximum(0, np.array([width, height]) / 2 - reach)
    corners = turned + np.array([width, height]) / 2 + rng.uniform(-1, 1, 2) * free
    sheet = [[0, 0], [logo.shape[1], 0], [logo.shape[1], logo.shape[0]], [0, logo.shape[0]]]
    flat = np.array(sheet, np.float32), corners.astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(*flat))


def _coloured(scene: Pixels, logo: Pixels, mapping: np.ndarray, cover: np.ndarray, rng: Random) -> Pixels:
    """In its own colours, or in one light or dark colour, with some of the ground's light and shade."""
    size = scene.shape[1], scene.shape[0]
    shown = cv2.warpPerspective(logo, mapping, size, flags=cv2.INTER_LINEAR).astype(np.float32)
    ground = scene[cover > 0.4].mean(axis=0)
    if rng.random() < 0.5:
        tone = rng.uniform(200, 250) if ground.mean() < 128 else rng.uniform(5, 60)
        shown[:] = np.clip(tone + rng.normal(0, 12, 3), 0, 255)
    shade = cv2.GaussianBlur(scene, (0, 0), 2).astype(np.float32) - ground
    alpha = cv2.GaussianBlur(cover, (0, 0), float(rng.uniform(0.3, 0.9)))[..., None] * rng.uniform(0.85, 1)
    return np.asarray(np.clip(scene + alpha * (shown + 0.4 * shade - scene), 0, 255), np.uint8)


def _touch(box: tuple[float, float, float, float], other: LogoBox) -> bool:
    x1, y1, x2, y2 = box
    return x1 < other.x2 and x2 > other.x1 and y1 < other.y2 and y2 > other.y1
