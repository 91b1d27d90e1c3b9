"""Descriptors are compared in whole numbers, exactly, by graphs that their script makes byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from matcher.models import inner_products as module
from matcher.models.inner_products import SIGNED, UNSIGNED, inner_products, signed_is_exact


@pytest.fixture(params=[True, False], ids=["as this processor does it", "unsigned"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way that is quicker here, and the one that every processor has."""
    if not request.param:
        monkeypatch.setattr(module, "signed_is_exact", lambda: False)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("shape", [(1, 1), (2, 800), (37, 5), (300, 801)])
def test_products_are_those_of_long_integers(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    left, right = (rng.integers(0, 256, (count, 128), dtype=np.uint8) for count in shape)
    assert (inner_products(left, right) == left.astype(np.int64) @ right.astype(np.int64).T).all()


@pytest.mark.usefixtures("way")
def test_the_largest_values_do_not_overflow() -> None:
    most = np.full((3, 128), 255, np.uint8)
    assert (inner_products(most, most) == 255 * 255 * 128).all()
    assert (inner_products(most, np.zeros((5, 128), np.uint8)) == 0).all()


def test_a_processor_that_saturates_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def saturating(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        pairs = left.astype(np.int32)[:, None] * (right.astype(np.int32) - 128)[None]
        clipped = pairs.reshape(len(left), len(right), 64, 2).sum(axis=3).clip(-32768, 32767).sum(axis=2)
        return clipped + 128 * left.astype(np.int32).sum(axis=1)[:, None]

    monkeypatch.setattr(module, "_signed", saturating)
    assert not signed_is_exact.__wrapped__()


@pytest.mark.parametrize(("graph", "signed"), [(UNSIGNED, False), (SIGNED, True)])
def test_the_graphs_that_ship_are_those_their_script_makes(graph: Path, signed: bool) -> None:
    pytest.importorskip("onnx")
    from training.export_inner_products import graph_bytes

    assert graph.read_bytes() == graph_bytes(signed=signed)
