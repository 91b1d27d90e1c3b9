"""Scores are probabilities drawn from what was measured; weights that do not fit the code are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matcher.errors import ModelError
from matcher.models.homography import HomographyMatcher
from matcher.models.rootsift import RootSift
from matcher.similarity import FEATURES, WEIGHTS, Comparison, load_scorer, shading
from tests.matcher import drawn
from tests.matcher.drawn import SETTINGS

UNRELATED = Comparison(0.3, 0, 0.28, 0.05, 0.2, None, background_votes=2.5)


def exact_copy() -> Comparison:
    """What is measured of an image and itself."""
    image = drawn.pixels(drawn.product(1))
    found = RootSift(side=384, count=400).detect(image)
    same = HomographyMatcher().match(found, image, found, mirrored=False)
    assert same is not None
    return Comparison(1.0, 0, 0.3, 1.0, float(len(found.points)), same, same.inliers)


def test_an_exact_copy_scores_high_and_an_unrelated_image_low() -> None:
    for scores in load_scorer().copy_and_product([exact_copy(), UNRELATED]):
        assert scores[0] > 0.9
        assert scores[1] < 0.1


def test_many_comparisons_or_none_score_as_each_by_itself() -> None:
    scorer = load_scorer()
    pair = [exact_copy(), UNRELATED]
    alone = [scorer.copy_and_product([one]) for one in pair]
    for kind, together in enumerate(scorer.copy_and_product(pair)):
        assert together.tolist() == [scores[kind][0] for scores in alone]
    assert scorer.prospect(pair).shape == (2,)
    assert [scores.shape for scores in scorer.copy_and_product([])] == [(0,), (0,)]
    assert scorer.prospect([]).shape == (0,)


def test_a_prospect_is_told_without_keypoints_by_the_descriptor_or_by_votes() -> None:
    scorer = load_scorer()
    verified = exact_copy()
    unverified = replace(verified, correspondence=None, most_inliers=0)
    far, voted = replace(UNRELATED, cosine=0.2), replace(UNRELATED, votes=40.0)
    told = dict(zip(
        ("verified", "unverified", "unrelated", "far", "voted"),
        scorer.prospect([verified, unverified, UNRELATED, far, voted]).tolist(), strict=True,
    ))  # fmt: skip
    assert told["unverified"] == told["verified"] > 0.5
    assert told["far"] < SETTINGS.matching.least_prospect < 0.5
    assert told["voted"] > 10 * told["unrelated"]


def test_every_feature_is_finite_and_has_a_name() -> None:
    for comparison in (exact_copy(), UNRELATED, replace(UNRELATED, cosine=-1.0, votes=0.0)):
        row = comparison.features()
        assert row.shape == (len(FEATURES),)
        assert np.isfinite(row).all()


def test_a_correspondence_far_behind_the_best_says_less_of_itself() -> None:
    best = exact_copy()
    behind = replace(best, most_inliers=best.most_inliers * 10)
    place = FEATURES.index("behind")
    assert behind.features()[place] < best.features()[place] == 0


def test_extreme_weights_saturate_and_do_not_overflow() -> None:
    model = load_scorer().copy_model
    for factor in (-1e6, 1e6):
        wild = replace(model, weights=np.full_like(model.weights, factor))
        (sure,) = wild.probabilities(UNRELATED.features()[np.newaxis])
        assert sure in (0, 1)


def test_shading_sees_a_flip_and_not_the_light() -> None:
    swatch = drawn.pixels(drawn.product(2).resize((64, 64)))
    other = drawn.pixels(drawn.product(3).resize((64, 64)))
    assert shading(swatch, swatch) > 0.99
    assert shading(swatch[:, ::-1], swatch) > 0.99
    assert shading((swatch * 0.6 + 60).astype(np.uint8), swatch) > 0.97
    assert shading(other, swatch) < 0.6
    assert abs(shading(np.full((64, 64, 3), 128, np.uint8), swatch)) < 0.01


def changed(fitted: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """What was fitted, with other parts of the copy score."""
    return fitted | {"copy": fitted["copy"] | parts}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda fitted: fitted | {"features": fitted["features"][::-1]}, "other features"),
        (lambda fitted: changed(fitted, weights=fitted["copy"]["weights"][:-1]), "weights are wanted"),
        (lambda fitted: changed(fitted, trees={"start": 0.0, "trees": []}), "cannot be read"),
        (lambda fitted: changed(fitted, trees={"start": 0.0}), "cannot be read"),
        (lambda fitted: fitted | {"cheap": fitted["cheap"][::-1]}, "other features"),
        (lambda fitted: fitted | {"prospect": fitted["prospect"][1:]}, "other features"),
        (lambda fitted: fitted | {"copy": ["many"]}, "cannot be read"),
        (lambda fitted: fitted | {"prospect": ["many"] * 5}, "cannot be read"),
        (lambda fitted: {"features": fitted["features"]}, "cannot be read"),
        (lambda fitted: [1, 2], "cannot be read"),
    ],
)
def test_weights_that_do_not_fit_are_a_model_error(tmp_path: Path, change, reason: str) -> None:
    path = tmp_path / "weights.json"
    path.write_text(json.dumps(change(json.loads(WEIGHTS.read_text()))))
    with pytest.raises(ModelError, match=reason):
        load_scorer(path)


def test_the_fingerprint_follows_the_weights(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    fitted = json.loads(WEIGHTS.read_text())
    path.write_text(json.dumps(fitted | {"prospect": [value + 1 for value in fitted["prospect"]]}))
    assert load_scorer(path).fingerprint != load_scorer().fingerprint
    with pytest.raises(ModelError, match="cannot be read"):
        load_scorer(tmp_path / "absent.json")
