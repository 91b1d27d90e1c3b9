"""What every kind of gallery offers its one writer: changes, merges, compaction; each an atomic commit."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from indexes.committing import commit_change
from indexes.exact import Ids
from indexes.manifest import next_generation
from indexes.readable import Readable
from indexes.state import AnyState
from matcher.config import GallerySettings
from matcher.errors import GalleryError


class Writable(Readable[AnyState]):
    """A gallery open for writing, under the lock; a kind of gallery says how its segments are written."""

    def __init__(self, folder: Path, state: AnyState, settings: GallerySettings) -> None:
        """Use `open_writer`."""
        super().__init__(folder, state)
        self.settings = settings

    @abstractmethod
    def _removed(self, segment: Any, removed: Ids, generation: int) -> Any | None:
        """The segment's record without the removed ids (distinct, rising); None once nothing is left."""

    @abstractmethod
    def _merged(self, segments: list[Any], generation: int) -> Any:
        """The record of one new segment with the live rows of those given."""

    @abstractmethod
    def _to_merge(self) -> set[int]:
        """Numbers of the segments to rewrite as one; empty when all is well."""

    @abstractmethod
    def _is_compact(self) -> bool:
        """Whether compaction would change nothing."""

    def compact(self) -> None:
        """Merge everything into one segment without tombstones, of the kind its size asks for; one commit."""
        if not self._is_compact():
            self._merge(set(range(len(self._state.segments))))

    def _change(self, add: Callable[[int], Any] | None, removed: Ids, position: int) -> None:
        """Remove, then add the segment that `add` writes for a generation, in one commit; then merge.

        Raises `GalleryError`, with nothing changed, for a `position` before the gallery's.
        """
        if position < self.position:
            raise GalleryError(
                str(self.folder), f"already holds change {self.position}, so {position} cannot follow"
            )
        generation = next_generation(self.folder, self._state.manifest)
        kept = [self._removed(segment, removed, generation) for segment in self._state.segments]
        records = [record for record in kept if record is not None]
        if add:
            records.append(add(generation))
        self._commit(records, generation, position=position)
        while chosen := self._to_merge():
            self._merge(chosen)

    def _merge(self, chosen: set[int]) -> None:
        """Rewrite the chosen segments as one; what can be found stays the same."""
        generation = next_generation(self.folder, self._state.manifest)
        numbered = list(enumerate(self._state.segments))
        records: list[Any] = [segment.record for at, segment in numbered if at not in chosen]
        records.append(self._merged([segment for at, segment in numbered if at in chosen], generation))
        self._commit(records, generation)

    def _commit(self, records: Sequence[Any], generation: int, **facts: Any) -> None:
        update = {"segments": tuple(records), "settings": self.settings, **facts}
        manifest = self._state.manifest.model_copy(update=update)
        self._state = commit_change(self.folder, self._state, manifest, generation, self._reopened)
