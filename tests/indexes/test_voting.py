"""A voting gallery answers as a plain list of features would, whatever was changed, merged or killed."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from indexes import voting_spool, voting_writer
from indexes.gallery import Gallery
from indexes.manifest import read_committed
from indexes.vocabulary import Vocabulary, WordFinder
from indexes.voting import Votes, VotingGallery
from indexes.voting_manifest import VotingManifest
from matcher.config import GallerySettings
from matcher.errors import GalleryError
from tests.indexes import voting_killable
from tests.indexes.killable import STEPS, expected
from tests.indexes.plain_votes import (
    distances,
    features,
    keeping_all,
    nearest_words,
    plain_vote,
    reduced,
    vocabulary,
)

ROOT = Path(__file__).resolve().parents[2]


VOCABULARY = vocabulary(20, seed=1, branches=10)
SMALL = vocabulary(5, seed=6)
STORED = features(900, seed=2)
IDS = np.random.default_rng(3).integers(0, 60, 900)
PHOTO = np.clip(STORED[::30].astype(np.int64) + np.random.default_rng(4).integers(-9, 10, (30, 128)), 0, 255)
PHOTO = PHOTO.astype(np.uint8)


def same_vocabulary(found: Vocabulary, truth: Vocabulary) -> bool:
    return found.fingerprint() == truth.fingerprint()


def assert_same(found: Votes, truth: Votes) -> None:
    assert found.ids.tolist() == truth.ids.tolist()
    assert found.votes.tobytes() == truth.votes.tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an empty voting gallery lies."""
    VotingGallery.create(tmp_path / "gallery", vocabulary=VOCABULARY, fingerprint="sift@1")
    return tmp_path / "gallery"


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """Where an empty gallery lies that keeps all of a feature."""
    VotingGallery.create(tmp_path / "whole", vocabulary=keeping_all(STORED[:20]), fingerprint="sift@1")
    return tmp_path / "whole"


@pytest.fixture(params=["short", "long"])
def filled(folder: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two segments, the first with tombstones, and long where more than 100 features are."""
    if request.param == "long":
        monkeypatch.setattr(voting_writer, "HELD", 100)
    with VotingGallery.open_writer(folder) as writer:
        writer.apply(add_ids=IDS[:200], add_features=STORED[:200], position=0)
        writer.apply(add_ids=IDS[200:600], add_features=STORED[200:600], position=1)
        writer.compact()
        writer.apply(add_ids=IDS[600:] + 100, add_features=STORED[600:], remove_ids=[3, 5], position=2)
    assert any(folder.glob("*-lists")) == (request.param == "long")
    return folder


def test_a_long_rebuild_sorts_on_disk_and_gives_the_files_of_a_merge(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voting_writer, "HELD", 100)
    monkeypatch.setattr(voting_spool, "PART", 60)
    with VotingGallery.open_writer(filled) as writer:
        writer.compact()
    ids = np.concatenate((IDS[:600], IDS[600:] + 100))
    kept = np.flatnonzero(~np.isin(ids, (3, 5)))
    spooled = []

    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for rows in np.array_split(kept, 30):
            spooled.append(len(list((tmp_path / "again").glob("spool-*"))))
            yield ids[rows], STORED[rows]

    again = VotingGallery.rebuild(
        tmp_path / "again", batches(), vocabulary=VOCABULARY, fingerprint="sift@1", position=2
    )
    assert max(spooled) == len(VOCABULARY.words)  # a file for each, as there are fewer than files
    assert not list((tmp_path / "again").glob("spool-*"))
    merged, rebuilt = (read_committed(one, VotingManifest).segments[0] for one in (filled, again.folder))
    assert merged.files == rebuilt.files
    assert again.verify() == []


def test_words_are_taken_together_until_a_part_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voting_spool, "PART", 10)
    sizes = np.array([4, 4, 0, 4, 25, 1, 1, 1])
    edges = voting_spool.stretches_of(sizes).tolist()
    assert (edges[0], edges[-1], edges) == (0, 8, sorted(set(edges)))
    parts = [sizes[first:end] for first, end in pairwise(edges)]
    assert all(part.sum() < 10 + part.max() for part in parts)
    assert len(parts) < 6
    assert voting_spool.stretches_of(np.zeros(3, np.int64)).tolist() == [0, 3]


def test_a_rebuild_that_fails_leaves_no_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voting_writer, "HELD", 100)
    batches = [(IDS, STORED), (IDS[:1], STORED[:2])]
    with pytest.raises(GalleryError, match="1 ids given for 2 features"):
        VotingGallery.rebuild(tmp_path / "new", batches, vocabulary=SMALL, fingerprint="sift@1", position=1)
    assert not list((tmp_path / "new").glob("spool-*"))


def test_a_new_gallery_has_no_votes_to_give(folder: Path) -> None:
    gallery = VotingGallery.open(folder, fingerprint="sift@1")
    assert (gallery.count, gallery.position, gallery.ids().tolist()) == (0, 0, [])
    assert same_vocabulary(gallery.vocabulary, VOCABULARY)
    assert gallery.vote(PHOTO, 2).ids.tolist() == [-1, -1]
    assert gallery.vote(PHOTO[:0], 2).votes.tolist() == [-1.0, -1.0]
    assert gallery.verify() == []


@pytest.mark.parametrize("probes", [1, 4, 18, 20, 500])
def test_votes_equal_the_plain_count(folder: Path, probes: int) -> None:
    with VotingGallery.open_writer(folder) as writer:
        writer.apply(add_ids=IDS, add_features=STORED, position=1)
        found = writer.vote(PHOTO, 70, probes=probes)
    assert_same(found, plain_vote(IDS, STORED, PHOTO, 70, VOCABULARY, probes=probes))


def test_votes_among_some_are_those_of_a_gallery_that_holds_no_others(filled: Path) -> None:
    gallery = VotingGallery.open(filled, fingerprint="sift@1")
    held = gallery.ids()
    chosen = held[::3]
    ids = np.concatenate((IDS[:600], IDS[600:] + 100))
    kept = np.isin(ids, chosen)
    found = gallery.vote(PHOTO, 70, among=np.append(chosen[::-1], 10**6))
    assert_same(found, plain_vote(ids[kept], STORED[kept], PHOTO, 70, VOCABULARY, probes=4))
    assert gallery.vote(PHOTO, 2, among=[]).ids.tolist() == [-1, -1]


def test_an_image_counts_once_a_feature_and_by_its_nearest(whole: Path) -> None:
    near_by = keeping_all(STORED[:1]).near
    photo = np.full((1, 128), 40, np.uint8)
    near, far = photo.copy(), photo.copy()
    near[0, 0], far[0, 0] = 41, 44
    with VotingGallery.open_writer(whole) as writer:
        writer.apply(add_ids=[7, 7, 2], add_features=np.concatenate((far, near, far)), position=1)
        found = writer.vote(photo, 3, probes=20)
        alone = writer.vote(photo, 3, probes=20, neighbours=1)
    assert found.ids.tolist() == [7, 2, -1]
    assert found.votes.tolist() == [
        np.float32(math.exp(-1 / near_by)),
        np.float32(math.exp(-16 / near_by)),
        -1,
    ]
    assert alone.ids.tolist() == [7, -1, -1]


def test_the_farthest_features_have_exact_distances(whole: Path) -> None:
    black, white = np.zeros((1, 128), np.uint8), np.full((1, 128), 255, np.uint8)
    with VotingGallery.open_writer(whole) as writer:
        writer.apply(add_ids=[1], add_features=black, position=1)
        near = writer._state.nearest(white, 1, 20)
    assert near.scores.tolist() == [[-128 * 255.0**2]]


def test_fewer_features_than_neighbours(folder: Path) -> None:
    with VotingGallery.open_writer(folder) as writer:
        writer.apply(add_ids=[4, 9], add_features=STORED[:2], position=1)
        found = writer.vote(PHOTO, 3, neighbours=8, probes=20)
    assert sorted(found.ids.tolist()) == [-1, 4, 9]


def test_crowds_of_equal_features_go_to_the_lowest_ids(folder: Path) -> None:
    same = np.repeat(STORED[:1], 400, axis=0)
    with VotingGallery.open_writer(folder) as writer:
        writer.apply(add_ids=np.arange(400)[::-1] + 10, add_features=same, position=1)
        assert writer.vote(STORED[:1], 4).ids.tolist() == [10, 11, 12, -1]
        writer.apply(add_ids=[5], add_features=same[:1], remove_ids=range(10, 200), position=2)
        assert writer.vote(STORED[:1], 4).ids.tolist() == [5, 200, 201, -1]


def test_removed_images_take_no_places(folder: Path) -> None:
    with VotingGallery.open_writer(folder) as writer:
        writer.apply(add_ids=IDS, add_features=STORED, position=1)
        writer.apply(remove_ids=range(20), position=2)
        assert writer.status()["tombstones"] == (IDS < 20).sum()
        kept = IDS >= 20
        truth = plain_vote(IDS[kept], STORED[kept], PHOTO, 70, VOCABULARY, probes=6)
        assert_same(writer.vote(PHOTO, 70, probes=6), truth)
        writer.compact()
        assert writer.status()["tombstones"] == 0
        assert_same(writer.vote(PHOTO, 70, probes=6), truth)
    assert VotingGallery.open(folder).verify() == []


def test_neither_segments_nor_the_order_of_features_show_in_the_digits(folder: Path, tmp_path: Path) -> None:
    whole = VotingGallery.rebuild(
        tmp_path / "whole", [(IDS, STORED)], vocabulary=VOCABULARY, fingerprint="sift@1", position=1
    )
    with VotingGallery.open_writer(folder, settings=GallerySettings(max_segments=40)) as writer:
        for at in range(0, 900, 30):
            part = slice(at, at + 30)
            writer.apply(add_ids=IDS[part], add_features=STORED[part], position=at)
        assert len(writer.status()["segments"]) == 30
        for photo in (PHOTO, PHOTO[::-1]):
            assert_same(writer.vote(photo, 9), whole.vote(PHOTO, 9))


def test_a_features_words_do_not_depend_on_its_company() -> None:
    random = np.random.default_rng(8)
    branches, words = random.integers(0, 256, (20, 16)), random.integers(0, 256, (300, 16))
    known = VOCABULARY._replace(
        branches=branches.astype(np.uint8), words=np.concatenate((words, words)).astype(np.uint8)
    )
    finder, asked = WordFinder(known), random.integers(0, 256, (40, 16), dtype=np.uint8)
    for count in (1, 5, 16, 17, 120):
        together = finder.nearest(asked, count)
        assert together.tolist() == nearest_words(asked, known, count)
        assert [finder.nearest(one[None], count)[0].tolist() for one in asked] == together.tolist()


def test_words_beyond_those_of_the_followed_branches_are_none() -> None:
    known = vocabulary(40, seed=8, branches=10)
    found = WordFinder(known).nearest(reduced(features(3, seed=9), known).astype(np.uint8), 40)
    assert (found[:, :16] >= 0).all()
    assert (found[:, 16:] == -1).all()


@given(arrays(np.uint8, (3, 16)), arrays(np.uint8, (4, 16)))
@settings(max_examples=50, deadline=None)
def test_any_features_find_their_nearest_word(asked: np.ndarray, table: np.ndarray) -> None:
    known = VOCABULARY._replace(branches=table[:1], words=table)
    truth = np.argsort(distances(asked, table), axis=1, kind="stable")
    assert WordFinder(known).nearest(asked, 4).tolist() == truth.tolist()


def test_of_many_equal_words_the_lowest_number_is_nearest() -> None:
    known = VOCABULARY._replace(
        branches=VOCABULARY.branches[:1], words=VOCABULARY.words[:1].repeat(60, axis=0)
    )
    finder, asked = WordFinder(known), reduced(features(40, seed=8), known).astype(np.uint8)
    assert finder.nearest(asked, 2).tolist() == [[0, 1]] * 40
    assert finder.nearest_word(asked).tolist() == [0] * 40


@given(arrays(np.uint8, (50, 4), elements=st.integers(0, 3)), arrays(np.uint8, (9, 4)))
@settings(max_examples=50, deadline=None)
def test_many_features_find_the_words_that_few_do(asked: np.ndarray, table: np.ndarray) -> None:
    known = VOCABULARY._replace(axes=VOCABULARY.axes[:, :4], branches=table[:3] % 4, words=table % 4)
    finder = WordFinder(known, followed=2)
    truth = [int(finder.nearest(row[None], 1)[0, 0]) for row in asked]
    assert finder.nearest_word(asked).tolist() == truth
    assert finder.nearest_word(asked[:1]).tolist() == truth[:1]


@given(arrays(np.uint8, (3, 128)))
@settings(max_examples=50, deadline=None)
def test_what_is_kept_of_a_feature_is_exact(given_: np.ndarray) -> None:
    assert VOCABULARY.reduced(given_).tolist() == reduced(given_, VOCABULARY).tolist()
    assert keeping_all(given_).reduced(given_).tolist() == given_.tolist()


def test_small_adds_are_merged_as_they_grow(folder: Path) -> None:
    with VotingGallery.open_writer(folder, settings=GallerySettings(max_segments=4)) as writer:
        for at in range(60):
            rows = at == IDS
            writer.apply(add_ids=IDS[rows], add_features=STORED[rows], position=at)
            assert len(writer.status()["segments"]) <= 4
        assert_same(writer.vote(PHOTO, 9), plain_vote(IDS, STORED, PHOTO, 9, VOCABULARY, probes=4))
        assert writer.count == 900


def test_a_reader_keeps_voting_on_what_compaction_deleted(filled: Path) -> None:
    reader = VotingGallery.open(filled)
    before = reader.vote(PHOTO, 20)
    with VotingGallery.open_writer(filled) as writer:
        writer.apply(remove_ids=range(30), position=3)
        writer.compact()
        writer.apply(remove_ids=[31], position=4)
        writer.compact()
    assert_same(reader.vote(PHOTO, 20), before)
    assert reader.refresh()
    assert not reader.refresh()
    assert reader.position == 4


def test_threads_vote_alike_while_a_writer_compacts(filled: Path) -> None:
    reader, done, answers = VotingGallery.open(filled), threading.Event(), set()
    probed = {probes: reader.vote(PHOTO, 9, probes=probes) for probes in (1, 4, 20)}

    def read(probes: int) -> None:
        while not done.is_set():
            answers.add(
                reader.vote(PHOTO, 9, probes=probes).votes.tobytes() == probed[probes].votes.tobytes()
            )

    threads = [threading.Thread(target=read, args=(probes,)) for probes in probed]
    for thread in threads:
        thread.start()
    try:
        with VotingGallery.open_writer(filled) as writer:
            for at in range(10, 15):
                writer.apply(remove_ids=[at], position=at)
                writer.compact()
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert answers == {True}


def test_a_snapshot_stays_as_it_was(filled: Path, tmp_path: Path) -> None:
    with VotingGallery.open_writer(filled) as writer:
        before = writer.vote(PHOTO, 9)
        assert writer.snapshot(tmp_path / "frozen") == 2
        writer.apply(remove_ids=range(200), position=3)
        writer.apply(add_ids=[1], add_features=STORED[:1], position=4)
    frozen = VotingGallery.open(tmp_path / "frozen")
    assert_same(frozen.vote(PHOTO, 9), before)
    assert frozen.verify() == []
    with pytest.raises(GalleryError, match="is a snapshot"), VotingGallery.open_writer(tmp_path / "frozen"):
        pass


def test_rebuilding_replaces_everything_even_the_vocabulary(filled: Path) -> None:
    batches = ((IDS[at : at + 100], STORED[at : at + 100]) for at in range(0, 900, 100))
    gallery = VotingGallery.rebuild(filled, batches, vocabulary=SMALL, fingerprint="sift@2", position=9)
    assert (gallery.count, gallery.position, gallery.fingerprint) == (900, 9, "sift@2")
    assert_same(gallery.vote(PHOTO, 9, probes=2), plain_vote(IDS, STORED, PHOTO, 9, SMALL, probes=2))
    assert gallery.verify() == []
    assert not list(filled.glob("spool-*"))
    assert same_vocabulary(gallery.vocabulary, SMALL)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"add_ids": [1], "add_features": np.ones((1, 64), np.uint8)}, r"shape \(1, 64\)"),
        ({"add_ids": [1], "add_features": np.ones((1, 128), np.float32)}, "features are float32"),
        ({"add_ids": [1, 2], "add_features": STORED[:1]}, "2 ids given for 1 features"),
        ({"add_ids": [-1], "add_features": STORED[:1]}, "below 0"),
        ({"remove_ids": [1.5]}, "ids are float64"),
        ({"position": 4}, "already holds change 5"),
    ],
)
def test_a_wrong_change_is_refused_whole(folder: Path, change: dict[str, object], reason: str) -> None:
    with VotingGallery.open_writer(folder) as writer:
        writer.apply(add_ids=[3], add_features=STORED[:1], position=5)
        with pytest.raises(GalleryError, match=reason):
            writer.apply(**({"position": 6} | change))
        assert (writer.count, writer.position) == (1, 5)


@pytest.mark.parametrize("numbers", [{"k": 0}, {"k": 1, "neighbours": 0}, {"k": 1, "probes": 0}])
def test_asking_for_nothing_is_refused(filled: Path, numbers: dict[str, int]) -> None:
    with pytest.raises(GalleryError, match="at least 1"):
        VotingGallery.open(filled).vote(PHOTO, **numbers)
    with pytest.raises(GalleryError, match="uint8"):
        VotingGallery.open(filled).vote(PHOTO.astype(np.float32), 1)


def test_wrong_vocabularies_locks_and_models_are_refused(filled: Path, tmp_path: Path) -> None:
    for change, reason in (
        ({"words": SMALL.words[:0]}, "0 words given"),
        ({"branches": VOCABULARY.branches[:3]}, "5 words cannot be shared out among 3 branches"),
        ({"axes": VOCABULARY.axes[:, :9]}, "do not fit together"),
        ({"offsets": VOCABULARY.offsets.astype(np.int64)}, "do not fit together"),
        ({"near": 0.0}, "do not fit together"),
    ):
        with pytest.raises(GalleryError, match=reason):
            VotingGallery.create(
                tmp_path / "other", vocabulary=SMALL._replace(**change), fingerprint="sift@1"
            )
    with pytest.raises(GalleryError, match="exists already"):
        VotingGallery.create(filled, vocabulary=SMALL, fingerprint="sift@1")
    assert VotingGallery.open(filled).verify() == []
    with pytest.raises(GalleryError, match="sift@1, not sift@2"):
        VotingGallery.open(filled, fingerprint="sift@2")
    with (
        VotingGallery.open_writer(filled),
        pytest.raises(GalleryError, match=r"writer\.lock"),
        VotingGallery.open_writer(filled),
    ):
        pass


def test_a_gallery_of_another_kind_is_named(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="is a gallery of 'votes of local features'"):
        Gallery.open(filled)
    Gallery.create(tmp_path / "vectors", dims=4, fingerprint="model@1")
    with pytest.raises(GalleryError, match="not of 'votes of local features'"):
        VotingGallery.open(tmp_path / "vectors")


def files_of(folder: Path) -> list[Path]:
    return [folder / name for name in read_committed(folder, VotingManifest).names()]


def test_truncated_and_missing_files_are_found_at_opening(filled: Path) -> None:
    endings = {path.name.split("-", 2)[2].rstrip("0123456789") for path in files_of(filled)}
    assert endings >= {"index", "ids", "counts", "dead-", "table"}
    for path in files_of(filled):
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(GalleryError, match=rf"{path.name} is damaged.*matcher index rebuild"):
            VotingGallery.open(filled)
        path.unlink()
        with pytest.raises(GalleryError, match=rf"{path.name} is missing; run `matcher index rebuild`"):
            VotingGallery.open(filled)
        path.write_bytes(whole)
    assert VotingGallery.open(filled).verify() == []


def test_a_flipped_bit_is_found_by_verifying_and_in_the_vocabulary_at_opening(filled: Path) -> None:
    gallery = VotingGallery.open(filled)
    for path in files_of(filled):
        whole = path.read_bytes()
        path.write_bytes(whole[:-3] + bytes([whole[-3] ^ 4]) + whole[-2:])
        problems = gallery.verify()
        assert len(problems) == 1
        assert path.name in problems[0]
        if path.name.startswith("words"):
            with pytest.raises(GalleryError, match="checksum differs"):
                VotingGallery.open(filled)
        path.write_bytes(whole)


def test_a_rewritten_index_is_refused(filled: Path) -> None:
    path = next(path for path in files_of(filled) if path.name.endswith("-index"))
    path.write_bytes(b"\0" * path.stat().st_size)
    with pytest.raises(GalleryError, match=rf"{path.name} is damaged"):
        VotingGallery.open(filled)


@pytest.mark.parametrize("size", [-1, 0, 10**15])
@pytest.mark.parametrize("filled", ["long"], indirect=True)
def test_rewritten_sizes_of_lists_are_refused(filled: Path, size: int) -> None:
    path = next(path for path in files_of(filled) if path.name.endswith("-sizes"))
    np.full(len(VOCABULARY.words), size, "<i8").tofile(path)
    with pytest.raises(GalleryError, match=rf"{path.name} does not fit its segment; run"):
        VotingGallery.open(filled)


class VotingMachine(RuleBasedStateMachine):
    """Few ids and few distinct features, so that repeats and ties abound."""

    POOL = np.concatenate((features(6, seed=21, top=9), np.eye(6, 128, dtype=np.uint8)))
    KNOWN = keeping_all(features(4, seed=22, top=9), near=90.0)
    NUMBERS = st.integers(0, 7)

    @initialize(max_segments=st.integers(1, 4), held=st.sampled_from((1, 2**20)))
    def create(self, max_segments: int, held: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(voting_writer, "HELD", held)
        self.root = Path(tempfile.mkdtemp())
        self.folder, self.open = self.root / "gallery", ExitStack()
        self.model: list[tuple[int, int]] = []
        self.position = 0
        chosen = GallerySettings(max_segments=max_segments)
        VotingGallery.create(self.folder, vocabulary=self.KNOWN, fingerprint="sift@1", settings=chosen)
        self.writer = self.open.enter_context(VotingGallery.open_writer(self.folder))
        self.reader = VotingGallery.open(self.folder)

    def teardown(self) -> None:
        if hasattr(self, "open"):
            self.open.close()
            self.patch.undo()
            shutil.rmtree(self.root)

    @rule(added=st.lists(st.tuples(NUMBERS, st.integers(0, 11)), max_size=9), removed=st.sets(NUMBERS))
    def change(self, added: list[tuple[int, int]], removed: set[int]) -> None:
        self.position += 1
        self.model = [pair for pair in self.model if pair[0] not in removed] + added
        self.writer.apply(
            add_ids=[number for number, _ in added],
            add_features=self.POOL[[row for _, row in added]],
            remove_ids=sorted(removed),
            position=self.position,
        )

    @rule()
    def compact(self) -> None:
        self.writer.compact()
        assert len(self.writer.status()["segments"]) == bool(self.model)
        assert self.writer.status()["tombstones"] == 0

    @rule()
    def reopen(self) -> None:
        self.open.close()
        self.writer = self.open.enter_context(VotingGallery.open_writer(self.folder))
        self.reader = VotingGallery.open(self.folder)
        assert self.reader.verify() == []

    @invariant()
    def writer_and_reader_agree_with_the_model(self) -> None:
        if not hasattr(self, "writer"):
            return
        self.reader.refresh()
        ids = np.array([number for number, _ in self.model], np.int64)
        stored = self.POOL[[row for _, row in self.model]]
        for gallery in (self.writer, self.reader):
            assert (gallery.position, gallery.count) == (self.position, len(self.model))
            assert gallery.ids().tolist() == sorted(set(ids.tolist()))
            for probes in (1, 4):
                truth = plain_vote(ids, stored, self.POOL, 5, self.KNOWN, probes=probes)
                assert_same(gallery.vote(self.POOL, 5, probes=probes), truth)


TestModel = VotingMachine.TestCase
TestModel.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)


def kill(action: str, folder: Path, point: str, *, held: int = 2**20) -> int:
    """Run until the program kills itself at `point`; the last step that was said to be done."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.indexes.voting_killable", action, str(folder), str(held)],
        cwd=ROOT,
        env=os.environ | {"MATCHER_KILL_AT": point},
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    return max((int(word) for word in ended.stdout.split() if word.isdigit()), default=0)


def assert_whole(gallery: VotingGallery) -> None:
    """Exactly what the changes up to its position left, nothing by half."""
    there = np.array(expected(gallery.position), np.int64)
    assert gallery.ids().tolist() == there.tolist()
    assert gallery.count == 4 * len(there)
    assert gallery.verify() == []
    photo = voting_killable.POOL[::9, 0]
    stored = voting_killable.POOL[there].reshape(-1, 128)
    truth = plain_vote(np.repeat(there, 4), stored, photo, 9, gallery.vocabulary, probes=3)
    assert_same(gallery.vote(photo, 9, probes=3), truth)


def assert_goes_on(folder: Path) -> None:
    voting_killable.change(folder)
    assert VotingGallery.open(folder).position == STEPS
    assert_whole(VotingGallery.open(folder))
    manifest = read_committed(folder, VotingManifest)
    held = set(manifest.names()) | set(manifest.retired)
    assert {path.name for path in folder.iterdir()} == held | {"manifest.json", "writer.lock"}


@pytest.mark.skipif(os.name == "nt", reason="kills with SIGKILL")
@pytest.mark.parametrize(
    "point",
    [
        "index:words-written",
        "index:segment-written:1",
        "index:segment-written:7",
        "index:tombstones-written:3",
        "index:manifest-written:1",
        "index:manifest-written:8",
        "index:manifest-renamed:1",
        "index:manifest-renamed:9",
        "index:leftovers-cleared:8",
        "index:snapshot-linked:1",
    ],
)
def test_killed_at_a_commit_point(tmp_path: Path, point: str) -> None:
    folder = tmp_path / "gallery"
    told = kill("change", folder, point)
    if (folder / "manifest.json").exists():
        assert VotingGallery.open(folder).position in (told, told + 1)
        assert_whole(VotingGallery.open(folder))
    assert_goes_on(folder)


@pytest.mark.skipif(os.name == "nt", reason="kills with SIGKILL")
@pytest.mark.parametrize(
    "point", ["words-written", "spool-written", "segment-written", "manifest-written", "manifest-renamed"]
)
@pytest.mark.parametrize("held", [40, 2**20])
def test_killed_while_rebuilding(tmp_path: Path, point: str, held: int) -> None:
    folder = tmp_path / "gallery"
    kill("change", folder, "index:segment-written:6", held=held)
    before = VotingGallery.open(folder)
    kill("rebuild", folder, f"index:{point}", held=held)
    after = VotingGallery.open(folder)
    assert after.position == (STEPS if point == "manifest-renamed" else before.position)
    assert_whole(after)
    assert_goes_on(folder)
