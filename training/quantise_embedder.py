"""Turns an exported embedder into one that computes in whole numbers: smaller and faster, nearly as exact."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from matcher.config import ImageSettings
from matcher.errors import MatcherError, UsageError
from matcher.files import replacing
from matcher.models import Pixels
from matcher.models.onnx_embedder import PRECISION, OnnxEmbedder
from training.photo_store import PhotoStore, spread
from training.photos import read_pixels, tuning_paths

MOST_PHOTOS, LEAST_PHOTOS = 250, 25
CHECKED = 5
"""Ranges are taken from the photos; parity is measured on every fifth of them, from which none are."""
LEFT_IN_FLOAT = (1, 2)
"""The convolutions, counted from 0, of the first block: in whole numbers they cost the hardest photos most.

Of an earlier graph, among 80 photos, the least cosine to fp32 was 0.980 with all in whole numbers and 0.990
without these two, at the same speed.
"""
LEAST_COSINE = 0.99
"""Of whole photos' descriptors to those of the graph as it was, on average; a graph below is not written."""


class Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Gives the quantiser one photo after another, as the matcher would give it to the graph."""

    def __init__(self, embedder: OnnxEmbedder, photos: Sequence[Pixels]) -> None:
        self._given = (embedder.inputs(photo) for photo in photos)

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        """The graph's inputs, or None after the last photo."""
        return next(self._given, None)


def quantise(graph: Path, out: Path, photos: Sequence[Pixels], *, side: int = 320) -> None:
    """Write the graph with 8-bit weights, by channel, and 8-bit activations in the ranges of `photos`.

    Static quantisation of ONNX Runtime, as QDQ: convolutions with their activations and sums; pooling, head
    and the first block stay in float. Weights are unsigned, as their products with activations are exact on
    every processor; those of signed ones overflow without VNNI, and one graph gave other descriptors there.
    """
    with TemporaryDirectory() as folder:
        full, ready = Path(folder) / "full.onnx", Path(folder) / "ready.onnx"
        onnx.save(unhalved(onnx.load(graph)), full)
        quant_pre_process(full, ready, skip_symbolic_shape=True)
        quantize_static(
            ready, out, Calibration(OnnxEmbedder(full, side=side), photos),
            quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QUInt8,
            extra_options={"WeightSymmetric": True},
            op_types_to_quantize=["Conv", "Clip", "Pad", "Add"], nodes_to_quantize=wholes(onnx.load(ready)),
        )  # fmt: skip
    model = onnx.load(out)
    helper.set_model_props(model, {PRECISION: "int8"})
    onnx.checker.check_model(model)
    onnx.save(model, out)


def unhalved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with its half-precision weights as float32, and without the Casts behind them."""
    kept = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        stored = kept.get(node.input[0]) if node.op_type == "Cast" else None
        if stored is None or stored.data_type != TensorProto.FLOAT16:
            nodes.append(node)
        else:
            values = numpy_helper.to_array(stored).astype(np.float32)
            stored.CopyFrom(numpy_helper.from_array(values, node.output[0]))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def wholes(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes that shall compute in whole numbers.

    They are the convolutions but for `LEFT_IN_FLOAT`, and what their feature maps go through; other sums and
    limits compute sizes or pool.
    """
    made_by: dict[str, int] = {}
    names, convolutions = [], 0
    for node in model.graph.node:
        if node.op_type == "Conv":
            place, convolutions = convolutions, convolutions + 1
        elif node.op_type in ("Clip", "Pad") and node.input[0] in made_by:
            place = made_by[node.input[0]]
        elif node.op_type == "Add" and all(name in made_by for name in node.input):
            place = convolutions - 1
        else:
            continue
        made_by[node.output[0]] = place
        if place not in LEFT_IN_FLOAT:
            names.append(node.name)
    return names


def cosines(graph: Path, other: Path, photos: Sequence[Pixels], *, side: int = 320) -> NDArray[np.float32]:
    """How near the descriptors of two graphs are, float32 (photos, views): whole photos first."""
    one, two = OnnxEmbedder(graph, side=side), OnnxEmbedder(other, side=side)
    found: NDArray[np.float32] = (one.embed_photos(photos) * two.embed_photos(photos)).sum(axis=2)
    return found


def read_photos(folder: Path) -> tuple[list[Pixels], list[Pixels]]:
    """Photos to calibrate on and others to check on: a run's decoded ones, or the tuning half of a folder.

    Raises UsageError where there are too few.
    """
    if (folder / "index.json").is_file():
        store = PhotoStore(folder)
        found = [store[number] for number in spread(len(store), MOST_PHOTOS)]
    else:
        paths = tuning_paths(folder)
        found = list(
            read_pixels([paths[number] for number in spread(len(paths), MOST_PHOTOS)], ImageSettings())
        )
    if len(found) < LEAST_PHOTOS:
        raise UsageError(f"{folder}: {len(found)} photos to calibrate on; at least {LEAST_PHOTOS} are needed")
    return [photo for number, photo in enumerate(found) if number % CHECKED], found[::CHECKED]


def run(graph: Path, photos: Path, out: Path, *, side: int = 320) -> dict[str, float]:
    """Quantise, check and write `out` with its facts beside it; mean and least cosine to the graph as it was.

    Raises UsageError where photos are too few or parity is below `LEAST_COSINE`; then nothing is written.
    """
    calibrated, checked = read_photos(photos)
    with TemporaryDirectory() as folder:
        made = Path(folder) / "int8.onnx"
        quantise(graph, made, calibrated, side=side)
        found = cosines(graph, made, checked, side=side)
        blob = made.read_bytes()
    figures = {
        "mean": float(found[:, 0].mean()), "least": float(found[:, 0].min()),
        "mean of parts": float(found[:, 1:].mean()), "least of parts": float(found[:, 1:].min()),
    }  # fmt: skip
    if figures["mean"] < LEAST_COSINE:
        raise UsageError(
            f"{graph}: in whole numbers its descriptors lie {figures['mean']:.4f} from what they were, under "
            f"{LEAST_COSINE}: calibrate on photos like those it shall see"
        )
    facts = {
        "file": out.name, "sha256": hashlib.sha256(blob).hexdigest(), "precision": "int8",
        "source": hashlib.sha256(graph.read_bytes()).hexdigest(), "calibrated_on": len(calibrated),
        "checked_on": len(checked), "cosine": figures,
    }  # fmt: skip
    with replacing(out, out.with_suffix(".json")) as (written, beside):
        written.write(blob)
        beside.write(json.dumps(facts, indent=2).encode() + b"\n")
    return figures


def main(arguments: list[str] | None = None) -> int:
    """`python -m training.quantise_embedder --model FILE.onnx --photos DIR --out FILE-int8.onnx`.

    Exit code 0, or 2 with one line on the error stream.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="graph of training.export_embedder")
    parser.add_argument(
        "--photos", type=Path, required=True,
        help="to calibrate on: a run's decoded photos (RUN/photos), or any folder, of which half is taken",
    )  # fmt: skip
    parser.add_argument("--side", type=int, default=320, help="as `models.embed_side` of the settings")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        figures = run(options.model, options.photos, options.out, side=options.side)
    except (MatcherError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    told = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB; cosine to {options.model.name}: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
