"""A photo's text: read in larger pixels than the rest, told in its own pixels, and not where it is a copy."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from matcher.assembly import build_text_reader
from matcher.config import ImageSettings, ModelSettings
from matcher.errors import ImageError, ModelError
from matcher.images import decode
from matcher.models import TextLine
from matcher.reading import MOST_LOOKS, LargePhoto, PhotoText, copied
from matcher.records import Brand
from matcher.signals import Sighting
from matcher.text.lexicon import Lexicon
from tests.matcher.models.fixed_reader import FixedReader

SETTINGS = ImageSettings(working_side=128, reading_side=400)
LINE = TextLine(((10, 20), (110, 20), (110, 40), (10, 40)), "adidos", 0.9)
LEXICON = Lexicon([Brand(name="Adidas"), Brand(name="Nike")])
WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def jpeg(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(buffer, "JPEG")
    return buffer.getvalue()


def read(blob: bytes, *sightings: Sighting) -> tuple[FixedReader, tuple[TextLine, ...]]:
    reader = FixedReader(LINE)
    picture = decode(blob, "photo.jpg", SETTINGS)
    large = LargePhoto(blob, "photo.jpg", picture, SETTINGS)
    return reader, PhotoText(reader, LEXICON).lines(large, sightings)


def sighting(quad: tuple[tuple[float, float], ...], copy: float = 0.99, *, verified: bool = True) -> Sighting:
    return Sighting(
        image_id=1, copy_score=copy, product_score=0.5, verified=verified, cosine=0.9, inliers=60, quad=quad
    )


def test_a_large_photo_is_read_larger_than_it_is_matched_and_told_in_its_own_pixels() -> None:
    reader, (line,) = read(jpeg(1600, 800))
    assert reader.shown == [(200, 400)]
    assert line.outline == ((40, 80), (440, 80), (440, 160), (40, 160))


def test_a_small_photo_is_not_decoded_twice() -> None:
    reader, (line,) = read(jpeg(120, 60))
    assert reader.shown == [(60, 120)]
    assert line == LINE


def test_a_photo_that_is_a_copy_is_not_read() -> None:
    reader, lines = read(jpeg(1600, 800), sighting(WHOLE))
    assert (reader.shown, lines) == ([], ())


@pytest.mark.parametrize(
    "one",
    [
        sighting(WHOLE, copy=0.6),
        sighting(WHOLE, verified=False),
        sighting(()),
        sighting(((0.0, 0.0), (0.5, 0.0), (0.5, 0.9), (0.0, 0.9))),
        sighting(((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))),
    ],
    ids=["unsure", "unverified", "nowhere", "in a part of the photo", "crossed"],
)
def test_anything_less_than_a_sure_copy_of_the_whole_is_read(one: Sighting) -> None:
    assert copied(one) < 0.8
    assert read(jpeg(160, 80), one)[1]


def text(reader: FixedReader) -> list[str]:
    blob = jpeg(160, 80)
    lines = PhotoText(reader, LEXICON).lines(LargePhoto(blob, "p", decode(blob, "p", SETTINGS), SETTINGS), ())
    return [line.text for line in lines]


def at(top: float, words: str, height: float = 10) -> TextLine:
    return TextLine(((0, top), (90, top), (90, top + height), (0, top + height)), words, 0.6)


def test_a_line_that_is_almost_a_wordmark_is_looked_at_again_and_no_other() -> None:
    reader = FixedReader(at(0, "adidas"), at(20, "abidas"), at(40, "washing powder"))
    reader.second["abidas"] = at(20, "adidas")
    assert text(reader) == ["adidas", "adidas", "washing powder"]
    assert reader.again == ["abidas"]


def test_of_a_wall_of_near_misses_the_largest_are_looked_at_again() -> None:
    reader = FixedReader(*(at(0, f"abidas {row}", height=row) for row in range(1, 40)))
    assert len(text(reader)) == 39
    assert reader.again == [f"abidas {row}" for row in range(39, 39 - MOST_LOOKS, -1)]


def test_without_a_reader_there_is_no_text() -> None:
    blob = jpeg(160, 80)
    assert (
        PhotoText(None, LEXICON).lines(LargePhoto(blob, "p", decode(blob, "p", SETTINGS), SETTINGS), ()) == ()
    )


def test_a_photo_that_is_gone_bad_between_is_an_image_error() -> None:
    picture = decode(jpeg(1600, 800), "p", SETTINGS)
    with pytest.raises(ImageError):
        PhotoText(FixedReader(), LEXICON).lines(LargePhoto(b"GIF89a", "p", picture, SETTINGS), ())


def test_the_settings_choose_the_reader() -> None:
    assert build_text_reader(ModelSettings(text="none")) is None
    chosen = build_text_reader(ModelSettings())
    assert chosen is not None
    assert chosen.name.startswith("rapidocr@")
    larger = build_text_reader(ModelSettings(text_side=960))
    assert larger is not None
    assert larger.fingerprint != chosen.fingerprint


@pytest.mark.parametrize(
    "name", ["", "paddle", "rapidocr:rus", "tesseract", "tesseract:", "rapidocr,", "none,none"]
)
def test_a_reader_of_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(ModelError, match="reads no text; use one of rapidocr, tesseract:LANGUAGES"):
        build_text_reader(ModelSettings(text=name))
