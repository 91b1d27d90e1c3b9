"""The metrics agree with plain definitions, and a tie never flatters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from benchmarks.metrics import (
    METRICS,
    Ranking,
    interval,
    mean_average_precision,
    micro_average_precision,
    ranking,
    recall_at,
    recall_at_precision,
    retrieval_metrics,
)

Answers = list[list[tuple[int, float]]]

answers_of_one = st.dictionaries(st.integers(0, 6), st.sampled_from([0.1, 0.2, 0.5, 0.9]), max_size=6)
asked = st.lists(st.tuples(answers_of_one, st.sets(st.integers(0, 6), max_size=3)), min_size=1, max_size=6)


def joined(cases: list[tuple[dict[int, float], set[int]]]) -> Ranking:
    return ranking([list(found.items()) for found, _ in cases], [true for _, true in cases])


def plain_average_precision(pairs: list[tuple[float, bool]], true_pairs: int) -> float:
    """By the definition, one pair after the other."""
    right, total = 0, 0.0
    for taken, (_, correct) in enumerate(sorted(pairs, key=lambda pair: (-pair[0], pair[1])), start=1):
        right += correct
        total += right / taken if correct else 0.0
    return total / true_pairs


def all_pairs(cases: list[tuple[dict[int, float], set[int]]]) -> list[tuple[float, bool]]:
    return [(score, reference in true) for found, true in cases for reference, score in found.items()]


def test_one_query_answered_perfectly_scores_one_everywhere() -> None:
    pairs = ranking([[("a", 0.9), ("b", 0.2)]], [{"a"}])
    assert retrieval_metrics(pairs) == {"uAP": 1, "R@P90": 1, "R@1": 1, "R@5": 1, "R@100": 1, "mAP": 1}


def test_a_distractor_that_outranks_a_copy_costs_micro_average_precision_but_no_recall_at_1() -> None:
    pairs = ranking([[("a", 0.6)], [("b", 0.8)]], [{"a"}, set()])
    assert micro_average_precision(pairs) == 0.5
    assert recall_at_precision(pairs) == 0
    assert recall_at(pairs, rank=1) == 1
    assert mean_average_precision(pairs) == 1


def test_a_true_pair_that_was_not_answered_is_missed() -> None:
    pairs = ranking([[("a", 0.6)], []], [{"a", "c"}, {"b"}])
    assert micro_average_precision(pairs) == pytest.approx(1 / 3)
    assert mean_average_precision(pairs) == 0.25
    assert recall_at(pairs, rank=100) == 0.5


def test_in_a_tie_the_wrong_answer_stands_first() -> None:
    pairs = ranking([[("true", 0.7), ("wrong", 0.7)]], [{"true"}])
    assert micro_average_precision(pairs) == 0.5
    assert mean_average_precision(pairs) == 0.5
    assert recall_at(pairs, rank=1) == 0
    assert pairs.first_right.tolist() == [2]


def test_a_threshold_cannot_cut_through_a_tie() -> None:
    nine_right = [[(query, 0.5)] for query in range(9)]
    tied_wrong = [*nine_right, [(0, 0.5)], [(0, 0.5)]]
    truth: list[set[int]] = [{query} for query in range(9)]
    assert recall_at_precision(ranking([*nine_right, [(0, 0.5)]], [*truth, set()])) == 1
    assert recall_at_precision(ranking(tied_wrong, [*truth, set(), set()])) == 0


def test_a_reference_answered_twice_counts_once_with_its_best_score() -> None:
    pairs = ranking([[("a", 0.1), ("a", 0.8), ("b", 0.5)]], [{"a"}])
    assert len(pairs.score) == 2
    assert recall_at(pairs, rank=1) == 1


@pytest.mark.parametrize("answers", [[], [[]], [[("a", 0.4)]]])
def test_without_a_true_pair_nothing_is_claimed(answers: list[list[tuple[str, float]]]) -> None:
    assert retrieval_metrics(ranking(answers, [set() for _ in answers]), resamples=5) == {}


def test_queries_that_found_nothing_score_zero() -> None:
    found = retrieval_metrics(ranking([[], []], [{"a"}, {"b"}]), resamples=5)
    assert found["uAP"] == found["R@P90"] == found["R@1"] == found["mAP"] == 0
    assert found["uAP_ci"] == [0, 0]


def test_scores_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        ranking([[("a", math.nan)]], [{"a"}])


@given(asked)
def test_micro_average_precision_follows_its_definition(
    cases: list[tuple[dict[int, float], set[int]]],
) -> None:
    true_pairs = sum(len(true) for _, true in cases)
    found = micro_average_precision(joined(cases))
    if true_pairs:
        assert found == pytest.approx(plain_average_precision(all_pairs(cases), true_pairs))
    else:
        assert math.isnan(found)


@given(asked)
def test_mean_average_precision_follows_its_definition(
    cases: list[tuple[dict[int, float], set[int]]],
) -> None:
    each = [plain_average_precision(all_pairs([case]), len(case[1])) for case in cases if case[1]]
    if each:
        assert mean_average_precision(joined(cases)) == pytest.approx(np.mean(each))


@given(asked)
def test_recall_at_precision_tries_every_threshold(cases: list[tuple[dict[int, float], set[int]]]) -> None:
    pairs = all_pairs(cases)
    true_pairs = sum(len(true) for _, true in cases)
    best = 0
    for threshold in {score for score, _ in pairs}:
        taken = [correct for score, correct in pairs if score >= threshold]
        if sum(taken) / len(taken) >= 0.9:
            best = max(best, sum(taken))
    if true_pairs:
        assert recall_at_precision(joined(cases)) == pytest.approx(best / true_pairs)


@given(asked, st.integers(1, 6))
def test_recall_at_a_rank_sorts_each_query(cases: list[tuple[dict[int, float], set[int]]], rank: int) -> None:
    hits = []
    for found, true in cases:
        order = sorted(found, key=lambda reference: (-found[reference], reference in true))
        if true:
            hits.append(bool(true.intersection(order[:rank])))
    if hits:
        assert recall_at(joined(cases), rank=rank) == pytest.approx(np.mean(hits))


@given(st.integers(0, 2**32 - 1))
def test_without_ties_scikit_learn_agrees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    score, correct = rng.permutation(40) / 40, rng.random(40) < 0.3
    correct[0] = True
    query = np.sort(rng.integers(0, 8, 40))
    true_pairs = np.bincount(query[correct], minlength=8)
    pairs = Ranking(query, score, correct, true_pairs)
    assert micro_average_precision(pairs) == pytest.approx(average_precision_score(correct, score))


@given(asked, st.data())
def test_a_query_drawn_twice_counts_as_two_queries(
    cases: list[tuple[dict[int, float], set[int]]], drawing: st.DataObject
) -> None:
    times = drawing.draw(st.lists(st.integers(0, 3), min_size=len(cases), max_size=len(cases)))
    copied = [case for case, count in zip(cases, times, strict=True) for _ in range(count)]
    for metric in METRICS.values():
        drawn = metric(joined(cases), np.array(times, np.int64))
        assert drawn == pytest.approx(metric(joined(copied), np.ones(len(copied), np.int64)), nan_ok=True)


@given(asked)
def test_choosing_queries_equals_asking_only_them(cases: list[tuple[dict[int, float], set[int]]]) -> None:
    chosen = np.arange(len(cases)) % 2 == 0
    part, alone = joined(cases).of(chosen), joined(cases[::2])
    for name in ("query", "score", "correct", "true_pairs"):
        np.testing.assert_array_equal(getattr(part, name), getattr(alone, name))


def test_an_interval_holds_the_figure_is_seeded_and_narrows_with_more_queries() -> None:
    rng = np.random.default_rng(3)

    def made(queries: int) -> Ranking:
        answers = [[("true", float(rng.random())), ("wrong", 0.3)] for _ in range(queries)]
        return ranking(answers, [{"true"}] * queries)

    few, many = made(20), made(2000)
    metric = METRICS["R@1"]
    low, high = interval(few, metric, resamples=200, seed=1)
    assert low <= recall_at(few, rank=1) <= high
    assert (low, high) == interval(few, metric, resamples=200, seed=1)
    narrow = interval(many, metric, resamples=200)
    assert narrow[1] - narrow[0] < high - low
