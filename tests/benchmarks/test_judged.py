"""What each query came to is kept so that its metrics can be drawn again to the last digit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.judged import (
    Judged,
    judged_as_json,
    judged_from_json,
    judged_ranking,
    load_judged,
    save_judged,
)
from benchmarks.metrics import METRICS, Ranking, ranking
from matcher.errors import UsageError

answers_of_one = st.dictionaries(st.integers(0, 6), st.sampled_from([0.1, 0.2, 0.5, 0.9]), max_size=6)
asked = st.lists(st.tuples(answers_of_one, st.sets(st.integers(0, 6), max_size=2)), min_size=1, max_size=6)
Cases = list[tuple[dict[int, float], set[int]]]


def joined(cases: Cases) -> Ranking:
    return ranking([list(found.items()) for found, _ in cases], [true for _, true in cases])


def judged(cases: Cases) -> Judged:
    return judged_ranking(
        [f"q{number}" for number in range(len(cases))], ["photo"] * len(cases), joined(cases)
    )


@given(asked, st.data())
def test_the_metrics_of_any_draw_of_queries_are_as_before(cases: Cases, drawing: st.DataObject) -> None:
    times = np.array(drawing.draw(st.lists(st.integers(0, 3), min_size=len(cases), max_size=len(cases))))
    for name, measure in judged(cases).measures().items():
        assert measure(times) == pytest.approx(METRICS[name](joined(cases), times), abs=0, nan_ok=True)


@given(asked, st.data())
def test_chosen_queries_are_those_of_a_smaller_set(cases: Cases, drawing: st.DataObject) -> None:
    order = drawing.draw(st.permutations(range(len(cases))))[: drawing.draw(st.integers(1, len(cases)))]
    part, alone = judged(cases).chosen(order), joined([cases[index] for index in order])
    assert part.queries == [f"q{index}" for index in order]
    once = np.ones(len(order), np.int64)
    for name, measure in part.measures().items():
        assert measure(once) == pytest.approx(METRICS[name](alone, once), abs=0, nan_ok=True)


def test_the_columns_say_what_became_of_each_query() -> None:
    found = judged(
        [({1: 0.9, 2: 0.5}, {2}), ({1: 0.9}, {1}), ({1: 0.2}, {3}), ({2: 0.5}, set()), ({}, {1})]
    ).columns
    assert found["rank_of_truth"].tolist() == [1, 0, -1, -1, -1]
    assert found["top_score"].tolist() == [0.9, 0.9, 0.2, 0.5, 0]
    assert found["top_right"].tolist() == [False, True, False, False, False]
    assert found["distractor"].tolist() == [False, False, False, True, False]


def test_ids_that_repeat_are_told_apart() -> None:
    pairs = ranking([[], [], []], [set(), set(), set()])
    assert judged_ranking(["a", "a (2)", "a"], ["photo"] * 3, pairs).queries == ["a", "a (2)", "a (3)"]


def test_what_is_written_is_read_again_and_has_the_same_bytes(tmp_path: Path) -> None:
    mine = judged([({1: 1 / 3, 2: 0.5}, {2}), ({1: 0.1 + 0.2}, {1})])
    for path in (tmp_path / "a.npz", tmp_path / "b.npz"):
        save_judged(path, mine)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    for again in (load_judged(tmp_path / "a.npz"), judged_from_json("baseline", judged_as_json(mine))):
        assert again.queries == mine.queries
        for name, array in (*mine.columns.items(), *mine.pairs.items()):
            np.testing.assert_array_equal({**again.columns, **again.pairs}[name], array)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        ({"kinds": ["photo"]}, "differ in length"),
        ({"queries": ["q0", "q0"]}, "not as they were written"),
        ({"pair_query": [0, 7]}, "belongs to no query"),
        ({"pair_score": [0.5]}, "not as they were written"),
        ({"pair_query": [[1], 2]}, "cannot be read"),
    ],
)
def test_what_does_not_fit_together_is_refused(spoil: dict[str, object], complaint: str) -> None:
    found = {**judged_as_json(judged([({1: 0.5}, {1}), ({2: 0.5}, {2})])), **spoil}
    with pytest.raises(UsageError, match=complaint):
        judged_from_json("baseline", found)


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK broken")
    with pytest.raises(UsageError, match="cannot be read"):
        load_judged(tmp_path / "a.npz")
    with pytest.raises(UsageError, match="does not know"):
        Judged({}, {}, "flights").measures()
    with pytest.raises(UsageError, match="holds no queries"):
        judged_from_json("baseline", {"measure": "ranking"})
