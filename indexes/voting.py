"""A gallery of local features, by a fixed vocabulary, that proposes images by voting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.committing import create, replace_all, writing
from indexes.exact import NO_ID, NO_SCORE, Ids, Neighbours
from indexes.manifest import next_generation
from indexes.readable import Readable, expected
from indexes.segment import wrong_files
from indexes.state import checked_ids
from indexes.vocabulary import DIMS, Vocabulary, WordFinder, checked_features
from indexes.voting_manifest import VotingManifest, VotingRecord
from indexes.voting_segment import VotingSegment
from indexes.voting_state import VotingState, open_state
from indexes.voting_writer import (
    checked_rows,
    segments_to_merge,
    write_added,
    write_merged,
    write_removed,
    write_stream,
    write_vocabulary,
)
from indexes.writable import Writable
from matcher.config import GallerySettings
from matcher.errors import GalleryError


class Votes(NamedTuple):
    """The images that a photo's features speak for: the best first, equal votes by rising id.

    `votes`: float32 (k,), from 0 up to the number of features. `ids`: int64 (k,). Where fewer than k images
    got a vote, the rest is id -1 and vote -1.
    """

    votes: NDArray[np.float32]
    ids: NDArray[np.int64]


class VotingGallery(Readable[VotingState]):
    """Reads a voting gallery."""

    @staticmethod
    def create(
        folder: Path, *, vocabulary: Vocabulary, fingerprint: str, settings: GallerySettings | None = None
    ) -> VotingGallery:
        """Make an empty gallery at position 0; raises `GalleryError` if one is there already.

        The `vocabulary` stays as it is. Of `settings`, `max_segments` counts.
        """
        checked, chosen = vocabulary.checked(folder), settings or GallerySettings()

        def empty() -> VotingManifest:
            record = write_vocabulary(folder, checked, next_generation(folder, None))
            return VotingManifest(vocabulary=record, fingerprint=fingerprint, settings=chosen)

        create(folder, empty)
        return VotingGallery.open(folder)

    @staticmethod
    def open(folder: Path, *, fingerprint: str | None = None) -> VotingGallery:
        """Open for reading; raises `GalleryError` if missing, damaged, or not of the model `fingerprint`."""
        return VotingGallery(folder, expected(folder, open_state(folder), fingerprint))

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
        vocabulary: Vocabulary,
        fingerprint: str,
        position: int,
        settings: GallerySettings | None = None,
        wait_seconds: float = 0.0,
    ) -> VotingGallery:
        """Replace whatever is in `folder`, damaged or not, by `batches` of (ids (n,), features (n, 128)).

        One commit at the end; until then an intact gallery stays as it was. Memory: some 300 MB at most,
        beside a batch and 16 bytes an id; what is more lies on disk meanwhile.
        """
        checked = vocabulary.checked(folder)

        def write(generation: int) -> VotingManifest:
            record = write_vocabulary(folder, checked, generation)
            return VotingManifest(
                vocabulary=record,
                fingerprint=fingerprint,
                position=position,
                settings=settings or GallerySettings(),
                segments=write_stream(folder, batches, WordFinder(checked), generation),
            )

        replace_all(folder, wait_seconds, VotingManifest, write)
        return VotingGallery.open(folder)

    def _reopened(self, folder: Path, previous: VotingState) -> VotingState:
        return open_state(folder, previous)

    @property
    def vocabulary(self) -> Vocabulary:
        """What is kept of features, and the words they lie under."""
        return self._state.words.vocabulary

    def vote(
        self,
        features: ArrayLike,
        k: int,
        *,
        neighbours: int = 3,
        probes: int = 4,
        among: ArrayLike | None = None,
    ) -> Votes:
        """The `k` images that one photo's features, uint8 (q, 128), speak for most.

        Each feature looks under its `probes` nearest words for its `neighbours` nearest stored features, and
        gives the image of each exp(-d² / `vocabulary.near`), d the distance of what is kept of them; an image
        counts once a feature, by its nearest. After the voting of Jégou, Douze and Schmid 2008, section 2.
        `among`: only these ids are looked at, and get what they would get if there were no others. The answer
        has the same digits whatever the segments, the order of the features and other calls. Raises
        `GalleryError` for features of another shape or kind, or numbers below 1.
        """
        asked = checked_features(features, self.folder)
        for name, number in (("k", k), ("neighbours", neighbours), ("probes", probes)):
            if number < 1:
                raise GalleryError(str(self.folder), f"{name} is {number}; ask for at least 1")
        wanted = None if among is None else np.unique(checked_ids(among, self.folder))
        return tally(self._state.nearest(asked, neighbours, probes, wanted), k, self.vocabulary.near)

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
            "words": manifest.vocabulary.words,
            "dims": manifest.vocabulary.dims,
            "count": self.count,
            "images": len(self.ids()),
            "tombstones": sum(record.removed for record in manifest.segments),
            "bytes": sum(record.bytes for record in manifest.names().values()),
            "segments": [_segment_status(record) for record in manifest.segments],
        }

    def _problems_beside(self) -> list[str]:
        vocabulary = self._state.manifest.vocabulary
        return wrong_files(self.folder, {vocabulary.name: vocabulary.file})


class VotingWriter(VotingGallery, Writable[VotingState]):
    """A voting gallery open for writing; `VotingGallery.open_writer` gives it out, under the lock."""

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
        ids, rows = checked_rows(add_ids, features, self.folder)
        removed = np.unique(checked_ids(remove_ids, self.folder))
        add = partial(write_added, self.folder, words=self._state.words, ids=ids, features=rows)
        self._change(add if len(ids) else None, removed, position)

    def _removed(self, segment: VotingSegment, removed: Ids, generation: int) -> VotingRecord | None:
        return write_removed(segment, removed, generation)

    def _merged(self, segments: list[VotingSegment], generation: int) -> VotingRecord:
        return write_merged(self.folder, generation, segments, self.vocabulary)

    def _to_merge(self) -> set[int]:
        return segments_to_merge(self._state.manifest.segments, self.settings)

    def _is_compact(self) -> bool:
        records = self._state.manifest.segments
        return len(records) <= 1 and all(record.dead is None for record in records)


def tally(found: Neighbours, k: int, near: float) -> Votes:
    """Add up what each query feature gives the images of its nearest features, (q, neighbours).

    `near`: the squared distance at which that has fallen to 1/e.
    """
    asked, places = np.nonzero(found.ids != NO_ID)
    ids, squares = found.ids[asked, places], -found.scores[asked, places].astype(np.float64)
    order = np.lexsort((places, ids, asked))
    first = np.ones(len(order), np.bool_)
    first[1:] = (np.diff(asked[order]) != 0) | (np.diff(ids[order]) != 0)
    ids, squares = ids[order[first]], squares[order[first]]
    order = np.lexsort((squares, ids))  # sums in the order of the distances, whatever that of the features
    distinct, images = np.unique(ids[order], return_inverse=True)
    sums = np.bincount(images, np.exp(-squares[order] / near), len(distinct)).astype(np.float32)
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
