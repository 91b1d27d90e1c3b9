"""The scores are fitted on pairs; a prospect is learnt from the true pairs that the other two find."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from matcher.similarity import CHEAP, FEATURES, WEIGHTS, Comparison, load_scorer
from training.fit_similarity import Pairs, learnt_from, main


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
    path = tmp_path / "pairs.npz"
    np.savez(path, **vars(made_pairs()))
    return path


def test_all_three_scores_fitted_in_turn_make_a_scorer(pairs: Path, tmp_path: Path) -> None:
    out = tmp_path / "similarity.json"
    for score in ("copy", "product", "prospect"):
        main([score, "--pairs", str(pairs), "--out", str(out)])
    scorer = load_scorer(out)
    near, far = Comparison(0.7, 0, 0.1, 0.3, 9.0, None), Comparison(0.3, 0, 0.0, 0.3, 0.3, None)
    assert scorer.prospect(near) > 0.5 > scorer.prospect(far)


def test_a_score_that_is_fitted_leaves_the_others_as_they_were(pairs: Path, tmp_path: Path) -> None:
    out = tmp_path / "similarity.json"
    out.write_text(WEIGHTS.read_text(encoding="utf-8"), encoding="utf-8")
    before = json.loads(out.read_text(encoding="utf-8"))
    main(["prospect", "--pairs", str(pairs), "--out", str(out)])
    after = json.loads(out.read_text(encoding="utf-8"))
    assert after["prospect"] != before["prospect"]
    assert after == before | {"prospect": after["prospect"]}


def test_a_true_pair_that_neither_score_finds_is_no_prospect() -> None:
    pairs = made_pairs()
    unsure: list[float] = [0.0] * len(FEATURES) + [-9.0]
    by_inliers: list[float] = unsure.copy()
    by_inliers[FEATURES.index("inliers")] = 8.0
    rows, true = learnt_from(pairs, "prospect", {"copy": unsure, "product": by_inliers})
    assert rows.shape == (len(pairs.rows), len(CHEAP))
    assert np.array_equal(true, pairs.product)
    _, none = learnt_from(pairs, "prospect", {"copy": unsure, "product": unsure})
    assert not none.any()
