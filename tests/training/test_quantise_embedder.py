"""The shipped embedder in whole numbers: nearly the same descriptors, another fingerprint."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from matcher.assembly import build_embedder
from matcher.config import ModelSettings
from matcher.models.onnx_embedder import BUILTIN, OnnxEmbedder
from tests.matcher import drawn
from training.photo_store import spread, store_photos
from training.quantise_embedder import LEAST_PHOTOS, cosines, main, read_photos, unhalved, wholes

SIDE = 160
LEAST_COSINE = 0.99
"""Of any view of the made images; 0.9968 was measured."""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough drawn photos in a folder whose other half is kept for reporting."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(80):
        drawn.product(number).save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def small(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped graph in whole numbers."""
    out = tmp_path_factory.mktemp("graphs") / "small-int8.onnx"
    call = ["--model", str(BUILTIN), "--photos", str(photos), "--side", str(SIDE), "--out", str(out)]
    assert main(call) == 0
    return out


def test_descriptors_stay_where_they_were(small: Path) -> None:
    others = [drawn.pixels(drawn.edited(drawn.product(number))) for number in range(500, 512)]
    found = cosines(BUILTIN, small, others, side=SIDE)
    assert found.shape == (12, 14)
    assert found.min() > LEAST_COSINE
    assert found.max() < 1 - 1e-6


def test_the_matcher_loads_it_and_knows_it_from_the_other(small: Path) -> None:
    settings = ModelSettings(embedder=f"onnx:{small}", embed_side=SIDE)
    embedder = build_embedder(settings)
    assert isinstance(embedder, OnnxEmbedder)
    assert embedder.precision == "int8"
    shipped = OnnxEmbedder(side=SIDE)
    assert shipped.precision == "fp32"
    assert embedder.fingerprint != shipped.fingerprint
    images = [drawn.pixels(drawn.product(number)) for number in (1, 2)]
    together, alone = embedder.embed_photos(images), embedder.embed_photos(images[1:])
    assert np.array_equal(together[1:], alone)


def test_a_fingerprint_covers_the_precision_that_a_graph_names(small: Path, tmp_path: Path) -> None:
    """Two graphs of the same operations may be run in another precision by their metadata alone."""
    model = onnx.load(small)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "unnamed.onnx")
    unnamed = OnnxEmbedder(tmp_path / "unnamed.onnx", side=SIDE)
    assert unnamed.precision == "fp32"
    assert unnamed.fingerprint != OnnxEmbedder(small, side=SIDE).fingerprint


def test_its_facts_tell_what_it_was_made_of(small: Path) -> None:
    facts = json.loads(small.with_suffix(".json").read_text())
    assert facts["precision"] == "int8"
    assert facts["calibrated_on"] > 3 * facts["checked_on"] > 0
    assert facts["cosine"]["mean"] > 0.99
    assert small.stat().st_size < 0.8 * BUILTIN.stat().st_size


def test_pooling_and_the_first_block_stay_in_float(small: Path) -> None:
    graph = onnx.load(small).graph
    made = {name: node for node in graph.node for name in node.output}
    weights = [made.get(node.input[1]) for node in graph.node if node.op_type == "Conv"]
    whole = [one is not None and one.op_type == "DequantizeLinear" for one in weights]
    assert whole == [place not in (1, 2) for place in range(len(whole))]
    for kind in ("MatMul", "Gemm", "Pow"):
        (node,) = (node for node in graph.node if node.op_type == kind)
        assert all(made[name].op_type != "DequantizeLinear" for name in node.input if name in made)


def test_halved_weights_come_back_as_they_are_computed_with() -> None:
    model = unhalved(onnx.load(BUILTIN))
    assert not [one for one in model.graph.initializer if one.data_type == onnx.TensorProto.FLOAT16]
    assert len(wholes(model)) > 80


def test_a_runs_decoded_photos_do_too(photos: Path, tmp_path: Path) -> None:
    paths = sorted(photos.glob("*.png"))[:40]
    store_photos(paths, tmp_path, side=96)
    calibrated, checked = read_photos(tmp_path)
    assert (len(calibrated), len(checked)) == (32, 8)
    assert spread(1000, 250)[:3] == [0, 4, 8]
    assert spread(0, 250) == []


def test_too_few_photos_are_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn.product(1).save(tmp_path / "1.png")
    out = tmp_path / "out.onnx"
    assert main(["--model", str(BUILTIN), "--photos", str(tmp_path), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(LEAST_PHOTOS) in said
    assert not out.exists()
