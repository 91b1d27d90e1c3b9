"""Feature-map trunks of published architectures, by name, without classifiers and without weights."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

import torch
import torchvision.models

from matcher.errors import ModelError
from matcher.models.torch_device import one_line

TrunkSource = Literal["torchvision", "timm"]

# From pixels to the last feature map: the modules of torchvision's families; the first that fits counts.
_FAMILIES = (
    ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"),
    ("conv1", "maxpool", "stage2", "stage3", "stage4", "conv5"),
    ("stem", "trunk_output"),
    ("features",),
)


def make_trunk(name: str, source: TrunkSource, trunk: str, side: int) -> tuple[torch.nn.Module, int]:
    """The trunk and its feature map's channels; its tensors keep the names the source gives them.

    Raises `ModelError` for model `name` where `source` does not know `trunk`, or `trunk` takes no image of
    `side` pixels, or gives no map (n, channels, height, width).
    """
    module = _from_torchvision(name, trunk) if source == "torchvision" else _from_timm(name, trunk)
    try:
        with torch.inference_mode():
            given = feature_map(module.eval(), torch.zeros(1, 3, side, side))
    except (RuntimeError, ValueError, AssertionError) as error:
        raise ModelError(name, f"trunk {trunk} takes no image of {side} pixels: {one_line(error)}") from error
    if not isinstance(given, torch.Tensor) or given.ndim != 4:
        raise ModelError(name, f"trunk {trunk} gives no feature map; choose a convolutional one")
    return module, int(given.shape[1])


def feature_map(trunk: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """The last feature map (n, channels, height, width) of `images`; `trunk` is what `make_trunk` gives."""
    # Some of timm's models would go on with layers that belong after pooling.
    features: torch.Tensor = getattr(trunk, "forward_features", trunk)(images)
    return features


def _from_torchvision(name: str, trunk: str) -> torch.nn.Module:
    if trunk not in torchvision.models.list_models(module=torchvision.models):
        raise ModelError(name, f"torchvision {torchvision.__version__} knows no model '{trunk}'")
    model = torchvision.models.get_model(trunk, weights=None)
    for family in _FAMILIES:
        # Swin transformers have `features` too, but channels last; `permute` marks them.
        if all(hasattr(model, part) for part in family) and not hasattr(model, "permute"):
            return torch.nn.Sequential(OrderedDict((part, getattr(model, part)) for part in family))
    raise ModelError(name, f"trunk {trunk} has no feature map that can be taken; choose a convolutional one")


def _from_timm(name: str, trunk: str) -> torch.nn.Module:
    try:
        import timm
    except ImportError as error:
        raise ModelError(name, f"trunk {trunk} needs timm; install it with: pip install timm") from error
    # `is_model` also refuses names with a scheme, which would be looked up on the network.
    if not timm.is_model(trunk):
        raise ModelError(name, f"timm {timm.__version__} knows no model '{trunk}'")
    return timm.create_model(trunk, pretrained=False, num_classes=0, global_pool="")
