"""Reads text in photos with Tesseract, for scripts the default reader lacks: Cyrillic, Korean, Arabic …"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import pytesseract
from PIL import Image

from matcher.errors import ModelError
from matcher.models import Pixels, TextLine

SPARSE = 11
"""Tesseract's page segmentation mode for text anywhere, in no order (`--psm`)."""
SECONDS = 20
LEAST = 0.3
"""Words read less surely are the texture of things."""
SMALLEST = 640
"""Photos smaller than this, in pixels of the longest side, are enlarged: Tesseract is made for scans."""
_INSTALL = (
    "install Tesseract with the languages wanted (on Debian: apt install tesseract-ocr tesseract-ocr-rus)"
)
Word = tuple[int, int, int, int, str, float]


class TesseractReader:
    """Tesseract (LSTM) run as a program of its own on each photo.

    `languages`: its names joined by `+`, such as `rus+kor`. Upright text only; outlines are level boxes.
    Raises `ModelError` where the program or a language is missing.
    """

    def __init__(self, languages: str) -> None:
        try:
            has = set(pytesseract.get_languages())
            version = str(pytesseract.get_tesseract_version())
        except (pytesseract.TesseractError, OSError, SystemExit) as error:
            raise ModelError("tesseract", f"is not installed; {_INSTALL}") from error
        missing = [one for one in languages.split("+") if one not in has]
        if missing:
            raise ModelError("tesseract", f"has no language {missing[0] or repr('')}; {_INSTALL}")
        self._languages = languages
        recipe = f"{version} {languages} {SPARSE} {SMALLEST} {LEAST}"
        self.fingerprint = hashlib.sha256(recipe.encode()).hexdigest()
        self.name = f"tesseract:{languages}@{self.fingerprint[:12]}"

    def read(self, images: Sequence[Pixels]) -> list[list[TextLine]]:
        """Lines an image, in reading order; none where Tesseract takes too long over it."""
        return [self._lines(image) for image in images]

    def look_again(self, image: Pixels, line: TextLine) -> TextLine:
        """`line`: Tesseract reads the same in every cut."""
        return line

    def _lines(self, image: Pixels) -> list[TextLine]:
        picture = Image.fromarray(image)
        factor = max(1.0, SMALLEST / max(picture.size))
        if factor > 1:
            picture = picture.resize((round(picture.width * factor), round(picture.height * factor)))
        try:
            found = pytesseract.image_to_data(
                picture,
                lang=self._languages,
                config=f"--psm {SPARSE}",
                timeout=SECONDS,
                output_type=pytesseract.Output.DICT,
            )
        except (pytesseract.TesseractError, RuntimeError):  # the latter is its time limit
            return []
        lines: dict[tuple[int, ...], list[Word]] = defaultdict(list)
        for place, text in enumerate(found["text"]):
            sure = float(found["conf"][place]) / 100
            if text.strip() and sure >= LEAST:
                of = tuple(int(found[level][place]) for level in ("block_num", "par_num", "line_num"))
                box = (int(found[side][place]) for side in ("left", "top", "width", "height"))
                lines[of].append((*box, text.strip(), min(sure, 1.0)))
        return [_line(words, factor) for words in lines.values()]


def _line(words: Sequence[Word], factor: float) -> TextLine:
    left, top = min(word[0] for word in words), min(word[1] for word in words)
    right, low = max(word[0] + word[2] for word in words), max(word[1] + word[3] for word in words)
    corners = ((left, top), (right, top), (right, low), (left, low))
    letters = [sure for *_, text, sure in words for _ in text]
    return TextLine(
        tuple((round(x / factor, 1), round(y / factor, 1)) for x, y in corners),
        " ".join(text for *_, text, _ in words),
        round(sum(letters) / len(letters), 4),
        tuple(round(sure, 4) for sure in _spaced(words)),
    )


def _spaced(words: Sequence[Word]) -> list[float]:
    """A sureness for each character of the joined words; a blank is as sure as what is before it."""
    sures: list[float] = []
    for *_, text, sure in words:
        if sures:
            sures.append(sures[-1])
        sures.extend([sure] * len(text))
    return sures
