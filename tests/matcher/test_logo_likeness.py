"""A logo's score holds as the gallery grows, falls as others come near, and needs weights that fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from matcher.errors import ModelError
from matcher.logo_likeness import (
    BACKGROUND,
    FEATURES,
    SCORE,
    WEIGHTS,
    LogoComparison,
    LogoScorer,
    load_logo_scorer,
)
from matcher.models.onnx_logo_embedder import OnnxLogoEmbedder
from tests.matcher.shipped_logo_score import shipped_scorer

SURE = LogoComparison(
    cosine=0.85, other=0.4, background=0.35, logo_background=0.35, logos=100, box=0.8, side=120
)


@pytest.fixture
def scorer() -> LogoScorer:
    return shipped_scorer(4)


def test_the_score_that_ships_fits_the_embedder_that_ships() -> None:
    shipped = load_logo_scorer(dims=OnnxLogoEmbedder().dims)
    assert len(shipped.background) > 100
    for name, worse in {"cosine": 0.4, "other": 0.8, "background": 0.8, "logo_background": 0.8}.items():
        assert shipped.score(replace(SURE, **{name: worse})) < shipped.score(SURE)


def test_a_near_logo_with_no_rival_is_likely_and_a_far_one_is_not(scorer: LogoScorer) -> None:
    assert scorer.score(SURE) > 0.8
    assert scorer.score(replace(SURE, cosine=0.5, other=0.48, background=0.45, logo_background=0.45)) < 0.2


@pytest.mark.parametrize(
    "worse",
    [
        {"cosine": 0.7},
        {"other": 0.8},
        {"background": 0.7},
        {"logo_background": 0.7},
        {"logos": 5000},
        {"box": 0.2},
    ],
)
def test_each_sign_against_it_lowers_the_score(scorer: LogoScorer, worse: dict[str, float]) -> None:
    assert scorer.score(replace(SURE, **worse)) < scorer.score(SURE)


def test_keypoints_that_agree_raise_it_and_none_where_some_were_due_lower_it(scorer: LogoScorer) -> None:
    none, some = (scorer.score(replace(SURE, inliers=count)) for count in (0, 25))
    assert none < scorer.score(SURE) < some


def test_odd_numbers_give_a_probability(scorer: LogoScorer) -> None:
    for cosine in (-1.0, 0.0, 1.0):
        odd = replace(SURE, cosine=cosine, other=1.0, logos=0, side=0.0, inliers=100_000)
        assert 0 <= scorer.score(odd) <= 1


def test_the_level_of_the_background_is_its_nearest_ten() -> None:
    background = np.eye(4, dtype=np.float32)[[0] * 10 + [1] * 90]
    scorer = LogoScorer((0.0,) * 11, background, "x")
    assert scorer.level(np.array([0.6, 0.8, 0, 0], np.float32)) == pytest.approx(0.8)
    assert scorer.level(np.array([0, 0, 1, 0], np.float32)) == pytest.approx(0.0)
    assert LogoScorer((0.0,) * 11, background[:0], "x").level(background[0]) is None


def write_models(folder: Path, background: np.ndarray | None = None, **changed: object) -> Path:
    fitted = json.loads((WEIGHTS / SCORE).read_text(encoding="utf-8")) | changed
    (folder / SCORE).write_text(json.dumps(fitted), encoding="utf-8")
    if background is not None:
        np.save(folder / BACKGROUND, background)
    return folder


def test_a_folder_of_models_brings_its_own_weights_and_background(tmp_path: Path) -> None:
    plain = load_logo_scorer(tmp_path / "none", dims=4)
    own = load_logo_scorer(write_models(tmp_path, np.eye(4, dtype=np.float16)), dims=4)
    assert len(own.background) == 4
    assert own.fingerprint != plain.fingerprint
    assert load_logo_scorer(tmp_path / "elsewhere", dims=4).fingerprint == plain.fingerprint


@pytest.mark.parametrize("changed", [{"features": list(FEATURES[:-1])}, {"logo": [1.0]}, {"logo": None}])
def test_weights_for_other_features_are_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="fit it again"):
        load_logo_scorer(write_models(tmp_path, **changed), dims=4)


@pytest.mark.parametrize(
    "background",
    [np.eye(3), np.zeros((2, 4)), np.ones(4), np.full((1, 4), np.nan)],
    ids=["dims", "zero", "flat", "nan"],
)
def test_a_background_that_is_none_is_refused(tmp_path: Path, background: np.ndarray) -> None:
    with pytest.raises(ModelError, match="fit it again"):
        load_logo_scorer(write_models(tmp_path, background), dims=4)
    (tmp_path / BACKGROUND).write_bytes(b"no array")
    with pytest.raises(ModelError, match="fit it again"):
        load_logo_scorer(tmp_path, dims=4)
