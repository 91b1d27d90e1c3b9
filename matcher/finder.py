"""A small gallery made on the spot, to try the matcher on images that are in no catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np

from indexes.gallery import Gallery
from indexes.voting import VotingGallery
from matcher.assembly import build_embedder, build_keypoints, build_photo_matcher
from matcher.config import Settings
from matcher.images import Picture
from matcher.matching import Candidate
from matcher.models import Keypoints
from matcher.models.vocabulary import load_vocabulary
from matcher.similarity import load_scorer

Task = Literal["copies", "products"]


@dataclass(frozen=True)
class Found:
    """One answer: `reference` counts the fitted images from 0, `verified` says whether keypoints agreed."""

    reference: int
    score: float
    verified: bool


class Finder:
    """Fits galleries in a temporary folder and finds pictures in them, with the same code a scan uses."""

    def __init__(
        self, settings: Settings, *, embedder: str = "", verify: bool = True, task: Task = "products"
    ) -> None:
        if not verify:
            # Depth costs little then, and recall far down the list can be measured.
            deep = settings.matching.model_copy(update={"by_descriptor": 100})
            settings = settings.model_copy(update={"matching": deep})
        self.settings, self.verify, self.task = settings, verify, task
        self.embedder = build_embedder(settings.models, embedder)
        self.name = self.embedder.name + ("" if verify else " without verification")
        self._folder = TemporaryDirectory(prefix="matcher-finder-")
        self._keypoints: dict[int, Keypoints] = {}

    def describe(self) -> dict[str, Any]:
        """Settings and models, ready for JSON."""
        models = {"model": self.embedder.name, "embedder": self.embedder.fingerprint, "verify": self.verify}
        if self.verify:
            models["similarity"] = load_scorer().fingerprint
        return {
            **models,
            "models": self.settings.models.model_dump(),
            "matching": self.settings.matching.model_dump(),
        }

    def fit(self, references: Sequence[Picture]) -> None:
        """Embed and describe every reference, in order; replaces what was fitted before."""
        detector, _ = build_keypoints(self.settings)
        descriptors: list[Any] = []
        keypoints: dict[int, Keypoints] = {}
        for number, picture in enumerate(references):
            descriptors.append(self.embedder.embed_references([picture.pixels])[0])
            keypoints[number] = detector.detect(picture.pixels)
        self._keypoints = keypoints
        folder = Path(self._folder.name)
        self.photo_matcher = build_photo_matcher(
            self.settings,
            embedder=self.embedder,
            descriptors=self._descriptor_gallery(folder, np.concatenate(descriptors)),
            votes=self._voting_gallery(folder, keypoints),
            references=KeptKeypoints(keypoints),
        )

    def candidates(self, picture: Picture) -> list[Candidate]:
        """What the matcher proposes for a picture, likeliest product first.

        `image_id` counts references from 0.
        """
        return self.photo_matcher.find(picture.pixels, verify=self.verify)

    def find(self, picture: Picture, k: int) -> list[Found]:
        """The `k` best references by the task's score (the descriptors' cosine without verification)."""
        found = [Found(c.image_id, self._score(c), c.verified) for c in self.candidates(picture)]
        return sorted(found, key=lambda item: (-item.score, item.reference))[:k]

    def costs(self) -> dict[str, Any]:
        """`index_bytes_per_image`: galleries on disk and keypoints in memory, by image that was fitted."""
        galleries = sum(path.stat().st_size for path in Path(self._folder.name).rglob("*") if path.is_file())
        count = max(len(self._keypoints), 1)
        kept = sum(each.points.nbytes + each.descriptors.nbytes for each in self._keypoints.values())
        return {"index_bytes_per_image": round((galleries + kept) / count, 1)}

    def close(self) -> None:
        """Remove the galleries."""
        self._folder.cleanup()

    def _score(self, candidate: Candidate) -> float:
        if not self.verify:
            return max(0.0, candidate.comparison.cosine)
        return candidate.copy if self.task == "copies" else candidate.product

    def _descriptor_gallery(self, folder: Path, vectors: Any) -> Gallery:
        ids = np.repeat(
            np.arange(len(vectors) // self.embedder.reference_views), self.embedder.reference_views
        )
        return Gallery.rebuild(
            folder / "descriptors",
            [(ids, vectors)],
            dims=self.embedder.dims,
            fingerprint=self.embedder.fingerprint,
            position=1,
            settings=self.settings.gallery,
        )

    def _voting_gallery(self, folder: Path, keypoints: Mapping[int, Keypoints]) -> VotingGallery:
        count = self.settings.matching.voted_keypoints
        batches = [(np.full(len(k.points[:count]), i), k.descriptors[:count]) for i, k in keypoints.items()]
        return VotingGallery.rebuild(
            folder / "votes", batches, vocabulary=load_vocabulary(), fingerprint="finder", position=1
        )


class KeptKeypoints:
    """Keypoints of references, all in memory."""

    def __init__(self, keypoints: Mapping[int, Keypoints]) -> None:
        self._keypoints = keypoints

    def get(self, image_ids: Sequence[int]) -> Mapping[int, Keypoints]:
        """Keypoints by image id; an unknown id is left out."""
        return {image_id: self._keypoints[image_id] for image_id in image_ids if image_id in self._keypoints}


def build_finder(
    settings: Settings, *, embedder: str = "", verify: bool = True, task: Task = "products"
) -> Finder:
    """A finder for the benchmarks' `task`."""
    return Finder(settings, embedder=embedder, verify=verify, task=task)
