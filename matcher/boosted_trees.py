"""Sums of small decision trees, each grown on what the others leave (Friedman, Annals of Statistics 2001)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class BoostedTrees:
    """Trees side by side, all arrays (trees, nodes), short trees padded with nodes that nothing leads to.

    At a node a row goes `left` where its `feature` is at most `threshold`, else `right`. A leaf leads to
    itself and adds its `value` to `start`.
    """

    start: float
    feature: Places
    threshold: Rows
    left: Places
    right: Places
    value: Rows
    steps: int

    @classmethod
    def read(cls, told: Mapping[str, Any], features: int) -> Self:
        """The trees of `start` and `trees`, each with a list a column of its nodes, the root first.

        Raises `KeyError`, `TypeError` or `ValueError` where that is no forest over so many features.
        """
        trees = told["trees"]
        if any(len({len(tree[name]) for name in (*PLACES, *NUMBERS)}) > 1 for tree in trees):
            raise ValueError("its trees have columns of unlike lengths")
        places = [_padded([np.array(tree[name], np.intp) for tree in trees]) for name in PLACES]
        numbers = [_padded([np.array(tree[name], np.float64) for tree in trees]) for name in NUMBERS]
        (feature, left, right), (threshold, value) = places, numbers
        if not (feature.min() >= 0 and feature.max() < features and np.isfinite(numbers).all()):
            raise ValueError("its trees ask for features that are not there")
        return cls(float(told["start"]), feature, threshold, left, right, value, _steps(left, right))

    def log_odds(self, rows: Rows) -> Rows:
        """Of each of `rows` (n, features): (n,)."""
        trees, each = np.arange(len(self.value)), np.arange(len(rows))[:, np.newaxis]
        nodes = np.zeros((len(rows), len(trees)), np.intp)
        for _ in range(self.steps):
            lower = rows[each, self.feature[trees, nodes]] <= self.threshold[trees, nodes]
            nodes = np.where(lower, self.left[trees, nodes], self.right[trees, nodes])
        total: Rows = self.start + self.value[trees, nodes].sum(axis=1)
        return total


PLACES, NUMBERS = ("feature", "left", "right"), ("threshold", "value")


def _padded(trees: Sequence[NDArray[Any]]) -> NDArray[Any]:
    most = max(map(len, trees))
    return np.stack([np.pad(nodes, (0, most - len(nodes))) for nodes in trees])


def _steps(left: Places, right: Places) -> int:
    """How many lead from any root to any leaf at most; raises `ValueError` where nodes lead in circles."""
    trees, nodes = np.arange(len(left)), left.shape[1]
    steps = np.zeros(left.shape, np.intp)
    reached = np.zeros(left.shape, bool)
    reached[:, 0] = True
    for node in range(nodes):
        for child in (left[:, node], right[:, node]):
            onwards = reached[:, node] & (child != node)
            if (onwards & ((child < node) | (child >= nodes))).any():
                raise ValueError("its trees lead in circles")
            there = trees[onwards], child[onwards]
            steps[there], reached[there] = steps[onwards, node] + 1, True
    return int(steps.max())
