"""Scores have one value each, in any company; ranking is by score, then id."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexes.exact import Neighbours, exact_search, merge, pair_scores, rank_found, rank_pairs
from indexes.flat import search_flat
from tests.indexes.conftest import grouped, unit

NONE = np.empty(0, np.int64)


@given(st.integers(1, 300), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_a_score_is_the_inner_product_rounded_once(dims: int, seed: int) -> None:
    left, right = (unit(np.random.default_rng(seed + at).standard_normal((3, dims))) for at in range(2))
    true = [
        math.fsum(float(a) * float(b) for a, b in zip(x, y, strict=True))
        for x, y in zip(left, right, strict=True)
    ]
    assert pair_scores(left, right) == pytest.approx(np.clip(true, -1, 1), abs=1e-7)


def test_a_score_does_not_follow_the_batch() -> None:
    left, right = grouped(501, seed=1, dims=193), grouped(501, seed=2, dims=193)
    together = pair_scores(left, right)
    alone = np.concatenate([pair_scores(left[at : at + 1], right[at : at + 1]) for at in range(501)])
    assert together.tobytes() == alone.tobytes()


def test_scores_stay_within_one_and_have_no_negative_zero() -> None:
    long = np.array([[1.005, 0.0], [-1.005, 0.0], [0.0, 1.0]], np.float32)
    scores = pair_scores(long, np.array([[1.005, 0.0], [1.005, 0.0], [-1.0, -0.0]], np.float32))
    assert scores.tolist() == [1.0, -1.0, 0.0]
    assert not np.signbit(scores[2])


def test_equal_scores_stand_by_rising_id() -> None:
    vectors = np.repeat(grouped(1, seed=4), 5, axis=0)
    assert exact_search(vectors, np.array([9, 2, 7, 4, 5]), vectors[:1], 3).ids.tolist() == [[2, 4, 5]]


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 12),
    st.sampled_from((1.0, 1.005, -1.005)),
    st.sampled_from((1e-4, 0.02)),
)
@settings(max_examples=40, deadline=None)
def test_what_an_index_found_is_ranked_as_if_all_were_scored(
    seed: int, k: int, length: float, noise: float
) -> None:
    random = np.random.default_rng(seed)
    near = unit(random.standard_normal((1, 24)).repeat(40, axis=0) + random.normal(0, noise, (40, 24)))
    others = grouped(20 if length > 0 else 0, seed=5, dims=24)
    vectors = (np.concatenate((near, near[::3], others)) * length).astype(np.float32)
    ids = random.permutation(len(vectors))
    found = np.array([random.permutation(len(vectors)), np.full(len(vectors), -1)])
    found[0, random.random(len(vectors)) < 0.3] = -1
    rows = found[0][found[0] >= 0]
    truth = rank_pairs(near[:2], vectors, ids, (np.zeros(len(rows), np.int64), rows), k)
    ranked = rank_found(near[:2], vectors, ids, found, k)
    assert ranked.ids.tolist() == truth.ids.tolist()
    assert ranked.scores.tobytes() == truth.scores.tobytes()


def test_merging_nothing_gives_padding() -> None:
    found = merge([], 2, 3)
    assert found.ids.tolist() == [[-1] * 3] * 2
    assert found.scores.tolist() == [[-1.0] * 3] * 2


def test_merging_keeps_the_best_of_all() -> None:
    one = Neighbours(np.array([[0.9, 0.1]], np.float32), np.array([[1, 2]]))
    two = Neighbours(np.array([[0.9, -1.0]], np.float32), np.array([[0, -1]]))
    assert merge([one, two], 1, 3).ids.tolist() == [[0, 1, 2]]


def test_a_crowd_of_twins_larger_than_any_margin_is_ranked_by_id() -> None:
    crowd = np.repeat(grouped(1, seed=5), 9_000, axis=0)
    vectors = np.concatenate((grouped(500, seed=6), crowd))
    found = search_flat(crowd[:1], vectors, np.arange(9_500), 20, dead=NONE)
    assert found.ids[0].tolist() == list(range(500, 520))


def test_near_ties_that_float32_sums_confuse_are_told_apart() -> None:
    generator = np.random.default_rng(8)
    base = grouped(1, seed=7, dims=256).astype(np.float64)
    vectors = unit(base + 2e-7 * generator.standard_normal((3_000, 256)))
    found = search_flat(vectors[:5], vectors, np.arange(3_000), 15, dead=NONE)
    truth = exact_search(vectors, np.arange(3_000), vectors[:5], 15)
    assert found.ids.tobytes() == truth.ids.tobytes()
    assert found.scores.tobytes() == truth.scores.tobytes()


def test_more_removed_rows_near_a_query_than_the_margin_holds() -> None:
    vectors = grouped(2_000, seed=9)
    query = vectors[:1]
    dead = np.sort(np.argsort(-(vectors @ query[0]))[:1_000])
    found = search_flat(query, vectors, np.arange(2_000), 10, dead=dead)
    kept = np.delete(np.arange(2_000), dead)
    assert found.ids.tolist() == exact_search(vectors[kept], kept, query, 10).ids.tolist()
