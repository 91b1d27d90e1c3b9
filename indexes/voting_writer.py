"""What the writer of a voting gallery writes: segments, tombstones, merged and rebuilt segments, words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.committing import segment_name, write_spool, write_tombstones
from indexes.durable import NewFile
from indexes.exact import Ids
from indexes.plan import smallest
from indexes.segment import little
from indexes.state import checked_ids
from indexes.voting_manifest import VotingRecord, WordsRecord
from indexes.voting_segment import List, VotingSegment, lists_of, write_segment
from indexes.words import DIMS, Features, Words, checked_features
from matcher.config import GallerySettings
from matcher.errors import GalleryError
from matcher.faults import commit_point


def checked_rows(ids: ArrayLike, features: ArrayLike, folder: Path) -> tuple[Ids, Features]:
    """As many ids, int64 (n,), as features, uint8 (n, 128), or `GalleryError`."""
    numbers, rows = checked_ids(ids, folder), checked_features(features, folder)
    if len(numbers) != len(rows):
        raise GalleryError(str(folder), f"{len(numbers)} ids given for {len(rows)} features")
    return numbers, rows


def write_words(folder: Path, table: Features, generation: int) -> WordsRecord:
    """Write the vocabulary of a gallery, once."""
    name = f"words-{generation:08d}-table"
    with NewFile(folder / name) as file:
        file.write(little(table, "u1"))
    commit_point("index:words-written")
    return WordsRecord(name=name, count=len(table), file=file.record)


def write_added(folder: Path, generation: int, words: Words, ids: Ids, features: Features) -> VotingRecord:
    """A new segment of features in any order."""
    return _write_rows(folder, generation, words, ids, words.nearest(features, 1)[:, 0], features)


def segments_to_merge(segments: Sequence[VotingRecord], settings: GallerySettings) -> set[int]:
    """Numbers of the segments to rewrite as one: mostly removed ones, or the smallest of too many."""
    wasted = {at for at, record in enumerate(segments) if record.live * 2 < record.count}
    if wasted or len(segments) <= settings.max_segments:
        return wasted
    return smallest([record.live for record in segments])


def write_merged(folder: Path, generation: int, segments: list[VotingSegment], size: int) -> VotingRecord:
    """The live features of several segments as one, of a vocabulary of `size` words."""
    ids = np.unique(np.concatenate([segment.ids[segment.live] for segment in segments]))
    return write_segment(folder, segment_name(generation), ids, _gathered(segments, ids, size), size)


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
    folder: Path, batches: Iterable[tuple[ArrayLike, ArrayLike]], words: Words, generation: int
) -> tuple[VotingRecord, ...]:
    """Spool the features to disk as they come, then write them as one segment."""
    spool = folder / f"spool-{generation:08d}-features"
    found = [np.empty(0, np.int32)]

    def checked() -> Iterator[tuple[Ids, Features]]:
        for given_ids, given_features in batches:
            ids, features = checked_rows(given_ids, given_features, folder)
            found.append(words.nearest(features, 1)[:, 0].astype(np.int32))
            yield ids, features

    every, _ = write_spool(spool, checked(), "u1")
    if not len(every):
        return ()
    spooled = np.asarray(np.memmap(spool, dtype=np.uint8, mode="r", shape=(len(every), DIMS)))
    return (_write_rows(folder, generation, words, every, np.concatenate(found), spooled),)


def _write_rows(
    folder: Path, generation: int, words: Words, ids: Ids, found: NDArray[np.integer], features: Features
) -> VotingRecord:
    distinct, numbers = np.unique(ids, return_inverse=True)
    lists = lists_of(numbers, found, features)
    return write_segment(folder, segment_name(generation), distinct, lists, len(words))


def _gathered(segments: list[VotingSegment], ids: Ids, size: int) -> Iterator[List]:
    """The live features of several segments, word by word; numbers are places in `ids`."""
    places = [np.searchsorted(ids, segment.ids) for segment in segments]
    for word in range(size):
        parts = [segment.list_of(word) for segment in segments]
        numbers = np.concatenate([places[at][found] for at, (found, _) in enumerate(parts)])
        if len(numbers):
            order = np.argsort(numbers, kind="stable")
            yield word, numbers[order], np.concatenate([features for _, features in parts])[order]
