"""How surely a region of a photo holds a catalogued logo: what was measured, and the fitted probability."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.errors import ModelError
from matcher.models import Descriptors
from matcher.records import Score

WEIGHTS = Path(__file__).parent / "models" / "weights"
SCORE, BACKGROUND = "logo-score.json", "logo-background.npy"
"""Files in a folder of logo models: fitted weights, and descriptors of crops that show no catalogued logo."""
NEAREST = 10
"""So many nearest of the background stand for what an unrelated logo would reach."""
LARGEST_BACKGROUND = 100_000

FEATURES = (
    "cosine", "cosine squared", "above other brands", "above background", "logo above background",
    "log of logos", "box", "log of side", "textured", "inliers",
)  # fmt: skip


@dataclass(frozen=True)
class LogoComparison:
    """What was measured of one region and one brand's best logo.

    `cosine`: of the region's descriptor and the nearest variant of the logo, in [-1, 1]. `other`: the best
    cosine of another brand's logo. `background`: mean of the region's `NEAREST` cosines to the background,
    `logo_background` the same of the logo's variant: a plain circle is near to much (the two sides of score
    normalisation, as Matějka et al., Interspeech 2017, section 2, do for voices). Where there is no other
    brand or no background, the one stands for the other. `logos`: how many the gallery holds: the more, the
    nearer the nearest comes by chance. `box`: the detector's score. `side`: pixels of the region's longer
    side. `inliers`: keypoints that agree, None where the logo has too little texture to ask.
    """

    cosine: float
    other: float
    background: float
    logo_background: float
    logos: int
    box: Score
    side: float
    inliers: int | None = None

    def features(self) -> NDArray[np.float64]:
        """The row that the fitted weights are multiplied with, in the order of `FEATURES`."""
        cosine = max(self.cosine, 0.0)
        textured = self.inliers is not None
        return np.array(
            [
                cosine,
                cosine**2,
                cosine - self.other,
                cosine - self.background,
                cosine - self.logo_background,
                math.log(max(self.logos, 1)),
                self.box,
                math.log(max(self.side, 1.0)),
                float(textured),
                math.log1p(self.inliers or 0),
            ]
        )


@dataclass(frozen=True)
class LogoScorer:
    """A logistic model over one comparison, fitted by `training/fit_logo_score.py`, and its background.

    `background`: unit vectors (n, dims) of crops that show no catalogued logo; there may be none.
    """

    weights: tuple[float, ...]
    background: Descriptors
    fingerprint: str

    def score(self, comparison: LogoComparison) -> Score:
        """Probability in [0, 1] that the region holds the brand's logo."""
        total = float(comparison.features() @ np.array(self.weights[:-1])) + self.weights[-1]
        return (
            1 / (1 + math.exp(-total)) if total >= 0 else math.exp(max(total, -700.0)) / (1 + math.exp(total))
        )

    def level(self, descriptor: Descriptors) -> float | None:
        """Mean of the descriptor's nearest cosines to the background, None where there is none."""
        if not len(self.background):
            return None
        cosines = self.background @ descriptor
        count = min(NEAREST, len(cosines))
        return float(np.partition(cosines, len(cosines) - count)[-count:].mean())


def load_logo_scorer(folder: Path = WEIGHTS, *, dims: int) -> LogoScorer:
    """What lies in a folder of logo models; the weights that ship where it has none of its own.

    Raises `ModelError` where the weights do not fit the code, or the background not descriptors of `dims`.
    """
    path = folder / SCORE if (folder / SCORE).is_file() else WEIGHTS / SCORE
    try:
        text = path.read_text(encoding="utf-8")
        fitted = json.loads(text)
        weights = tuple(map(float, fitted["logo"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(path.name, f"cannot be read ({error}); fit it again or reinstall") from error
    if fitted.get("features") != list(FEATURES) or len(weights) != len(FEATURES) + 1:
        raise ModelError(path.name, "was fitted for other features; fit it again")
    background = _background(folder / BACKGROUND, dims)
    digest = hashlib.sha256(text.encode() + background.tobytes())
    return LogoScorer(weights, background, digest.hexdigest())


def _background(path: Path, dims: int) -> Descriptors:
    if not path.is_file():
        return np.zeros((0, dims), np.float32)
    try:
        vectors = np.load(path, allow_pickle=False).astype(np.float32)
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(path.name, f"cannot be read ({error}); fit it again or reinstall") from error
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True) if vectors.ndim == 2 else np.zeros((1, 1))
    if vectors.shape[1:] != (dims,) or len(vectors) > LARGEST_BACKGROUND or not (lengths > 0.5).all():
        raise ModelError(path.name, f"holds no unit vectors of {dims} numbers; fit it again")
    return np.ascontiguousarray(vectors / lengths)
