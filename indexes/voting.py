"""A gallery of local features, by a fixed vocabulary, that proposes images by voting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.exact import NO_ID, NO_SCORE, Ids, Neighbours
from indexes.manifest import REPAIR, next_generation
from indexes.segment import wrong_files
from indexes.snapshot import take_snapshot
from indexes.state import checked_ids
from indexes.voting_manifest import VotingManifest, VotingRecord
from indexes.voting_state import VotingState, open_state
from indexes.voting_writer import (
    checked_rows,
    merge_segments,
    segments_to_merge,
    write_change,
    write_stream,
    write_words,
)
from indexes.words import DIMS, Features, Words, checked_features, checked_words
from indexes.writer import create, replace_all, writing
from matcher.config import GallerySettings
from matcher.errors import GalleryError

NEAR = 0.15 * 512.0**2
"""The squared distance at which a feature's vote has fallen to 1/e: 0.15 for features of length 1."""


class Votes(NamedTuple):
    """The images that a photo's features speak for: the best first, equal votes by rising id.

    `votes`: float32 (k,), from 0 up to the number of features. `ids`: int64 (k,). Where fewer than k images
    got a vote, the rest is id -1 and vote -1.
    """

    votes: NDArray[np.float32]
    ids: NDArray[np.int64]


class VotingGallery:
    """Reads a voting gallery. Safe to use from several threads; a writer elsewhere shows after `refresh`."""

    def __init__(self, folder: Path, state: VotingState) -> None:
        """Use `create`, `open`, `open_writer` or `rebuild`."""
        self.folder, self._state = folder, state

    @staticmethod
    def create(
        folder: Path, *, words: ArrayLike, fingerprint: str, settings: GallerySettings | None = None
    ) -> VotingGallery:
        """Make an empty gallery at position 0; raises `GalleryError` if one is there already.

        `words`: the vocabulary, uint8 (W, 128), W up to 65,536, which stays as it is. Of `settings`,
        `max_segments` counts.
        """
        table, chosen = checked_words(words, folder), settings or GallerySettings()

        def empty() -> VotingManifest:
            record = write_words(folder, table, next_generation(folder, None))
            return VotingManifest(words=record, fingerprint=fingerprint, settings=chosen)

        create(folder, empty)
        return VotingGallery.open(folder)

    @staticmethod
    def open(folder: Path, *, fingerprint: str | None = None) -> VotingGallery:
        """Open for reading; raises `GalleryError` if missing, damaged, or not of the model `fingerprint`."""
        state = open_state(folder)
        if fingerprint is not None and state.manifest.fingerprint != fingerprint:
            raise GalleryError(
                str(folder),
                f"was built with the model {state.manifest.fingerprint}, not {fingerprint}; {REPAIR}",
            )
        return VotingGallery(folder, state)

    @staticmethod
    @contextmanager
    def open_writer(
        folder: Path, *, settings: GallerySettings | None = None, wait_seconds: float = 0.0
    ) -> Iterator[VotingWriter]:
        """Open for writing, as the only writer; `settings` replace those the gallery was made with.

        Raises `GalleryError` if another writer keeps the lock for `wait_seconds`, or for a damaged gallery.
        """
        with writing(folder, wait_seconds, VotingManifest, open_state) as state:
            yield VotingWriter(folder, state, settings or state.manifest.settings)

    @staticmethod
    def rebuild(
        folder: Path,
        batches: Iterable[tuple[ArrayLike, ArrayLike]],
        *,
        words: ArrayLike,
        fingerprint: str,
        position: int,
        settings: GallerySettings | None = None,
        wait_seconds: float = 0.0,
    ) -> VotingGallery:
        """Replace whatever is in `folder`, damaged or not, by `batches` of (ids (n,), features (n, 128)).

        One commit at the end; until then an intact gallery stays as it was. Memory: 170 bytes a feature.
        """
        table = checked_words(words, folder)

        def write(generation: int) -> VotingManifest:
            record = write_words(folder, table, generation)
            return VotingManifest(
                words=record,
                fingerprint=fingerprint,
                position=position,
                settings=settings or GallerySettings(),
                segments=write_stream(folder, batches, Words(table), generation),
            )

        replace_all(folder, wait_seconds, VotingManifest, write)
        return VotingGallery.open(folder)

    @property
    def position(self) -> int:
        """The caller's number of the last change that is in."""
        return self._state.manifest.position

    @property
    def fingerprint(self) -> str:
        """The model that made the features."""
        return self._state.manifest.fingerprint

    @property
    def words(self) -> Features:
        """The vocabulary, uint8 (W, 128)."""
        return self._state.words.table

    @property
    def count(self) -> int:
        """Features that can be found; an id has many."""
        return sum(segment.record.live for segment in self._state.segments)

    def refresh(self) -> bool:
        """Show what writers committed since; True if anything changed."""
        before = self._state
        self._state = open_state(self.folder, before)
        return self._state is not before

    def vote(self, features: ArrayLike, k: int, *, neighbours: int = 3, probes: int = 4) -> Votes:
        """The `k` images that one photo's features, uint8 (q, 128), speak for most.

        Each feature looks under its `probes` nearest words for its `neighbours` nearest stored features, and
        gives the image of each exp(-d² / (0.15 * 512²)), d their distance; an image counts once a feature, by
        its nearest. After the voting of Jégou, Douze and Schmid 2008, section 2. The answer has the same
        digits whatever the segments, the order of the features and other calls. Raises `GalleryError` for
        features of another shape or kind, or numbers below 1.
        """
        asked = checked_features(features, self.folder)
        for name, number in (("k", k), ("neighbours", neighbours), ("probes", probes)):
            if number < 1:
                raise GalleryError(str(self.folder), f"{name} is {number}; ask for at least 1")
        return tally(self._state.nearest(asked, neighbours, probes), k)

    def ids(self) -> Ids:
        """The distinct ids that have a feature, rising."""
        return self._state.ids()

    def status(self) -> dict[str, object]:
        """Counts and sizes, ready for JSON."""
        manifest = self._state.manifest
        return {
            "position": manifest.position,
            "generation": manifest.generation,
            "fingerprint": manifest.fingerprint,
            "words": manifest.words.count,
            "count": self.count,
            "images": len(self.ids()),
            "tombstones": sum(record.removed for record in manifest.segments),
            "bytes": sum(record.bytes for record in manifest.names().values()),
            "segments": [_segment_status(record) for record in manifest.segments],
        }

    def verify(self) -> list[str]:
        """Read every byte; returns what is wrong, a line each (empty: all is well)."""
        try:
            self.refresh()
        except GalleryError as error:
            return [str(error)]
        words = self._state.manifest.words
        problems = wrong_files(self.folder, {words.name: words.file})
        return problems + [wrong for segment in self._state.segments for wrong in segment.problems()]

    def snapshot(self, folder: Path) -> int:
        """Hard-link (or copy) the gallery as it is now into `folder`, for readers only; returns its position.

        Raises `GalleryError` if `folder` already holds a gallery other than this very state.
        """
        self._state = take_snapshot(self.folder, self._state, folder, open_state)
        return self.position


class VotingWriter(VotingGallery):
    """A voting gallery open for writing; `VotingGallery.open_writer` gives it out, under the lock."""

    def __init__(self, folder: Path, state: VotingState, settings: GallerySettings) -> None:
        """Use `VotingGallery.open_writer`."""
        super().__init__(folder, state)
        self.settings = settings

    def apply(
        self,
        *,
        add_ids: ArrayLike = (),
        add_features: ArrayLike | None = None,
        remove_ids: ArrayLike = (),
        position: int,
    ) -> None:
        """Remove all features of `remove_ids`, then add; one commit, seen at once by votes of this object.

        `add_ids`: int64 (n,), many rows share an id; `add_features`: uint8 (n, 128). Ids to remove that are
        not there are passed over. Raises `GalleryError`, with nothing changed, for wrong shapes or a
        `position` before the gallery's.
        """
        features = np.empty((0, DIMS), np.uint8) if add_features is None else add_features
        added = checked_rows(add_ids, features, self.folder)
        removed = np.unique(checked_ids(remove_ids, self.folder))
        if position < self.position:
            raise GalleryError(
                str(self.folder), f"already holds change {self.position}, so {position} cannot follow"
            )
        self._state = write_change(self.folder, self._state, self.settings, added, removed, position)
        while chosen := segments_to_merge(self._state.manifest.segments, self.settings):
            self._state = merge_segments(self.folder, self._state, self.settings, chosen)

    def compact(self) -> None:
        """Merge everything into one segment without tombstones; one commit."""
        records = self._state.manifest.segments
        if len(records) > 1 or any(record.dead for record in records):
            chosen = set(range(len(records)))
            self._state = merge_segments(self.folder, self._state, self.settings, chosen)


def tally(found: Neighbours, k: int) -> Votes:
    """Add up what each query feature gives the images of its nearest features, (q, neighbours)."""
    asked, places = np.nonzero(found.ids != NO_ID)
    ids, squares = found.ids[asked, places], -found.scores[asked, places].astype(np.float64)
    order = np.lexsort((places, ids, asked))
    first = np.ones(len(order), np.bool_)
    first[1:] = (np.diff(asked[order]) != 0) | (np.diff(ids[order]) != 0)
    ids, squares = ids[order[first]], squares[order[first]]
    order = np.lexsort((squares, ids))  # sums in the order of the distances, whatever that of the features
    distinct, images = np.unique(ids[order], return_inverse=True)
    sums = np.bincount(images, np.exp(-squares[order] / NEAR), len(distinct)).astype(np.float32)
    best = np.lexsort((distinct, -sums))[:k]
    votes = Votes(np.full(k, NO_SCORE, np.float32), np.full(k, NO_ID, np.int64))
    votes.votes[: len(best)], votes.ids[: len(best)] = sums[best], distinct[best]
    return votes


def _segment_status(record: VotingRecord) -> dict[str, object]:
    return {
        "name": record.name,
        "count": record.live,
        "images": record.images - (record.dead.count if record.dead else 0),
        "tombstones": record.removed,
        "bytes": sum(file.bytes for file in record.names().values()),
    }
