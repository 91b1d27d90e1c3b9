"""What the writer of a voting gallery writes: segments, tombstones, merged and rebuilt segments, words."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from indexes.committing import segment_name, write_tombstones
from indexes.durable import NewFile
from indexes.exact import Ids
from indexes.plan import smallest
from indexes.segment import little
from indexes.state import checked_ids
from indexes.vocabulary import Features, Vocabulary, WordFinder, checked_features
from indexes.voting_lists import CAN_BE_LONG, Entries, Shape
from indexes.voting_manifest import VocabularyRecord, VotingRecord
from indexes.voting_segment import VotingSegment, write_long_segment, write_segment
from indexes.voting_spool import VotingSpool, stretches_of
from matcher.config import GallerySettings
from matcher.errors import GalleryError
from matcher.faults import commit_point

HELD = 2**20 if CAN_BE_LONG else sys.maxsize
"""Features that a rebuild or a merge has in memory at most; a segment of more is written word by word."""


def checked_rows(ids: ArrayLike, features: ArrayLike, folder: Path) -> tuple[Ids, Features]:
    """As many ids, int64 (n,), as features, uint8 (n, 128), or `GalleryError`."""
    numbers, rows = checked_ids(ids, folder), checked_features(features, folder)
    if len(numbers) != len(rows):
        raise GalleryError(str(folder), f"{len(numbers)} ids given for {len(rows)} features")
    return numbers, rows


def write_vocabulary(folder: Path, vocabulary: Vocabulary, generation: int) -> VocabularyRecord:
    """Write the vocabulary of a gallery, once."""
    name = f"words-{generation:08d}-table"
    with NewFile(folder / name) as file:
        file.write(little(vocabulary.axes, "i1"))
        file.write(little(vocabulary.offsets, "i4"))
        file.write(little(vocabulary.branches, "u1"))
        file.write(little(vocabulary.words, "u1"))
    commit_point("index:words-written")
    return VocabularyRecord(
        name=name,
        dims=vocabulary.dims,
        shift=vocabulary.shift,
        near=vocabulary.near,
        branches=len(vocabulary.branches),
        words=len(vocabulary.words),
        file=file.record,
    )


def write_added(
    folder: Path, generation: int, words: WordFinder, ids: Ids, features: Features
) -> VotingRecord:
    """A new segment of features in any order."""
    kept = words.vocabulary.reduced(features)
    distinct, numbers = np.unique(ids, return_inverse=True)
    entries = Entries(numbers, words.nearest_word(kept), kept)
    return write_segment(
        folder, segment_name(generation), distinct, entries, (len(words), words.vocabulary.dims)
    )


def segments_to_merge(segments: Sequence[VotingRecord], settings: GallerySettings) -> set[int]:
    """Numbers of the segments to rewrite as one: mostly removed ones, or the smallest of too many."""
    wasted = {at for at, record in enumerate(segments) if record.live * 2 < record.count}
    if wasted or len(segments) <= settings.max_segments:
        return wasted
    return smallest([record.live for record in segments])


def write_merged(
    folder: Path, generation: int, segments: list[VotingSegment], vocabulary: Vocabulary
) -> VotingRecord:
    """The live features of several segments as one; beyond `HELD`, a stretch of words at a time."""
    ids = np.unique(np.concatenate([segment.ids[segment.live] for segment in segments]))
    name, shape = segment_name(generation), (len(vocabulary.words), vocabulary.dims)
    if sum(segment.record.live for segment in segments) <= HELD:
        return write_segment(folder, name, ids, _gathered(segments, ids, 0, shape[0]), shape)
    sizes = np.sum([segment.sizes() for segment in segments], axis=0)
    stretches = pairwise(stretches_of(sizes).tolist())
    parts = (_gathered(segments, ids, first, end) for first, end in stretches)
    return write_long_segment(folder, name, ids, parts, shape)


def _gathered(segments: list[VotingSegment], ids: Ids, first: int, end: int) -> Entries:
    """Live entries of the words from `first` to before `end`; their ids are numbers among `ids`."""
    entries = [segment.entries(first, end) for segment in segments]
    numbers = [
        np.searchsorted(ids, segment.ids)[each.numbers]
        for segment, each in zip(segments, entries, strict=True)
    ]
    return Entries(
        np.concatenate(numbers),
        np.concatenate([each.words for each in entries]),
        np.concatenate([each.kept for each in entries]),
    )


def write_removed(segment: VotingSegment, removed: Ids, generation: int) -> VotingRecord | None:
    """The segment's record with more tombstones; None once nothing is left of it."""
    numbers = segment.numbers_of(removed)
    if not len(numbers):
        return segment.record
    dead = np.union1d(segment.dead, numbers)
    if len(dead) == segment.record.images:
        return None
    tombstones = write_tombstones(segment.folder, segment.record.name, dead, generation)
    return segment.record.model_copy(update={"dead": tombstones, "removed": int(segment.counts[dead].sum())})


def write_stream(
    folder: Path, batches: Iterable[tuple[ArrayLike, ArrayLike]], words: WordFinder, generation: int
) -> tuple[VotingRecord, ...]:
    """Spool what is kept of the features as they come, then write it as one segment."""
    shape = len(words), words.vocabulary.dims
    spool = VotingSpool(folder, generation, shape, held=HELD)
    try:
        for given_ids, given_features in batches:
            ids, features = checked_rows(given_ids, given_features, folder)
            kept = words.vocabulary.reduced(features)
            spool.add(ids, words.nearest_word(kept), kept)
        commit_point("index:spool-written")
        return _write_spooled(folder, segment_name(generation), spool, shape)
    finally:
        spool.clear()


def _write_spooled(folder: Path, name: str, spool: VotingSpool, shape: Shape) -> tuple[VotingRecord, ...]:
    if not spool.count:
        return ()
    if spool.is_long:
        return (write_long_segment(folder, name, spool.ids(), spool.parts(), shape),)
    return (write_segment(folder, name, spool.ids(), spool.entries(), shape),)
