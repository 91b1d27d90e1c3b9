"""Fits the probabilities of `matcher/similarity.py` on pairs that the matcher itself proposes."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from matcher.similarity import CHEAP, FEATURES, read_pair_model
from training.similarity_pairs import Drawing, Pairs, pairs_of

INVERSE_REGULARISATION = 1.0
BOOSTING = {
    "max_iter": 200,
    "learning_rate": 0.05,
    "max_leaf_nodes": 6,
    "min_samples_leaf": 40,
    "l2_regularization": 10.0,
    "early_stopping": False,
}
"""Many small careful trees: of three such settings that of least log loss over five folds of the queries."""
GROWING = frozenset(FEATURES) - {"verified", "coverage"}
"""Features of which more never speaks against a pair."""
DIGITS = 5
CONFIRMED = 0.2
"""A true pair of which copy or product score is this sure was worth verifying."""


def main(arguments: list[str] | None = None) -> None:
    """`python -m training.fit_similarity SCORE --copies DIR… --products DIR… --out FILE`."""
    options = parser().parse_args(arguments)
    pairs = pairs_of(
        copies=options.copies, products=options.products, crowds=options.crowds, pasted=options.pasted,
        seed=options.seed,
        drawing=Drawing(tuple(options.demo), options.every_view, options.drawn_weight), kept=options.pairs,
    )  # fmt: skip
    written = json.loads(options.out.read_text(encoding="utf-8")) if options.out.exists() else {}
    rows, true = learnt_from(pairs, options.score, written)
    fitted = fit_weights(rows, true, pairs.weight)
    written |= {
        "features": list(FEATURES),
        "cheap": list(CHEAP),
        options.score: fitted
        if options.score == "prospect"
        else {"weights": fitted, "trees": grow_trees(rows, true, pairs.weight)},
    }
    options.out.write_text(as_text(written), encoding="utf-8")
    print(f"{options.out}: {options.score} of {len(pairs.rows)} pairs, {true.sum()} true")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument(
        "score", choices=("copy", "product", "prospect"), help="which is fitted; the others stay"
    )
    made.add_argument("--copies", nargs="*", type=Path, default=[], help="folders of photos to edit")
    made.add_argument(
        "--crowds", nargs="*", type=Path, default=[],
        help="folders of photos much alike, each a catalog of its own among twice as many strangers",
    )  # fmt: skip
    made.add_argument(
        "--pasted", nargs="*", type=Path, default=[], help="folders of photos to paste on others"
    )
    made.add_argument(
        "--products", nargs="*", type=Path, default=[], help="product sets, as the benchmark reads them"
    )
    made.add_argument(
        "--demo", nargs="*", type=int, default=[], help="seeds of demo sets to draw; the demo's is 7"
    )
    made.add_argument(
        "--every-view", action="store_true", help="take second views and known fakes of demo sets too"
    )
    made.add_argument("--drawn-weight", type=float, default=1.0, help="of a demo set beside a real one")
    made.add_argument("--seed", type=int, default=1, help="of the copies; the benchmark reports on seed 0")
    made.add_argument(
        "--pairs", type=Path, help="folder that keeps the pairs of each catalog; those there are read"
    )
    made.add_argument("--out", type=Path, required=True)
    return made


def learnt_from(
    pairs: Pairs, score: str, written: Mapping[str, Any]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The rows that a score is fitted on and which of them are true.

    A prospect is true where `written`, the other two scores, find a true pair.
    """
    if score != "prospect":
        return pairs.rows, getattr(pairs, score)
    sure = np.zeros(len(pairs.rows), np.bool_)
    for kind in ("copy", "product"):
        sure |= read_pair_model(written[kind]).probabilities(pairs.rows) >= CONFIRMED
    return pairs.rows[:, [FEATURES.index(name) for name in CHEAP]], pairs.product & sure


def fit_weights(
    rows: NDArray[np.float64], true: NDArray[np.bool_], weight: NDArray[np.float64]
) -> list[float]:
    """Logistic regression's weights, the constant last."""
    model = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=20_000)
    model.fit(rows, true, sample_weight=weight)
    return [round(float(value), 5) for value in (*model.coef_[0], model.intercept_[0])]


def grow_trees(
    rows: NDArray[np.float64], true: NDArray[np.bool_], weight: NDArray[np.float64]
) -> dict[str, Any]:
    """Boosted trees as `BoostedTrees.read` takes them, never less sure for more of a `GROWING` feature.

    Scikit-learn's are taken apart by what they keep for themselves; a test holds both against each other.
    """
    model = HistGradientBoostingClassifier(
        **BOOSTING, monotonic_cst=[int(name in GROWING) for name in FEATURES], random_state=0
    )
    model.fit(rows, true, sample_weight=weight)
    trees = [_told(stage[0].nodes) for stage in model._predictors]
    return {"start": round(float(model._baseline_prediction[0, 0]), DIGITS), "trees": trees}


def _told(nodes: NDArray[Any]) -> dict[str, list[Any]]:
    """A tree's nodes by column; a leaf leads to itself."""
    own, leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(bool)
    return {
        "feature": np.where(leaf, 0, nodes["feature_idx"]).tolist(),
        "left": np.where(leaf, own, nodes["left"]).tolist(),
        "right": np.where(leaf, own, nodes["right"]).tolist(),
        "threshold": np.where(leaf, 0, nodes["num_threshold"]).tolist(),
        "value": np.where(leaf, nodes["value"].round(DIGITS), 0).tolist(),
    }


def as_text(written: Mapping[str, Any]) -> str:
    """JSON with a line a tree, so that a change of few is seen as that."""
    return json.dumps(written, separators=(", ", ": ")).replace('{"feature"', '\n{"feature"') + "\n"


if __name__ == "__main__":
    main()
