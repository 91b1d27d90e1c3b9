"""The galleries of a workspace: where each lies, what goes into it, how it is made and opened."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from indexes.gallery import Gallery, GalleryWriter
from indexes.manifest import MANIFEST
from indexes.readable import Readable
from indexes.vocabulary import Vocabulary
from indexes.voting import VotingGallery, VotingWriter
from indexes.writable import Writable
from matcher.config import GallerySettings
from matcher.describing import Features
from matcher.errors import GalleryError
from matcher.models import KeypointDetector, ReferenceEmbedder

WAIT_SECONDS = 600.0
"""How long another process that writes is waited for."""
Ids = NDArray[np.int64]
Rows = NDArray[Any]
Reader = TypeVar("Reader", bound=Readable[Any])
Writer = TypeVar("Writer", bound=Writable[Any])


class GalleryKind(ABC, Generic[Reader, Writer]):
    """One gallery under one set of models, in a folder of its own; other models get another folder."""

    def __init__(self, folder: Path, fingerprint: str, settings: GallerySettings) -> None:
        self.folder, self.fingerprint, self.settings = folder, fingerprint, settings

    @abstractmethod
    def rows(self, features: Features) -> Rows:
        """What of an image goes into the gallery; there may be none."""

    @abstractmethod
    def open(self) -> Reader:
        """For reading; raises `GalleryError` where it is missing, damaged or of other models."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Writer]:
        """For writing, once whoever writes is done."""

    @abstractmethod
    def change(self, writer: Writer, ids: Ids, rows: Rows, removed: Sequence[int], position: int) -> None:
        """Remove, then add, in one commit."""

    @abstractmethod
    def rebuild(self, batches: Iterable[tuple[Ids, Rows]], position: int) -> None:
        """Replace whatever is there, damaged or not."""

    @abstractmethod
    def _create(self) -> None:
        """Make it, empty; raises `GalleryError` where it is there."""

    def ensure(self) -> None:
        """Make it where it is missing; whoever loses the race finds it made."""
        if self._is_there():
            return
        try:
            self._create()
        except GalleryError:
            if not self._is_there():
                raise

    def _is_there(self) -> bool:
        return (self.folder / MANIFEST).exists()


class DescriptorKind(GalleryKind[Gallery, GalleryWriter]):
    """Descriptors of images, searched by cosine; `name` says of which: of whole images, or of logos."""

    def __init__(
        self,
        folder: Path,
        settings: GallerySettings,
        embedder: ReferenceEmbedder,
        *,
        name: str = "descriptors",
    ) -> None:
        super().__init__(folder / f"{name}-{embedder.fingerprint[:12]}", embedder.fingerprint, settings)
        self._dims = embedder.dims

    def rows(self, features: Features) -> Rows:
        """The descriptors, float32 (views, dims)."""
        return features.descriptors

    def open(self) -> Gallery:
        """For reading."""
        return Gallery.open(self.folder, fingerprint=self.fingerprint)

    def writing(self) -> AbstractContextManager[GalleryWriter]:
        """For writing."""
        return Gallery.open_writer(self.folder, settings=self.settings, wait_seconds=WAIT_SECONDS)

    def change(
        self, writer: GalleryWriter, ids: Ids, rows: Rows, removed: Sequence[int], position: int
    ) -> None:
        """Remove, then add, in one commit."""
        vectors = rows if len(ids) else None
        writer.apply(add_ids=ids, add_vectors=vectors, remove_ids=removed, position=position)

    def rebuild(self, batches: Iterable[tuple[Ids, Rows]], position: int) -> None:
        """Replace whatever is there."""
        Gallery.rebuild(
            self.folder,
            batches,
            dims=self._dims,
            fingerprint=self.fingerprint,
            position=position,
            settings=self.settings,
            wait_seconds=WAIT_SECONDS,
        )

    def _create(self) -> None:
        Gallery.create(self.folder, dims=self._dims, fingerprint=self.fingerprint, settings=self.settings)


class VotingKind(GalleryKind[VotingGallery, VotingWriter]):
    """The strongest local features of each image, which vote under the words of a vocabulary."""

    def __init__(
        self,
        folder: Path,
        settings: GallerySettings,
        detector: KeypointDetector,
        vocabulary: Vocabulary,
        count: int,
    ) -> None:
        fingerprint = f"{detector.fingerprint}-{count}-{vocabulary.fingerprint()}"
        name = hashlib.sha256(fingerprint.encode()).hexdigest()[:12]
        super().__init__(folder / f"votes-{name}", fingerprint, settings)
        self._vocabulary, self._count = vocabulary, count

    def rows(self, features: Features) -> Rows:
        """The descriptors of the strongest keypoints, uint8 (n, 128)."""
        return features.keypoints.descriptors[: self._count]

    def open(self) -> VotingGallery:
        """For reading."""
        return VotingGallery.open(self.folder, fingerprint=self.fingerprint)

    def writing(self) -> AbstractContextManager[VotingWriter]:
        """For writing."""
        return VotingGallery.open_writer(self.folder, settings=self.settings, wait_seconds=WAIT_SECONDS)

    def change(
        self, writer: VotingWriter, ids: Ids, rows: Rows, removed: Sequence[int], position: int
    ) -> None:
        """Remove, then add, in one commit."""
        features = rows if len(ids) else None
        writer.apply(add_ids=ids, add_features=features, remove_ids=removed, position=position)

    def rebuild(self, batches: Iterable[tuple[Ids, Rows]], position: int) -> None:
        """Replace whatever is there."""
        VotingGallery.rebuild(
            self.folder,
            batches,
            vocabulary=self._vocabulary,
            fingerprint=self.fingerprint,
            position=position,
            settings=self.settings,
            wait_seconds=WAIT_SECONDS,
        )

    def _create(self) -> None:
        VotingGallery.create(
            self.folder,
            vocabulary=self._vocabulary,
            fingerprint=self.fingerprint,
            settings=self.settings,
        )
