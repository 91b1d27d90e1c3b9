"""The default reader: turned, faint and crowded text, alternatives, and what happens without its weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from matcher.errors import ModelError
from matcher.models import Pixels, TextLine
from matcher.models.ctc import Reading
from matcher.models.rapidocr_reader import BOXES, LINES, MOST_LINES, RapidOcrReader, agreed, once
from tests.matcher.models.text_reader_contract import TextReaderContract, written


@pytest.fixture(scope="module")
def rapid() -> RapidOcrReader:
    return RapidOcrReader()


class TestContract(TextReaderContract):
    @pytest.fixture
    def reader(self, rapid: RapidOcrReader) -> RapidOcrReader:
        return rapid


def texts(reader: RapidOcrReader, image: Pixels) -> list[str]:
    return [line.text for line in reader.read([image])[0]]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_turned_photos_are_read_and_lines_begin_where_the_writing_does(
    rapid: RapidOcrReader, quarters: int
) -> None:
    upright = written("Panasonic")
    turned = np.ascontiguousarray(np.rot90(upright, quarters))
    (line,) = rapid.read([turned])[0]
    assert line.text == "Panasonic"
    begin, end = np.array(line.outline[0]), np.array(line.outline[1])
    direction = [(1, 0), (0, -1), (-1, 0), (0, 1)][quarters]
    assert (end - begin) @ np.array(direction) > 200


def test_faint_print_is_read(rapid: RapidOcrReader) -> None:
    assert texts(rapid, written("adidos", ink=212, paper=228)) == ["adidos"]


def test_large_print_does_not_hide_small_print_on_a_large_photo(rapid: RapidOcrReader) -> None:
    sheet = written("Panasonic", size=(2400, 1800), height=400)
    small = written("made in nowhere", size=(420, 120), height=40)
    sheet[1500:1620, 300:720] = small
    assert texts(rapid, sheet) == ["Panasonic", "made in nowhere"]


def test_a_second_look_agrees_on_what_is_plainly_written(rapid: RapidOcrReader) -> None:
    sheet = written("adidos", ink=90)
    (line,) = rapid.read([sheet])[0]
    again = rapid.look_again(sheet, line)
    assert (again.text, again.outline) == ("adidos", line.outline)
    assert "adidas" not in again.others


def look(text: str, sure: float, *others: str) -> Reading:
    return Reading(text, sure, (sure,) * len(text), others)


def test_of_several_looks_the_text_seen_most_is_taken_and_the_rest_told() -> None:
    found = agreed([look("abidas", 0.9), look("adidas", 0.99), look("abidas", 0.7, "abibas")])
    assert (found.text, found.score, found.letters[1]) == ("abidas", 0.8, 0.8)
    assert found.others == ("adidas", "abibas")
    assert agreed([look("abidas", 0.6), look("adidas", 0.9)]).text == "adidas"


def test_a_wall_of_text_is_read_from_its_largest_lines(rapid: RapidOcrReader) -> None:
    sheet = written(*["small print of the label"] * 70, size=(1280, 2600), height=16)
    sheet[2380:2560, 40:680] = written("Panasonic", size=(640, 180))
    read = texts(rapid, sheet)
    assert len(read) <= MOST_LINES
    assert "Panasonic" in read


def test_chinese_japanese_and_accents_are_in_its_alphabet(rapid: RapidOcrReader) -> None:
    alphabet = set(rapid._alphabet)
    assert set("耐克可口可乐アディダスéèüñøłΩ") <= alphabet


def test_the_fingerprint_follows_the_settings_and_the_weights(tmp_path: Path, rapid: RapidOcrReader) -> None:
    assert RapidOcrReader().fingerprint == rapid.fingerprint
    assert RapidOcrReader(side=960).fingerprint != rapid.fingerprint
    for name in (BOXES, LINES):
        shutil.copy(rapid._weights / name, tmp_path)
    with (tmp_path / LINES).open("ab") as file:
        file.write(b"\x00")
    assert RapidOcrReader(weights=tmp_path).fingerprint != rapid.fingerprint


def test_missing_or_damaged_weights_are_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=rf"{BOXES} cannot be read.*reinstall the package rapidocr"):
        RapidOcrReader(weights=tmp_path)
    for name in (BOXES, LINES):
        (tmp_path / name).write_bytes(b"no graph")
    with pytest.raises(ModelError, match="damaged; reinstall the package rapidocr"):
        RapidOcrReader(weights=tmp_path).read([written("A")])


def box(
    left: float, top: float, right: float, low: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array([[left, top], [right, top], [right, low], [left, low]], np.float32)


def test_a_tall_box_hides_the_lines_in_it_unless_it_only_joined_them() -> None:
    """To the detector labels one below the other look like a tall line, a word that runs down like many."""
    boxes = [box(0, 0, 40, 200), box(5, 10, 35, 30), box(5, 150, 35, 190), box(80, 0, 120, 20)]

    def told(tall: float, first: str, sure: float) -> list[str]:
        read = [("ADIDAS", tall), (first, sure), ("D", 0.95), ("eko", 0.4)]
        return [line.text for line in once(boxes, [TextLine((), text, score) for text, score in read])]

    assert told(0.95, "Arla", 0.99) == ["ADIDAS", "eko"]  # surely a line that runs down
    assert told(0.6, "Arla", 0.99) == ["Arla", "D", "eko"]  # a label above others
    assert told(0.6, "A", 0.99) == ["ADIDAS", "eko"]  # a single letter is a piece of it
    assert told(0.6, "Arla", 0.5) == ["ADIDAS", "eko"]  # nobody is sure
