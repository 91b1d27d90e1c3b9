"""A text reader for tests that reads what it is told for a photo's width, and counts when it is asked."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

from PIL import Image

from matcher.models import Pixels, TextLine
from tests.matcher.signals.made import line


class ScriptedReader:
    """Reads `texts[width]` in a photo of that width, nothing in others; at another look it is surer.

    `read_widths`: the widths of the photos that were read; `again`: the texts that were looked at again.
    """

    name = "scripted"

    def __init__(self, texts: Mapping[int, Sequence[str]], fingerprint: str = "scripted@1") -> None:
        self.texts, self.fingerprint = texts, fingerprint
        self.read_widths: list[int] = []
        self.again: list[str] = []

    def read(self, images: Sequence[Pixels]) -> list[list[TextLine]]:
        self.read_widths.extend(image.shape[1] for image in images)
        return [[line(text) for text in self.texts.get(image.shape[1], ())] for image in images]

    def look_again(self, image: Pixels, line: TextLine) -> TextLine:
        self.again.append(line.text)
        return replace(line, score=0.99)


def blank(width: int, colour: tuple[int, int, int] = (200, 200, 200)) -> bytes:
    """A PNG of one colour, 100 pixels high."""
    file = io.BytesIO()
    Image.new("RGB", (width, 100), colour).save(file, "PNG")
    return file.getvalue()
