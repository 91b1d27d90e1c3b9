"""What the one writer of a voting gallery does: change, merge, rebuild; each is one atomic commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.durable import NewFile
from indexes.exact import Ids
from indexes.manifest import Tombstones, next_generation
from indexes.plan import smallest
from indexes.segment import little, write_whole
from indexes.state import checked_ids
from indexes.voting_manifest import VotingRecord, WordsRecord
from indexes.voting_segment import List, VotingSegment, lists_of, write_segment
from indexes.voting_state import VotingState, open_state
from indexes.words import DIMS, Features, Words, checked_features
from indexes.writer import commit_change, segment_name
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


def write_change(
    folder: Path,
    state: VotingState,
    settings: GallerySettings,
    added: tuple[Ids, Features],
    removed: Ids,
    position: int,
) -> VotingState:
    """Commit removals (distinct, rising ids) and, after them, additions; returns the new state."""
    generation = next_generation(folder, state.manifest)
    kept = [_without(segment, removed, generation) for segment in state.segments]
    records = [record for record in kept if record is not None]
    ids, features = added
    if len(ids):
        words = state.words.nearest(features, 1)[:, 0]
        records.append(_write_rows(folder, generation, state.words, ids, words, features))
    update = {"segments": tuple(records), "position": position, "settings": settings}
    return commit_change(folder, state, state.manifest.model_copy(update=update), generation, open_state)


def segments_to_merge(segments: Sequence[VotingRecord], settings: GallerySettings) -> set[int]:
    """Numbers of the segments to rewrite as one: mostly removed ones, or the smallest of too many."""
    wasted = {at for at, record in enumerate(segments) if record.live * 2 < record.count}
    if wasted or len(segments) <= settings.max_segments:
        return wasted
    return smallest([record.live for record in segments])


def merge_segments(
    folder: Path, state: VotingState, settings: GallerySettings, chosen: set[int]
) -> VotingState:
    """Rewrite the chosen segments' live features as one segment; what can be found stays the same."""
    generation = next_generation(folder, state.manifest)
    segments = [segment for at, segment in enumerate(state.segments) if at in chosen]
    records = [segment.record for at, segment in enumerate(state.segments) if at not in chosen]
    ids = np.unique(np.concatenate([segment.ids[segment.live] for segment in segments]))
    lists, size = _gathered(segments, ids, len(state.words)), len(state.words)
    records.append(write_segment(folder, segment_name(generation), ids, lists, size))
    update = {"segments": tuple(records), "settings": settings}
    return commit_change(folder, state, state.manifest.model_copy(update=update), generation, open_state)


def write_stream(
    folder: Path, batches: Iterable[tuple[ArrayLike, ArrayLike]], words: Words, generation: int
) -> tuple[VotingRecord, ...]:
    """Spool the features to disk as they come, then write them as one segment."""
    spool = folder / f"spool-{generation:08d}-features"
    ids, found = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
    with NewFile(spool) as file:
        for given_ids, given_features in batches:
            numbers, features = checked_rows(given_ids, given_features, folder)
            ids.append(numbers)
            found.append(words.nearest(features, 1)[:, 0].astype(np.int32))
            file.write(little(features, "u1"))
    commit_point("index:spool-written")
    every = np.concatenate(ids)
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


def _without(segment: VotingSegment, removed: Ids, generation: int) -> VotingRecord | None:
    """The segment's record with more tombstones; None once nothing is left of it."""
    numbers = segment.numbers_of(removed)
    if not len(numbers):
        return segment.record
    dead = np.union1d(segment.dead, numbers)
    if len(dead) == segment.record.images:
        return None
    name = f"{segment.record.name}-dead-{generation:08d}"
    tombstones = Tombstones(name=name, count=len(dead), file=write_whole(segment.folder / name, dead))
    commit_point("index:tombstones-written")
    return segment.record.model_copy(update={"dead": tombstones, "removed": int(segment.counts[dead].sum())})


def _gathered(segments: list[VotingSegment], ids: Ids, size: int) -> Iterator[List]:
    """The live features of several segments, word by word; numbers are places in `ids`."""
    places = [np.searchsorted(ids, segment.ids) for segment in segments]
    for word in range(size):
        parts = [segment.list_of(word) for segment in segments]
        numbers = np.concatenate([places[at][found] for at, (found, _) in enumerate(parts)])
        if len(numbers):
            order = np.argsort(numbers, kind="stable")
            yield word, numbers[order], np.concatenate([features for _, features in parts])[order]
