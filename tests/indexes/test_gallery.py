"""A gallery from the outside: adding, removing, reading while writing, refusing, snapshots."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from indexes.committing import LOCK
from indexes.exact import exact_search
from indexes.gallery import Gallery
from matcher.config import GallerySettings
from matcher.errors import GalleryError
from tests.indexes.conftest import DIMS, grouped, settings_for


def test_a_new_gallery_is_empty_and_searchable(folder: Path) -> None:
    gallery = Gallery.open(folder)
    found = gallery.search(grouped(2, seed=1), 3)
    assert (gallery.count, gallery.position, gallery.dims, gallery.fingerprint) == (0, 0, DIMS, "model@1")
    assert found.ids.tolist() == [[-1] * 3] * 2
    assert gallery.ids().tolist() == []
    assert gallery.verify() == []
    assert gallery.search(np.empty((0, DIMS)), 3).ids.shape == (0, 3)


def test_an_id_may_have_several_vectors_and_loses_them_together(folder: Path) -> None:
    vectors = grouped(4, seed=1)
    with Gallery.open_writer(folder) as writer:
        writer.apply(add_ids=[7, 7, 3, 7], add_vectors=vectors, position=1)
        assert writer.ids().tolist() == [3, 7]
        assert (writer.search(vectors, 1).ids[:, 0] == [7, 7, 3, 7]).all()
        writer.apply(remove_ids=[7], position=2)
        assert writer.ids().tolist() == [3]
        assert writer.search(vectors, 4).ids[0].tolist() == [3, -1, -1, -1]


def test_one_change_removes_first_and_then_adds(folder: Path) -> None:
    old, new = grouped(2, seed=1)
    with Gallery.open_writer(folder) as writer:
        writer.apply(add_ids=[5], add_vectors=[old], position=1)
        writer.apply(remove_ids=[5], add_ids=[5], add_vectors=[new], position=2)
        assert writer.vectors([5]).vectors.tobytes() == new.tobytes()
        writer.apply(remove_ids=[5], position=3)
        assert writer.count == 0


def test_readers_see_a_change_when_they_refresh(folder: Path) -> None:
    reader, vectors = Gallery.open(folder), grouped(3, seed=1)
    with Gallery.open_writer(folder) as writer:
        writer.apply(add_ids=[1, 2, 3], add_vectors=vectors, position=4)
    assert reader.count == 0
    assert reader.refresh()
    assert (reader.count, reader.position) == (3, 4)
    assert not reader.refresh()


def test_a_reader_keeps_finding_what_compaction_deleted(folder: Path) -> None:
    vectors = grouped(60, seed=1)
    with Gallery.open_writer(folder, settings=GallerySettings(max_segments=50)) as writer:
        for at in range(0, 60, 10):
            writer.apply(add_ids=range(at, at + 10), add_vectors=vectors[at : at + 10], position=at)
        reader = Gallery.open(folder)
        before = reader.search(vectors, 5)
        writer.apply(remove_ids=range(30), position=60)
        writer.compact()
        writer.apply(add_ids=[100], add_vectors=vectors[:1], position=61)
        assert len([path for path in folder.iterdir() if path.name.endswith("-vectors")]) < 6
    after = reader.search(vectors, 5)
    assert after.ids.tobytes() == before.ids.tobytes()
    assert after.scores.tobytes() == before.scores.tobytes()
    assert reader.refresh()
    assert reader.count == 31


def test_a_reader_searches_in_threads_while_a_writer_compacts(folder: Path) -> None:
    vectors, failures, done = grouped(200, seed=1), [], threading.Event()

    def read() -> None:
        reader = Gallery.open(folder)
        while not done.is_set():
            found = reader.search(vectors[:20], 1)
            reader.refresh()
            if reader.count and not set(found.ids.ravel()) <= {*range(200), -1}:
                failures.append(found)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        with Gallery.open_writer(folder) as writer:
            for at in range(0, 200, 10):
                writer.apply(add_ids=range(at, at + 10), add_vectors=vectors[at : at + 10], position=at)
                writer.compact()
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert failures == []


def test_vectors_are_memory_mapped(folder: Path) -> None:
    with Gallery.open_writer(folder) as writer:
        writer.apply(add_ids=[1], add_vectors=grouped(1, seed=1), position=1)
    vectors = Gallery.open(folder)._state.segments[0].vectors
    assert isinstance(vectors.base, np.memmap)
    assert not vectors.flags.writeable


def test_the_layout_of_segments_does_not_show_in_the_digits(folder: Path, tmp_path: Path) -> None:
    vectors, ids, queries = grouped(300, seed=1), np.arange(300), grouped(30, seed=2)
    Gallery.create(tmp_path / "whole", dims=DIMS, fingerprint="model@1")
    with Gallery.open_writer(tmp_path / "whole") as writer:
        writer.apply(add_ids=ids, add_vectors=vectors, position=1)
        whole = writer.search(queries, 7)
    with Gallery.open_writer(folder) as writer:
        for at in range(0, 300, 30):
            writer.apply(add_ids=ids[at : at + 30], add_vectors=vectors[at : at + 30], position=at)
        parts = writer.search(queries, 7)
    assert parts.scores.tobytes() == whole.scores.tobytes()
    assert parts.ids.tobytes() == whole.ids.tobytes()


def test_single_adds_keep_few_segments_and_write_few_rows(folder: Path) -> None:
    vectors, settings, written = grouped(300, seed=1), GallerySettings(max_segments=6), 0
    with Gallery.open_writer(folder, settings=settings) as writer:
        seen: set[str] = set()
        for at in range(300):
            writer.apply(add_ids=[at], add_vectors=vectors[at : at + 1], position=at)
            for segment in writer._state.manifest.segments:
                written += segment.count if segment.name not in seen else 0
                seen.add(segment.name)
        assert len(writer.status()["segments"]) <= 6
        assert written < 300 * 10
        assert writer.search(vectors, 1).ids[:, 0].tolist() == list(range(300))


def test_flat_segments_that_outgrow_the_limit_are_trained_together(folder: Path) -> None:
    vectors, settings = grouped(2_400, seed=1), settings_for("hnsw")
    with Gallery.open_writer(folder, settings=settings) as writer:
        for at in range(0, 2_400, 800):
            writer.apply(add_ids=range(at, at + 800), add_vectors=vectors[at : at + 800], position=at)
        assert [s["kind"] for s in writer.status()["segments"]] == ["hnsw", "flat"]
        assert writer.search(vectors[::100], 1).ids[:, 0].tolist() == list(range(0, 2_400, 100))
    assert Gallery.open(folder).verify() == []


def test_a_mostly_removed_segment_is_rewritten(folder: Path) -> None:
    with Gallery.open_writer(folder) as writer:
        writer.apply(add_ids=range(100), add_vectors=grouped(100, seed=1), position=1)
        writer.apply(remove_ids=range(10), position=2)
        assert writer.status()["tombstones"] == 10
        writer.apply(remove_ids=range(60), position=3)
        assert writer.status()["tombstones"] == 0
        assert writer.ids().tolist() == list(range(60, 100))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"add_ids": [1], "add_vectors": np.ones((1, 5))}, r"shape \(1, 5\)"),
        ({"add_ids": [1], "add_vectors": np.zeros((1, DIMS))}, "length 0"),
        ({"add_ids": [1], "add_vectors": np.full((1, DIMS), np.nan)}, "length nan"),
        ({"add_ids": [1], "add_vectors": np.full((1, DIMS), np.inf)}, "length inf"),
        ({"add_ids": [1], "add_vectors": np.ones((1, DIMS))}, "length 5.66"),
        ({"add_ids": [1, 2], "add_vectors": grouped(1, seed=1)}, "2 ids given for 1 vectors"),
        ({"add_ids": [-1], "add_vectors": grouped(1, seed=1)}, "below 0"),
        ({"add_ids": [1.5], "add_vectors": grouped(1, seed=1)}, "ids are float64"),
        ({"remove_ids": np.array([[1]])}, r"shape \(1, 1\)"),
        ({"remove_ids": [3], "position": 4}, "already holds change 5"),
    ],
)
def test_a_wrong_change_is_refused_whole(folder: Path, change: dict[str, object], reason: str) -> None:
    with Gallery.open_writer(folder) as writer:
        writer.apply(add_ids=[3], add_vectors=grouped(1, seed=2), position=5)
        with pytest.raises(GalleryError, match=reason):
            writer.apply(**({"position": 6} | change))
        assert (writer.count, writer.position) == (1, 5)


@pytest.mark.parametrize("queries", [np.ones(DIMS), np.ones((1, DIMS + 1)), np.full((1, DIMS), np.nan)])
def test_a_wrong_query_is_refused(folder: Path, queries: np.ndarray) -> None:
    with pytest.raises(GalleryError):
        Gallery.open(folder).search(queries, 1)


def test_k_of_nothing_is_refused(folder: Path) -> None:
    with pytest.raises(GalleryError, match="at least 1"):
        Gallery.open(folder).search(grouped(1, seed=1), 0)


def test_a_second_writer_is_refused_and_told_of_the_lock(folder: Path) -> None:
    with (
        Gallery.open_writer(folder),
        pytest.raises(GalleryError, match=r"writer\.lock"),
        Gallery.open_writer(folder),
    ):
        pass
    with Gallery.open_writer(folder) as writer:
        assert writer.count == 0


def test_creating_twice_and_opening_nothing_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="exists already"):
        Gallery.create(folder, dims=DIMS, fingerprint="model@1")
    with pytest.raises(GalleryError, match=r"no manifest\.json; run `matcher index rebuild`"):
        Gallery.open(tmp_path / "nothing")
    with pytest.raises(GalleryError, match="no manifest"), Gallery.open_writer(tmp_path / "nothing"):
        pass


def test_another_models_gallery_is_refused(folder: Path) -> None:
    assert Gallery.open(folder, fingerprint="model@1").count == 0
    with pytest.raises(GalleryError, match="model@1, not model@2"):
        Gallery.open(folder, fingerprint="model@2")


@pytest.mark.parametrize("order", ["rising", "mixed"])
def test_rebuilding_from_batches_replaces_everything(folder: Path, order: str) -> None:
    vectors, queries = grouped(900, seed=1), grouped(10, seed=2)
    ids = np.arange(900) if order == "rising" else np.random.default_rng(3).permutation(900)
    with Gallery.open_writer(folder) as writer:
        writer.apply(add_ids=[5_000], add_vectors=vectors[:1], position=1)
    batches = ((ids[at : at + 100], vectors[at : at + 100]) for at in range(0, 900, 100))
    gallery = Gallery.rebuild(folder, batches, dims=DIMS, fingerprint="model@2", position=12)
    assert (gallery.count, gallery.position, gallery.fingerprint) == (900, 12, "model@2")
    assert gallery.verify() == []
    assert gallery.search(queries, 5).ids.tobytes() == exact_search(vectors, ids, queries, 5).ids.tobytes()
    assert not [path for path in folder.iterdir() if path.name.startswith("spool")]


def test_rebuilding_from_nothing_gives_an_empty_gallery(tmp_path: Path) -> None:
    gallery = Gallery.rebuild(tmp_path / "new", [], dims=DIMS, fingerprint="model@1", position=3)
    assert (gallery.count, gallery.position) == (0, 3)


def test_a_snapshot_stays_as_it_was(folder: Path, tmp_path: Path) -> None:
    vectors = grouped(20, seed=1)
    with Gallery.open_writer(folder) as writer:
        writer.apply(add_ids=range(20), add_vectors=vectors, position=1)
        writer.apply(remove_ids=[0], position=2)
        assert writer.snapshot(tmp_path / "frozen") == 2
        assert writer.snapshot(tmp_path / "frozen") == 2
        writer.apply(remove_ids=range(10), position=3)
        writer.compact()
        writer.apply(remove_ids=[15], position=4)
        with pytest.raises(GalleryError, match="another gallery"):
            writer.snapshot(tmp_path / "frozen")
    frozen = Gallery.open(tmp_path / "frozen")
    assert (frozen.count, frozen.position, frozen.verify()) == (19, 2, [])
    with pytest.raises(GalleryError, match="is a snapshot"), Gallery.open_writer(tmp_path / "frozen"):
        pass


def test_a_snapshot_is_copied_where_links_are_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    with Gallery.open_writer(folder) as writer:
        writer.apply(add_ids=[1], add_vectors=grouped(1, seed=1), position=1)
        writer.snapshot(tmp_path / "frozen")
    assert Gallery.open(tmp_path / "frozen").verify() == []


def test_a_stale_reader_snapshots_what_is_there_now(folder: Path, tmp_path: Path) -> None:
    with Gallery.open_writer(folder) as writer:
        writer.apply(add_ids=[1], add_vectors=grouped(1, seed=1), position=1)
        reader = Gallery.open(folder)
        writer.apply(add_ids=[2], add_vectors=grouped(1, seed=2), position=2)
        writer.compact()
        writer.apply(add_ids=[3], add_vectors=grouped(1, seed=3), position=3)
    assert reader.snapshot(tmp_path / "frozen") == 3
    assert Gallery.open(tmp_path / "frozen").count == 3


def test_making_a_gallery_waits_for_whoever_is_making_it(tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    folder.mkdir()
    other = FileLock(folder / LOCK, thread_local=False)
    other.acquire()
    threading.Timer(0.2, other.release).start()
    Gallery.create(folder, dims=4, fingerprint="model@1")
    assert Gallery.open(folder).count == 0
