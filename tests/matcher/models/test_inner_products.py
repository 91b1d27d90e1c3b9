"""Descriptors are compared in whole numbers, exactly, by a graph that its script makes byte for byte."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.models.inner_products import GRAPH, inner_products


@pytest.mark.parametrize("shape", [(1, 1), (2, 800), (37, 5), (300, 801)])
def test_products_are_those_of_long_integers(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    left, right = (rng.integers(0, 256, (count, 128), dtype=np.uint8) for count in shape)
    assert (inner_products(left, right) == left.astype(np.int64) @ right.astype(np.int64).T).all()


def test_the_largest_values_do_not_overflow() -> None:
    most = np.full((3, 128), 255, np.uint8)
    assert (inner_products(most, most) == 255 * 255 * 128).all()


def test_the_graph_that_ships_is_the_one_its_script_makes() -> None:
    pytest.importorskip("onnx")
    from training.export_inner_products import graph_bytes

    assert GRAPH.read_bytes() == graph_bytes()
