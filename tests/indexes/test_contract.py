"""What every kind of gallery promises, held against the plain exact search."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest

from indexes import build
from indexes.exact import exact_search
from indexes.gallery import Gallery
from tests.indexes.conftest import DIMS, KINDS, grouped, settings_for

ROWS = 6_500
VECTORS = grouped(ROWS, seed=1)
IDS = np.random.default_rng(2).integers(0, 4_000, ROWS)
QUERIES = grouped(50, seed=3)
REMOVED = np.arange(0, 600)


def recall(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean([len(set(a) & set(b)) / len(set(b)) for a, b in zip(found, truth, strict=True)]))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One gallery of each kind with the same vectors, built once."""
    folders = {}
    for kind in KINDS:
        folders[kind] = tmp_path_factory.mktemp("contract") / kind
        Gallery.create(folders[kind], dims=DIMS, fingerprint="model@1", settings=settings_for(kind))
        with Gallery.open_writer(folders[kind]) as writer:
            writer.apply(add_ids=IDS, add_vectors=VECTORS, position=1)
    return folders


class Contract:
    kind: str
    least_recall: float

    @pytest.fixture
    def gallery(self, built: dict[str, Path]) -> Gallery:
        return Gallery.open(built[self.kind])

    @pytest.fixture
    def thinned(self, built: dict[str, Path], tmp_path: Path) -> Iterator[Gallery]:
        """A copy with tombstones."""
        shutil.copytree(built[self.kind], tmp_path / "copy")
        with Gallery.open_writer(tmp_path / "copy") as writer:
            writer.apply(remove_ids=REMOVED, position=2)
            yield writer

    def test_its_one_segment_is_of_the_kind_asked_for(self, gallery: Gallery) -> None:
        assert [s["kind"] for s in gallery.status()["segments"]] == [self.kind]

    def test_finds_the_true_neighbours(self, gallery: Gallery) -> None:
        truth = exact_search(VECTORS, IDS, QUERIES, 10)
        assert recall(gallery.search(QUERIES, 10).ids, truth.ids) >= self.least_recall

    def test_removed_ids_never_come_back(self, thinned: Gallery) -> None:
        kept = ~np.isin(IDS, REMOVED)
        found = thinned.search(QUERIES, 10)
        assert not np.isin(found.ids, REMOVED).any()
        assert recall(found.ids, exact_search(VECTORS[kept], IDS[kept], QUERIES, 10).ids) >= self.least_recall

    @pytest.mark.parametrize(
        "among", [np.arange(700, 3_900), np.arange(590, 640), np.array([3_999, 700, 700])]
    )
    def test_a_filter_keeps_to_its_ids(self, thinned: Gallery, among: np.ndarray) -> None:
        kept = np.isin(IDS, among) & ~np.isin(IDS, REMOVED)
        found = thinned.search(QUERIES, 10, among=among)
        truth = exact_search(VECTORS[kept], IDS[kept], QUERIES, 10)
        assert recall(found.ids, truth.ids) >= self.least_recall
        assert (found.ids >= 0).sum() == (truth.ids >= 0).sum()

    def test_a_filter_of_unknown_ids_finds_nothing(self, gallery: Gallery) -> None:
        found = gallery.search(QUERIES, 3, among=np.array([10**12]))
        assert (found.ids == -1).all()
        assert (found.scores == -1).all()

    def test_scores_are_the_exact_ones_in_falling_order(self, gallery: Gallery) -> None:
        found = gallery.search(QUERIES, 10)
        for query, scores, ids in zip(QUERIES, found.scores, found.ids, strict=True):
            assert all(scores[:-1] >= scores[1:])
            for score, number in zip(scores, ids, strict=True):
                own = exact_search(VECTORS[number == IDS], IDS[number == IDS], query[None], 10)
                assert score in own.scores

    @pytest.mark.parametrize("among", [None, np.arange(0, 3_990)])
    def test_the_same_digits_alone_and_in_company(self, gallery: Gallery, among: np.ndarray | None) -> None:
        together = gallery.search(QUERIES, 10, among=among)
        for at in range(len(QUERIES)):
            alone = gallery.search(QUERIES[at : at + 1], 10, among=among)
            assert alone.scores.tobytes() == together.scores[at : at + 1].tobytes()
            assert alone.ids.tobytes() == together.ids[at : at + 1].tobytes()

    def test_k_beyond_the_count_gives_everything_once(self, thinned: Gallery) -> None:
        found = thinned.search(QUERIES[:1], ROWS + 10)
        assert sorted(found.ids[0][: thinned.count]) == sorted(IDS[~np.isin(IDS, REMOVED)])
        assert (found.ids[0][thinned.count :] == -1).all()

    def test_gives_back_what_was_added(self, thinned: Gallery) -> None:
        stored = thinned.vectors([5, 1_234, 700, 10**9])
        for number in (700, 1_234):
            rows = stored.vectors[stored.ids == number]
            assert sorted(map(bytes, rows)) == sorted(map(bytes, VECTORS[number == IDS]))
        assert set(stored.ids) == {700, 1_234}

    def test_compaction_drops_tombstones_and_finds_as_much(self, thinned: Gallery) -> None:
        kept = ~np.isin(IDS, REMOVED)
        thinned.compact()
        assert thinned.status()["tombstones"] == 0
        assert thinned.count == kept.sum()
        truth = exact_search(VECTORS[kept], IDS[kept], QUERIES, 10)
        assert recall(thinned.search(QUERIES, 10).ids, truth.ids) >= self.least_recall
        assert Gallery.open(thinned.folder).verify() == []

    def test_what_is_added_later_is_found_at_once(self, thinned: Gallery) -> None:
        fresh = grouped(30, seed=9)
        thinned.apply(add_ids=np.arange(10_000, 10_030), add_vectors=fresh, position=3)
        assert (thinned.search(fresh, 1).ids[:, 0] == np.arange(10_000, 10_030)).all()


class TestFlat(Contract):
    kind = "flat"
    least_recall = 1.0

    def test_equals_the_exact_search_to_the_last_digit(self, thinned: Gallery) -> None:
        kept = ~np.isin(IDS, REMOVED)
        found, truth = thinned.search(QUERIES, 25), exact_search(VECTORS[kept], IDS[kept], QUERIES, 25)
        assert found.scores.tobytes() == truth.scores.tobytes()
        assert found.ids.tobytes() == truth.ids.tobytes()

    def test_a_filtered_search_equals_the_exact_one_too(self, thinned: Gallery) -> None:
        among = np.arange(1_000, 2_000)
        kept = np.isin(IDS, among)
        found = thinned.search(QUERIES, 25, among=among)
        truth = exact_search(VECTORS[kept], IDS[kept], QUERIES, 25)
        assert found.scores.tobytes() == truth.scores.tobytes()
        assert found.ids.tobytes() == truth.ids.tobytes()


class TestHnsw(Contract):
    kind = "hnsw"
    least_recall = 0.9


class TestIvfPq(Contract):
    kind = "ivfpq"
    least_recall = 0.9


@pytest.mark.parametrize("kind", ["hnsw", "ivfpq"])
def test_the_recall_that_was_measured_is_in_the_manifest_and_true(built: dict[str, Path], kind: str) -> None:
    gallery = Gallery.open(built[kind])
    stated = gallery.status()["segments"][0]["search"]["recall"]
    truth = exact_search(VECTORS, np.arange(ROWS), QUERIES, 10)
    best = gallery.search(QUERIES, 10)
    seen = float(np.mean(best.scores >= truth.scores[:, -1:]))
    assert stated >= 0.95
    assert abs(stated - seen) < 0.05


def test_lists_as_they_were_before_are_still_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lists_before(vectors: np.ndarray, others: np.ndarray) -> Any:
        index = faiss.IndexIVFPQ(faiss.IndexFlatIP(DIMS), DIMS, 8, DIMS // 4, 8, faiss.METRIC_INNER_PRODUCT)
        index.cp.min_points_per_centroid = index.pq.cp.min_points_per_centroid = 1
        index.train(vectors[others])
        return index

    monkeypatch.setattr(build, "_ivfpq", lists_before)
    gallery = Gallery.rebuild(
        tmp_path / "before",
        [(np.arange(ROWS), VECTORS)],
        dims=DIMS,
        fingerprint="model@1",
        position=1,
        settings=settings_for("ivfpq"),
    )
    truth = exact_search(VECTORS, np.arange(ROWS), QUERIES, 10)
    assert recall(gallery.search(QUERIES, 10).ids, truth.ids) >= 0.9
    assert gallery.verify() == []
