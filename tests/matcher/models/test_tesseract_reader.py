"""Tesseract as a reader, where it is installed, and what is said where it or a language is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from matcher.errors import ModelError
from tests.matcher.models.text_reader_contract import TextReaderContract

pytest.importorskip("pytesseract", reason="pytesseract is an extra")
from matcher.models.tesseract_reader import TesseractReader

installed = pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")


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


def test_without_the_program_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelError, match="is not installed; install Tesseract"):
        TesseractReader("eng")
