"""Random views of a photo for training: what a listing's photo may have been through.

The kinds of edit are the benchmark's (`benchmarks/edits.py`), drawn by other code with other parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.models import Pixels
from matcher.models.views import Box

Rng = np.random.Generator
Corners = NDArray[np.float32]
Values = NDArray[np.float32]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%$!-. "
FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
)  # fmt: skip


@dataclass(frozen=True)
class Geometry:
    """How far a view may depart from the photo.

    `area`: least and most share kept by a crop. `turn`: degrees either way. `quarter`: chance of a turn by
    90, 180 or 270 degrees. `lean`: most that a corner moves, as a share of the side. `flip`: chance of a
    mirrored view.
    """

    area: tuple[float, float] = (1.0, 1.0)
    turn: float = 0.0
    quarter: float = 0.0
    lean: float = 0.0
    flip: float = 0.0


PLAIN = Geometry(area=(0.8, 1.0))
EDITED = Geometry(area=(0.3, 1.0), turn=35.0, quarter=0.08, lean=0.15, flip=0.5)
ANOTHER_PHOTO = Geometry(area=(0.5, 1.0), turn=15.0, lean=0.1)


def view(photo: Pixels, side: int, geometry: Geometry, rng: Rng) -> Pixels:
    """A side x side view: crop, turn, lean and flip in one warp."""
    height, width = photo.shape[:2]
    share = rng.uniform(*geometry.area)
    stretch = np.exp(rng.uniform(-0.2, 0.2))
    box = np.array([min(1.0, np.sqrt(share) * stretch) * width, min(1.0, np.sqrt(share) / stretch) * height])
    corner = rng.uniform(0, 1, 2) * (np.array([width, height]) - box)
    corners = corner + box * np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    if geometry.turn and rng.random() < 0.4:
        corners = turned(corners, np.radians(rng.uniform(-geometry.turn, geometry.turn)))
    if geometry.lean and rng.random() < 0.4:
        corners = corners + rng.uniform(-geometry.lean, geometry.lean, (4, 2)) * box
    if rng.random() < geometry.quarter:
        corners = np.roll(corners, int(rng.integers(1, 4)), axis=0)
    if rng.random() < geometry.flip:
        corners = corners[[1, 0, 3, 2]]
    return warped(photo, corners.astype(np.float32), side, rng)


def turned(corners: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """Corners (4, 2) turned about their middle by `angle` radians."""
    sine, cosine = np.sin(angle), np.cos(angle)
    middle = corners.mean(axis=0)
    return cast(
        NDArray[np.float64], (corners - middle) @ np.array([[cosine, sine], [-sine, cosine]]) + middle
    )


def warped(photo: Pixels, corners: Corners, side: int, rng: Rng) -> Pixels:
    """The quadrangle `corners` of the photo as a square; what lies outside is one grey or the edge's colour.

    The photo is shrunk first where the warp would alias.
    """
    span = float(np.linalg.norm(corners[2] - corners[0]) / np.sqrt(2))
    if span > 2 * side:
        factor = 1.4 * side / span
        photo = cast(Pixels, cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
        corners = (corners * factor).astype(np.float32)
    square = np.array([(0, 0), (side, 0), (side, side), (0, side)], np.float32)
    border = cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_CONSTANT
    fill = [(255, 255, 255), (0, 0, 0), (128, 128, 128)][int(rng.integers(3))]
    matrix = cv2.getPerspectiveTransform(corners, square)
    return cast(Pixels, cv2.warpPerspective(photo, matrix, (side, side), borderMode=border, borderValue=fill))


def toned(image: Pixels, strength: float, rng: Rng) -> Pixels:
    """Light, contrast, saturation, colour cast, grey, blur, noise and JPEG, each at random."""
    values: Values = image.astype(np.float32)
    if rng.random() < 0.8:
        grey = values @ np.array([0.299, 0.587, 0.114], np.float32)
        saturation = np.exp(rng.uniform(-0.7, 0.5) * strength)
        values = grey[..., None] + saturation * (values - grey[..., None])
        cast_ = np.exp(rng.uniform(-0.15, 0.15, 3) * strength)
        gain = np.exp(rng.uniform(-0.5, 0.4) * strength)
        values = (values - 128) * gain * cast_.astype(np.float32) + 128 + rng.uniform(-40, 40) * strength
    if rng.random() < 0.12 * strength:
        values = np.repeat(values.mean(axis=2, keepdims=True), 3, axis=2)
    if rng.random() < 0.25 * strength:
        values = cast(Values, cv2.GaussianBlur(values, (0, 0), rng.uniform(0.5, 0.014 * image.shape[0])))
    if rng.random() < 0.1 * strength:
        values = values + rng.normal(0, rng.uniform(2, 14), values.shape).astype(np.float32)
    edited = np.clip(values, 0, 255).astype(np.uint8)
    return jpeg(edited, int(rng.integers(15, 80))) if rng.random() < 0.4 * strength else edited


def jpeg(image: Pixels, quality: int) -> Pixels:
    """The image after JPEG of that quality."""
    _, blob = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cast(Pixels, cv2.imdecode(blob, cv2.IMREAD_COLOR))


def lettered(image: Pixels, rng: Rng) -> Pixels:
    """Text across the image, on a bar of one colour or half transparent."""
    side = image.shape[0]
    layer = image.copy()
    ink = tuple(int(level) for level in rng.integers(0, 256, 3))
    if rng.random() < 0.5:
        height = int(side * rng.uniform(0.08, 0.25))
        y = int(rng.integers(0, side - height)) if rng.random() < 0.3 else int(rng.choice([0, side - height]))
        paper = tuple(int(level) for level in rng.integers(0, 256, 3))
        cv2.rectangle(layer, (0, y), (side, y + height), paper, -1)
        _write(layer, (int(rng.integers(0, side // 4)), y + int(height * 0.75)), height * 0.7, ink, rng)
        return layer
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(-side // 8, side // 2)), int(rng.integers(side // 8, side))
        _write(layer, place, side * rng.uniform(0.06, 0.2), ink, rng)
    return blended(image, layer, rng.uniform(0.3, 0.9))


def blended(below: Pixels, above: Pixels, share: float) -> Pixels:
    """`share` of what lies above over what lies below."""
    return cast(Pixels, cv2.addWeighted(above, share, below, 1 - share, 0))


def pasted(image: Pixels, background: Pixels, share: float, rng: Rng) -> tuple[Pixels, Box]:
    """The image at `share` of the side on a background of its size, and where it lies."""
    side = background.shape[0]
    small = int(side * share)
    ratio = np.exp(rng.uniform(-0.3, 0.3))
    width, height = min(side, int(small * np.sqrt(ratio))), min(side, int(small / np.sqrt(ratio)))
    x, y = int(rng.integers(0, side - width + 1)), int(rng.integers(0, side - height + 1))
    sheet = background.copy()
    sheet[y : y + height, x : x + width] = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return sheet, (x / side, y / side, (x + width) / side, (y + height) / side)


def tiled(image: Pixels, others: list[Pixels], rng: Rng) -> tuple[Pixels, Box]:
    """A collage of two or four tiles, this image in one of them, and where it lies."""
    side = image.shape[0]
    columns, rows = [(2, 1), (1, 2), (2, 2)][int(rng.integers(3))]
    place = int(rng.integers(columns * rows))
    sheet = np.empty_like(image)
    for tile in range(columns * rows):
        x, y = tile % columns * side // columns, tile // columns * side // rows
        photo = image if tile == place else others[tile % len(others)]
        sheet[y : y + side // rows, x : x + side // columns] = fitted(photo, side // columns, side // rows)
    x, y = place % columns / columns, place // columns / rows
    return sheet, (x, y, x + 1 / columns, y + 1 / rows)


def fitted(image: Pixels, width: int, height: int) -> Pixels:
    """The middle of the image in the aspect of width x height, at that size."""
    factor = min(image.shape[1] / width, image.shape[0] / height)
    kept = int(width * factor), int(height * factor)
    x, y = (image.shape[1] - kept[0]) // 2, (image.shape[0] - kept[1]) // 2
    part = image[y : y + kept[1], x : x + kept[0]]
    return cast(Pixels, cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA))


def product_mask(photo: Pixels) -> NDArray[np.bool_] | None:
    """What is not the white background of a studio photo; None where the background is not white."""
    height, width = photo.shape[:2]
    near_white = (photo.min(axis=2) > 235).astype(np.uint8)
    rim = np.concatenate([near_white[0], near_white[-1], near_white[:, 0], near_white[:, -1]])
    if rim.mean() < 0.6:
        return None
    framed = cv2.copyMakeBorder(near_white, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    reached = np.zeros((height + 4, width + 4), np.uint8)
    cv2.floodFill(framed, reached, (0, 0), 2)
    mask = framed[1:-1, 1:-1] != 2
    return mask if 0.03 < mask.mean() < 0.97 else None


def staged(photo: Pixels, mask: NDArray[np.bool_], background: Pixels, rng: Rng) -> tuple[Pixels, Box]:
    """The masked product, turned and leaned, lit a little otherwise, before another background."""
    ys, xs = np.nonzero(mask)
    x1, x2, y1, y2 = xs.min(), xs.max() + 1, ys.min(), ys.max() + 1
    product = toned(np.ascontiguousarray(photo[y1:y2, x1:x2]), 0.7, rng)
    side = background.shape[0]
    height = side * rng.uniform(0.45, 1.05)
    width = height * (x2 - x1) / (y2 - y1)
    if width > side:
        width, height = side, side * (y2 - y1) / (x2 - x1)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)])
    corners = turned(corners, np.radians(rng.uniform(-20, 20)))
    corners = corners + rng.uniform(-0.08, 0.08, (4, 2)) * [width, height]
    corners -= corners.min(axis=0)
    room = np.maximum(side - corners.max(axis=0), 0)
    corners = (corners + rng.uniform(0, 1, 2) * room).astype(np.float32)
    own = np.array([(0, 0), (x2 - x1, 0), (x2 - x1, y2 - y1), (0, y2 - y1)], np.float32)
    matrix = cv2.getPerspectiveTransform(own, corners)
    front = cv2.warpPerspective(product, matrix, (side, side), flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(mask[y1:y2, x1:x2].astype(np.float32), matrix, (side, side))[..., None]
    sheet = (front * cover + background * (1 - cover)).astype(np.uint8)
    low, high = np.clip(corners.min(axis=0) / side, 0, 1), np.clip(corners.max(axis=0) / side, 0, 1)
    return sheet, (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _write(image: Pixels, place: tuple[int, int], height: float, ink: tuple[int, ...], rng: Rng) -> None:
    words = "".join(rng.choice(list(LETTERS), int(rng.integers(3, 14))))
    font = FONTS[int(rng.integers(len(FONTS)))]
    cv2.putText(image, words, place, font, height / 30, ink, int(rng.integers(1, 3)), cv2.LINE_AA)
