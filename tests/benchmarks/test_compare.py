"""Two models are told apart query by query: a worse one is flagged, chance is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.__main__ import main
from benchmarks.compare import Comparison, compare_runs
from benchmarks.judged import judged_ranking, save_judged
from benchmarks.metrics import ranking, retrieval_metrics
from benchmarks.saved import SavedRun, read_saved, write_baseline
from matcher.errors import UsageError
from tests.benchmarks.worse_finders import Shuffle, sixteen_levels

Vectors = NDArray[np.float32]
REFERENCES, COPIES, DISTRACTORS, DIMS = 150, 150, 50, 64


def unit(vectors: NDArray[Any]) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def descriptors(noise: float = 0.9, seed: int = 0) -> tuple[Vectors, Vectors]:
    """References, and queries: a blurred copy of each, then distractors."""
    random = np.random.default_rng(11)
    known, unknown = (unit(random.standard_normal((count, DIMS))) for count in (REFERENCES, DISTRACTORS))
    shift = np.random.default_rng(seed).standard_normal((COPIES, DIMS)) * noise / np.sqrt(DIMS) * 2
    return known, np.concatenate([unit(known[:COPIES] + shift), unknown])


def save_run(folder: Path, known: Vectors, asked: Vectors, *, name: str = "made", first: int = 0) -> SavedRun:
    """A run's folder with one part: every query's ten nearest references."""
    scores = asked @ known.T
    nearest = np.argsort(-scores, axis=1)[:, :10]
    answers = [[(int(i), float(row[i])) for i in order] for row, order in zip(scores, nearest, strict=True)]
    truth = [{number} if number < COPIES else set[int]() for number in range(len(asked))]
    pairs = ranking(answers[first:], truth[first:])
    names = [f"query {number}" for number in range(len(asked))][first:]
    kinds = ["copy" if true else "distractor" for true in truth][first:]
    save_judged(folder / "pairs" / f"{name}.npz", judged_ranking(names, kinds, pairs))
    (folder / "results").mkdir(exist_ok=True)
    found = {
        "task": "copies",
        "metrics": retrieval_metrics(pairs, resamples=200),
        "settings": {},
        "seconds": 1,
    }
    (folder / "results" / f"{name}.json").write_text(json.dumps(found))
    return read_saved(folder)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> SavedRun:
    return save_run(tmp_path_factory.mktemp("good"), *descriptors())


def standings(found: Comparison) -> dict[str, str]:
    return {each.metric: each.standing for each in found.differences}


def test_a_run_does_not_differ_from_itself(good: SavedRun) -> None:
    found = compare_runs(good, good)
    assert set(standings(found).values()) == {"same"}
    assert {(each.low, each.high, each.paired) for each in found.differences} == {(0, 0, True)}
    assert not found.regressed


@pytest.mark.parametrize("change", [Shuffle(), sixteen_levels], ids=["shuffled", "four bits"])
def test_a_model_with_spoilt_descriptors_is_flagged(change: Any, good: SavedRun, tmp_path: Path) -> None:
    known, asked = descriptors()
    worse = save_run(tmp_path / "worse", unit(change(known)), unit(change(asked)))
    found = compare_runs(good, worse, confidence=0.99)
    assert {standings(found)[metric] for metric in ("uAP", "R@P90", "R@1", "mAP")} == {"worse"}
    assert found.regressed
    assert {standings(compare_runs(worse, good, resamples=300))[metric] for metric in ("uAP", "R@1")} == {
        "better"
    }
    write_baseline(good, tmp_path / "baseline.json")
    assert main(["compare", str(tmp_path / "baseline.json"), str(tmp_path / "worse"), "--check"]) == 1
    assert main(["compare", str(tmp_path / "worse"), str(tmp_path / "baseline.json"), "--check"]) == 0


def test_a_model_that_is_another_but_as_good_is_not_flagged(tmp_path: Path) -> None:
    known, asked = descriptors()
    before = save_run(tmp_path / "before", known, asked)
    for seed in range(1, 6):
        other = save_run(tmp_path / f"{seed}", *descriptors(seed=seed))
        assert not compare_runs(before, other, confidence=0.99, resamples=500).regressed


def test_the_same_loss_is_seen_in_pairs_and_hidden_by_two_intervals(tmp_path: Path) -> None:
    """Whether the queries are the same ones makes the difference between a loss and noise."""
    before = save_run(tmp_path / "before", *descriptors(noise=0.85))
    known, asked = descriptors(noise=0.85)
    asked[:8] = asked[-8:]
    after = save_run(tmp_path / "after", known, asked)
    assert standings(compare_runs(before, after, confidence=0.99))["R@1"] == "worse"
    (tmp_path / "after" / "pairs" / "made.npz").unlink()
    found = compare_runs(before, read_saved(tmp_path / "after"), confidence=0.99)
    assert standings(found)["R@1"] == "noise"
    assert not found.differences[0].paired
    assert found.notes == ("made: compared by intervals, not query by query",)


def test_queries_may_stand_in_another_order_but_a_check_wants_the_same(
    good: SavedRun, tmp_path: Path
) -> None:
    fewer = save_run(tmp_path / "fewer", *descriptors(), first=20)
    found = compare_runs(good, fewer)
    assert set(standings(found).values()) == {"same"}
    assert found.notes == ("made: 180 of 200 queries stand in both",)
    with pytest.raises(UsageError, match="other queries than before"):
        compare_runs(good, fewer, same_queries=True)


def test_a_part_that_has_no_figures_any_more_is_lost(good: SavedRun, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    told = {"task": "copies", "state": "not run", "why": "the weights are gone"}
    (tmp_path / "results" / "made.json").write_text(json.dumps(told))
    found = compare_runs(good, read_saved(tmp_path))
    assert (found.lost, found.regressed) == (("made: not run: the weights are gone",), True)
    with pytest.raises(UsageError, match="no part in common"):
        compare_runs(read_saved(tmp_path), good)


def test_two_models_of_one_run_are_compared_by_their_files(good: SavedRun, tmp_path: Path) -> None:
    save_run(tmp_path, *descriptors(), name="one")
    save_run(tmp_path, *descriptors(noise=1.2), name="other")
    files = [str(tmp_path / "results" / f"{name}.json") for name in ("one", "other")]
    assert main(["compare", *files, "--json", str(tmp_path / "differences.json")]) == 0
    found = json.loads((tmp_path / "differences.json").read_text())
    assert found["differences"][0]["part"] == "one and other"
    assert {each["standing"] for each in found["differences"]} >= {"worse"}
    assert found["differences"][0]["interval"][0] <= found["differences"][0]["difference"]


def test_a_baseline_holds_what_a_run_holds(good: SavedRun, tmp_path: Path) -> None:
    write_baseline(good, tmp_path / "baseline.json")
    again = read_saved(tmp_path / "baseline.json")
    assert set(standings(compare_runs(good, again, same_queries=True)).values()) == {"same"}
    assert again.parts["made"].intervals == good.parts["made"].intervals


def test_a_cost_is_better_when_it_falls(tmp_path: Path) -> None:
    for name, cost, share in (("a", 90.0, 0.2), ("b", 50.0, 0.1)):
        metrics = {
            "cost_per_1000": cost,
            "cost_per_1000_ci": [cost - 5, cost + 5],
            "ece": share,
            "odd": share,
        }
        found = {"task": "verdicts", "metrics": metrics, "settings": {}, "seconds": 1}
        (tmp_path / f"{name}.json").write_text(json.dumps(found))
    found = compare_runs(read_saved(tmp_path / "a.json"), read_saved(tmp_path / "b.json"))
    assert standings(found) == {"cost_per_1000": "better", "ece": "unknown", "odd": "unknown"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read"),
        ("{", "is no JSON"),
        ("[]", "is no results file"),
        ('{"task": "copies"}', "has no metrics"),
        (
            '{"baseline": "small", "parts": {"one": {"metrics": {"uAP": 1}, "queries": {"kinds": []}}}}',
            "holds no",
        ),
    ],
)
def test_what_is_no_run_is_said_in_one_line(
    content: str | None, complaint: str, good: SavedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_text(content)
    assert main(["compare", str(path), good.source, "--check"]) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1


def test_a_folder_without_results_and_a_baseline_without_figures_are_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no results"):
        read_saved(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a.json").write_text('{"task": "copies", "state": "failed", "why": "it broke"}')
    assert main(["baseline", str(tmp_path), "--out", str(tmp_path / "b.json")]) == 2
    assert main(["baseline", str(tmp_path / "results" / "a.json"), "--out", str(tmp_path / "b.json")]) == 2
    assert not (tmp_path / "b.json").exists()
