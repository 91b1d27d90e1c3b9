"""The scores are fitted on pairs; a prospect is learnt from the true pairs that the other two find."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from matcher.boosted_trees import NUMBERS, PLACES, BoostedTrees
from matcher.similarity import CHEAP, FEATURES, WEIGHTS, Comparison, load_scorer
from training.fit_similarity import BOOSTING, GROWING, grow_trees, learnt_from, main
from training.similarity_pairs import Pairs, akin, joined


def made_pairs(count: int = 400) -> Pairs:
    """Pairs a tenth of which are true; a true one is nearer, has more votes and many inliers."""
    rng = np.random.default_rng(3)
    true = rng.random(count) < 0.1
    rows = rng.normal(0.3, 0.05, (count, len(FEATURES)))
    for name, by in {"cosine": 0.4, "above background": 0.3, "votes": 2.0, "inliers": 3.0}.items():
        rows[true, FEATURES.index(name)] += by
    places = np.arange(count, dtype=np.int64)
    return Pairs(rows, true, true, np.ones(count), places, np.zeros(count, np.int64))


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A folder of kept pairs, so that none are collected."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    np.savez(folder / "real.npz", **vars(made_pairs()))
    return folder


def test_all_three_scores_fitted_in_turn_make_a_scorer(pairs: Path, tmp_path: Path) -> None:
    out = tmp_path / "similarity.json"
    for score in ("copy", "product", "prospect"):
        main([score, "--copies", "photos", "--pairs", str(pairs), "--out", str(out)])
    scorer = load_scorer(out)
    near, far = Comparison(0.7, 0, 0.1, 0.3, 9.0, None), Comparison(0.3, 0, 0.0, 0.3, 0.3, None)
    first, second = scorer.prospect([near, far])
    assert first > 0.5 > second


def test_the_trees_that_are_written_say_what_scikit_learns_say() -> None:
    pairs = made_pairs()
    trees = BoostedTrees.read(grow_trees(pairs.rows, pairs.copy, pairs.weight), len(FEATURES))
    monotonic = [int(name in GROWING) for name in FEATURES]
    model = HistGradientBoostingClassifier(**BOOSTING, monotonic_cst=monotonic, random_state=0)
    model.fit(pairs.rows, pairs.copy, sample_weight=pairs.weight)
    assert np.abs(trees.log_odds(pairs.rows) - model.decision_function(pairs.rows)).max() < 0.01


def test_pairs_of_several_catalogs_keep_their_sources_apart() -> None:
    one = made_pairs(10)
    together = joined([one, one])
    assert np.array_equal(together.rows, np.concatenate([one.rows, one.rows]))
    assert together.source.tolist() == [0] * 10 + [1] * 10


@pytest.mark.parametrize(
    ("photo", "other", "unclear"),
    [
        ("images/mh02-black_back.jpg#crop", "images/mh02-blue_main.jpg", True),
        ("mh02-black_back.jpg", "mh03-black_back.jpg", False),
        ("lamp.jpg", "lamp.jpg", False),
        ("00f6e504-7c27.jpg", "13cbd566-7c27.jpg", False),
    ],
)
def test_other_colours_of_a_style_may_be_one_photo_dyed_anew(photo: str, other: str, unclear: bool) -> None:
    assert akin(photo, other) is unclear


def test_a_score_that_is_fitted_leaves_the_others_as_they_were(pairs: Path, tmp_path: Path) -> None:
    out = tmp_path / "similarity.json"
    out.write_text(WEIGHTS.read_text(encoding="utf-8"), encoding="utf-8")
    before = json.loads(out.read_text(encoding="utf-8"))
    main(["prospect", "--copies", "photos", "--pairs", str(pairs), "--out", str(out)])
    after = json.loads(out.read_text(encoding="utf-8"))
    assert after["prospect"] != before["prospect"]
    assert after == before | {"prospect": after["prospect"]}


def test_a_true_pair_that_neither_score_finds_is_no_prospect() -> None:
    pairs = made_pairs()
    flat = {"start": 0.0, "trees": [{column: [0] for column in (*PLACES, *NUMBERS)}]}
    weights = [0.0] * len(FEATURES) + [-18.0]
    unsure = {"weights": weights, "trees": flat}
    steep = weights.copy()
    steep[FEATURES.index("inliers")] = 16.0
    by_inliers = {"weights": steep, "trees": flat}
    rows, true = learnt_from(pairs, "prospect", {"copy": unsure, "product": by_inliers})
    assert rows.shape == (len(pairs.rows), len(CHEAP))
    assert np.array_equal(true, pairs.product)
    _, none = learnt_from(pairs, "prospect", {"copy": unsure, "product": unsure})
    assert not none.any()
