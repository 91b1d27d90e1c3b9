"""Tesseract as a reader, where its languages are installed, and what is said where one is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from benchmarks.text.lettering import FONTS, faces
from matcher.assembly import build_text_reader
from matcher.config import ModelSettings
from matcher.errors import ModelError
from tests.benchmarks.text.fonts import needs_noto
from tests.matcher.models.text_reader_contract import TextReaderContract, written

pytest.importorskip("tesserocr", reason="tesserocr is an extra")
from matcher.models.tesseract import PLACES, Tesseract
from matcher.models.tesseract_reader import TesseractReader

LANGUAGES = {path.stem for place in PLACES for path in Path("/").glob(f"{place[1:]}/*.traineddata")}
installed = pytest.mark.skipif("eng" not in LANGUAGES, reason="no language of Tesseract is installed")


@installed
class TestContract(TextReaderContract):
    @pytest.fixture
    def reader(self) -> TesseractReader:
        return TesseractReader("eng")


@installed
@pytest.mark.parametrize("languages", ["xyz", "eng+xyz", "eng+"])
def test_a_language_that_is_missing_is_named(languages: str) -> None:
    with pytest.raises(ModelError, match=r"has no language (xyz|''); install Tesseract with the languages"):
        TesseractReader(languages)


@installed
def test_a_line_that_was_cut_out_is_read_letter_by_letter() -> None:
    sheet = written("Panasonic 250", size=(480, 100), height=48)[20:92]
    read = Tesseract("eng").read_line(sheet)
    assert read.text == "Panasonic 250"
    assert len(read.letters) == len(read.text)
    assert read.score > 0.7
    assert read.outline[2] == (480, 72)


@installed
@pytest.mark.parametrize("size", [(48, 1), (1, 1), (48, 3000), (3, 48)])
def test_a_line_of_odd_shape_is_nothing_that_is_sure(size: tuple[int, int]) -> None:
    assert Tesseract("eng").read_line(np.full((*size, 3), 128, np.uint8)).score < 0.5


@pytest.mark.skipif("rus" not in LANGUAGES, reason="Tesseract's Russian is not installed")
def test_cyrillic_is_read_beside_latin_each_in_its_own_letters() -> None:
    needs_noto("Cyrillic")
    sheet = Image.new("RGB", (640, 240), (240,) * 3)
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(str(faces("Cyrillic", FONTS)[0]), 56)
    draw.text((40, 20), "ШАНЕЛЬ", font=font, fill=(20,) * 3)
    draw.text((40, 130), "CHANEL", font=font, fill=(20,) * 3)
    reader = build_text_reader(ModelSettings(text="rapidocr,tesseract:rus"))
    assert reader is not None
    (lines,) = reader.read([np.array(sheet)])
    assert [line.text for line in lines] == ["ШАНЕЛЬ", "CHANEL"]


def test_without_languages_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    with pytest.raises(ModelError, match="finds no languages; install Tesseract"):
        TesseractReader("eng")
