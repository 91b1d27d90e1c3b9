"""Readers asked together: each place is told once, by the surer of them."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.models import TextLine
from matcher.models.joint_reader import JointReader
from matcher.models.rapidocr_reader import RapidOcrReader
from tests.matcher.models.fixed_reader import FixedReader
from tests.matcher.models.text_reader_contract import TextReaderContract


def line(text: str, score: float, left: float = 0, top: float = 0, *others: str) -> TextLine:
    outline = ((left, top), (left + 100, top), (left + 100, top + 20), (left, top + 20))
    return TextLine(outline, text, score, (), others)


class TestContract(TextReaderContract):
    @pytest.fixture
    def reader(self) -> JointReader:
        return JointReader([RapidOcrReader(), FixedReader()])


def joined(*readers: FixedReader) -> list[TextLine]:
    return JointReader(readers).read([np.zeros((200, 200, 3), np.uint8)])[0]


def test_where_both_read_the_surer_one_is_believed_and_the_other_kept_as_a_doubt() -> None:
    latin, cyrillic = FixedReader(line("HAMK", 0.7)), FixedReader(line("НАЙК", 0.9, 4, 2))
    found = joined(latin, cyrillic)
    assert [(one.text, one.others) for one in found] == [("НАЙК", ("HAMK",))]
    assert [(one.text, one.others) for one in joined(cyrillic, latin)] == [("НАЙК", ("HAMK",))]


def test_two_that_agree_leave_no_doubt() -> None:
    one, two = FixedReader(line("Nike", 0.8)), FixedReader(line("Nike", 0.9))
    assert [(found.text, found.score, found.others) for found in joined(one, two)] == [("Nike", 0.9, ())]


def test_what_only_one_of_them_found_is_kept_in_its_place() -> None:
    one, two = (
        FixedReader(line("above", 0.9), line("below", 0.9, 0, 90)),
        FixedReader(line("beside", 0.9, 110)),
    )
    assert [found.text for found in joined(one, two)] == ["above", "below", "beside"]


def test_an_outline_without_an_area_is_no_place() -> None:
    flat = TextLine(((5, 5), (5, 5), (5, 5), (5, 5)), "dot", 0.9)
    assert [found.text for found in joined(FixedReader(flat), FixedReader(line("x", 0.9)))] == ["dot", "x"]
