"""Sums of trees give what each tree says, whatever their shapes, and refuse what is no forest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.boosted_trees import BoostedTrees

STUMP = {
    "feature": [1, 0, 0],
    "left": [1, 1, 2],
    "right": [2, 1, 2],
    "threshold": [0.5, 0, 0],
    "value": [0, -1.0, 2.0],
}
LEAF = {"feature": [0], "left": [0], "right": [0], "threshold": [0], "value": [0.25]}
DEEP = {
    "feature": [0, 0, 1, 0, 0], "left": [1, 1, 3, 3, 4], "right": [2, 1, 4, 3, 4],
    "threshold": [0, 0, 1, 0, 0], "value": [0, 10.0, 0, 20.0, 40.0],
}  # fmt: skip


def by_hand(tree: dict[str, list[Any]], row: list[float]) -> float:
    node = 0
    while tree["left"][node] != node:
        lower = row[tree["feature"][node]] <= tree["threshold"][node]
        node = tree["left" if lower else "right"][node]
    return float(tree["value"][node])


@given(st.lists(st.lists(st.floats(-2, 2), min_size=2, max_size=2), max_size=6))
def test_each_row_gets_the_sum_of_the_leaves_it_falls_into(rows: list[list[float]]) -> None:
    trees = [STUMP, LEAF, DEEP]
    forest = BoostedTrees.read({"start": -0.5, "trees": trees}, 2)
    told = forest.log_odds(np.array(rows, np.float64).reshape(-1, 2))
    assert told.tolist() == [-0.5 + sum(by_hand(tree, row) for tree in trees) for row in rows]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"feature": [2, 0, 0]}, "features that are not there"),
        ({"feature": [-1, 0, 0]}, "features that are not there"),
        ({"threshold": [float("nan"), 0, 0]}, "features that are not there"),
        ({"left": [1, 0, 2]}, "circles"),
        ({"right": [3, 1, 2]}, "circles"),
        ({"value": [0, -1.0]}, "unlike lengths"),
    ],
)
def test_what_is_no_forest_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        BoostedTrees.read({"start": 0.0, "trees": [STUMP | change, DEEP]}, 2)
