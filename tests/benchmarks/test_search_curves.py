"""Indexes are compared on made descriptors that look like real ones, each in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import search_curves
from benchmarks.__main__ import main
from benchmarks.clustered import Clustered, nearest, save
from benchmarks.peers.environments import NotRunError
from benchmarks.search_child import measure_index, measured
from benchmarks.search_curves import INDEXES, SearchPlan, line, measure_search, operating_point, write_inputs
from benchmarks.search_kinds import KINDS, made
from matcher.errors import UsageError

SMALL = SearchPlan(dims=16, queries=20, rounds=1, batch=8)


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "inputs"
    folder.mkdir()
    write_inputs(Clustered(1200, 16, 1), 40, folder)
    return folder


def test_made_descriptors_are_unit_the_same_again_and_lie_in_products(tmp_path: Path) -> None:
    made = Clustered(3000, 32, seed=5)
    stored = save(made, tmp_path / "vectors.npy")
    assert stored.shape == (3000, 32)
    assert np.allclose(np.linalg.norm(stored, axis=1), 1, atol=1e-5)
    assert (np.concatenate(list(made.batches())) == stored).all()
    cosines = stored @ stored.T
    np.fill_diagonal(cosines, -1)
    assert np.median(cosines.max(axis=1)) > 0.8 > np.median(cosines)
    assert not np.allclose(made.more(50), stored[:50])


def test_half_of_the_queries_are_copies_of_stored_descriptors(tmp_path: Path) -> None:
    made = Clustered(1500, 32)
    stored = save(made, tmp_path / "vectors.npy")
    queries = made.queries(stored, 20)
    assert np.allclose(np.linalg.norm(queries, axis=1), 1, atol=1e-5)
    best = (queries @ stored.T).max(axis=1)
    assert (best[:10] >= 0.74).all()
    assert best.max() < 1


def test_the_true_neighbours_are_those_of_a_sort(tmp_path: Path) -> None:
    made = Clustered(40_000, 4)
    stored = save(made, tmp_path / "vectors.npy")
    queries = made.queries(stored, 5)
    found = nearest(stored, queries, 10)
    scores = queries @ stored.T
    assert np.allclose(np.take_along_axis(scores, found, 1), -np.sort(-scores, axis=1)[:, :10], atol=1e-6)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("autofaiss", "usearch", "lancedb")])
def test_each_index_is_built_searched_and_added_to(kind: str, inputs: Path, tmp_path: Path) -> None:
    found = measure_index(made(kind), inputs, tmp_path, rounds=1, batch=16)
    json.dumps(found, default=str)
    recalls = [point["recall"] for point in found["points"]]
    assert max(recalls) > (0.4 if kind == "faiss-ivfpq" else 0.9)
    assert all(point["queries_per_second"] > 0 and point["p50_ms"] > 0 for point in found["points"])
    assert found["index_bytes_per_image"] > 4
    if kind in ("gallery", "gallery-flat", "faiss-flat"):
        assert recalls == [1.0]


def test_a_search_that_finds_nothing_recalls_nothing() -> None:
    truth = np.arange(20, dtype=np.int64).reshape(2, 10)
    queries = np.ones((2, 4), np.float32)
    few = measured(lambda q, k: np.full((len(q), 3), -1, np.int64), queries, truth, rounds=1, batch=1)
    assert (few["recall"], few["recall_first"]) == (0.0, 0.0)
    all_of_them = measured(lambda q, k: truth[:, ::-1], queries, truth, rounds=1, batch=2)
    assert (all_of_them["recall"], all_of_them["recall_first"]) == (1.0, 0.0)


def test_the_fastest_search_that_recalls_enough_is_reported() -> None:
    points = [
        {"recall": 0.5, "queries_per_second": 900.0},
        {"recall": 0.96, "queries_per_second": 300.0},
        {"recall": 0.99, "queries_per_second": 200.0},
    ]
    assert operating_point(points) == points[1]
    assert operating_point(points[:1]) == points[0]


def test_the_command_writes_a_results_file_an_index_and_goes_on_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_: object) -> Path:
        raise NotRunError("autofaiss", "autofaiss not installed")

    monkeypatch.setattr(search_curves, "interpreter", missing)
    sizes = ["--descriptors", "1200", "--dims", "16", "--queries", "20", "--rounds", "1"]
    kinds = ["--indexes", "gallery", "autofaiss"]
    assert main(["speed", "--stage", "search", *sizes, *kinds, "--out", str(tmp_path / "run")]) == 0
    files = {path.name: json.loads(path.read_text()) for path in (tmp_path / "run" / "results").iterdir()}
    assert set(files) == {"search-gallery-1200.json", "search-autofaiss-1200.json"}
    ours = files["search-gallery-1200.json"]
    assert set(ours) >= {
        "task",
        "metrics",
        "by",
        "settings",
        "model",
        "seconds",
        "curves",
        "peak_mib",
        "machine",
    }
    assert ours["metrics"]["recall"] == 1.0
    assert not sys.platform.startswith("linux") or 20 < ours["held_mib"] < ours["peak_mib"]
    assert ours["curves"]["recall_speed"][0]["setting"] == "as tuned"
    assert files["search-autofaiss-1200.json"]["state"] == "not run"
    assert "not run: autofaiss not installed" in capsys.readouterr().out


def test_an_index_that_breaks_is_told_and_does_not_end_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_curves, "interpreter", lambda peer: Path("/bin/false"))
    ((name, found),) = measure_search(200, SMALL, ["faiss-flat"])
    assert (name, found["state"]) == ("faiss-flat", "failed")
    assert "ended with code 1" in line(name, 200, found)


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(UsageError, match="give at least 100"):
        next(measure_search(10, SMALL))
    with pytest.raises(UsageError, match="no index 'annoy'; there are gallery"):
        next(measure_search(200, SMALL, ["annoy"]))
    with pytest.raises(UsageError, match="at least 1 dimension"):
        SearchPlan(dims=0)
    assert set(KINDS) == set(INDEXES)


def test_descriptors_belong_to_the_search_stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed", "--stage", "embed", "--descriptors", "200", "--out", str(tmp_path / "run")]) == 2
    assert "--descriptors belongs to --stage search" in capsys.readouterr().err
    assert main(["speed", "--stage", "search", "--descriptors", "3", "--out", str(tmp_path / "run")]) == 2
    assert "3 descriptors; give at least 100" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
