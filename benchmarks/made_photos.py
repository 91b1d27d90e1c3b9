"""Distinct textured photos made as fast as they can be written, for speed runs: nothing in them is real."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.edits import EDITS, seeded, uploaded

SIZE = (1600, 1200)
SCENES = 12
RELATED_EDITS = ("jpeg", "colour", "watermark", "crop")


class PhotoMaker:
    """Makes photo number N of a series, the same for the same seed; two series have no scene in common.

    A photo joins two windows of large scenes along an outline and adds shapes and a line of text, so that
    every one is another picture with detail at every scale. A few dozen milliseconds a photo.
    """

    def __init__(self, series: str, *, seed: int = 0, size: tuple[int, int] = SIZE) -> None:
        self._series, self._seed, self._size = series, seed, size
        self._scenes: dict[int, Image.Image] = {}

    def photo(self, number: int) -> Image.Image:
        """Photo `number`, RGB, of the maker's size."""
        rng = seeded(self._seed, f"{self._series} photo {number}")
        first, second = (self._window(int(turn), rng) for turn in rng.permutation(SCENES)[:2])
        outline = Image.new("L", self._size, 0)
        ImageDraw.Draw(outline).polygon(_polygon(rng, self._size), fill=255)
        first.paste(second, (0, 0), outline)
        draw = ImageDraw.Draw(first)
        for _ in range(int(rng.integers(3, 9))):
            draw.line(_polygon(rng, self._size)[:3], fill=_shade(rng), width=int(rng.integers(2, 12)))
        place = float(rng.uniform(0, self._size[0] / 2)), float(rng.uniform(0, self._size[1] / 2))
        draw.text(
            place,
            f"{self._series} {number}",
            fill=_shade(rng),
            font=ImageFont.load_default(self._size[1] / 12),
        )
        return first

    def blob(self, number: int) -> bytes:
        """Photo `number` as a user would send it: a JPEG of quality 75 to 90."""
        return uploaded(self.photo(number), seeded(self._seed, f"{self._series} file {number}"))

    def copy_of(self, blob: bytes, number: int) -> bytes:
        """An edited copy of the photo in `blob`; `number` chooses the edit."""
        rng = seeded(self._seed, f"{self._series} copy {number}")
        photo = Image.open(io.BytesIO(blob)).convert("RGB")
        return uploaded(EDITS[RELATED_EDITS[number % len(RELATED_EDITS)]](photo, rng, lambda: photo), rng)

    def _window(self, turn: int, rng: np.random.Generator) -> Image.Image:
        if turn not in self._scenes:
            extent = self._size[0] * 3 // 2, self._size[1] * 3 // 2
            self._scenes[turn] = _scene(seeded(self._seed, f"{self._series} scene {turn}"), extent)
        scene = self._scenes[turn]
        x = int(rng.integers(0, scene.width - self._size[0] + 1))
        y = int(rng.integers(0, scene.height - self._size[1] + 1))
        window = scene.crop((x, y, x + self._size[0], y + self._size[1]))
        return window.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else window


def _scene(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A ground with noise of every scale, faint in one scene and strong in another, and shapes on it."""
    scene = Image.new("RGB", size, _shade(rng))
    strength = rng.uniform(0.02, 0.35)
    for cells in (4, 16, 64, 256):
        grain = rng.integers(0, 256, (cells * 3 // 4, cells, 3), np.uint8)
        layer = Image.fromarray(grain).resize(size, Image.Resampling.BICUBIC)
        scene = Image.blend(scene, layer, strength)
    draw = ImageDraw.Draw(scene)
    for _ in range(int(rng.integers(20, 120))):
        points = _polygon(rng, (size[0] // 5, size[1] // 5))
        x, y = int(rng.integers(0, size[0])), int(rng.integers(0, size[1]))
        draw.polygon([(x + across, y + down) for across, down in points], fill=_shade(rng))
    return scene


def _polygon(rng: np.random.Generator, size: tuple[int, int]) -> list[tuple[int, int]]:
    corners = rng.integers(0, size, (int(rng.integers(3, 8)), 2))
    return [(int(x), int(y)) for x, y in corners]


def _shade(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(level) for level in rng.integers(0, 256, 3))
    return red, green, blue
