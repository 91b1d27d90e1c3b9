"""The text finder: inverted residuals down to a stride of 32, summed up again at a stride of 8."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

RARE = -3.0
"""Bias of the logits at the start: few places hold writing (RetinaNet, ICCV 2017, section 3.3)."""


def pointwise(given: int, made: int, *, act: bool = True) -> nn.Sequential:
    """A 1 x 1 convolution with batch statistics."""
    layers: list[nn.Module] = [nn.Conv2d(given, made, 1, bias=False), nn.BatchNorm2d(made)]
    return nn.Sequential(*layers, *([nn.ReLU6()] if act else []))


def depthwise(channels: int, stride: int = 1) -> nn.Sequential:
    """A 3 x 3 convolution of each channel by itself, with batch statistics."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU6(),
    )


class Inverted(nn.Module):
    """An inverted residual block (MobileNetV2, Sandler et al., CVPR 2018); `wider`: its expansion."""

    def __init__(self, given: int, made: int, *, stride: int = 1, wider: int = 3) -> None:
        super().__init__()
        inner = given * wider
        self.steps = nn.Sequential(
            pointwise(given, inner), depthwise(inner, stride), pointwise(inner, made, act=False)
        )
        self.is_residual = stride == 1 and given == made

    def forward(self, values: Tensor) -> Tensor:
        """A map (n, given, h, w) to (n, made, h / stride, w / stride)."""
        found = self.steps(values)
        return cast(Tensor, values + found if self.is_residual else found)


class TextFinderNetwork(nn.Module):
    """Images to how likely each cell of 8 x 8 pixels holds writing."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU6(),
            depthwise(16, 2), pointwise(16, 24, act=False), Inverted(24, 24),
        )  # fmt: skip
        self.fine = nn.Sequential(Inverted(24, 40, stride=2, wider=4), Inverted(40, 40), Inverted(40, 40))
        self.middle = nn.Sequential(Inverted(40, 80, stride=2), *(Inverted(80, 80) for _ in range(3)))
        self.coarse = nn.Sequential(Inverted(80, 96, stride=2), Inverted(96, 96))
        self.narrow = nn.ModuleList(pointwise(width, channels, act=False) for width in (40, 80, 96))
        self.head = nn.Sequential(
            depthwise(channels), pointwise(channels, channels), nn.Conv2d(channels, 1, 1)
        )
        nn.init.constant_(cast(Tensor, cast(nn.Conv2d, self.head[-1]).bias), RARE)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, h / 8, w / 8) of images (n, 3, h, w) in [0, 1], both sides multiples of 32."""
        fine = self.fine(self.stem((images - 0.5) / 0.5))
        middle = self.middle(fine)
        found = self.narrow[2](self.coarse(middle))
        for place, level in ((1, middle), (0, fine)):
            found = functional.interpolate(found, scale_factor=2.0, mode="nearest") + self.narrow[place](
                level
            )
        logits: Tensor = self.head(functional.relu6(found))[:, 0]
        return logits


def probabilities(network: nn.Module, images: Tensor) -> Tensor:
    """How likely each cell holds writing, (n, h / 8, w / 8) in [0, 1]."""
    return torch.sigmoid(network(images))
