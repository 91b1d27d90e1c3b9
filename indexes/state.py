"""What a gallery was at one commit, opened; and the checks that everything given to a gallery passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.exact import Ids, Vectors
from indexes.manifest import REPAIR, AnyManifest, Committed, Counted, Manifest, read_committed
from indexes.segment import Segment, are_unit, open_segment
from matcher.errors import GalleryError

OPEN_TRIES = 20


@dataclass(frozen=True, eq=False)
class State:
    """One committed manifest and its open segments; never changes, so a search that holds it is safe."""

    manifest: Manifest
    segments: tuple[Segment, ...]


class Part(Protocol):
    """A segment of a gallery of any kind."""

    @property
    def record(self) -> Counted:
        """What the manifest says of it."""

    def problems(self) -> list[str]:
        """What is wrong with its files, a line each; reads every byte."""


class Opened(Protocol):
    """The state of a gallery of any kind."""

    @property
    def manifest(self) -> Committed:
        """What was committed."""

    @property
    def segments(self) -> Sequence[Part]:
        """The open segments, in the manifest's order."""


AnyState = TypeVar("AnyState", bound=Opened)


def open_state(folder: Path, previous: State | None = None) -> State:
    """Open what was committed last to a gallery of vectors, keeping what `previous` has open of it."""
    opened = {s.record.name: s for s in previous.segments} if previous else {}

    def open_all(manifest: Manifest) -> State:
        segments = [open_segment(folder, s, manifest.dims, opened.get(s.name)) for s in manifest.segments]
        return State(manifest, tuple(segments))

    return open_latest(folder, Manifest, open_all, previous)


def open_latest(
    folder: Path,
    kind: type[AnyManifest],
    open_all: Callable[[AnyManifest], AnyState],
    previous: AnyState | None,
) -> AnyState:
    """Open what was committed last; a file that a writer deleted meanwhile means: read the manifest again."""
    manifest = read_committed(folder, kind)
    for _ in range(OPEN_TRIES):
        if previous and manifest == previous.manifest:
            return previous
        try:
            return open_all(manifest)
        except FileNotFoundError as error:
            missing = Path(error.filename or "a file").name
            before, manifest = manifest, read_committed(folder, kind)
            if before == manifest:
                break
    raise GalleryError(str(folder), f"{missing} is missing; {REPAIR}")


def checked_vectors(given: ArrayLike, dims: int, folder: Path) -> Vectors:
    """Unit float32 vectors (n, dims) in one piece of memory, or `GalleryError`."""
    vectors = np.ascontiguousarray(given, dtype=np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != dims:
        raise GalleryError(str(folder), f"vectors of shape {vectors.shape} given, (n, {dims}) needed")
    fit = are_unit(vectors)
    if not fit.all():
        row = int(np.argmin(fit))
        length = float(np.linalg.norm(vectors[row].astype(np.float64)))
        raise GalleryError(str(folder), f"vector {row} has length {length:.3g}; unit vectors are needed")
    return vectors


def checked_ids(given: ArrayLike, folder: Path) -> Ids:
    """Whole numbers from 0, int64 (n,), or `GalleryError`."""
    ids: NDArray[np.generic] = np.asarray(given)
    if ids.size == 0:
        return np.empty(0, np.int64)
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise GalleryError(str(folder), f"ids are {ids.dtype} of shape {ids.shape}, int64 (n,) needed")
    if ids.min() < 0 or ids.max() > np.iinfo(np.int64).max:
        raise GalleryError(str(folder), "ids below 0 or beyond 63 bits cannot be stored")
    return ids.astype(np.int64)


def checked_pair(ids: ArrayLike, vectors: ArrayLike, dims: int, folder: Path) -> tuple[Ids, Vectors]:
    """As many ids as vectors, each as above, or `GalleryError`."""
    numbers, rows = checked_ids(ids, folder), checked_vectors(vectors, dims, folder)
    if len(numbers) != len(rows):
        raise GalleryError(str(folder), f"{len(numbers)} ids given for {len(rows)} vectors")
    return numbers, rows
