"""How a logo is brought onto goods, and the changes that make it another logo."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment import Rng
from training.logos.artwork import Rgba

ALTERATIONS = ("mirrored", "stretched", "cut", "parted", "swapped", "recomposed")
LEAST_DIFFERENCE = 0.12
"""An altered logo that differs less from its original would be told apart by nobody."""
Cover = NDArray[np.float32]


def styled(drawing: Rgba, rng: Rng, kinds: tuple[float, ...]) -> Rgba:
    """The artwork in a random style; `kinds`: weights of brand colours, one colour, inverted, outline.

    Inverted artwork lies on a badge of one colour. Print and stitches are laid on in `worn`.
    """
    kind = int(rng.choice(len(kinds), p=np.array(kinds) / sum(kinds)))
    if kind == 0:
        return drawing
    if kind == 1:
        return one_colour(drawing, ink(rng), rng)
    if kind == 2:
        return badge(drawing, rng)
    return outline(drawing, ink(rng), rng)


def ink(rng: Rng) -> tuple[int, int, int]:
    """A colour of ink: black and white most often, as on goods."""
    kind = rng.random()
    if kind < 0.3:
        return (int(rng.integers(0, 40)),) * 3
    if kind < 0.6:
        return (int(rng.integers(215, 256)),) * 3
    hue, depth, light = rng.integers(0, 180), rng.integers(60, 256), rng.integers(60, 256)
    colour = cv2.cvtColor(np.array([[[hue, depth, light]]], np.uint8), cv2.COLOR_HSV2RGB)[0, 0]
    return int(colour[0]), int(colour[1]), int(colour[2])


def form(drawing: Rgba) -> Cover:
    """The cover (height, width), in [0, 1], that shows the artwork's form in one colour.

    Artwork that fills its outline (a white sign on a solid badge) keeps its form through its light and dark.
    """
    cover: Cover = drawing[..., 3].astype(np.float32) / np.float32(255)
    grey = cv2.cvtColor(np.ascontiguousarray(drawing[..., :3]), cv2.COLOR_RGB2GRAY).astype(np.float32)
    inside = grey[cover > 0.5]
    if inside.size < 16:
        return cover
    dark, light = (float(level) for level in np.percentile(inside, (5, 95)))
    if light - dark < 60:
        return cover
    share: Cover = np.clip((grey - dark) / (light - dark), 0, 1).astype(np.float32)
    # What is rarer inside the outline is the sign, the other the ground it lies on.
    sign = share if (inside > (dark + light) / 2).mean() < 0.5 else 1 - share
    return cast(Cover, cover * (1 - sign if cover.mean() > 0.6 else np.maximum(sign, 0.55)))


def one_colour(drawing: Rgba, colour: tuple[int, int, int], rng: Rng) -> Rgba:
    """The form in one ink; half the time all that is covered, half with its light parts left out."""
    cover = form(drawing) if rng.random() < 0.7 else drawing[..., 3].astype(np.float32) / 255
    flat = np.empty_like(drawing)
    flat[..., :3] = colour
    flat[..., 3] = (cover * 255).astype(np.uint8)
    return flat


def badge(drawing: Rgba, rng: Rng) -> Rgba:
    """The artwork in light ink on a dark plate or the other way round; corners are round or not."""
    height, width = drawing.shape[:2]
    edge = int(max(height, width) * rng.uniform(0.08, 0.3))
    plate = np.zeros((height + 2 * edge, width + 2 * edge, 4), np.uint8)
    paper = ink(rng)
    plate[..., :3] = paper
    shape = plate[..., 3].copy()
    radius = int(min(shape.shape) * rng.choice([0.0, 0.12, 0.3]))
    bottom, right = shape.shape
    cv2.rectangle(shape, (radius, 0), (right - radius, bottom), 255, -1)
    cv2.rectangle(shape, (0, radius), (right, bottom - radius), 255, -1)
    for x in (radius, right - radius - 1):
        for y in (radius, bottom - radius - 1):
            cv2.circle(shape, (x, y), radius, 255, -1, cv2.LINE_AA)
    plate[..., 3] = shape
    light = sum(paper) < 380
    colour = (int(rng.integers(215, 256) if light else rng.integers(0, 45)),) * 3
    laid_on(plate, one_colour(drawing, colour, rng), edge, edge)
    return plate


def outline(drawing: Rgba, colour: tuple[int, int, int], rng: Rng) -> Rgba:
    """Only the rim of the form, as a line."""
    edge = 6
    cover = cv2.copyMakeBorder(form(drawing), edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=0)
    thick = int(rng.integers(2, 5))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * thick + 1, 2 * thick + 1))
    line = cv2.dilate(cover, kernel) - cv2.erode(cover, np.ones((3, 3), np.uint8))
    flat = np.empty((*cover.shape, 4), np.uint8)
    flat[..., :3] = colour
    flat[..., 3] = (np.clip(line, 0, 1) * 255).astype(np.uint8)
    return flat


def laid_on(below: Rgba, above: Rgba, x: int, y: int) -> None:
    """Lay artwork on other artwork, in place."""
    height, width = above.shape[:2]
    part = below[y : y + height, x : x + width]
    share = above[..., 3:].astype(np.float32) / 255
    part[..., :3] = (above[..., :3] * share + part[..., :3] * (1 - share)).astype(np.uint8)
    part[..., 3] = np.maximum(part[..., 3], above[..., 3])


def worn(drawing: Rgba, rng: Rng, kind: str) -> Rgba:
    """The artwork as `embroidery`, `print` (cracked, thin) or `plain`."""
    if kind == "embroidery":
        return _embroidered(drawing, rng)
    if kind == "print":
        return _printed(drawing, rng)
    return drawing


def _embroidered(drawing: Rgba, rng: Rng) -> Rgba:
    """Stitches: slanted bright and dark threads, a raised rim, a slightly ragged outline."""
    height, width = drawing.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    angle, pitch = rng.uniform(0, np.pi), rng.uniform(2.5, 6)
    along = np.cos(angle) * columns + np.sin(angle) * rows
    across = -np.sin(angle) * columns + np.cos(angle) * rows
    thread = np.sin(2 * np.pi * (along / pitch + 0.3 * np.sin(across / (3 * pitch))))
    cover = drawing[..., 3]
    soft = cv2.GaussianBlur(cover, (0, 0), 3).astype(np.float32)
    relief = cv2.Sobel(soft, cv2.CV_32F, 1, 0) + cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    light = 1 + rng.uniform(0.1, 0.28) * thread + np.clip(relief / 160, -0.35, 0.35)
    ragged = rows + thread * 1.2, columns + thread * 1.2
    sewn = np.empty_like(drawing)
    sewn[..., :3] = np.clip(drawing[..., :3] * light[..., None], 0, 255).astype(np.uint8)
    sewn[..., 3] = cv2.remap(
        cover, ragged[1].astype(np.float32), ragged[0].astype(np.float32), cv2.INTER_LINEAR
    )
    return sewn


def _printed(drawing: Rgba, rng: Rng) -> Rgba:
    """A thin print: patchy cover, sometimes with cracks."""
    height, width = drawing.shape[:2]
    coarse = rng.normal(0, 1, (max(2, height // 6), max(2, width // 6))).astype(np.float32)
    patches = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    share = np.clip(rng.uniform(0.7, 1.0) + 0.12 * patches, 0, 1)
    if rng.random() < 0.4:
        fine = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 1.2)
        share = share * (np.abs(fine) > rng.uniform(0.01, 0.06))
    faded = drawing.copy()
    faded[..., 3] = (drawing[..., 3] * share).astype(np.uint8)
    return faded


def altered(drawing: Rgba, rng: Rng, kind: str) -> Rgba | None:
    """Another logo made of this one, as a faker would; None where the change would not show."""
    other = np.ascontiguousarray(found) if (found := _changed(drawing, rng, kind)) is not None else None
    return other if other is not None and difference(drawing, other) > LEAST_DIFFERENCE else None


def _changed(drawing: Rgba, rng: Rng, kind: str) -> Rgba | None:
    if kind == "mirrored":
        return drawing[:, ::-1]
    change: Callable[[Rgba, Rng], Rgba | None] = {
        "stretched": _stretched,
        "cut": _cut,
        "parted": _without_a_part,
        "swapped": _swapped,
        "recomposed": _recomposed,
    }[kind]
    return change(drawing, rng)


def difference(one: Rgba, other: Rgba) -> float:
    """How much of two covers does not lie on the other, each stretched over its box: 0 to 1."""
    left, right = (
        cv2.resize(form(image), (48, 48), interpolation=cv2.INTER_AREA)
        for image in (_boxed(one), _boxed(other))
    )
    aspects = [image.shape[1] / image.shape[0] for image in (_boxed(one), _boxed(other))]
    apart = float(np.abs(left - right).sum() / max(1e-6, float(np.maximum(left, right).sum())))
    return apart + abs(float(np.log(aspects[0] / aspects[1])))


def _boxed(image: Rgba) -> Rgba:
    rows, columns = (
        np.flatnonzero(image[..., 3].max(axis=1) > 24),
        np.flatnonzero(image[..., 3].max(axis=0) > 24),
    )
    if not len(rows) or not len(columns):
        return image
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _stretched(drawing: Rgba, rng: Rng) -> Rgba:
    factor = rng.uniform(1.45, 2.0)
    height, width = drawing.shape[:2]
    size = (
        (width, max(4, round(height / factor)))
        if rng.random() < 0.5
        else (max(4, round(width / factor)), height)
    )
    return cast(Rgba, cv2.resize(drawing, size, interpolation=cv2.INTER_AREA))


def _cut(drawing: Rgba, rng: Rng) -> Rgba:
    """A third to a half of it removed along a slanted line."""
    height, width = drawing.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[0:height, 0:width]
    along = np.cos(angle) * (columns / width - 0.5) + np.sin(angle) * (rows / height - 0.5)
    kept = drawing.copy()
    inside = along[drawing[..., 3] > 128]
    if inside.size:
        kept[..., 3][along > np.quantile(inside, rng.uniform(0.5, 0.7))] = 0
    return _boxed(kept)


def _without_a_part(drawing: Rgba, rng: Rng) -> Rgba | None:
    """One of its unconnected parts removed."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats((form(drawing) > 0.5).astype(np.uint8))
    big = [
        part
        for part in range(1, count)
        if facts[part, cv2.CC_STAT_AREA] > 0.05 * facts[1:, cv2.CC_STAT_AREA].sum()
    ]
    if len(big) < 2:
        return None
    gone = big[int(rng.integers(len(big)))]
    kept = drawing.copy()
    kept[..., 3][cv2.dilate((labels == gone).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0] = 0
    return _boxed(kept)


def _swapped(drawing: Rgba, rng: Rng) -> Rgba:
    """Two vertical stripes change places, as two letters of a wordmark would."""
    width = drawing.shape[1]
    first, second, third = sorted(int(width * share) for share in rng.uniform(0.1, 0.9, 3))
    pieces = [drawing[:, :first], drawing[:, second:third], drawing[:, first:second], drawing[:, third:]]
    return np.concatenate(pieces, axis=1)


def _recomposed(drawing: Rgba, rng: Rng) -> Rgba:
    """The upper half turned over, or the lower."""
    middle = drawing.shape[0] // 2
    upper, lower = drawing[:middle], drawing[middle:]
    return np.concatenate([upper[::-1], lower] if rng.random() < 0.5 else [upper, lower[::-1]], axis=0)
