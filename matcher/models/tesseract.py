"""Tesseract's engine with the languages asked for: a line that was cut out, or a whole page, to letters."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import tesserocr
from PIL import Image

from matcher.errors import ModelError
from matcher.models import Pixels, TextLine
from matcher.models.ctc import Reading

PLACES = ("/usr/share/tesseract-ocr/*/tessdata", "/usr/share/tessdata", "/usr/local/share/tessdata")
"""Where systems keep the languages; the variable TESSDATA_PREFIX comes before them."""
SECONDS = 20
"""A page that takes longer is given up."""
_INSTALL = (
    "install Tesseract with the languages wanted (on Debian: apt install tesseract-ocr tesseract-ocr-rus)"
)


class Letter(NamedTuple):
    """One character: its box (left, top, right, low) in pixels, how sure its word is, whether one begins.

    Tesseract is sure of single letters of any nonsense; what its dictionary makes of the word tells more.
    """

    text: str
    box: tuple[int, int, int, int]
    sure: float
    begins: bool


class Tesseract:
    """Opens Tesseract (LSTM) once a thread. `languages`: its names joined by `+`, such as `rus+kor`.

    Raises `ModelError` where no languages are installed, or not these.
    """

    def __init__(self, languages: str) -> None:
        self._folder, has = _installed()
        missing = [one for one in languages.split("+") if one not in has]
        if missing:
            raise ModelError("tesseract", f"has no language {missing[0] or repr('')}; {_INSTALL}")
        self.languages, self._opened = languages, threading.local()
        digest = hashlib.sha256(f"{tesserocr.tesseract_version().split()[1]} {languages}".encode())
        for one in languages.split("+"):
            digest.update((self._folder / f"{one}.traineddata").read_bytes())
        self.fingerprint = digest.hexdigest()
        self.name = f"tesseract:{languages}@{self.fingerprint[:12]}"

    def read_line(self, line: Pixels) -> TextLine:
        """What stands in `line`, uint8 (height, width, 3): one line, laid flat, its begin on the left."""
        height, width = line.shape[:2]
        read = spelt([letter for letter, _ in self._marked(line, tesserocr.PSM.SINGLE_LINE)])
        outline = ((0, 0), (width, 0), (width, height), (0, height))
        return TextLine(outline, read.text, read.score, read.letters)

    def rows(self, page: Pixels) -> list[list[Letter]]:
        """Upright lines anywhere on a page, as Tesseract finds them; none where it takes too long over it."""
        rows: list[list[Letter]] = []
        for letter, starts in self._marked(page, tesserocr.PSM.SPARSE_TEXT):
            if starts or not rows:
                rows.append([])
            rows[-1].append(letter)
        return rows

    def _marked(self, pixels: Pixels, mode: Any) -> Iterator[tuple[Letter, bool]]:
        """Each letter, and whether a line begins with it."""
        api = self._api()
        api.SetPageSegMode(mode)
        api.SetImage(Image.fromarray(pixels))
        if not api.Recognize(SECONDS * 1000):
            return
        level = tesserocr.RIL
        for place in tesserocr.iterate_level(api.GetIterator(), level.SYMBOL):
            text, box = _text(place), place.BoundingBox(level.SYMBOL)
            if text.strip() and box is not None:
                sure = min(1.0, max(0.0, place.Confidence(level.WORD) / 100))
                begins = bool(place.IsAtBeginningOf(level.WORD))
                yield Letter(text, box, sure, begins), bool(place.IsAtBeginningOf(level.TEXTLINE))

    def _api(self) -> Any:
        if not hasattr(self._opened, "api"):
            self._opened.api = tesserocr.PyTessBaseAPI(path=str(self._folder), lang=self.languages)
        return self._opened.api


def spelt(letters: list[Letter]) -> Reading:
    """The letters as one text, words apart; a blank is as sure as the letter before it."""
    text = ""
    sures: list[float] = []
    for letter in letters:
        if letter.begins and text:
            text, sures = text + " ", [*sures, sures[-1]]
        text += letter.text
        sures += [round(letter.sure, 4)] * len(letter.text)
    return Reading(text, round(sum(sures) / len(sures), 4) if sures else 0.0, tuple(sures), ())


def _text(place: Any) -> str:
    try:
        return str(place.GetUTF8Text(tesserocr.RIL.SYMBOL))
    except RuntimeError:  # said of a place without text
        return ""


def _installed() -> tuple[Path, set[str]]:
    """The folder of languages, and which are in it."""
    named = os.environ.get("TESSDATA_PREFIX")
    places = [Path(named)] if named else [found for place in PLACES for found in _matching(place)]
    for folder in places:
        languages = {path.stem for path in folder.glob("*.traineddata")}
        if languages:
            return folder, languages
    raise ModelError("tesseract", f"finds no languages; {_INSTALL}, or name their folder in TESSDATA_PREFIX")


def _matching(place: str) -> list[Path]:
    return sorted(Path("/").glob(place.lstrip("/")), reverse=True)
