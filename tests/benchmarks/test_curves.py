"""Curves, calibration and cost: what they promise of ties, of nothing at all, and of a bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.curves import (
    CLEAR,
    COUNTERFEIT,
    REVIEW,
    cost_per_thousand,
    expected_calibration_error,
    histogram,
    precision_recall_at,
    precision_recall_curve,
    reliability,
    roc_auc,
    roc_curve,
    thinned,
    threshold_at_precision,
    thresholds,
)

NOTHING = np.empty(0), np.empty(0, np.bool_)
drawn = st.lists(
    st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.booleans(), st.integers(0, 3)),
    min_size=1,
    max_size=12,
)


def test_scores_that_are_equal_are_taken_together() -> None:
    score, correct = np.array([0.9, 0.5, 0.5]), np.array([True, True, False])
    threshold, precision, recall = precision_recall_curve(score, correct, true_total=4)
    assert threshold.tolist() == [0.9, 0.5]
    assert precision == pytest.approx([1, 2 / 3])
    assert recall.tolist() == [0.25, 0.5]


def test_the_threshold_of_a_precision_is_the_lowest_that_reaches_it() -> None:
    score, correct = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, True])
    assert threshold_at_precision(score, correct, 0.75) == 0.6
    assert threshold_at_precision(score, correct, 0.9) == 0.9
    assert threshold_at_precision(score, ~correct, 0.9) is None


def test_of_nothing_nothing_is_claimed() -> None:
    assert precision_recall_curve(*NOTHING)[0].size == 0
    assert math.isnan(roc_auc(*NOTHING))
    assert math.isnan(expected_calibration_error(*NOTHING))
    assert math.isnan(cost_per_thousand(np.empty(0, np.int64), NOTHING[1]))
    assert all(math.isnan(value) for value in precision_recall_at(*NOTHING, 0.5))
    assert threshold_at_precision(*NOTHING, 0.9) is None
    assert [rate.tolist() for rate in roc_curve(*NOTHING)[1:]] == [[pytest.approx(math.nan, nan_ok=True)]] * 2
    assert histogram(*NOTHING)[1].sum() == 0
    assert thinned(np.empty(0)) == []


def test_a_score_that_is_no_probability_or_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="no probability"):
        reliability(np.array([1.5]), np.array([True]))
    with pytest.raises(ValueError, match="finite"):
        thresholds(np.array([math.nan]), np.array([True]))
    with pytest.raises(ValueError, match="length"):
        thresholds(np.array([0.1]), np.empty(0, np.bool_))


def test_a_well_calibrated_score_has_no_error_and_an_overconfident_one_has() -> None:
    correct = np.arange(100) % 4 == 0
    assert expected_calibration_error(np.full(100, 0.25), correct) == 0
    assert expected_calibration_error(np.ones(100), correct) == 0.75


def test_the_cost_counts_what_was_missed_what_was_wrongly_flagged_and_what_is_looked_at() -> None:
    verdict = np.array([CLEAR, CLEAR, COUNTERFEIT, COUNTERFEIT, REVIEW], np.int64)
    fake = np.array([True, False, True, False, True])
    assert cost_per_thousand(verdict, fake, missed=50, false_alarm=10, review=1) == pytest.approx(61 * 200)


def test_a_thinned_curve_keeps_its_ends() -> None:
    points = thinned(np.arange(1000.0), np.arange(1000.0) / 2, most=200)
    assert len(points) == 200
    assert (points[0], points[-1]) == ([0, 0], [999, 499.5])
    assert thinned(np.array([1.0, 2.0])) == [[1], [2]]


def test_a_histogram_widens_for_scores_outside_the_unit_interval() -> None:
    edges, true, false = histogram(np.array([-1.0, 0.5, 3.0]), np.array([True, False, True]))
    assert (edges[0], edges[-1], len(edges), true.sum(), false.sum()) == (-1, 3, 51, 2, 1)


@given(drawn)
def test_one_that_is_drawn_twice_counts_twice(rows: list[tuple[float, bool, int]]) -> None:
    score, correct, times = (np.array(column) for column in zip(*rows, strict=True))
    again = np.repeat(score, times), np.repeat(correct, times)
    verdict = (score * 2).astype(np.int64)
    assert roc_auc(score, correct, times) == pytest.approx(roc_auc(*again), nan_ok=True)
    assert expected_calibration_error(score, correct, times) == pytest.approx(
        expected_calibration_error(*again), nan_ok=True
    )
    assert cost_per_thousand(verdict, correct, times) == pytest.approx(
        cost_per_thousand(np.repeat(verdict, times), again[1]), nan_ok=True
    )
    assert precision_recall_at(score, correct, 0.5, times) == pytest.approx(
        precision_recall_at(*again, 0.5), nan_ok=True
    )
    mine, theirs = thresholds(score, correct, times), thresholds(*again)
    np.testing.assert_array_equal(mine.threshold, theirs.threshold)
    np.testing.assert_array_equal(mine.right, theirs.right)
