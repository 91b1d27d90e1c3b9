"""The logo detector: an EfficientNet-Lite0 trunk, a small feature pyramid and a head without anchors."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.logos.trunk import Trunk

STRIDES = (8, 16, 32)
LEVELS = {2: 40, 4: 112, 6: 320}
"""Blocks of the trunk whose maps are used, with their channels."""
RARE = -4.0
"""Bias of the scores at the start: almost no place holds a logo (RetinaNet, ICCV 2017, section 3.3)."""


def separable(channels: int) -> nn.Sequential:
    """A depthwise and a pointwise convolution, each with batch statistics."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False), nn.BatchNorm2d(channels),
        nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU6(),
    )  # fmt: skip


class Detector(nn.Module):
    """Images to a score and a box at each place of three maps (FCOS, Tian et al., ICCV 2019).

    A score says how well its box fits a logo (generalised focal loss, Li et al., NeurIPS 2020), so no
    centre-ness is learnt. `frozen`: blocks of the trunk, from the image on, that stay as they are.
    """

    def __init__(self, channels: int, frozen: int = 0) -> None:
        super().__init__()
        self.trunk = Trunk(frozen)
        self.narrow = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in LEVELS.values())
        self.merged = nn.ModuleList(separable(channels) for _ in LEVELS)
        self.towers = nn.Sequential(separable(channels), separable(channels))
        self.score = nn.Conv2d(channels, 1, 1)
        self.reach = nn.Conv2d(channels, 4, 1)
        self.scales = nn.Parameter(torch.ones(len(STRIDES)))
        nn.init.constant_(cast(Tensor, self.score.bias), RARE)
        nn.init.normal_(self.score.weight, std=0.01)
        nn.init.normal_(self.reach.weight, std=0.01)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Score logits (n, places) and reaches (n, places, 4), pixels of images (n, 3, side, side) in [0, 1].

        A reach is how far the box goes left, up, right and down of its place.
        """
        scores, reaches = [], []
        for level, found in enumerate(self._pyramid(images)):
            tower = self.towers(found)
            scores.append(self.score(tower).flatten(1))
            span = functional.softplus(self.reach(tower) * self.scales[level] + 1.5) * STRIDES[level]
            reaches.append(span.flatten(2).transpose(1, 2))
        return torch.cat(scores, dim=1), torch.cat(reaches, dim=1)

    def _pyramid(self, images: Tensor) -> list[Tensor]:
        maps = self.trunk(images, tuple(LEVELS))
        slim = [narrow(found) for narrow, found in zip(self.narrow, maps, strict=True)]
        for upper in range(len(slim) - 1, 0, -1):
            slim[upper - 1] = slim[upper - 1] + functional.interpolate(slim[upper], scale_factor=2.0)
        return [merge(found) for merge, found in zip(self.merged, slim, strict=True)]


def places(side: int) -> tuple[Tensor, Tensor]:
    """Middles (places, 2) in pixels and strides (places,) of all places of the three maps."""
    middles, strides = [], []
    for stride in STRIDES:
        ticks = (torch.arange(side // stride) + 0.5) * stride
        rows, columns = torch.meshgrid(ticks, ticks, indexing="ij")
        middles.append(torch.stack([columns.flatten(), rows.flatten()], dim=1))
        strides.append(torch.full((len(ticks) ** 2,), float(stride)))
    return torch.cat(middles), torch.cat(strides)


def boxes_at(middles: Tensor, reaches: Tensor) -> Tensor:
    """Boxes (…, places, 4) as x1 y1 x2 y2 of reaches (…, places, 4) from middles (places, 2)."""
    return torch.cat([middles - reaches[..., :2], middles + reaches[..., 2:]], dim=-1)
