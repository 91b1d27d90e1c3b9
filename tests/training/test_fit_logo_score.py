"""The score of a logo is fitted on made scenes, and tells true regions from others better than chance."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.logos.cases import read_logos
from matcher.config import ImageSettings
from matcher.errors import UsageError
from matcher.logo_likeness import BACKGROUND, FEATURES, SCORE, LogoComparison, load_logo_scorer
from tests.benchmarks.logos import made
from tests.matcher.models.tiny_logos import write_tiny
from training.fit_logo_score import main, parted

LOGOS = range(40)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a small run of the command wrote."""
    folder = tmp_path_factory.mktemp("fit")
    made.write_logos(folder / "logos", *LOGOS)
    made.write_photos(folder / "photos", 12)
    options = {
        "--models": write_tiny(folder / "models"),
        "--logos": folder / "logos",
        "--photos": folder / "photos",
        "--plain": folder / "photos",
        "--out": folder / "out",
        "--scenes": 60,
        "--background": 60,
        "--least": 0.02,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.fit_logo_score.HIT", 0.25)  # the tiny detector's boxes lie in a fixed grid
        main([*(str(one) for pair in options.items() for one in pair), "--sizes", "5", "15"])
    return folder


def test_weights_and_background_fit_the_code(fitted: Path) -> None:
    written = json.loads((fitted / "out" / SCORE).read_text(encoding="utf-8"))
    assert written["features"] == list(FEATURES)
    scorer = load_logo_scorer(fitted / "out", dims=192)
    assert 20 <= len(scorer.background) <= 60
    assert np.load(fitted / "out" / BACKGROUND).dtype == np.float16


def test_a_near_logo_scores_more_than_a_far_one(fitted: Path) -> None:
    scorer = load_logo_scorer(fitted / "out", dims=192)
    near, far = (
        LogoComparison(
            cosine=cosine, other=0.4, background=0.4, logo_background=0.4, logos=10, box=0.2, side=200
        )
        for cosine in (0.95, 0.45)
    )
    assert scorer.score(near) > scorer.score(far)


def test_no_logo_is_in_two_parts(fitted: Path) -> None:
    logos = read_logos([fitted / "logos"], ImageSettings())
    parts = parted(logos)
    names = [one.brand for some in parts.values() for one in some]
    assert sorted(names) == sorted(one.brand for one in logos)
    assert len(parts["catalog"]) > len(parts["stranger"]) > 0


def test_too_few_logos_are_refused(fitted: Path) -> None:
    with pytest.raises(UsageError, match="name more"):
        parted(read_logos([fitted / "logos"], ImageSettings())[:1])
