"""A score of logos with weights as one would set them by hand, for tests of what is made of a score."""

from __future__ import annotations

import numpy as np

from matcher.logo_likeness import LogoScorer

WEIGHTS = (4.0, 6.0, 5.0, 4.0, 2.0, -0.4, 1.0, 0.3, -0.5, 0.5, -8.0)


def plain_scorer(dims: int) -> LogoScorer:
    """Without a background."""
    return LogoScorer(WEIGHTS, np.zeros((0, dims), np.float32), "plain")
