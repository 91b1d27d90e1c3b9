"""Reads text in photos with Tesseract alone, which finds the lines itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import cv2
import numpy as np

from matcher.models import Pixels, TextLine
from matcher.models.tesseract import Letter, Tesseract, spelt

LEAST = 0.3
"""Letters read less surely are the texture of things."""
SMALLEST = 640
"""Photos smaller than this, in pixels of the longest side, are enlarged: Tesseract is made for scans."""


class TesseractReader:
    """Tesseract (LSTM) on each photo as a page of sparse text, for scripts other readers lack.

    `languages`: its names joined by `+`, such as `rus+kor`. Upright text only; outlines are level boxes.
    Raises `ModelError` where a language is not installed.
    """

    def __init__(self, languages: str) -> None:
        self._engine = Tesseract(languages)
        recipe = f"{self._engine.fingerprint} {SMALLEST} {LEAST} 2"
        self.fingerprint = hashlib.sha256(recipe.encode()).hexdigest()
        self.name = f"tesseract:{languages}@{self.fingerprint[:12]}"

    def read(self, images: Sequence[Pixels]) -> list[list[TextLine]]:
        """Lines an image, in reading order; none where Tesseract takes too long over it."""
        return [self._lines(image) for image in images]

    def look_again(self, image: Pixels, line: TextLine) -> TextLine:
        """`line`: Tesseract reads the same in every cut."""
        return line

    def _lines(self, image: Pixels) -> list[TextLine]:
        factor = max(1.0, SMALLEST / max(image.shape[:2]))
        size = [max(1, round(side * factor)) for side in (image.shape[1], image.shape[0])]
        page = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC) if factor > 1 else image
        rows = self._engine.rows(np.ascontiguousarray(page))
        sure = [[letter for letter in row if letter.sure >= LEAST] for row in rows]
        return [_line(row, factor) for row in sure if row]


def _line(row: Sequence[Letter], factor: float) -> TextLine:
    left, top = (min(letter.box[side] for letter in row) for side in (0, 1))
    right, low = (max(letter.box[side] for letter in row) for side in (2, 3))
    corners = ((left, top), (right, top), (right, low), (left, low))
    reading = spelt(list(row))
    outline = tuple((round(x / factor, 1), round(y / factor, 1)) for x, y in corners)
    return TextLine(outline, reading.text, reading.score, reading.letters)
