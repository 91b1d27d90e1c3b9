"""What columns of probabilities say: letters once, doubles apart, and what else may stand there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from matcher.models.ctc import read_columns

ALPHABET = ["", "a", "b", "d"]


def columns(*shares: tuple[float, float, float, float]) -> NDArray[np.float32]:
    return np.array(shares, np.float32)


A, B, D = (0.01, 0.97, 0.01, 0.01), (0.01, 0.01, 0.97, 0.01), (0.01, 0.01, 0.01, 0.97)
GAP = (0.97, 0.01, 0.01, 0.01)


def test_a_letter_that_stands_in_several_columns_is_one_and_a_gap_parts_doubles() -> None:
    assert read_columns(columns(A, A, GAP, B, GAP, B), ALPHABET).text == "abb"


def test_a_sure_line_leaves_nothing_open() -> None:
    found = read_columns(columns((0.0, 1.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)), ALPHABET)
    assert (found.text, found.score, found.letters, found.others) == ("a", 1.0, (1.0,), ())


def test_an_unsure_letter_is_told_with_what_it_may_be() -> None:
    found = read_columns(columns(A, (0.02, 0.03, 0.6, 0.35), A), ALPHABET)
    assert found.text == "aba"
    assert found.letters[1] == pytest.approx(0.6, abs=1e-4)
    assert found.others[0] == "ada"


def test_a_letter_that_may_not_be_there_is_told_too() -> None:
    assert "aa" in read_columns(columns(A, (0.45, 0.0, 0.55, 0.0), A), ALPHABET).others


def test_no_column_and_gaps_alone_say_nothing() -> None:
    nothing = ("", 0.0, (), ())
    assert tuple(read_columns(np.zeros((0, 4), np.float32), ALPHABET)) == nothing
    assert tuple(read_columns(columns(GAP, GAP), ALPHABET))[:3] == nothing[:3]


@given(arrays(np.float32, (12, 4), elements=st.floats(2**-10, 1, width=32)))
def test_any_columns_give_a_text_with_a_sureness_a_letter_and_others_that_differ(
    shares: NDArray[np.float32],
) -> None:
    found = read_columns(shares / shares.sum(axis=1, keepdims=True), ALPHABET)
    assert len(found.letters) == len(found.text)
    assert all(0 <= letter <= 1 for letter in found.letters)
    assert found.text not in found.others
    assert len(set(found.others)) == len(found.others)
