"""Keeps galleries in step with the catalog: applies its changes, rebuilds from the caches, verifies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes.gallery import Gallery
from indexes.manifest import REPAIR
from indexes.voting import VotingGallery
from matcher.catalog import LiveImage, changes_since, image_facts, last_number, live_images
from matcher.config import Settings
from matcher.describing import Describer, Progress
from matcher.errors import GalleryError
from matcher.gallery_kinds import DescriptorKind, GalleryKind, VotingKind
from matcher.records import ImageRole

SEARCHED_ROLES = (ImageRole.REFERENCE, ImageRole.KNOWN_COUNTERFEIT)
"""Images that photos are searched among; logos are matched by region and have a gallery of their own."""
BATCH_CHANGES = 64
AnyKind = GalleryKind[Any, Any]


class Galleries:
    """The two galleries of a workspace under one set of models; made on first use."""

    def __init__(
        self, folder: Path, settings: Settings, *, describer: Describer, words: NDArray[np.uint8]
    ) -> None:
        self.describer, self.database = describer, describer.database
        self.embedder, self.detector = describer.embedder, describer.detector
        self.descriptors = DescriptorKind(folder, settings.gallery, self.embedder)
        self.votes = VotingKind(
            folder, settings.gallery, self.detector, words, settings.matching.voting_keypoints
        )
        self._kinds: tuple[AnyKind, ...] = (self.descriptors, self.votes)

    def catch_up(self, progress: Progress | None = None) -> int:
        """Apply every change the galleries do not hold yet; returns the number that both now hold.

        New images are embedded first. Safe to kill at any instant and to call from several processes: the
        writers' locks let one through at a time.
        """
        self._ensure()
        self.describer.fill((image.content_hash for image in self._live()), progress)
        return min(self._followed(kind) for kind in self._kinds)

    def rebuild(self, progress: Progress | None = None) -> int:
        """Write both galleries anew from the caches; returns the number they now hold.

        It does not matter what state their files are in.
        """
        self.describer.fill((image.content_hash for image in self._live()), progress)
        with self.database.read() as connection:
            number = last_number(connection)
            live = [image for role in SEARCHED_ROLES for image in live_images(connection, role)]
        for kind in self._kinds:
            kind.rebuild(self._batches(kind, live), number)
        return number

    def compact(self) -> None:
        """Merge segments and drop what was removed."""
        self.catch_up()
        for kind in self._kinds:
            with kind.writing() as writer:
                writer.compact()

    def open(self) -> tuple[Gallery, VotingGallery]:
        """Both galleries, for reading."""
        return self.descriptors.open(), self.votes.open()

    def status(self) -> dict[str, Any]:
        """Counts and sizes of both, ready for JSON."""
        self._ensure()
        gallery, votes = self.open()
        with self.database.read() as connection:
            number = last_number(connection)
        return {
            "catalog": number,
            "embedder": self.embedder.name,
            "descriptors": gallery.status(),
            "votes": votes.status(),
        }

    def verify(self) -> list[str]:
        """What is wrong with the galleries, a line each; empty when nothing is.

        That is damage to their files, and images that are in the catalog but not in them, or the reverse.
        """
        live = {image.image_id for image in self._live()}
        if not live and not self.descriptors.folder.exists():
            return []
        try:
            gallery, votes = self.open()
        except GalleryError as error:
            return [str(error)]
        held, voters = set(gallery.ids().tolist()), set(votes.ids().tolist())
        # An image without any keypoint has no place among the votes, so only strangers count there.
        return [
            *gallery.verify(),
            *votes.verify(),
            *(f"image {i} has no place in the gallery; {REPAIR}" for i in sorted(live - held)),
            *(f"image {i} is in the gallery but not in the catalog; {REPAIR}" for i in sorted(held - live)),
            *(f"image {i} votes but is not in the catalog; {REPAIR}" for i in sorted(voters - live)),
        ]

    def verify_caches(self) -> list[str]:
        """What the caches lack of the images that are searched, or hold damaged, a line each."""
        return self.describer.problems(self._live())

    def _ensure(self) -> None:
        for kind in self._kinds:
            kind.ensure()

    def _live(self) -> list[LiveImage]:
        """The images of the catalog that are searched."""
        with self.database.read() as connection:
            return [image for role in SEARCHED_ROLES for image in live_images(connection, role)]

    def _followed(self, kind: AnyKind) -> int:
        """Apply to one gallery what it does not hold yet; returns the number that it now holds."""
        with kind.writing() as writer:
            for number, added, removed in self._changes(writer.position):
                ids, rows = self._rows(kind, added)
                kind.change(writer, ids, rows, removed, number)
            return int(writer.position)

    def _changes(self, since: int) -> Iterator[tuple[int, list[LiveImage], list[int]]]:
        """Batches of (last number, images that came and are still there, ids that went)."""
        while True:
            with self.database.read() as connection:
                changes = changes_since(connection, since, BATCH_CHANGES)
                searched = [change for change in changes if change.role in SEARCHED_ROLES]
                came = [change.image_id for change in searched if change.action == "add"]
                facts = list(image_facts(connection, came)) if came else []
            if not changes:
                return
            since = changes[-1].number
            live = sorted(
                (LiveImage(f.image_id, f.role, f.content_hash) for f in facts),
                key=lambda image: image.image_id,
            )
            yield since, live, [change.image_id for change in searched if change.action == "remove"]

    def _rows(self, kind: AnyKind, images: Sequence[LiveImage]) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """What of the images goes into the gallery, and the id of each row.

        An image without features (its file is damaged) is left out and shows in `verify`.
        """
        found = self.describer.get(image.content_hash for image in images)
        return joined(
            (image.image_id, kind.rows(found[image.content_hash]))
            for image in images
            if image.content_hash in found
        )

    def _batches(
        self, kind: AnyKind, live: Sequence[LiveImage]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[Any]]]:
        for start in range(0, len(live), BATCH_CHANGES):
            ids, rows = self._rows(kind, live[start : start + BATCH_CHANGES])
            if len(ids):
                yield ids, rows


def joined(parts: Iterable[tuple[int, NDArray[Any]]]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Rows of all parts under one another, and the id of each row."""
    found = [(image_id, rows) for image_id, rows in parts if len(rows)]
    if not found:
        return np.zeros(0, np.int64), np.zeros((0, 0))
    ids = np.repeat([image_id for image_id, _ in found], [len(rows) for _, rows in found])
    return ids.astype(np.int64), np.concatenate([rows for _, rows in found])
