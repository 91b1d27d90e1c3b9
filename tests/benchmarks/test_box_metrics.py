"""Boxes are right when they overlap a true one by half, once each; a tie never flatters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.box_metrics import Boxes, average_precision, average_precision_50, hits, overlaps

SQUARE = [0.0, 0.0, 10.0, 10.0]
ASIDE = [50.0, 50.0, 60.0, 60.0]


def boxes(*rows: tuple[int, int, list[float], float]) -> Boxes:
    """Rows of image, label, box, score."""
    image, label, box, score = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Boxes(
        np.array(image, np.int64), np.array(label, np.int64),
        np.array(box, np.float64).reshape(-1, 4), np.array(score, np.float64),
    )  # fmt: skip


def test_overlap_is_the_shared_area_over_the_joined() -> None:
    others: NDArray[np.float64] = np.array([SQUARE, [0, 0, 10, 5], [5, 0, 15, 10], ASIDE, [3, 3, 3, 3]])
    assert overlaps(np.array([SQUARE]), others)[0] == pytest.approx([1, 0.5, 1 / 3, 0, 0])


def test_a_true_box_is_hit_once_by_the_best_score() -> None:
    true = boxes((0, 0, SQUARE, 0))
    found = boxes((0, 0, SQUARE, 0.4), (0, 0, [0, 0, 10, 9], 0.8), (1, 0, SQUARE, 0.9), (0, 1, SQUARE, 0.9))
    assert hits(found, true).tolist() == [False, True, False, False]


def test_each_of_two_true_boxes_takes_its_own() -> None:
    true = boxes((0, 0, SQUARE, 0), (0, 0, [4, 0, 14, 10], 0))
    found = boxes((0, 0, [1, 0, 11, 10], 0.9), (0, 0, [1, 0, 11, 10], 0.8))
    assert hits(found, true).tolist() == [True, True]


def test_labels_count_alike_and_one_without_detections_scores_nothing() -> None:
    true = boxes((0, 0, SQUARE, 0), (0, 1, ASIDE, 0))
    assert average_precision_50(boxes((0, 0, SQUARE, 0.9)), true) == 0.5
    assert average_precision_50(boxes(), true) == 0
    assert math.isnan(average_precision_50(boxes((0, 0, SQUARE, 0.9)), boxes()))


def test_among_equal_scores_the_wrong_box_stands_first() -> None:
    assert average_precision(np.array([0.5, 0.5]), np.array([True, False]), 1) == 0.5
    assert average_precision(np.array([0.5, 0.4]), np.array([True, False]), 1) == 1


def test_what_is_no_set_of_boxes_is_refused() -> None:
    with pytest.raises(ValueError, match="length"):
        Boxes(np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros((1, 4)), np.zeros(1))
    with pytest.raises(ValueError, match="four numbers"):
        Boxes(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros((1, 3)), np.zeros(1))
    with pytest.raises(ValueError, match="finite"):
        boxes((0, 0, SQUARE, math.inf))
