"""Keeps galleries in step with the catalog: applies its changes, rebuilds from the caches, verifies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes.gallery import Gallery
from indexes.voting import VotingGallery
from matcher.catalog import LiveImage, changes_since, image_facts, last_number, live_images
from matcher.config import Settings
from matcher.describing import Describer, Features, Progress
from matcher.errors import GalleryError
from matcher.records import ImageRole

SEARCHED_ROLES = (ImageRole.REFERENCE, ImageRole.KNOWN_COUNTERFEIT)
"""Images that photos are searched among; logos are matched by region and have a gallery of their own."""
BATCH_CHANGES = 64
WAIT_SECONDS = 600.0


class Galleries:
    """The two galleries of a workspace under one set of models; made on first use."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        *,
        describer: Describer,
        words: NDArray[np.uint8],
    ) -> None:
        self.settings, self.describer, self.words = settings, describer, words
        self.database, embedder, detector = describer.database, describer.embedder, describer.detector
        self.embedder, self.detector = embedder, detector
        recipe = f"{detector.fingerprint}-{settings.matching.voting_keypoints}"
        self.voting_fingerprint = f"{recipe}-{hashlib.sha256(words.tobytes()).hexdigest()[:16]}"
        self.descriptor_folder = folder / f"descriptors-{embedder.fingerprint[:12]}"
        self.voting_folder = (
            folder / f"votes-{hashlib.sha256(self.voting_fingerprint.encode()).hexdigest()[:12]}"
        )

    def catch_up(self, progress: Progress | None = None) -> int:
        """Apply every change the galleries do not hold yet; returns the number they now hold.

        New images are embedded first. Safe to kill at any instant and to call from several processes: the
        writers' locks let one through at a time.
        """
        self._create()
        self.describer.fill((image.content_hash for image in self._live()), progress)
        with Gallery.open_writer(
            self.descriptor_folder, settings=self.settings.gallery, wait_seconds=WAIT_SECONDS
        ) as writer:
            for number, added, removed in self._changes(writer.position):
                ids, vectors = joined((i, f.descriptors) for i, f in self._features(added))
                writer.apply(
                    add_ids=ids,
                    add_vectors=vectors if len(ids) else None,
                    remove_ids=removed,
                    position=number,
                )
        with VotingGallery.open_writer(
            self.voting_folder, settings=self.settings.gallery, wait_seconds=WAIT_SECONDS
        ) as votes:
            for number, added, removed in self._changes(votes.position):
                ids, features = joined((i, self._voting(f)) for i, f in self._features(added))
                votes.apply(
                    add_ids=ids,
                    add_features=features if len(ids) else None,
                    remove_ids=removed,
                    position=number,
                )
            return votes.position

    def rebuild(self, progress: Progress | None = None) -> int:
        """Write both galleries anew from the caches; returns the number they now hold.

        It does not matter what state their files are in.
        """
        self.describer.fill((image.content_hash for image in self._live()), progress)
        with self.database.read() as connection:
            number = last_number(connection)
            live = [image for role in SEARCHED_ROLES for image in live_images(connection, role)]
        Gallery.rebuild(
            self.descriptor_folder,
            self._batches(live, lambda f: f.descriptors),
            dims=self.embedder.dims,
            fingerprint=self.embedder.fingerprint,
            position=number,
            settings=self.settings.gallery,
            wait_seconds=WAIT_SECONDS,
        )
        VotingGallery.rebuild(
            self.voting_folder,
            self._batches(live, self._voting),
            words=self.words,
            fingerprint=self.voting_fingerprint,
            position=number,
            settings=self.settings.gallery,
            wait_seconds=WAIT_SECONDS,
        )
        return number

    def compact(self) -> None:
        """Merge segments and drop what was removed."""
        self.catch_up()
        with Gallery.open_writer(self.descriptor_folder, wait_seconds=WAIT_SECONDS) as writer:
            writer.compact()
        with VotingGallery.open_writer(self.voting_folder, wait_seconds=WAIT_SECONDS) as votes:
            votes.compact()

    def open(self) -> tuple[Gallery, VotingGallery]:
        """Both galleries, for reading."""
        return (
            Gallery.open(self.descriptor_folder, fingerprint=self.embedder.fingerprint),
            VotingGallery.open(self.voting_folder, fingerprint=self.voting_fingerprint),
        )

    def status(self) -> dict[str, Any]:
        """Counts and sizes of both, ready for JSON."""
        self._create()
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
        if not live and not self.descriptor_folder.exists():
            return []
        try:
            gallery, votes = self.open()
        except GalleryError as error:
            return [str(error)]
        problems = [*gallery.verify(), *votes.verify()]
        held = set(gallery.ids().tolist())
        problems += [
            f"image {i} has no place in the gallery; run `matcher index rebuild`" for i in sorted(live - held)
        ]
        problems += [
            f"image {i} is in the gallery but not in the catalog; run `matcher index rebuild`"
            for i in sorted(held - live)
        ]
        # An image without any keypoint has no place among the votes, so only strangers count there.
        strangers = set(votes.ids().tolist()) - live
        return problems + [
            f"image {i} is among the votes but not in the catalog; run `matcher index rebuild`"
            for i in sorted(strangers)
        ]

    def verify_caches(self) -> list[str]:
        """What the caches lack of the images that are searched, or hold damaged, a line each."""
        return self.describer.problems(self._live())

    def _create(self) -> None:
        """Make what is missing; whoever loses the race finds it made."""
        makers: tuple[tuple[Path, Callable[[], object]], ...] = (
            (
                self.descriptor_folder,
                lambda: Gallery.create(
                    self.descriptor_folder,
                    dims=self.embedder.dims,
                    fingerprint=self.embedder.fingerprint,
                    settings=self.settings.gallery,
                ),
            ),
            (
                self.voting_folder,
                lambda: VotingGallery.create(
                    self.voting_folder,
                    words=self.words,
                    fingerprint=self.voting_fingerprint,
                    settings=self.settings.gallery,
                ),
            ),
        )
        for folder, make in makers:
            if (folder / "manifest.json").exists():
                continue
            try:
                make()
            except GalleryError:
                if not (folder / "manifest.json").exists():
                    raise

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

    def _features(self, images: Sequence[LiveImage]) -> Iterator[tuple[int, Features]]:
        """Features of each image.

        An image without any (its file is damaged) is left out and shows in `verify`.
        """
        found = self.describer.get(image.content_hash for image in images)
        for image in images:
            if image.content_hash in found:
                yield image.image_id, found[image.content_hash]

    def _batches(
        self, live: Sequence[LiveImage], part: Callable[[Features], NDArray[Any]]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[Any]]]:
        for start in range(0, len(live), BATCH_CHANGES):
            ids, rows = joined((i, part(f)) for i, f in self._features(live[start : start + BATCH_CHANGES]))
            if len(ids):
                yield ids, rows

    def _live(self) -> list[LiveImage]:
        """The images of the catalog that are searched."""
        with self.database.read() as connection:
            return [image for role in SEARCHED_ROLES for image in live_images(connection, role)]

    def _voting(self, features: Features) -> NDArray[np.uint8]:
        return features.keypoints.descriptors[: self.settings.matching.voting_keypoints]


def joined(parts: Iterable[tuple[int, NDArray[Any]]]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Rows of all parts under one another, and the id of each row."""
    found = [(image_id, rows) for image_id, rows in parts if len(rows)]
    if not found:
        return np.zeros(0, np.int64), np.zeros((0, 0))
    ids = np.repeat([image_id for image_id, _ in found], [len(rows) for _, rows in found])
    return ids.astype(np.int64), np.concatenate([rows for _, rows in found])
