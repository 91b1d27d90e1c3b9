"""Exports the trained text finder to the ONNX graph that ships, checked against torch."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from matcher.models.onnx_session import open_session
from training.export_embedder import OPSET, halve
from training.logos.export import REMEDY, made_images, trained, write_facts
from training.text_finder.network import TextFinderNetwork, probabilities
from training.text_finder.recipe import read_text_finder_recipe

WIDEST_GAP = 0.02
"""Half-precision storage may move a probability by this, and no more."""
SIDE = 256


class Told(nn.Module):
    """The network with its logits as probabilities."""

    def __init__(self, network: TextFinderNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """How likely each cell holds writing, (n, h / 8, w / 8), of images (n, 3, h, w) in [0, 1]."""
        return probabilities(self.network, images)


def export(network: TextFinderNetwork, out: Path) -> float:
    """Write the graph for images of any size; the largest difference of its probabilities from torch's."""
    whole = Told(network).eval()
    with warnings.catch_warnings():
        # torch's newer exporter unrolls the graph for one size.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            whole,
            (torch.zeros(1, 3, SIDE, SIDE),),
            str(out),
            dynamo=False,
            opset_version=OPSET,
            input_names=["images"],
            output_names=["writing"],
            dynamic_axes={
                "images": {0: "batch", 2: "height", 3: "width"},
                "writing": {0: "batch", 1: "rows", 2: "columns"},
            },
        )
    onnx.save(halve(onnx.load(out)), out)
    images = np.ascontiguousarray(made_images(3, SIDE)[:, :, : SIDE - 32])
    (found,) = open_session(out.name, out.read_bytes(), REMEDY).run(None, {"images": images})
    with torch.inference_mode():
        return float(np.abs(found - whole(torch.from_numpy(images)).numpy()).max())


def main(arguments: list[str] | None = None) -> None:
    """`python -m training.text_finder.export --run DIR --out DIR`: a run's folder to the graph."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--run", type=Path, required=True, help="folder that training.text_finder.train wrote"
    )
    parser.add_argument("--recipe", type=Path, default=Path("configs/train_text_finder.toml"))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    network = TextFinderNetwork(read_text_finder_recipe(options.recipe).channels)
    trained(network, options.run)
    out = options.out / "text-finder.onnx"
    gap = export(network, out)
    if gap > WIDEST_GAP:
        raise SystemExit(f"{out}: is {gap:.4f} away from torch, more than {WIDEST_GAP}")
    write_facts(out, {"source": "trained from the start by training/text_finder"})


if __name__ == "__main__":
    main()
