"""Pages that the text finder learns from: photos whose writing is known, some with words drawn on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.text.lettering import FONTS, look, printed
from benchmarks.text.words import Word
from matcher.models import Pixels
from matcher.models.text_crops import evened
from matcher.models.text_finder import CELL, SEEN_SIDE
from training.augment import Rng
from training.text_finder.labels import Outlines
from training.text_finder.recipe import PagesTable

WRITTEN, TOUCHED = 0.25, 0.02
"""Share of a cell from which it counts as written on, and up to which as free of writing."""
INKED = 6
"""Levels that a pixel differs by where something is drawn."""
JOINED = 0.012
"""Share of the page's side by which ink is let out: gaps between letters belong to the word."""
GREY = 114
DRAWN_SIDES = (640.0, 1100.0)
"""Pixels of a page's longest side when words are drawn on it."""
WINDOW = (0.35, 1.0)
"""Share of a page's sides in whose middle a word is drawn: small words stand anywhere."""
FOUND_SIDE = 736
"""Pixels of the longest side at which contrast is evened: that in which lines are looked for."""


@dataclass(frozen=True)
class Page:
    """`pixels`: uint8 (h, w, 3). `writing`: float32 (h / 8, w / 8), 1 written on, 0 free, -1 in doubt."""

    pixels: Pixels
    writing: NDArray[np.float32]


@dataclass(frozen=True)
class _Sheet:
    """A photo with masks of its size, uint8: what is written on, and what is in doubt."""

    pixels: Pixels
    written: NDArray[np.uint8]
    doubtful: NDArray[np.uint8]


class Pages(Sequence[Page]):
    """Pages by number: the same number, the same page. `seed` tells parts apart."""

    def __init__(
        self, photos: Sequence[Pixels], outlines: Sequence[Outlines], words: Sequence[Word],
        table: PagesTable, *, seed: Sequence[int], fonts: Path = FONTS,
    ) -> None:  # fmt: skip
        self._photos, self._outlines, self._words, self._table = photos, outlines, words, table
        self._seed, self._fonts = list(seed), fonts
        texts = [number for number, one in enumerate(outlines) if len(one.sure)]
        self._with_text = texts or list(range(len(photos)))

    def __len__(self) -> int:
        return 2**31

    def __getitem__(self, number: int) -> Page:  # type: ignore[override]
        rng = np.random.default_rng([*self._seed, number])
        sheet = self._mosaic(rng) if rng.random() < self._table.mosaic else self._single(rng)
        if rng.random() < self._table.drawn:
            sheet = self._drawn(sheet, rng)
        if rng.random() < self._table.turned:
            sheet = _turned(sheet, 1 if rng.random() < 0.5 else 3)
        return self._cut(as_seen(sheet, float(rng.uniform(*self._table.scales))), rng)

    def _single(self, rng: Rng) -> _Sheet:
        if rng.random() < 0.4:
            return self._sheet(self._with_text[int(rng.integers(len(self._with_text)))])
        return self._sheet(int(rng.integers(len(self._photos))))

    def _sheet(self, number: int) -> _Sheet:
        pixels, known = self._photos[number], self._outlines[number]
        masks = [np.zeros(pixels.shape[:2], np.uint8) for _ in range(2)]
        for mask, outlines in zip(masks, (known.sure, known.unsure), strict=True):
            cv2.fillPoly(mask, [outline.round().astype(np.int32) for outline in outlines], 255)
        return _Sheet(pixels, masks[0], masks[1])

    def _mosaic(self, rng: Rng) -> _Sheet:
        """Four photos side by side."""
        parts = [_sized(self._single(rng), (288, 288)) for _ in range(4)]
        whole = [
            np.vstack([np.hstack([left, right]) for left, right in ((one, two), (three, four))])
            for one, two, three, four in (
                [getattr(part, name) for part in parts] for name in ("pixels", "written", "doubtful")
            )
        ]
        return _Sheet(*whole)

    def _drawn(self, sheet: _Sheet, rng: Rng) -> _Sheet:
        """Words printed on the sheet, which is first made as large as photos of phones are."""
        factor = float(rng.uniform(*DRAWN_SIDES)) / max(sheet.pixels.shape[:2])
        wide = round(sheet.pixels.shape[1] * factor), round(sheet.pixels.shape[0] * factor)
        sheet = _sized(sheet, wide, cv2.INTER_CUBIC)
        pixels = sheet.pixels
        weights = np.array(self._table.words)
        for _ in range(1 + int(rng.choice(len(weights), p=weights / weights.sum()))):
            word = self._words[int(rng.integers(len(self._words)))]
            pixels = _with_word(pixels, word, self._fonts, rng)
        ink = (cv2.absdiff(pixels, sheet.pixels).max(axis=2) > INKED).astype(np.uint8) * 255
        reach = max(3, int(JOINED * max(ink.shape)) | 1)
        ink = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
        return _Sheet(pixels, np.maximum(sheet.written, ink), sheet.doubtful)

    def _cut(self, sheet: _Sheet, rng: Rng) -> Page:
        """A square of it, over writing more often than not."""
        side = self._table.crop
        height, width = sheet.pixels.shape[:2]
        corner = rng.uniform(0, 1, 2) * (max(0, height - side), max(0, width - side))
        places = np.argwhere(sheet.written)
        if len(places) and rng.random() < 0.6:
            middle = places[int(rng.integers(len(places)))] - side / 2 + rng.uniform(-side / 3, side / 3, 2)
            corner = np.clip(middle, 0, (max(0, height - side), max(0, width - side)))
        y, x = corner.astype(int)
        parts = [
            _filled(part[y : y + side, x : x + side], side, fill)
            for part, fill in ((sheet.pixels, GREY), (sheet.written, 0), (sheet.doubtful, 0))
        ]
        return Page(parts[0], cells(parts[1], parts[2]))


def _with_word(pixels: Pixels, word: Word, fonts: Path, rng: Rng) -> Pixels:
    """A copy with the word printed in the middle of a window of it."""
    height, width = pixels.shape[:2]
    down, across = (int(length * rng.uniform(*WINDOW)) for length in (height, width))
    y, x = int(rng.integers(height - down + 1)), int(rng.integers(width - across + 1))
    copy = pixels.copy()
    window = np.ascontiguousarray(copy[y : y + down, x : x + across])
    copy[y : y + down, x : x + across] = printed(window, word.text, look(word.script, rng, fonts), rng)
    return copy


def as_seen(sheet: _Sheet, scale: float = 1.0) -> _Sheet:
    """The sheet as the finder is shown photos, its longest side `SEEN_SIDE` times `scale` pixels.

    Contrast is evened at the size at which lines are looked for, and the result is shrunk.
    """
    height, width = sheet.pixels.shape[:2]
    large = FOUND_SIDE / max(height, width)
    first = _sized(sheet, (max(1, round(width * large)), max(1, round(height * large))))
    small = SEEN_SIDE * scale / max(height, width)
    seen = _Sheet(evened(first.pixels), first.written, first.doubtful)
    return _sized(seen, (max(CELL, round(width * small)), max(CELL, round(height * small))))


def cells(written: NDArray[np.uint8], doubtful: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What holds of each cell of the masks (h, w): 1 written on, 0 free, -1 in doubt."""
    size = written.shape[1] // CELL, written.shape[0] // CELL
    on, unsure = (
        cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        for mask in (written, doubtful)
    )
    told = np.where(on >= WRITTEN, 1.0, np.where(on > TOUCHED, -1.0, 0.0))
    told[(told < 1) & (unsure > TOUCHED)] = -1
    return cast(NDArray[np.float32], told.astype(np.float32))


def _sized(sheet: _Sheet, size: tuple[int, int], larger: int = cv2.INTER_LINEAR) -> _Sheet:
    grows = size[0] > sheet.pixels.shape[1]
    kind = larger if grows else cv2.INTER_AREA
    masks = [cv2.resize(mask, size, interpolation=cv2.INTER_AREA) for mask in (sheet.written, sheet.doubtful)]
    return _Sheet(
        cast(Pixels, cv2.resize(sheet.pixels, size, interpolation=kind)),
        *cast(list[NDArray[np.uint8]], masks),
    )


def _turned(sheet: _Sheet, quarters: int) -> _Sheet:
    parts = (sheet.pixels, sheet.written, sheet.doubtful)
    return _Sheet(*(np.ascontiguousarray(np.rot90(part, quarters)) for part in parts))


def _filled(part: NDArray[np.uint8], side: int, fill: int) -> NDArray[np.uint8]:
    """The part in the upper left of a square of one level."""
    whole = np.full((side, side, *part.shape[2:]), fill, np.uint8)
    whole[: part.shape[0], : part.shape[1]] = part
    return whole
