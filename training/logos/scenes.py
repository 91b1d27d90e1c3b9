"""Made scenes: logos on real photos with the boxes of their ink, drawn by seed and number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.models import Pixels
from training import augment
from training.augment import Rng
from training.logos import distractors, lettering
from training.logos.artwork import Logo, Rgba
from training.logos.recipe import ScenesTable
from training.logos.styles import ALTERATIONS, altered, ink, styled, worn
from training.logos.surface import FLAT, Box, Folds, laid

PARTS = {"train": 0, "validation": 1, "test": 2}
WEAR = ("plain", "embroidery", "print")
TRIES = 10
LEAST_SIDE = 6.0
"""A box with a shorter side in pixels of the scene is neither asked for nor punished."""


@dataclass(frozen=True)
class Scene:
    """A letterboxed scene, uint8 (side, side, 3) RGB; boxes in its pixels.

    `keys`: which logo each box holds, empty for an invented wordmark, with `~` where altered. `unsure`:
    boxes of writing beside a logo, which may or may not belong to it.
    """

    pixels: Pixels
    boxes: NDArray[np.float32]
    keys: tuple[str, ...]
    unsure: NDArray[np.float32]


@dataclass
class _Sheet:
    """A scene in the making, in the pixels of its photo; `scale` makes them pixels of the scene."""

    pixels: Pixels
    scale: float
    boxes: list[Box] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    unsure: list[Box] = field(default_factory=list)


class Scenes:
    """Scenes of the `logos` and `photos` of one part, as the table says; the same number, the same scene."""

    def __init__(
        self, logos: Sequence[Logo], photos: Sequence[Pixels], table: ScenesTable, *, seed: int, part: str
    ) -> None:
        self.logos, self.photos, self.table = logos, photos, table
        self._seed = [seed, PARTS[part]]

    def __getitem__(self, number: int) -> Scene:
        rng = np.random.default_rng([*self._seed, number])
        flat = rng.random() < self.table.flat
        sheet = self._paper(rng) if flat else self._photo(rng)
        self._add_distractors(sheet, rng, few=flat)
        count = int(
            rng.choice(len(self.table.counts), p=np.array(self.table.counts) / sum(self.table.counts))
        )
        for _ in range(max(1, min(count, 2)) if flat else count):
            self._add_logo(sheet, rng, flat=flat)
        return self._letterboxed(sheet, rng)

    def _photo(self, rng: Rng) -> _Sheet:
        photo = background(self.photos, rng)
        longest = self.table.side * rng.uniform(0.65, 1.0)
        factor = longest / max(photo.shape[:2])
        photo = cast(Pixels, cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
        return _Sheet(photo, self.table.side / max(photo.shape[:2]))

    def _paper(self, rng: Rng) -> _Sheet:
        side = self.table.side
        shape = side, max(side // 3, int(side * rng.uniform(0.45, 1.0)))
        height, width = shape if rng.random() < 0.4 else shape[::-1]
        return _Sheet(paper(height, width, rng), 1.0)

    def _add_distractors(self, sheet: _Sheet, rng: Rng, *, few: bool) -> None:
        table = self.table
        share = 0.4 if few else 1.0
        for chance, draw in (
            (table.patterns, distractors.pattern),
            (table.buttons, distractors.button),
            (table.buttons, distractors.button),
            (table.buttons / 2, distractors.label),
            (table.writing, lambda rng: lettering.written(lettering.sentence(rng), rng, size=40)),
            (table.writing / 2, lambda rng: lettering.written(lettering.sentence(rng), rng, size=40)),
        ):
            if rng.random() >= chance * share:
                continue
            sizes = (10.0, 60.0) if draw is distractors.button else (40.0, 300.0)
            self._place(sheet, draw(rng), sizes, folds(rng, self.table.covered), rng)

    def _add_logo(self, sheet: _Sheet, rng: Rng, *, flat: bool) -> None:
        key, artwork = self._artwork(rng)
        sizes = (0.35 * self.table.side, 0.95 * self.table.side) if flat else self.table.sizes
        bent = FLAT if flat and rng.random() < 0.7 else folds(rng, self.table.covered)
        if not flat and rng.random() < 0.08:
            artwork = on_label(artwork, rng)
        box = self._place(sheet, artwork, sizes, bent, rng)
        if box is None:
            return
        sheet.boxes.append(box)
        sheet.keys.append(key)
        if rng.random() < self.table.companions:
            self._add_companion(sheet, box, bent, rng)

    def _artwork(self, rng: Rng) -> tuple[str, Rgba]:
        wear = str(rng.choice(WEAR, p=np.array(self.table.wear) / sum(self.table.wear)))
        if rng.random() < self.table.wordmarks:
            return "", worn(lettering.written(lettering.invented_name(rng), rng), rng, wear)
        logo = self.logos[int(rng.integers(len(self.logos)))]
        drawing, key = logo.drawing(), logo.key
        if rng.random() < self.table.altered:
            other = altered(drawing, rng, str(rng.choice(ALTERATIONS)))
            drawing, key = (drawing, key) if other is None else (other, f"{key}~")
        return key, worn(styled(drawing, rng, self.table.styles), rng, wear)

    def _place(
        self, sheet: _Sheet, artwork: Rgba, sizes: tuple[float, float], bent: Folds, rng: Rng
    ) -> Box | None:
        """Lay the artwork where it covers no logo; the box of its ink, or None where no place was found."""
        height, width = sheet.pixels.shape[:2]
        for _ in range(TRIES):
            longest = np.exp(rng.uniform(*np.log(sizes))) / sheet.scale
            size = sized(artwork, min(longest, 0.95 * max(width, height)))
            if size[0] > width or size[1] > height:
                continue
            corner = tuple(
                (room - one) * np.clip(rng.normal(0.5, 0.3), -0.05, 1.05)
                for room, one in zip((width, height), size, strict=True)
            )
            wide = corner[0] - 4, corner[1] - 4, corner[0] + size[0] + 4, corner[1] + size[1] + 4
            if any(touches(wide, other) for other in [*sheet.boxes, *sheet.unsure]):
                continue
            together, box = laid(sheet.pixels, artwork, cast(tuple[float, float], corner), size, bent, rng)
            if box is None or any(touches(box, other) for other in [*sheet.boxes, *sheet.unsure]):
                continue
            sheet.pixels = together
            return box
        return None

    def _add_companion(self, sheet: _Sheet, box: Box, bent: Folds, rng: Rng) -> None:
        """Write a name under the logo, over it or to its right, with a gap."""
        artwork = lettering.written(lettering.invented_name(rng), rng)
        width, height = box[2] - box[0], box[3] - box[1]
        size = sized(artwork, max(width, height) * rng.uniform(0.6, 1.5))
        gap = 2 + 0.15 * min(width, height)
        middle = (box[0] + box[2] - size[0]) / 2
        corner = [
            (middle, box[3] + gap), (middle, box[1] - gap - size[1]),
            (box[2] + gap, (box[1] + box[3] - size[1]) / 2),
        ][int(rng.choice(3, p=(0.6, 0.15, 0.25)))]  # fmt: skip
        together, place = laid(sheet.pixels, artwork, corner, size, FLAT, rng)
        if place is not None and not any(touches(place, other) for other in sheet.boxes):
            sheet.pixels = together
            sheet.unsure.append(place)

    def _letterboxed(self, sheet: _Sheet, rng: Rng) -> Scene:
        side = self.table.side
        small = photographed(sheet.pixels, rng)
        height, width = (min(side, round(length * sheet.scale)) for length in small.shape[:2])
        resized = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
        canvas = np.full((side, side, 3), int(rng.choice([0, 114, 128, 255])), np.uint8)
        x, y = (int(rng.choice([0, room // 2, room])) for room in (side - width, side - height))
        canvas[y : y + height, x : x + width] = resized
        scale = np.array([width / small.shape[1], height / small.shape[0]] * 2)
        boxes = np.array(sheet.boxes).reshape(-1, 4) * scale + (x, y, x, y)
        unsure = np.array(sheet.unsure).reshape(-1, 4) * scale + (x, y, x, y)
        tiny = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) < LEAST_SIDE
        return Scene(
            cast(Pixels, canvas),
            boxes[~tiny].astype(np.float32),
            tuple(key for key, small_ in zip(sheet.keys, tiny, strict=True) if not small_),
            np.concatenate([unsure, boxes[tiny]]).astype(np.float32),
        )


def background(photos: Sequence[Pixels], rng: Rng) -> Pixels:
    """A part of a random photo, a third of it or more, at times mirrored."""
    photo = photos[int(rng.integers(len(photos)))]
    height, width = photo.shape[:2]
    share = np.sqrt(rng.uniform(0.35, 1.0))
    tall, wide = max(32, int(height * share)), max(32, int(width * min(1.0, share * rng.uniform(0.8, 1.25))))
    y, x = int(rng.integers(0, max(1, height - tall + 1))), int(rng.integers(0, max(1, width - wide + 1)))
    part = photo[y : y + tall, x : x + wide]
    return cast(Pixels, np.ascontiguousarray(part[:, ::-1] if rng.random() < 0.5 else part))


def paper(height: int, width: int, rng: Rng) -> Pixels:
    """White, black or coloured paper, often with a gradient."""
    colour = np.array((255, 255, 255) if rng.random() < 0.55 else ink(rng), np.float32)
    sheet = np.broadcast_to(colour, (height, width, 3)).copy()
    if rng.random() < 0.35:
        angle = rng.uniform(0, 2 * np.pi)
        rows, columns = np.mgrid[0:height, 0:width]
        sheet += ((np.cos(angle) * rows / height + np.sin(angle) * columns / width) * rng.uniform(10, 90))[
            ..., None
        ]
    return cast(Pixels, np.clip(sheet, 0, 255).astype(np.uint8))


def on_label(artwork: Rgba, rng: Rng) -> Rgba:
    """The artwork alone, at times with a plate behind it that reaches little further."""
    height, width = artwork.shape[:2]
    edge = max(2, int(0.06 * max(height, width)))
    plate = distractors.label(rng, width + 2 * edge, height + 2 * edge)
    share = artwork[..., 3:].astype(np.float32) / 255
    part = plate[edge : edge + height, edge : edge + width]
    part[..., :3] = (artwork[..., :3] * share + part[..., :3] * (1 - share)).astype(np.uint8)
    return plate


def folds(rng: Rng, covered: float) -> Folds:
    """How artwork on goods is bent: most lies nearly flat, some leans and waves."""
    hard = rng.random() < 0.5
    return Folds(
        turn=20.0,
        lean=0.12 if hard else 0.03,
        wave=float(rng.uniform(0, 0.1 if hard else 0.03)),
        covered=covered,
    )


def sized(artwork: Rgba, longest: float) -> tuple[float, float]:
    """Width and height of the artwork with its longer side `longest`."""
    height, width = artwork.shape[:2]
    factor = longest / max(height, width)
    return width * factor, height * factor


def touches(one: Box, other: Box) -> bool:
    """Whether two boxes share a pixel."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def photographed(image: Pixels, rng: Rng, softest: float = 1.1) -> Pixels:
    """The whole scene through one lens: light, colour cast, softness up to `softest` pixels, noise, JPEG."""
    values = image.astype(np.float32)
    if rng.random() < 0.7:
        values = (
            (values - 128) * np.float32(np.exp(rng.uniform(-0.35, 0.25)))
            + 128
            + np.float32(rng.uniform(-25, 25))
        )
        values *= np.exp(rng.uniform(-0.1, 0.1, 3)).astype(np.float32)
    if rng.random() < 0.1:
        values = np.repeat(values.mean(axis=2, keepdims=True), 3, axis=2)
    if rng.random() < 0.5:
        values = cast(NDArray[np.float32], cv2.GaussianBlur(values, (0, 0), rng.uniform(0.25, softest)))
    if rng.random() < 0.3:
        values = values + rng.normal(0, rng.uniform(1, 8), values.shape).astype(np.float32)
    edited = cast(Pixels, np.clip(values, 0, 255).astype(np.uint8))
    return augment.jpeg(edited, int(rng.integers(35, 95))) if rng.random() < 0.7 else edited
