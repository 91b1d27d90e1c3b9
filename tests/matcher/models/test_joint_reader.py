"""One finds the lines, others read them too: what is in their own script is theirs to say."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.models import Pixels, TextLine
from matcher.models.joint_reader import JointReader
from matcher.models.rapidocr_reader import RapidOcrReader
from tests.matcher.models.fixed_reader import FixedReader
from tests.matcher.models.text_reader_contract import TextReaderContract

PHOTO = np.zeros((200, 200, 3), np.uint8)


class FixedLine:
    """Reads the same in every line that it is shown; `shown`: their sizes (height, width)."""

    name, fingerprint = "fixed line", "1"

    def __init__(self, text: str, score: float) -> None:
        self._told = TextLine(((0, 0), (9, 0), (9, 9), (0, 9)), text, score, (score,) * len(text))
        self.shown: list[tuple[int, ...]] = []

    def read_line(self, line: Pixels) -> TextLine:
        self.shown.append(line.shape[:2])
        return self._told


def line(text: str, score: float, *others: str) -> TextLine:
    return TextLine(((10, 10), (110, 10), (110, 30), (10, 30)), text, score, (), others)


def read(found: TextLine, *others: FixedLine) -> list[TextLine]:
    return JointReader(FixedReader(found), others).read([PHOTO])[0]


class TestContract(TextReaderContract):
    @pytest.fixture
    def reader(self) -> JointReader:
        return JointReader(RapidOcrReader(unread=True), [FixedLine("", 0.0)])


def test_a_sure_reading_in_another_script_is_what_the_line_says() -> None:
    (found,) = read(line("WAHEA", 0.97, "WAHEI"), FixedLine("ШАНЕЛЬ", 0.9))
    assert (found.text, found.score, found.others) == ("ШАНЕЛЬ", 0.9, ("WAHEA", "WAHEI"))
    assert found.letters == (0.9,) * 6
    assert found.outline == line("", 0).outline


def test_where_the_finder_doubts_less_is_enough() -> None:
    assert [one.text for one in read(line("HAMK", 0.5), FixedLine("НАЙК", 0.7))] == ["НАЙК"]


def test_an_unsure_one_is_a_doubt_and_less_is_nothing() -> None:
    assert [one.others for one in read(line("HAMK", 0.9), FixedLine("НАЙК", 0.7))] == [("НАЙК",)]
    assert read(line("HAMK", 0.7), FixedLine("НАЙК", 0.3)) == [line("HAMK", 0.7)]


def test_what_others_read_in_a_script_of_the_finder_is_only_a_doubt() -> None:
    (found,) = read(line("Nike", 0.6), FixedLine("Nlke", 0.95))
    assert (found.text, found.others) == ("Nike", ("Nlke",))
    assert read(line("Nike", 0.6), FixedLine("Nike", 0.95)) == [line("Nike", 0.6)]


def test_a_line_that_the_finder_could_not_read_is_there_where_another_can() -> None:
    assert [one.text for one in read(line("", 0.0), FixedLine("생로랑", 0.9))] == ["생로랑"]
    assert read(line("", 0.0), FixedLine("", 0.0)) == []


def test_each_is_shown_the_line_alone_laid_flat() -> None:
    other = FixedLine("", 0.0)
    read(line("Nike", 0.9), other)
    assert len(other.shown) == 2, "upright and on its head"
    assert len(set(other.shown)) == 1
    height, width = other.shown[0]
    assert height == 48
    assert 4 < width / height < 6


def test_a_line_that_stood_on_its_head_is_told_from_where_it_begins() -> None:
    class Upside(FixedLine):
        """Can read only what it is shown second."""

        def read_line(self, line: Pixels) -> TextLine:
            found = super().read_line(line)
            return found if len(self.shown) == 2 else TextLine(found.outline, "ЧYX", 0.2)

    (found,) = read(line("TIOH", 0.5), Upside("ШАНЕЛЬ", 0.9))
    assert found.text == "ШАНЕЛЬ"
    assert found.outline == (*line("", 0).outline[2:], *line("", 0).outline[:2])


def test_another_look_is_the_finders_at_what_it_read_itself() -> None:
    finder = FixedReader()
    finder.second["Nke"] = line("Nike", 0.9)
    reader = JointReader(finder, [FixedLine("", 0.0)])
    assert reader.look_again(PHOTO, line("Nke", 0.5)).text == "Nike"
    assert reader.look_again(PHOTO, line("ШАНЕЛЬ", 0.9)).text == "ШАНЕЛЬ"
    assert finder.again == ["Nke"]


def test_its_fingerprint_tells_of_every_reader() -> None:
    alone, joint = FixedReader(), JointReader(FixedReader(), [FixedLine("x", 0.9)])
    assert joint.fingerprint != alone.fingerprint
    assert joint.name == "fixed,fixed line"
