"""What every kind of gallery offers its readers: what was committed, followed, verified and frozen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Generic

from indexes.manifest import REPAIR
from indexes.snapshot import take_snapshot
from indexes.state import AnyState
from matcher.errors import GalleryError


class Readable(ABC, Generic[AnyState]):
    """Reads a gallery. Safe to search from several threads; a writer elsewhere shows after `refresh`."""

    def __init__(self, folder: Path, state: AnyState) -> None:
        """Use `create`, `open`, `open_writer` or `rebuild`."""
        self.folder, self._state = folder, state

    @abstractmethod
    def _reopened(self, folder: Path, previous: AnyState) -> AnyState:
        """What was committed last, keeping what `previous` has open of it."""

    @property
    def position(self) -> int:
        """The caller's number of the last change that is in."""
        return self._state.manifest.position

    @property
    def fingerprint(self) -> str:
        """The model that made what is in it."""
        return self._state.manifest.fingerprint

    @property
    def count(self) -> int:
        """Vectors or features that can be found; an id may have several."""
        return sum(segment.record.live for segment in self._state.segments)

    def refresh(self) -> bool:
        """Show what writers committed since; True if anything changed."""
        before = self._state
        self._state = self._reopened(self.folder, before)
        return self._state is not before

    def verify(self) -> list[str]:
        """Read every byte; returns what is wrong, a line each (empty: all is well)."""
        try:
            self.refresh()
        except GalleryError as error:
            return [str(error)]
        parts = [problem for segment in self._state.segments for problem in segment.problems()]
        return self._problems_beside() + parts

    def _problems_beside(self) -> list[str]:
        """What is wrong beside the segments."""
        return []

    def snapshot(self, folder: Path) -> int:
        """Hard-link (or copy) the gallery as it is now into `folder`, for readers only; returns its position.

        Raises `GalleryError` if `folder` already holds a gallery other than this very state.
        """
        self._state = take_snapshot(self.folder, self._state, folder, self._reopened)
        return self.position


def expected(folder: Path, state: AnyState, fingerprint: str | None) -> AnyState:
    """`state`, if it is of the model `fingerprint` or that does not matter; else raises `GalleryError`."""
    built = state.manifest.fingerprint
    if fingerprint is not None and built != fingerprint:
        raise GalleryError(str(folder), f"was built with the model {built}, not {fingerprint}; {REPAIR}")
    return state
