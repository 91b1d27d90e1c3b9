"""The embedder that ships keeps the contract, and names itself by all that its descriptors rest on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from matcher.errors import ModelError
from matcher.models.onnx_embedder import BUILTIN, OnnxEmbedder, window_weights
from matcher.models.views import boxes
from tests.matcher import drawn
from tests.matcher.models.embedder_contract import EmbedderContract

SIDE = 160


@pytest.fixture(scope="module")
def embedder() -> OnnxEmbedder:
    return OnnxEmbedder(side=SIDE)


class TestBuiltin(EmbedderContract):
    """Inherits the whole contract."""


def test_every_copy_is_nearest_to_its_own_product(embedder: OnnxEmbedder) -> None:
    products = [drawn.product(number) for number in range(20)]
    whole = embedder.embed_references([drawn.pixels(product) for product in products])[:, 0]
    copies = embedder.embed_references([drawn.pixels(drawn.edited(product)) for product in products])[:, 0]
    assert (copies @ whole.T).argmax(axis=1).tolist() == list(range(len(products)))


def test_the_fingerprint_names_everything_that_changes_descriptors(embedder: OnnxEmbedder) -> None:
    others = [
        OnnxEmbedder(side=192),
        OnnxEmbedder(side=SIDE, photo_tiles=((0.5, 2),)),
        OnnxEmbedder(side=SIDE, reference_tiles=((0.7, 1),)),
    ]
    assert len({embedder.fingerprint, *(other.fingerprint for other in others)}) == 4
    assert OnnxEmbedder(side=SIDE).fingerprint == embedder.fingerprint


def test_missing_and_broken_weights_are_a_model_error(tmp_path: Path) -> None:
    broken = tmp_path / "graph.onnx"
    with pytest.raises(ModelError, match=r"graph\.onnx cannot be read"):
        OnnxEmbedder(broken)
    broken.write_bytes(BUILTIN.read_bytes()[:5000])
    with pytest.raises(ModelError, match="damaged"):
        OnnxEmbedder(broken)


def test_a_graph_of_ours_runs_under_its_own_name(tmp_path: Path, embedder: OnnxEmbedder) -> None:
    own = tmp_path / "mine.onnx"
    own.write_bytes(BUILTIN.read_bytes())
    loaded = OnnxEmbedder(own, side=SIDE)
    assert loaded.name.startswith("onnx:mine.onnx@")
    image = drawn.pixels(drawn.product(3))
    assert np.array_equal(loaded.embed_photos([image]), embedder.embed_photos([image]))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 10), (10, 2), (7, 7), (10, 8)])
def test_the_weights_of_a_window_sum_to_one(rows: int, columns: int) -> None:
    tiles = boxes(((0.75, 2), (0.5, 3), (0.3, 5), (0.7, 1)))
    weights = window_weights(rows, columns, tiles)
    assert weights.shape == (len(tiles), rows * columns)
    assert np.allclose(weights.sum(axis=1), 1, atol=1e-6)
    assert weights.min() >= 0
    assert np.allclose(weights[0], 1 / (rows * columns))


def test_a_window_weighs_the_cells_it_covers() -> None:
    _, _, top_right, *_ = window_weights(4, 6, boxes(((0.5, 2),))).reshape(-1, 4, 6)
    assert np.count_nonzero(top_right) == 6
    assert top_right[:2, 3:].sum() == pytest.approx(1)
