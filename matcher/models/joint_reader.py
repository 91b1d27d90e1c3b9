"""One reader finds the lines of a photo, others read each of them too, for scripts the first one lacks."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from matcher.models import LineReader, Pixels, TextLine, TextReader
from matcher.models.text_crops import WIDER, Quad, cut_out, upside_down

KNOWN = ("LATIN", "CJK", "HIRAGANA", "KATAKANA", "GREEK")
"""Scripts of the reader that finds the lines: what others read in them adds nothing."""
FOREIGN = 0.6
"""Share of letters in other scripts from which on a reading is in one."""
BELIEVED, BELIEVED_BY_DOUBT, DOUBTED = 0.8, 0.6, 0.8
"""A reading in another script that is as sure is what the line says; less will do where the finder doubts."""
TOLD = 0.5
"""One that is as sure is something that the line may say."""


class JointReader:
    """`finder` finds and reads the lines, each of `others` reads what was cut out of the photo for it.

    What another surely reads in its own script is believed; what the finder read, as well as its letters
    look in Latin, is then what the line may also say.
    """

    def __init__(self, finder: TextReader, others: Sequence[LineReader]) -> None:
        self._finder, self._others = finder, tuple(others)
        prints = [finder.fingerprint, *(reader.fingerprint for reader in self._others)]
        recipe = f"{prints} {KNOWN} {FOREIGN} {BELIEVED} {BELIEVED_BY_DOUBT} {DOUBTED} {TOLD}"
        self.fingerprint = hashlib.sha256(recipe.encode()).hexdigest()
        self.name = ",".join([finder.name, *(reader.name for reader in self._others)])

    def read(self, images: Sequence[Pixels]) -> list[list[TextLine]]:
        """Lines an image, in the order of the finder; those that nobody could read are left out."""
        found = zip(images, self._finder.read(images), strict=True)
        read = [[self._also_read(image, line) for line in lines] for image, lines in found]
        return [[line for line in lines if line.text.strip()] for lines in read]

    def look_again(self, image: Pixels, line: TextLine) -> TextLine:
        """The finder's other look at a line that it read; else `line`, as the others look only once."""
        return line if _foreign(line.text) >= FOREIGN else self._finder.look_again(image, line)

    def _also_read(self, image: Pixels, line: TextLine) -> TextLine:
        """The finder cannot tell which way up a line of another script stands, so both ways are read."""
        corners = np.array(line.outline, np.float32)
        ways = [(way, cut_out(image, way, margin=WIDER)) for way in (corners, upside_down(corners))]
        for reader in self._others:
            read = [_placed(reader.read_line(cut), way) for way, cut in ways]
            line = _believed(line, max(read, key=lambda one: one.score))
        return line


def _believed(line: TextLine, other: TextLine) -> TextLine:
    """The line as both have it."""
    if other.text == line.text or other.score < TOLD:
        return line
    wanted = BELIEVED_BY_DOUBT if line.score < DOUBTED else BELIEVED
    if other.score < wanted or _foreign(other.text) < FOREIGN:
        return replace(line, others=_doubts(line.text, (*line.others, other.text)))
    return replace(other, others=_doubts(other.text, (line.text, *line.others)))


def _placed(line: TextLine, corners: Quad) -> TextLine:
    """A line that was cut out, where it stands in the photo."""
    return replace(line, outline=tuple((round(float(x), 1), round(float(y), 1)) for x, y in corners))


def _doubts(text: str, others: Sequence[str]) -> tuple[str, ...]:
    return tuple(other for other in dict.fromkeys(others) if other and other != text)


def _foreign(text: str) -> float:
    """The share of its letters that are of no script of `KNOWN`."""
    letters = [sign for sign in text if sign.isalpha()]
    known = sum(unicodedata.name(sign, "").startswith(KNOWN) for sign in letters)
    return 1 - known / len(letters) if letters else 0.0
