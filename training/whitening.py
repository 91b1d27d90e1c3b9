"""Fits the head of a trained embedder anew: the principal axes of what its trunk sees in photos."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import torch
from torch import Tensor

from matcher.errors import UsageError
from matcher.models import Pixels
from matcher.models.onnx_embedder import STRIDE, window_weights
from matcher.models.views import boxes
from training.network import Described, TwoHeads, start_heads

SIDE = 320
"""Longest side in which photos are looked at, as `models.embed_side` of the settings."""
TILES = ((0.75, 2), (0.5, 3))
VIEWS = (0, 2, 8)
"""Of the windows that `TILES` names: the whole photo, and one of each size."""
PHOTOS = 1000
"""So many are enough."""


def refit_head(network: TwoHeads, photos: Sequence[Pixels]) -> None:
    """Set the product head to the half-whitened principal axes of `photos`.

    A head that was trained fits the things it was trained on. Whitening after training (Jégou & Chum, ECCV
    2012; Radenović et al., TPAMI 2019, section 3.4) keeps what sets photos of any things apart. Raises
    UsageError where the photos are too few for as many axes as the head has.
    """
    axes = network.product_head.out_features
    if len(photos) * len(VIEWS) <= axes:
        raise UsageError(
            f"{len(photos)} photos are too few for a head of {axes} axes; give more than {axes // len(VIEWS)}"
        )
    described = Described(network.eval(), head=False)
    with torch.inference_mode():
        start_heads(network, torch.cat([described(*given(photo)) for photo in photos]))


def given(photo: Pixels) -> tuple[Tensor, Tensor]:
    """A photo and the windows of it, as the graph is given them."""
    height, width = photo.shape[:2]
    sides = [max(2, round(length * SIDE / max(height, width) / STRIDE)) for length in (height, width)]
    size = (sides[1] * STRIDE, sides[0] * STRIDE)
    kind = cv2.INTER_AREA if max(height, width) > SIDE else cv2.INTER_LINEAR
    windows = window_weights(*sides, boxes(TILES))[list(VIEWS)]
    return torch.from_numpy(cv2.resize(photo, size, interpolation=kind))[None], torch.from_numpy(windows)
