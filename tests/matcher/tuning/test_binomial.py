"""Exact intervals agree with published values, and say how many labels a precision takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.tuning.binomial import at_most, interval, least_trials, shown


@pytest.mark.parametrize(
    ("right", "trials", "low", "high"),
    [(8, 10, 0.4439, 0.9748), (10, 10, 0.6915, 1.0), (0, 10, 0.0, 0.3085), (95, 100, 0.8872, 0.9836)],
)
def test_intervals_are_those_of_clopper_and_pearson(right: int, trials: int, low: float, high: float) -> None:
    assert interval(right, trials) == pytest.approx((low, high), abs=1e-4)


def test_of_nothing_nothing_is_known() -> None:
    assert interval(0, 0) == (0.0, 1.0)
    assert not shown(0, 0, 0.5, 0.95)


@pytest.mark.parametrize(("share", "needed"), [(0.9, 29), (0.95, 59), (0.99, 299)])
def test_a_precision_takes_so_many_labels_when_all_are_right(share: float, needed: int) -> None:
    assert least_trials(share, 0.95) == needed
    assert shown(needed, needed, share, 0.95)
    assert not shown(needed - 1, needed - 1, share, 0.95)


def test_mistakes_take_more_labels_and_too_many_take_no_number() -> None:
    assert least_trials(0.9, 0.95, failing=0.05) > 100
    assert least_trials(0.9, 0.95, failing=0.1) == 0


@given(trials=st.integers(1, 60), rate=st.floats(0.01, 0.99), failures=st.integers(0, 60))
def test_a_tail_is_a_probability_that_grows(trials: int, rate: float, failures: int) -> None:
    assert 0 <= at_most(failures, trials, rate) <= at_most(failures + 1, trials, rate) <= 1


@given(trials=st.integers(1, 300), share=st.floats(0.5, 0.98), more=st.floats(0.0, 0.019), data=st.data())
def test_what_shows_a_high_precision_shows_a_lower_one(
    trials: int, share: float, more: float, data: st.DataObject
) -> None:
    right = data.draw(st.integers(0, trials))
    assert not shown(right, trials, share + more, 0.95) or shown(right, trials, share, 0.95)
