"""EfficientNet-Lite0 up to its last block; the blocks nearest to the image may stay fixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from training.trunks import imagenet_trunk


class Trunk(nn.Module):
    """The trunk's maps after chosen blocks; `frozen`: blocks, from the image on, that stay as they were."""

    def __init__(self, frozen: int = 0) -> None:
        super().__init__()
        trunk = imagenet_trunk()
        self.stem = nn.Sequential(cast(nn.Module, trunk.conv_stem), cast(nn.Module, trunk.bn1))
        self.blocks = cast(nn.Sequential, trunk.blocks)
        self.frozen = frozen
        for part in [self.stem, *self.blocks[:frozen]] if frozen else []:
            part.requires_grad_(False)

    def train(self, mode: bool = True) -> Trunk:
        """Batch statistics stay those of ImageNet: small batches of made scenes would spoil them."""
        super().train(mode)
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()
        return self

    def forward(self, images: Tensor, levels: Sequence[int]) -> list[Tensor]:
        """Maps after the blocks `levels`, in order, of images (n, 3, side, side) in [0, 1]."""
        values = (images - 0.5) / 0.5
        start = 0
        if self.training and self.frozen:
            # No gradient passes here, and half precision is faster forwards (and only forwards).
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                for part in [self.stem, *self.blocks[: self.frozen]]:
                    values = part(values)
            values, start = values.float(), self.frozen
        else:
            values = self.stem(values)
        found = []
        for place in range(start, len(self.blocks)):
            values = self.blocks[place](values)
            if place in levels:
                found.append(values)
        return found
