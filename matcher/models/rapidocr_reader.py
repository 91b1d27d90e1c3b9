"""Reads text in photos with PP-OCRv6, whose weights the package rapidocr brings along."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from matcher.errors import ModelError
from matcher.models import Pixels, TextLine
from matcher.models.ctc import Reading, read_columns
from matcher.models.onnx_session import Session, open_session
from matcher.models.text_crops import (
    HEIGHT,
    LONGEST,
    WIDER,
    Quad,
    as_read,
    cut_out,
    evened,
    is_tall,
    planes,
    sides,
    upside_down,
)

if TYPE_CHECKING:
    from matcher.models.text_boxes import TextBoxes
    from matcher.models.text_finder import TextFinder

BOXES, LINES = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"
REMEDY = "reinstall the package rapidocr"
RECIPE = 4
"""Counts up with every change of how lines are found and read."""
MOST_LINES, MOST_COLUMNS = 48, 8_000
"""Lines read in one photo, and pixels of their lengths at the recogniser's height, the largest lines first: a
wordmark is not small print, and a wall of text must not hold up a scan."""
UPRIGHT, SURE = 0.97, 0.9
"""A line read less surely than the first is read upside down too: few words are surely one both ways."""
SHORTEST_WORD = 3
"""Letters of a line that is no mere piece of one that runs up or down."""
SECOND_LOOK, HOPELESS = 0.9, 0.5
"""A line with a letter read less surely is cut out again, a little wider, unless next to nothing was read:
folds of cloth are taken for lines too."""
CUTS = (0.0, 0.04, WIDER, 0.14, -0.06)
"""How much wider than its box a line is cut when it is looked at again."""
NARROWEST = 96
"""Pixels that the recogniser sees at least of a line; the rest of a shorter one is left grey."""


class RapidOcrReader:
    """Finds lines, then reads each: PP-OCRv6 small in ONNX Runtime on the CPU, one thread, line by line.

    Chinese, Japanese, Latin and Greek scripts. On one thread a batch gains nothing, and a line read alone
    gives the same digits beside any other. `side`: pixels of the photo's longest side in which lines are
    found; they are cut out of the photo as it is given. `finder`: says where lines are to be looked for, and
    without one it is everywhere. `unread`: lines without a letter it knows are told too. The graphs are
    opened when the first photo is read. Raises `ModelError` where they are missing or damaged.
    """

    def __init__(
        self,
        *,
        side: int = 736,
        finder: TextFinder | None = None,
        weights: Path | None = None,
        unread: bool = False,
    ) -> None:
        package = distribution("rapidocr")
        self._side, self._finder, self._unread = side, finder, unread
        self._weights = weights or Path(str(package.locate_file("rapidocr/models")))
        found = finder.fingerprint if finder else ""
        digest = hashlib.sha256(f"{RECIPE} {side} {package.version} {found}".strip().encode())
        for name in (BOXES, LINES):
            digest.update(hashlib.sha256(_read(self._weights / name)).digest())
        self.fingerprint = digest.hexdigest()
        self.name = f"rapidocr@{self.fingerprint[:12]}"

    def read(self, images: Sequence[Pixels]) -> list[list[TextLine]]:
        """Lines an image, in reading order."""
        return [self._lines(image) for image in images]

    @cached_property
    def _boxes(self) -> TextBoxes:
        from matcher.models.text_boxes import TextBoxes

        return TextBoxes(self._opened(BOXES), side=self._side, finder=self._finder)

    @cached_property
    def _reading(self) -> Session:
        return self._opened(LINES)

    @cached_property
    def _alphabet(self) -> list[str]:
        return _alphabet(self._reading)

    def _opened(self, name: str) -> Session:
        return open_session("rapidocr", _read(self._weights / name), REMEDY)

    def look_again(self, image: Pixels, line: TextLine) -> TextLine:
        """The reading that most of several cuts of the line agree on."""
        corners = np.array(line.outline, np.float32)
        looks = [self._look(image, corners, margin=margin) for margin in CUTS]
        looks.append(self._read_cut(evened(cut_out(image, corners, margin=WIDER))))
        return _line(corners, agreed(looks))

    def _lines(self, image: Pixels) -> list[TextLine]:
        boxes = in_reading_order(worth_reading(self._boxes.find(image)))
        lines = once(boxes, [self._line(image, as_read(box)) for box in boxes])
        return [line for line in lines if self._unread or line.text.strip()]

    def _line(self, image: Pixels, corners: Quad) -> TextLine:
        best = self._look(image, corners)
        if best.score < UPRIGHT:
            turned = self._look(image, upside_down(corners))
            if turned.score > best.score:
                best, corners = turned, upside_down(corners)
        if best.score >= HOPELESS and min(best.letters) < SECOND_LOOK:
            best = _surer(best, self._look(image, corners, margin=WIDER))
        return _line(corners, best)

    def _look(self, image: Pixels, corners: Quad, *, margin: float = 0.0) -> Reading:
        return self._read_cut(cut_out(image, corners, margin=margin))

    def _read_cut(self, line: Pixels) -> Reading:
        wide = np.zeros((1, 3, HEIGHT, max(NARROWEST, line.shape[1])), np.float32)
        wide[0, :, :, : line.shape[1]] = planes(line)
        (told,) = self._reading.run(None, {self._reading.get_inputs()[0].name: wide})
        return read_columns(told[0], self._alphabet)


def worth_reading(boxes: Sequence[Quad]) -> list[Quad]:
    """The largest boxes, as many as `MOST_LINES` and `MOST_COLUMNS` allow, at least one."""
    kept: list[Quad] = []
    columns = 0.0
    for box in sorted(boxes, key=lambda one: -min(sides(one)))[:MOST_LINES]:
        columns += min(LONGEST, HEIGHT * max(sides(box)) / max(1.0, min(sides(box))))
        if kept and columns > MOST_COLUMNS:
            break
        kept.append(box)
    return kept


def in_reading_order(boxes: Sequence[Quad]) -> list[Quad]:
    """Boxes from the top down, those side by side from the left."""
    rows: list[list[Quad]] = []
    for box in sorted(boxes, key=lambda one: float(one[:, 1].mean())):
        middle = float(box[:, 1].mean())
        if rows and middle < float(rows[-1][0][:, 1].max()) and len(rows[-1]) < MOST_LINES:
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row, key=lambda one: float(one[:, 0].min()))]


def once(boxes: Sequence[Quad], lines: Sequence[TextLine]) -> list[TextLine]:
    """The lines without those that are told twice: in a tall box, and in flat ones inside it.

    The tall one is believed unless it is unsure and a flat one is sure: then it only joined lines that stand
    one below the other, as labels of packages do.
    """
    from matcher.models.text_boxes import covers

    hidden: set[int] = set()
    for place in (place for place, box in enumerate(boxes) if is_tall(box)):
        inside = [other for other, box in enumerate(boxes) if not is_tall(box) and covers(boxes[place], box)]
        joined = lines[place].score < SURE and any(map(_is_sure_word, (lines[other] for other in inside)))
        hidden.update([place] if joined else inside)
    return [line for place, line in enumerate(lines) if place not in hidden]


def _is_sure_word(line: TextLine) -> bool:
    return line.score >= SURE and len(line.text.strip()) >= SHORTEST_WORD


def agreed(looks: Sequence[Reading]) -> Reading:
    """The text that most of the looks give, the surest of those where they are even.

    Its letters are as sure as on the mean of the looks that give it; all else that was seen is in `others`.
    """
    texts = [look.text for look in looks]
    text = max(
        texts, key=lambda one: (texts.count(one), max(look.score for look in looks if look.text == one))
    )
    same = [look for look in looks if look.text == text]
    letters = tuple(
        round(sum(sures) / len(same), 4) for sures in zip(*(look.letters for look in same), strict=True)
    )
    others = dict.fromkeys((*texts, *(other for look in looks for other in look.others)))
    return Reading(
        text,
        round(sum(look.score for look in same) / len(same), 4),
        letters,
        tuple(other for other in others if other and other != text),
    )


def _surer(one: Reading, two: Reading) -> Reading:
    """The surer of two looks at a line; what the other saw differently is something the line may say."""
    first, second = (one, two) if one.score >= two.score else (two, one)
    others = dict.fromkeys((second.text, *first.others, *second.others))
    return first._replace(others=tuple(other for other in others if other and other != first.text))


def _line(corners: Quad, reading: Reading) -> TextLine:
    outline = tuple((round(float(x), 1), round(float(y), 1)) for x, y in corners)
    return TextLine(outline, reading.text, reading.score, reading.letters, reading.others)


def _alphabet(session: Session) -> list[str]:
    """The classes of the recogniser: nothing, the signs that its graph lists, a blank."""
    listed = session.get_modelmeta().custom_metadata_map.get("character")
    if not listed:
        raise ModelError("rapidocr", f"its recogniser lists no alphabet; {REMEDY}")
    return ["", *listed.splitlines(), " "]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError("rapidocr", f"{path.name} cannot be read: {error.strerror}; {REMEDY}") from error
