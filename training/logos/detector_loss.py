"""Which place of the detector's maps answers for which logo, and what that costs."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import box_iou, generalized_box_iou_loss

from training.logos.detector import STRIDES, boxes_at

RANGES = ((0.0, 64.0), (64.0, 144.0), (144.0, 1e6))
"""Longer side of the boxes, pixels, that each map answers for."""
RADIUS = 1.5
"""A place answers for a box whose middle is at most this many strides away."""


def assigned(boxes: Tensor, middles: Tensor, strides: Tensor) -> Tensor:
    """For each place the number of its box, -1 for none: int64 (places,). Of several boxes the smallest wins.

    A map answers for boxes of its range, at places inside them and near their middle (FCOS with centre
    sampling); places are never further from the middle than half the box.
    """
    if not len(boxes):
        return torch.full((len(middles),), -1)
    centre, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    away = (middles[:, None] - centre[None]).abs()
    low, high = (
        sum(torch.where(strides == stride, RANGES[level][end], 0.0) for level, stride in enumerate(STRIDES))
        for end in (0, 1)
    )
    longest = size.max(dim=1).values
    # A box smaller than the stride still needs a place: the one within a stride of its middle.
    reach = torch.minimum(
        (RADIUS * strides)[:, None, None], torch.maximum(size[None] / 2, strides[:, None, None] / 2)
    )
    near = (away <= reach).all(dim=2)
    fits = (longest[None] > low[:, None]) & (longest[None] <= high[:, None])  # type: ignore[index]
    area = (size[:, 0] * size[:, 1])[None].expand(len(middles), -1)
    smallest, which = area.masked_fill(~(near & fits), torch.inf).min(dim=1)
    return torch.where(smallest.isfinite(), which, -1)


def detection_loss(
    scores: Tensor, reaches: Tensor, boxes: list[Tensor], unsure: list[Tensor],
    middles: Tensor, strides: Tensor,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Score and box terms of a batch.

    `scores` (n, places) logits, `reaches` (n, places, 4); `boxes`, `unsure` per image (m, 4). A place in an
    unsure box that answers for no logo is not punished. The score's target is the overlap of the place's box
    with the logo's; both terms are divided by the number of places that answer.
    """
    found = boxes_at(middles, reaches)
    target, weight = torch.zeros_like(scores), torch.ones_like(scores)
    terms, count = scores.new_zeros(()), 0
    for number, (wanted, doubtful) in enumerate(zip(boxes, unsure, strict=True)):
        which = assigned(wanted, middles, strides)
        mine = which >= 0
        if len(doubtful):
            inside = (middles[:, None] > doubtful[:, :2]) & (middles[:, None] < doubtful[:, 2:])
            weight[number][inside.all(dim=2).any(dim=1) & ~mine] = 0
        if not bool(mine.any()):
            continue
        said, right = found[number][mine], wanted[which[mine]]
        overlap = box_iou(said.detach(), right).diagonal().clamp(min=0, max=1)
        target[number, mine] = overlap.clamp(min=0.05)
        terms = terms + generalized_box_iou_loss(said, right, reduction="sum")
        count += int(mine.sum())
    wrong = (torch.sigmoid(scores) - target).abs().detach()
    focal = (
        functional.binary_cross_entropy_with_logits(scores, target, reduction="none")
        * wrong.square()
        * weight
    )
    return focal.sum() / max(1, count), terms / max(1, count)
