"""The score of logos that ships, for descriptors of any length in tests: without its background."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matcher.logo_likeness import LogoScorer, load_logo_scorer
from matcher.models.onnx_logo_embedder import OnnxLogoEmbedder


def shipped_scorer(dims: int) -> LogoScorer:
    """Its weights as they ship."""
    shipped = load_logo_scorer(dims=OnnxLogoEmbedder().dims)
    return replace(shipped, background=np.zeros((0, dims), np.float32))
