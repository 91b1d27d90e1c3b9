"""The logo embedder: EfficientNet-Lite0 over a small crop, read by what is there and by where it is."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.logos.trunk import Trunk

DEEP, MIDDLE = 320, 112
"""Channels of the trunk's maps at strides 32 and 16."""
KEPT = 96
GEM_POWER = 3.0


class LogoEmbedder(nn.Module):
    """Crops to unit descriptors.

    Pooling forgets where things are, and a mirrored logo has the same things: besides the pooled maps, the
    deep map is read cell by cell. `frozen`: blocks of the trunk, from the image on, that stay as they are.
    """

    def __init__(self, side: int, dims: int, frozen: int = 0) -> None:
        super().__init__()
        self.trunk = Trunk(frozen)
        self.cells = nn.Conv2d(DEEP, KEPT, 1)
        self.fine = nn.Conv2d(MIDDLE, KEPT // 4, 1)
        count = KEPT * (side // 32) ** 2 + KEPT // 4 * (side // 16) ** 2 + DEEP + MIDDLE
        self.head = nn.Linear(count, dims)

    def features(self, crops: Tensor) -> Tensor:
        """What the head reads, (n, features), of crops (n, 3, side, side): four parts of unit length."""
        middle, values = self.trunk(crops, (4, 6))
        parts = (self.cells(values), self.fine(middle), pooled(values), pooled(middle))
        return torch.cat([functional.normalize(part.flatten(1), dim=1) for part in parts], dim=1)

    def forward(self, crops: Tensor) -> Tensor:
        """Unit descriptors (n, dims) of crops (n, 3, side, side) in [0, 1]."""
        return functional.normalize(self.head(self.features(crops)), dim=1)


def start_head(network: LogoEmbedder, features: Tensor) -> None:
    """Set the head to the principal axes of `features`, half-whitened as in training/network.py."""
    mean = features.mean(dim=0)
    _, spread, axes = torch.linalg.svd(features - mean, full_matrices=False)
    kept = min(network.head.out_features, len(spread))
    with torch.no_grad():
        network.head.weight[:kept] = axes[:kept] / spread[:kept].clamp(min=1e-6).sqrt()[:, None]
        network.head.bias.copy_(-network.head.weight @ mean)


def pooled(features: Tensor) -> Tensor:
    """Generalised mean (n, channels) of what is positive in a map (n, channels, rows, columns)."""
    kept = features.clamp(min=1e-3)
    mean: Tensor = (kept * kept * kept).mean(dim=(2, 3)) ** (1 / GEM_POWER)
    return mean
