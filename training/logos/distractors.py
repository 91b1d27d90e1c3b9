"""What is no logo and looks a little like one: writing, patterns, buttons, seams."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from training.augment import Rng
from training.logos.artwork import Rgba
from training.logos.styles import ink

PATTERNS = ("stripes", "checks", "dots", "zigzag", "leaves", "blobs")


def pattern(rng: Rng, side: int = 160) -> Rgba:
    """A patch of a repeated pattern, square or with a ragged rim, half transparent at times."""
    kind = str(rng.choice(PATTERNS))
    sheet = np.zeros((side, side, 4), np.uint8)
    first, second = ink(rng), ink(rng)
    sheet[..., :3] = first
    sheet[..., 3] = int(rng.choice([0, 180, 255]))
    step = int(rng.integers(8, 40))
    angle = rng.uniform(0, np.pi)
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32)
    along = np.cos(angle) * columns + np.sin(angle) * rows
    across = -np.sin(angle) * columns + np.cos(angle) * rows
    if kind == "stripes":
        marked = along % step < step * rng.uniform(0.2, 0.6)
    elif kind == "checks":
        marked = (along % step < step / 2) != (across % step < step / 2)
    elif kind == "dots":
        marked = np.hypot(along % step - step / 2, across % step - step / 2) < step * rng.uniform(0.15, 0.4)
    elif kind == "zigzag":
        marked = (across + step * np.abs((along / step) % 2 - 1)) % step < step * 0.3
    elif kind == "leaves":
        marked = np.sin(along / step * 4) + np.sin(across / step * 5 + np.sin(along / step * 3)) > 0.9
    else:
        noise = cv2.GaussianBlur(rng.normal(0, 1, (side, side)).astype(np.float32), (0, 0), step / 3)
        marked = noise > noise.std() * rng.uniform(0.2, 1.2)
    sheet[marked, :3] = second
    sheet[marked, 3] = 255
    return sheet


def button(rng: Rng, side: int = 64) -> Rgba:
    """A button with two or four holes, or a bare rivet, shaded."""
    sheet = np.zeros((side, side, 4), np.uint8)
    middle, radius = side // 2, side // 2 - 2
    cv2.circle(sheet, (middle, middle), radius, (*ink(rng), 255), -1, cv2.LINE_AA)
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32)
    light = 1 + 0.35 * (side - rows - columns) / side
    rim = np.hypot(rows - middle, columns - middle) > radius * 0.78
    light = np.where(rim, light * rng.uniform(0.75, 1.2), light)
    sheet[..., :3] = np.clip(sheet[..., :3] * light[..., None], 0, 255).astype(np.uint8)
    for place in range(int(rng.choice([0, 2, 4]))):
        turn = place * np.pi / 2 + np.pi / 4
        hole = int(middle + np.cos(turn) * side * 0.14), int(middle + np.sin(turn) * side * 0.14)
        cv2.circle(sheet, hole, max(1, side // 18), (20, 20, 20, 255), -1, cv2.LINE_AA)
    return sheet


def label(rng: Rng, width: int = 120, height: int = 60) -> Rgba:
    """A bare woven label or a tag: a plate of one colour with a seam."""
    sheet = np.zeros((height, width, 4), np.uint8)
    sheet[...] = (*ink(rng), 255)
    seam = cast(tuple[int, int, int], tuple(int(level * 0.7) for level in sheet[0, 0, :3]))
    for x in range(4, width - 4, 8):
        cv2.line(sheet, (x, 4), (x + 4, 4), (*seam, 255), 1)
        cv2.line(sheet, (x, height - 5), (x + 4, height - 5), (*seam, 255), 1)
    return sheet
