"""On 1,000 random cases, ties and empty ones included, the metrics agree with independent implementations."""

from __future__ import annotations

import contextlib
import io
import math
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.box_metrics import Boxes, average_precision_50, hits
from benchmarks.curves import (
    expected_calibration_error,
    precision_recall_at,
    precision_recall_curve,
    reliability,
    roc_auc,
    roc_curve,
)
from benchmarks.metrics import (
    Ranking,
    mean_average_precision,
    micro_average_precision,
    recall_at,
    recall_at_precision,
)

CASES = 1000
CLOSE = 1e-6


def rankings() -> Iterator[Ranking]:
    """Few scores make ties; some cases have no pair, no true pair, or true pairs that were never answered."""
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        queries, pairs = int(rng.integers(1, 9)), int(rng.integers(0, 40))
        query = rng.integers(0, queries, pairs)
        score = rng.integers(0, rng.choice([2, 5, 1000]), pairs) / 7
        correct = rng.random(pairs) < rng.choice([0.0, 0.2, 0.6])
        missed = rng.integers(0, 2, queries) * (seed % 3 == 0)
        yield Ranking(query, score, correct, np.bincount(query[correct], minlength=queries) + missed)


def labelled(seed: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores in [0, 1] with ties, and their truth; both are present."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 40))
    score = rng.integers(0, rng.choice([3, 11, 10_000]), count) / 10_000
    correct = rng.random(count) < 0.4
    correct[:2] = [True, False]
    return np.minimum(score * rng.choice([1, 900]), 1.0), correct


def isc_2021(pairs: Ranking) -> tuple[float, float]:
    """(µAP, R@P90) by the definition: the precision at each rank times the recall gained there.

    DISC21 (arXiv 2106.09672), section 5.1: all pairs in one list by falling score, a wrong pair before a
    right one of the same score; true pairs that were not predicted are missed.
    """
    total = int(pairs.true_pairs.sum())
    if not total:
        return math.nan, math.nan
    rows = sorted(
        zip(pairs.score.tolist(), pairs.correct.tolist(), strict=True), key=lambda row: (-row[0], row[1])
    )
    right, before, area, best = 0, 0.0, 0.0, 0.0
    for rank, (score, correct) in enumerate(rows, start=1):
        right += correct
        precision, recall = right / rank, right / total
        area += precision * (recall - before)
        before = recall
        whole = rank == len(rows) or rows[rank][0] != score
        if whole and precision >= 0.9:
            best = max(best, recall)
    return area, best


def test_micro_average_precision_is_that_of_the_image_similarity_challenge() -> None:
    for pairs in rankings():
        area, best = isc_2021(pairs)
        assert micro_average_precision(pairs) == pytest.approx(area, abs=CLOSE, nan_ok=True)
        assert recall_at_precision(pairs) == pytest.approx(best, abs=CLOSE, nan_ok=True)


def test_ranks_are_those_of_pytorch_metric_learning(monkeypatch: pytest.MonkeyPatch) -> None:
    # It imports FAISS's torch helpers, which replace the search of every index in the process.
    monkeypatch.setitem(sys.modules, "faiss.contrib.torch_utils", ModuleType("faiss.contrib.torch_utils"))
    pytest.importorskip("pytorch_metric_learning", reason="pytorch-metric-learning is not installed")
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        queries, references = int(rng.integers(1, 6)), int(rng.integers(1, 30))
        # Query q has the label q; a label of no reference makes it a distractor, which is not asked.
        labels = rng.integers(0, queries + 2, references)
        score = rng.integers(0, rng.choice([2, 6, 1000]), (queries, references)) / 3
        right = labels[None] == np.arange(queries)[:, None]
        depth = int(rng.integers(1, references + 1)) if seed % 2 else references
        found = accuracy_of(AccuracyCalculator, score, right, labels, depth)
        order = np.lexsort((right, -score))[:, :depth]
        rows = np.repeat(np.arange(queries), depth)
        pairs = Ranking(rows, score[rows, order.ravel()], right[rows, order.ravel()], right.sum(axis=1))
        asked = pairs.true_pairs > 0
        assert mean_average_precision(pairs) == pytest.approx(
            found["mean_average_precision"], abs=CLOSE, nan_ok=True
        )
        assert recall_at(pairs, rank=1) == pytest.approx(found["precision_at_1"], abs=CLOSE, nan_ok=True)
        inverse = np.array(found["reciprocal_ranks"])[asked]
        for rank in (1, 5, 100):
            theirs = (inverse >= 1 / rank - 1e-5).mean() if asked.any() else math.nan
            assert recall_at(pairs, rank=rank) == pytest.approx(theirs, abs=CLOSE, nan_ok=True)


def accuracy_of(
    calculator: Any,
    score: NDArray[np.float64],
    right: NDArray[np.bool_],
    labels: NDArray[np.int64],
    depth: int,
) -> dict[str, Any]:
    """Their figures on our order of each query's references, the wrong first among equals."""
    import logging

    import torch

    order = torch.from_numpy(np.lexsort((right, -score))[:, :depth].copy())
    queries, references = score.shape
    logging.getLogger("PML").setLevel(logging.ERROR)  # It says so when no query has a reference.

    def known(query: object, k: int, reference: object, includes: bool) -> tuple[Any, Any]:
        return torch.zeros(order.shape), order[:, :k]

    def told(**options: Any) -> dict[str, Any]:
        one = calculator(k=depth, device=torch.device("cpu"), knn_func=known, kmeans_func=len, **options)
        return dict(
            one.get_accuracy(torch.zeros(queries, 1), torch.arange(queries), torch.zeros(references, 1),
                             torch.from_numpy(labels))
        )  # fmt: skip

    ranks = told(include=("mean_reciprocal_rank", "precision_at_1"), return_per_class=True)
    inverse = np.zeros(queries)
    if right.any():
        inverse[right.any(axis=1)] = ranks["mean_reciprocal_rank"]  # They leave out who has no reference.
    return {**told(include=("mean_average_precision", "precision_at_1")), "reciprocal_ranks": inverse}


def test_curves_are_those_of_scikit_learn() -> None:
    reason = "scikit-learn is not installed"
    metrics = pytest.importorskip("sklearn.metrics", reason=reason)
    for seed in range(CASES):
        score, correct = labelled(seed)
        precision, recall, theirs_at = metrics.precision_recall_curve(correct, score)
        ours = precision_recall_curve(score, correct)
        for mine, theirs in zip(ours, (theirs_at, precision[:-1], recall[:-1]), strict=True):
            np.testing.assert_allclose(mine, theirs[::-1], atol=CLOSE)
        false_rate, true_rate, threshold = metrics.roc_curve(correct, score, drop_intermediate=False)
        for mine, theirs in zip(roc_curve(score, correct), (threshold, false_rate, true_rate), strict=True):
            np.testing.assert_allclose(mine, theirs, atol=CLOSE)
        assert roc_auc(score, correct) == pytest.approx(metrics.roc_auc_score(correct, score), abs=CLOSE)
        cut = int(np.random.default_rng(seed).integers(len(theirs_at)))
        assert precision_recall_at(score, correct, float(theirs_at[cut])) == pytest.approx(
            (precision[cut], recall[cut]), abs=CLOSE
        )


def test_calibration_error_is_that_of_torchmetrics() -> None:
    classification = pytest.importorskip(
        "torchmetrics.functional.classification", reason="torchmetrics is not installed"
    )
    torch = pytest.importorskip("torch")
    for seed in range(CASES):
        score, correct = labelled(seed)
        bins = int(np.random.default_rng(seed).integers(1, 16))
        # Theirs cuts bins in single precision; scores are moved off the edges, so that both see the same bin.
        score = np.clip(score.astype(np.float32).astype(np.float64) + 3e-5, 0, 1)
        theirs = classification.binary_calibration_error(
            torch.from_numpy(score), torch.from_numpy(correct.astype(np.int64)), n_bins=bins, norm="l1"
        )
        assert expected_calibration_error(score, correct, bins=bins) == pytest.approx(
            float(theirs), abs=CLOSE
        )
        mean, share, count = reliability(score, correct, bins=bins)
        assert (count @ mean, count @ share) == pytest.approx((score.sum(), correct.sum()), abs=CLOSE)


def box_cases() -> tuple[Boxes, Boxes]:
    """1,000 cases, a label each, over 12 images; scores tie between images, never within one."""
    rng = np.random.default_rng(5)
    found: list[tuple[int, int, NDArray[np.float64], float]] = []
    true: list[tuple[int, int, NDArray[np.float64], float]] = []
    for label in range(CASES):
        for image in rng.choice(12, int(rng.integers(1, 5)), replace=False):
            places = rng.integers(0, 60, (int(rng.integers(0, 4)), 2)).astype(float)
            true += [
                (image, label, np.concatenate((place, place + rng.integers(10, 40, 2))), 0.0)
                for place in places
            ]
            wanted = [box for where, of, box, _ in true if (where, of) == (image, label)]
            scores = rng.permutation(6)[: int(rng.integers(0, 6))] / 8
            for turn, score in enumerate(scores):
                box = (
                    wanted[turn % len(wanted)]
                    if wanted and rng.random() < 0.8
                    else np.array([0, 0, 20.0, 20])
                )
                found.append(
                    (image, label, box + rng.integers(-6, 7, 4) * [1, 1, 1, 1] + [0, 0, 7, 7], float(score))
                )
    return boxes(found), boxes(true)


def boxes(rows: list[tuple[int, int, NDArray[np.float64], float]]) -> Boxes:
    image, label, box, score = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Boxes(
        np.array(image, np.int64), np.array(label, np.int64), np.array(box, np.float64).reshape(-1, 4),
        np.array(score, np.float64),
    )  # fmt: skip


def test_average_precision_of_boxes_is_that_of_coco() -> None:
    pytest.importorskip("pycocotools", reason="pycocotools is not installed")
    found, true = box_cases()
    theirs = coco(found, true)
    for label in range(CASES):
        ours = average_precision_50(of_label(found, label), of_label(true, label))
        assert ours == pytest.approx(theirs[label], abs=CLOSE, nan_ok=True), label
    known = theirs[~np.isnan(theirs)]
    assert average_precision_50(found, true) == pytest.approx(known.mean(), abs=CLOSE)
    assert len(known) > CASES / 2
    assert 0.1 < known.mean() < 0.9


def of_label(found: Boxes, label: int) -> Boxes:
    kept = found.label == label
    return Boxes(found.image[kept], found.label[kept], found.box[kept], found.score[kept])


def coco(found: Boxes, true: Boxes) -> NDArray[np.float64]:
    """Their AP50 of each label, NaN where nothing is true; ties are broken first, the wrong ahead."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    score = found.score + 1e-9 * ~hits(found, true)
    with contextlib.redirect_stdout(io.StringIO()):
        known, said = COCO(), COCO()
        for one, rows, scores in ((known, true, true.score), (said, found, score)):
            one.dataset = {
                "images": [{"id": number} for number in range(12)],
                "categories": [{"id": label} for label in range(CASES)],
                "annotations": [
                    {"id": number + 1, "image_id": int(image), "category_id": int(label),
                     "score": float(value), "iscrowd": 0,
                     "bbox": [float(n) for n in (*box[:2], *(box[2:] - box[:2]))],
                     "area": float(np.prod(box[2:] - box[:2]))}
                    for number, (image, label, box, value) in enumerate(
                        zip(rows.image, rows.label, rows.box, scores, strict=True))
                ],
            }  # fmt: skip
            one.createIndex()
        judged = COCOeval(known, said, "bbox")
        judged.params.iouThrs = np.array([0.5])
        judged.params.areaRng, judged.params.areaRngLbl = [[0, 1e10]], ["all"]
        judged.params.maxDets = [100]
        judged.evaluate()
        judged.accumulate()
    each = judged.eval["precision"][0, :, :, 0, 0]
    return np.where((each > -1).all(axis=0), each.mean(axis=0), math.nan)
