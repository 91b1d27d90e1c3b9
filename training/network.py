"""The embedder as it is trained: a trunk, pooling over windows, and two short heads side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from matcher.models.onnx_embedder import GEM_POWER, window_weights
from matcher.models.views import Box


class TwoHeads(nn.Module):
    """uint8 images to copy and product descriptors, each trained by its own loss.

    The copy head keeps apart what the product head brings together.
    """

    def __init__(self, trunk: nn.Module, channels: int, *, copy_dims: int, product_dims: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.copy_head = nn.Linear(channels, copy_dims)
        self.product_head = nn.Linear(channels, product_dims)

    def features(self, images: Tensor) -> Tensor:
        """Last feature map (n, channels, rows, columns) of uint8 images (n, height, width, 3)."""
        pixels = (images.permute(0, 3, 1, 2).float() - 127.5) / 127.5
        # Attributes of a Module are typed as tensors or modules; timm's trunks have this method.
        run = cast(Callable[[Tensor], Tensor], self.trunk.forward_features)
        return run(pixels)

    def heads(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Copy (n, copy_dims) and product (n, product_dims) descriptors of pooled features, unit length."""
        unit = functional.normalize(pooled, dim=1)
        return (
            functional.normalize(self.copy_head(unit), dim=1),
            functional.normalize(self.product_head(unit), dim=1),
        )


class Described(nn.Module):
    """One image and its windows to unit descriptors: what is searched.

    `image`: uint8 (1, height, width, 3). `windows`: float32 (windows, cells), the share of each cell of the
    feature map in each window. Gives float32 (windows, dims): the product head's descriptors, or without
    `head` the pooled features themselves. The copy head teaches the trunk and is not exported: joined to the
    product head it found no more copies among tuning photos, and fewer products.
    """

    def __init__(self, network: TwoHeads, *, head: bool) -> None:
        super().__init__()
        self.network, self.with_head = network, head

    def forward(self, image: Tensor, windows: Tensor) -> Tensor:
        """Descriptors of all windows from one pass of the trunk."""
        cells = self.network.features(image).flatten(2)[0].T
        kept = cells.clamp(min=0)
        pooled: Tensor = (windows @ (kept * kept * kept)) ** (1 / GEM_POWER)
        return self.network.heads(pooled)[1] if self.with_head else functional.normalize(pooled, dim=1)


def pool(features: Tensor, tiles: tuple[Box, ...], chosen: Tensor) -> Tensor:
    """Generalised mean of each image's chosen window of `tiles`, (n, channels), of its feature map.

    The pooling of the shipped embedder, so that a window is trained as it will be read.
    """
    rows, columns = features.shape[2:]
    weights = torch.from_numpy(window_weights(rows, columns, tiles))[chosen]
    powers = features.float().clamp(min=1e-4).flatten(2) ** GEM_POWER
    return torch.einsum("ncp,np->nc", powers, weights) ** (1 / GEM_POWER)


def start_heads(network: TwoHeads, pooled: Tensor) -> None:
    """Set both heads to the principal axes of `pooled` (n, channels), so that training starts from the trunk.

    Half-whitened: axes are divided by the fourth root of their variance, which spreads descriptors a little.
    """
    unit = functional.normalize(pooled, dim=1)
    mean = unit.mean(dim=0)
    spread, axes = torch.linalg.eigh(torch.cov((unit - mean).T))
    for head in (network.copy_head, network.product_head):
        kept = range(-1, -head.out_features - 1, -1)
        rows = axes[:, list(kept)].T / spread[list(kept)].clamp(min=1e-9).sqrt().sqrt()[:, None]
        with torch.no_grad():
            head.weight.copy_(rows)
            head.bias.copy_(-rows @ mean)
