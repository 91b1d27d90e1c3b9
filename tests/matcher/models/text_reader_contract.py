"""What every text reader promises; a test class inherits it and says how its reader is made."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from matcher.models import Pixels, TextReader


def written(
    *lines: str, size: tuple[int, int] = (640, 480), height: int = 60, ink: int = 20, paper: int = 235
) -> Pixels:
    """A sheet with the lines on it, one below the other."""
    image = Image.new("RGB", size, (paper,) * 3)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(height)
    for row, line in enumerate(lines):
        draw.text((40, 40 + row * 2 * height), line, font=font, fill=(ink,) * 3)
    return np.array(image)


class TextReaderContract(ABC):
    """Inherit, and give a `reader`."""

    @pytest.fixture
    @abstractmethod
    def reader(self) -> TextReader: ...

    def test_it_reads_what_is_written_line_by_line(self, reader: TextReader) -> None:
        (lines,) = reader.read([written("Panasonic", "COFFEE 250")])
        assert [line.text for line in lines] == ["Panasonic", "COFFEE 250"]

    def test_a_line_says_where_it_stands_and_how_sure_it_is(self, reader: TextReader) -> None:
        (lines,) = reader.read([written("Panasonic")])
        line = lines[0]
        assert 0.5 < line.score <= 1
        assert line.letters == () or len(line.letters) == len(line.text)
        assert all(0 <= letter <= 1 for letter in line.letters)
        (left, top), (right, _), (_, low), _ = line.outline
        assert 10 < left < 60 < 280 < right < 400
        assert 20 < top < 60 < 80 < low < 140

    def test_nothing_is_read_where_nothing_is_written(self, reader: TextReader) -> None:
        noise = np.random.default_rng(0).integers(0, 256, (320, 320, 3), dtype=np.uint8)
        blank = np.full((320, 320, 3), 200, np.uint8)
        sure = [[line for line in lines if line.score > 0.8] for lines in reader.read([blank, noise])]
        assert sure == [[], []]

    @pytest.mark.parametrize("size", [(16, 16), (1, 400), (400, 1), (3, 2000)])
    def test_a_photo_of_odd_shape_gives_no_error(self, reader: TextReader, size: tuple[int, int]) -> None:
        (lines,) = reader.read([np.zeros((*size, 3), np.uint8)])
        assert lines == []

    def test_photos_do_not_touch_each_other(self, reader: TextReader) -> None:
        one, two = written("Panasonic"), written("COFFEE 250", size=(480, 320))
        assert reader.read([one, two]) == [*reader.read([one]), *reader.read([two])]
        assert reader.read([]) == []

    def test_it_has_a_name_and_a_fingerprint(self, reader: TextReader) -> None:
        assert reader.name
        assert len(reader.fingerprint) == 64
