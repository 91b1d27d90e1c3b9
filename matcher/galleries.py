"""Keeps galleries in step with the catalog: applies its changes, rebuilds from the caches, verifies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from indexes.gallery import Gallery
from indexes.manifest import REPAIR
from indexes.vocabulary import Vocabulary
from indexes.voting import VotingGallery
from matcher.catalog import LiveImage, changes_since, image_facts, last_number, live_images
from matcher.config import Settings
from matcher.describing import Describer, Progress
from matcher.errors import GalleryError
from matcher.gallery_kinds import DescriptorKind, GalleryKind, Ids, Rows, VotingKind
from matcher.records import ImageRole

SEARCHED_ROLES = (ImageRole.REFERENCE, ImageRole.KNOWN_COUNTERFEIT)
"""Images that photos are searched among; logos are matched by region and have a gallery of their own."""
LOGO_ROLES = (ImageRole.LOGO,)
BATCH_CHANGES = 64
AnyKind = GalleryKind[Any, Any]


class _Kept(NamedTuple):
    """A gallery, what describes the images that go into it, and which images these are."""

    kind: AnyKind
    describer: Describer
    roles: tuple[ImageRole, ...]


class Galleries:
    """The galleries of a workspace under one set of models; made on first use.

    `logos` describes logos; without it there is no gallery of them.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        *,
        describer: Describer,
        vocabulary: Vocabulary,
        logos: Describer | None = None,
    ) -> None:
        self.describer, self.database = describer, describer.database
        self.embedder, self.detector = describer.embedder, describer.detector
        self.descriptors = DescriptorKind(folder, settings.gallery, self.embedder)
        self.votes = VotingKind(
            folder, settings.gallery, self.detector, vocabulary, settings.matching.voted_keypoints
        )
        self._kept = [_Kept(kind, describer, SEARCHED_ROLES) for kind in (self.descriptors, self.votes)]
        self.logos: DescriptorKind | None = None
        self.logo_describer = logos
        if logos is not None:
            self.logos = DescriptorKind(folder, settings.gallery, logos.embedder, name="logos")
            self._kept.append(_Kept(self.logos, logos, LOGO_ROLES))

    def catch_up(self, progress: Progress | None = None) -> int:
        """Apply every change the galleries do not hold yet; returns the number that all now hold.

        New images are embedded first. Safe to kill at any instant and to call from several processes: the
        writers' locks let one through at a time.
        """
        self._ensure()
        self._fill(progress)
        return min(self._followed(kept) for kept in self._kept)

    def describe_since(self, number: int) -> int:
        """Describe the images that came after change `number`; returns the last change there is now.

        The galleries stay as they are: whoever brings them up finds the dear part done.
        """
        newest = number
        for describer, roles in self._describers():
            for since, came, _ in self._changes(number, roles):
                describer.fill(image.content_hash for image in came)
                newest = max(newest, since)
        return newest

    def rebuild(self, progress: Progress | None = None) -> int:
        """Write the galleries anew from the caches; returns the number they now hold.

        It does not matter what state their files are in.
        """
        self._fill(progress)
        with self.database.read() as connection:
            number = last_number(connection)
            live = list(live_images(connection))
        for kept in self._kept:
            kept.kind.rebuild(self._batches(kept, [one for one in live if one.role in kept.roles]), number)
        return number

    def compact(self) -> None:
        """Merge segments and drop what was removed."""
        self.catch_up()
        for kept in self._kept:
            with kept.kind.writing() as writer:
                writer.compact()

    def open(self) -> tuple[Gallery, VotingGallery]:
        """The galleries that photos are searched in, for reading."""
        return self.descriptors.open(), self.votes.open()

    def open_logos(self) -> Gallery | None:
        """The gallery of logos, for reading; None where nothing looks for logos."""
        return self.logos.open() if self.logos else None

    def status(self) -> dict[str, Any]:
        """Counts and sizes of all, ready for JSON."""
        self._ensure()
        gallery, votes = self.open()
        logos = self.open_logos()
        with self.database.read() as connection:
            number = last_number(connection)
        return {
            "catalog": number,
            "embedder": self.embedder.name,
            "descriptors": gallery.status(),
            "votes": votes.status(),
            **({"logos": logos.status()} if logos else {}),
        }

    def verify(self) -> list[str]:
        """What is wrong with the galleries, a line each; empty when nothing is.

        That is damage to their files, and images that are in the catalog but not in them, or the reverse.
        """
        return [*self._verify_searched(), *self._verify_logos()]

    def _verify_searched(self) -> list[str]:
        live = {image.image_id for image in self._live(SEARCHED_ROLES)}
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
        return [line for one, roles in self._describers() for line in one.problems(self._live(roles))]

    def _verify_logos(self) -> list[str]:
        live = {image.image_id for image in self._live(LOGO_ROLES)}
        if self.logos is None or (not live and not self.logos.folder.exists()):
            return []
        try:
            gallery = self.logos.open()
        except GalleryError as error:
            return [str(error)]
        held = set(gallery.ids().tolist())
        return [
            *gallery.verify(),
            *(f"logo {i} has no place in the gallery of logos; {REPAIR}" for i in sorted(live - held)),
            *(
                f"logo {i} is in the gallery of logos but not in the catalog; {REPAIR}"
                for i in sorted(held - live)
            ),
        ]

    def _ensure(self) -> None:
        for kept in self._kept:
            kept.kind.ensure()

    def _fill(self, progress: Progress | None) -> None:
        """Describe what is not described yet, photos and logos in turn."""
        for describer, roles in self._describers():
            describer.fill((image.content_hash for image in self._live(roles)), progress)

    def _describers(self) -> list[tuple[Describer, tuple[ImageRole, ...]]]:
        """Each describer once, with the roles of the images it describes."""
        return list({id(kept.describer): (kept.describer, kept.roles) for kept in self._kept}.values())

    def _live(self, roles: Sequence[ImageRole]) -> list[LiveImage]:
        """The images of the catalog in these roles."""
        with self.database.read() as connection:
            return [image for role in roles for image in live_images(connection, role)]

    def _followed(self, kept: _Kept) -> int:
        """Apply to one gallery what it does not hold yet; returns the number that it now holds."""
        with kept.kind.writing() as writer:
            for number, added, removed in self._changes(writer.position, kept.roles):
                ids, rows = self._rows(kept, added)
                kept.kind.change(writer, ids, rows, removed, number)
            return int(writer.position)

    def _changes(
        self, since: int, roles: Sequence[ImageRole]
    ) -> Iterator[tuple[int, list[LiveImage], list[int]]]:
        """Batches of (last number, images that came and are still there, ids that went)."""
        while True:
            with self.database.read() as connection:
                changes = changes_since(connection, since, BATCH_CHANGES)
                searched = [change for change in changes if change.role in roles]
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

    def _rows(self, kept: _Kept, images: Sequence[LiveImage]) -> tuple[Ids, Rows]:
        """What of the images goes into the gallery, and the id of each row.

        An image without features (its file is damaged) is left out and shows in `verify`.
        """
        found = kept.describer.get(image.content_hash for image in images)
        return joined(
            (image.image_id, kept.kind.rows(found[image.content_hash]))
            for image in images
            if image.content_hash in found
        )

    def _batches(self, kept: _Kept, live: Sequence[LiveImage]) -> Iterator[tuple[Ids, Rows]]:
        for start in range(0, len(live), BATCH_CHANGES):
            ids, rows = self._rows(kept, live[start : start + BATCH_CHANGES])
            if len(ids):
                yield ids, rows


def joined(parts: Iterable[tuple[int, Rows]]) -> tuple[Ids, Rows]:
    """Rows of all parts under one another, and the id of each row."""
    found = [(image_id, rows) for image_id, rows in parts if len(rows)]
    if not found:
        return np.zeros(0, np.int64), np.zeros((0, 0))
    ids = np.repeat([image_id for image_id, _ in found], [len(rows) for _, rows in found])
    return ids.astype(np.int64), np.concatenate([rows for _, rows in found])
