"""Any order of changes leaves a gallery that answers as a plain list of vectors would."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from indexes.exact import exact_search
from indexes.gallery import Gallery
from matcher.config import GallerySettings
from tests.indexes.conftest import grouped

DIMS = 4
POOL = np.concatenate((grouped(10, seed=1, dims=DIMS), np.eye(DIMS, dtype=np.float32)))
NUMBERS = st.integers(0, 8)


class GalleryMachine(RuleBasedStateMachine):
    """Few ids and few distinct vectors, so that repeats and ties abound."""

    @initialize(max_segments=st.integers(1, 4))
    def create(self, max_segments: int) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.folder, self.open = self.root / "gallery", ExitStack()
        self.model: list[tuple[int, int]] = []
        self.position, self.snapshots = 0, 0
        chosen = GallerySettings(max_segments=max_segments)
        Gallery.create(self.folder, dims=DIMS, fingerprint="model@1", settings=chosen)
        self.writer = self.open.enter_context(Gallery.open_writer(self.folder))
        self.reader = Gallery.open(self.folder)

    def teardown(self) -> None:
        if hasattr(self, "open"):
            self.open.close()
            shutil.rmtree(self.root)

    @rule(
        added=st.lists(st.tuples(NUMBERS, st.integers(0, len(POOL) - 1)), max_size=6),
        removed=st.sets(NUMBERS),
    )
    def change(self, added: list[tuple[int, int]], removed: set[int]) -> None:
        self.position += 1
        self.model = [pair for pair in self.model if pair[0] not in removed] + added
        self.writer.apply(
            add_ids=[number for number, _ in added],
            add_vectors=POOL[[row for _, row in added]],
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
        self.writer = self.open.enter_context(Gallery.open_writer(self.folder))
        self.reader = Gallery.open(self.folder)

    @rule()
    def take_a_snapshot(self) -> None:
        self.snapshots += 1
        self.writer.snapshot(self.root / f"snapshot-{self.snapshots}")
        self.agrees(Gallery.open(self.root / f"snapshot-{self.snapshots}"))

    @precondition(lambda self: self.snapshots)
    @rule()
    def an_old_snapshot_is_still_whole(self) -> None:
        assert Gallery.open(self.root / "snapshot-1").verify() == []

    @rule(k=st.integers(1, 12), among=st.sets(NUMBERS, min_size=1))
    def search_some(self, k: int, among: set[int]) -> None:
        kept = [pair for pair in self.model if pair[0] in among]
        self.same(self.writer.search(POOL, k, among=sorted(among)), kept, k)

    @invariant()
    def the_writer_agrees(self) -> None:
        if hasattr(self, "writer"):
            self.agrees(self.writer)
            assert len(self.writer.status()["segments"]) <= self.writer.settings.max_segments

    @invariant()
    def a_refreshed_reader_agrees(self) -> None:
        if hasattr(self, "reader"):
            self.reader.refresh()
            self.agrees(self.reader)

    def agrees(self, gallery: Gallery) -> None:
        assert gallery.position == self.position
        assert gallery.count == len(self.model)
        assert gallery.ids().tolist() == sorted({number for number, _ in self.model})
        stored = gallery.vectors(range(9))
        wanted = sorted((number, bytes(POOL[row])) for number, row in self.model)
        assert sorted(zip(stored.ids.tolist(), map(bytes, stored.vectors), strict=True)) == wanted
        self.same(gallery.search(POOL, 5), self.model, 5)

    def same(self, found: tuple[np.ndarray, np.ndarray], model: list[tuple[int, int]], k: int) -> None:
        numbers = np.array([number for number, _ in model], np.int64)
        truth = exact_search(POOL[[row for _, row in model]], numbers, POOL, k)
        assert found[0].tobytes() == truth.scores.tobytes()
        assert found[1].tobytes() == truth.ids.tobytes()


TestModel = GalleryMachine.TestCase
TestModel.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
