"""What a voting gallery was at one commit, opened: its vocabulary and its segments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexes.durable import record_of
from indexes.exact import Ids, Neighbours, merge
from indexes.manifest import REPAIR
from indexes.segment import check_sizes
from indexes.state import open_latest
from indexes.vocabulary import DIMS, Features, Vocabulary, WordFinder
from indexes.voting_manifest import VocabularyRecord, VotingManifest
from indexes.voting_segment import VotingSegment, open_segment
from matcher.errors import GalleryError


@dataclass(frozen=True, eq=False)
class VotingState:
    """One committed manifest, its words and its open segments; never changes."""

    manifest: VotingManifest
    words: WordFinder
    segments: tuple[VotingSegment, ...]

    def nearest(self, features: Features, k: int, probes: int, among: Ids | None = None) -> Neighbours:
        """The `k` nearest live features of all segments: scores are minus the squared distance, exact.

        `among`: only features of these ids, distinct and rising.
        """
        if not self.segments:
            return merge([], len(features), k)
        kept = self.words.vocabulary.reduced(features)
        lists = self.words.nearest(kept, probes)
        queries = kept.astype(np.float32)
        parts = [segment.nearest(queries, lists, k, among) for segment in self.segments]
        return merge(parts, len(features), k)

    def ids(self) -> Ids:
        """The distinct live ids, rising."""
        parts = [segment.ids[segment.live] for segment in self.segments]
        return np.unique(np.concatenate([np.empty(0, np.int64), *parts]))


def open_state(folder: Path, previous: VotingState | None = None) -> VotingState:
    """Open what was committed last, keeping what `previous` has open of it."""

    def open_all(manifest: VotingManifest) -> VotingState:
        if previous and previous.manifest.vocabulary == manifest.vocabulary:
            opened, words = {s.record.name: s for s in previous.segments}, previous.words
        else:
            opened, words = {}, WordFinder(_read_vocabulary(folder, manifest.vocabulary))
        shape = len(words), words.vocabulary.dims
        parts = [open_segment(folder, s, shape, opened.get(s.name)) for s in manifest.segments]
        return VotingState(manifest, words, tuple(parts))

    return open_latest(folder, VotingManifest, open_all, previous)


def _read_vocabulary(folder: Path, record: VocabularyRecord) -> Vocabulary:
    """Hashed at each opening: a wrong word would not fail, it would miss features."""
    check_sizes(folder, {record.name: record.file})
    path = folder / record.name
    if record_of(path) != record.file:
        raise GalleryError(str(folder), f"{record.name} is damaged (its checksum differs); {REPAIR}")
    dims, held = record.dims, path.read_bytes()
    axes, offsets, tree = (
        held[: DIMS * dims],
        held[DIMS * dims : (DIMS + 4) * dims],
        held[(DIMS + 4) * dims :],
    )
    branches_and_words = np.frombuffer(tree, np.uint8).reshape(-1, dims)
    return Vocabulary(
        np.frombuffer(axes, np.int8).reshape(DIMS, dims),
        np.frombuffer(offsets, "<i4").astype(np.int32),
        record.shift,
        record.near,
        branches_and_words[: record.branches],
        branches_and_words[record.branches :],
    )
