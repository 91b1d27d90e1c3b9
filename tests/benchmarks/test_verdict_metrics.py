"""Verdicts are counted as a person would count them, and intervals draw whole sellers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.curves import CLEAR, COUNTERFEIT, REVIEW
from benchmarks.judged import judged_as_json, judged_from_json
from benchmarks.verdict_metrics import (
    Outcomes,
    Prices,
    counted,
    drawn,
    judged_verdicts,
    verdict_measures,
    with_intervals,
)

C, R, F = CLEAR, REVIEW, COUNTERFEIT


def outcomes(
    pairs: list[tuple[int, int]], scores: list[float] | None = None, prices: Prices | None = None
) -> Outcomes:
    truth, said = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    score = np.array(scores if scores is not None else [one / 2 for one in said], np.float64)
    return Outcomes(truth, said, score, np.arange(len(pairs)), prices or Prices())


def metrics(found: Outcomes) -> dict[str, float]:
    once = np.ones(len(found.truth), np.int64)
    return {name: measure(once) for name, measure in verdict_measures(found).items()}


def test_ten_listings_counted_by_hand() -> None:
    found = outcomes([(F, F), (F, F), (F, R), (F, C), (C, F), (R, F), (R, R), (C, R), (C, C), (C, C)])
    told = metrics(found)
    assert told["precision"] == 2 / 4
    assert told["recall"] == 2 / 4
    assert told["precision_review"] == 5 / 7
    assert told["recall_review"] == 5 / 6
    assert told["cost_per_1000"] == pytest.approx(1000 * (1 * 50 + 2 * 10 + 3 * 1) / 10)
    assert counted(found)["counterfeit called clear"] == 1
    assert sum(counted(found).values()) == 10


def test_prices_are_the_users() -> None:
    pairs = [(F, C), (C, F), (C, R), (C, C)]
    assert metrics(outcomes(pairs, prices=Prices(100, 20, 4)))["cost_per_1000"] == pytest.approx(31_000)


def test_scores_are_held_against_the_share_of_fakes_and_undecided_listings_are_left_out() -> None:
    told = metrics(outcomes([(F, F), (C, C), (R, R)], [0.9, 0.2, 0.5]))
    assert told["ece"] == pytest.approx((0.1 + 0.2) / 2)


def test_a_listing_without_a_verdict_was_let_through() -> None:
    told = metrics(outcomes([(F, C), (F, F)], [math.nan, 1.0]))
    assert told["recall"] == 0.5
    assert told["ece"] == 0.0


def test_what_cannot_be_shared_is_left_out() -> None:
    told = with_intervals(outcomes([(C, C), (C, C)]), resamples=20, seed=0)
    assert told.keys() == {"ece", "ece_ci", "cost_per_1000", "cost_per_1000_ci"}


PAIRS = st.lists(st.tuples(st.sampled_from((C, R, F)), st.sampled_from((C, R, F))), min_size=1, max_size=30)


@given(pairs=PAIRS)
def test_shares_are_shares_and_a_run_gives_them_back(pairs: list[tuple[int, int]]) -> None:
    found = outcomes(pairs, prices=Prices(7, 5, 3))
    told = metrics(found)
    assert all(math.isnan(told[name]) or 0 <= told[name] <= 1 for name in told if name != "cost_per_1000")
    names = [f"L-{number}" for number in range(len(pairs))]
    kept = judged_from_json("test", judged_as_json(judged_verdicts(names, [""] * len(pairs), found)))
    once = np.ones(len(pairs), np.int64)
    for name, measure in kept.measures().items():
        assert measure(once) == pytest.approx(told[name], nan_ok=True)


@given(pairs=PAIRS, seed=st.integers(0, 5))
def test_nothing_switched_off_makes_no_difference(pairs: list[tuple[int, int]], seed: int) -> None:
    found = outcomes(pairs)
    told = with_intervals(found, resamples=5, seed=seed, before=found)
    assert all(np.allclose(value, 0, equal_nan=True) for value in told.values())


def test_a_sellers_listings_are_drawn_together() -> None:
    found = outcomes([(C, C)] * 6)
    grouped = Outcomes(found.truth, found.said, found.score, np.array([0, 0, 0, 3, 3, 5]))
    times = drawn(grouped, 50, 0)
    assert (times[:, 0] == times[:, 1]).all()
    assert (times[:, 3] == times[:, 4]).all()
    assert len({tuple(row) for row in times.tolist()}) > 5
    assert (times == drawn(grouped, 50, 0)).all(), "seeded"


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Outcomes(np.array([1]), np.array([1, 2]), np.array([0.5]), np.array([0]))
