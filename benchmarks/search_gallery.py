"""Our galleries as a scan searches them, compared with other indexes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.search_index import ADD_ROWS, EFFORTS, Ids, Search, Vectors
from indexes.gallery import Gallery
from indexes.state import State, open_state
from matcher.config import GallerySettings

MANY = 25
"""Candidates a wanted neighbour that are scored again, beside as many as are tuned."""


class OurGallery:
    """`indexes.gallery` as a scan searches it; `kind` as in the settings, `auto` with their limits."""

    def __init__(self, kind: str) -> None:
        forced = {} if kind == "auto" else {"kind": kind, "flat_limit": 0}
        self._settings = GallerySettings.model_validate(forced)

    def build(self, vectors: Vectors, folder: Path) -> None:
        """One commit, on disk, tuned to the recall that the settings want."""
        steps = range(0, len(vectors), ADD_ROWS)
        self._folder, self._count = folder / "gallery", len(vectors)
        self._gallery = Gallery.rebuild(
            self._folder,
            ((np.arange(at, min(at + ADD_ROWS, len(vectors))), vectors[at : at + ADD_ROWS]) for at in steps),
            dims=vectors.shape[1],
            fingerprint="made",
            position=1,
            settings=self._settings,
        )

    def settings(self) -> dict[str, object]:
        """How its segments were tuned."""
        return {"segments": self._gallery.status()["segments"], **self._settings.model_dump()}

    def searches(self) -> Iterator[tuple[str, Search]]:
        """As tuned, and with other efforts where it is trained."""
        yield "as tuned", partial(_ids, self._gallery)
        state = open_state(self._folder)
        if all(segment.record.search is None for segment in state.segments):
            return
        for refine, effort in product(self._refines(state), EFFORTS):
            changed = {"effort": effort, "refine": refine}
            segments = tuple(
                replace(
                    segment,
                    record=segment.record.model_copy(
                        update={"search": segment.record.search.model_copy(update=changed)}
                    ),
                )
                for segment in state.segments
                if segment.record.search
            )
            other = Gallery(self._folder, State(state.manifest, segments))
            yield f"effort {effort}, refine {refine}", partial(_ids, other)

    def _refines(self, state: State) -> list[int]:
        """As tuned, and where codes are coarse with more candidates too."""
        tuned = {segment.record.search.refine for segment in state.segments if segment.record.search}
        coarse = any(segment.record.kind == "ivfpq" for segment in state.segments)
        return sorted(tuned | ({MANY} if coarse else set()))

    def add(self, vectors: Vectors) -> None:
        """One commit by a writer."""
        with Gallery.open_writer(self._folder) as writer:
            new = np.arange(self._count, self._count + len(vectors))
            writer.apply(add_ids=new, add_vectors=vectors, position=2)

    def nbytes(self, folder: Path) -> int:
        """All files of the gallery, its vectors included."""
        size = self._gallery.status()["bytes"]
        assert isinstance(size, int)
        return size


def _ids(gallery: Gallery, queries: Vectors, k: int) -> Ids:
    return gallery.search(queries, k).ids
