"""Logos of a photo: regions are proposed, described, searched among the catalog's logos, and verified."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from indexes.exact import Neighbours
from indexes.gallery import Stored
from matcher.logo_likeness import LogoComparison, LogoScorer
from matcher.models import (
    Descriptors,
    KeypointDetector,
    KeypointMatcher,
    Keypoints,
    LogoBox,
    LogoDetector,
    LogoEmbedder,
    Pixels,
)
from matcher.models.logo_crops import within
from matcher.records import Region, Score

NEIGHBOURS = 64
"""Nearest descriptors asked for: a brand may have several logos with several variants each."""
BRANDS_A_REGION = 2
"""A region may hold the logo of one brand; the runner-up is kept for whoever looks at mistakes."""
TEXTURED = 40
"""Keypoints a logo needs before agreement of some, or of none, says anything."""
VERIFIED = 3
"""Likeliest candidates of a photo whose keypoints are compared."""
AROUND = 0.15
"""How much around a region keypoints are looked for, as a share of its sides."""


class LogoSearch(Protocol):
    """What is asked of the gallery of logos: `indexes.gallery.Gallery` answers it."""

    def search(self, queries: Descriptors, k: int) -> Neighbours:
        """The nearest descriptors of each query, best first."""
        ...

    def vectors(self, ids: Sequence[int]) -> Stored:
        """All descriptors of the given images."""
        ...


class LogoKeypoints(Protocol):
    """Where the keypoints of catalogued logos come from."""

    def get(self, image_ids: Sequence[int]) -> Mapping[int, Keypoints]:
        """Keypoints by image id; an unknown id is left out."""
        ...


@dataclass(frozen=True)
class LogoModels:
    """What finds, describes and scores logos; `name` and `fingerprint` are of all of it together."""

    name: str
    fingerprint: str
    detector: LogoDetector
    embedder: LogoEmbedder
    scorer: LogoScorer


@dataclass(frozen=True)
class LogoCandidate:
    """A logo that a region of the photo may hold, and how sure that is."""

    image_id: int
    region: Region
    comparison: LogoComparison
    score: Score


class LogoMatcher:
    """Finds catalogued logos in photos; without a logo in the gallery nothing is looked for.

    `brand_of`: the brand of a logo's image, None where it is gone. `logos`: how many the gallery holds.
    """

    def __init__(
        self,
        models: LogoModels,
        *,
        gallery: LogoSearch,
        logos: int,
        brand_of: Callable[[int], str | None],
        keypoints: LogoKeypoints,
        detector: KeypointDetector,
        verifier: KeypointMatcher,
    ) -> None:
        self.models, self.logos = models, logos
        self._gallery, self._brand_of, self._keypoints = gallery, brand_of, keypoints
        self._detector, self._verifier = detector, verifier

    def find(self, images: Sequence[Pixels]) -> list[list[LogoCandidate]]:
        """For each photo its candidates, surest first, regions in its pixels."""
        if not self.logos:
            return [[] for _ in images]
        boxes = self.models.detector.detect(images)
        regions = [[box.region for box in some] for some in boxes]
        described = self.models.embedder.embed_regions(images, regions)
        return [self.compare(*one) for one in zip(images, boxes, described, strict=True)]

    def compare(
        self, image: Pixels, boxes: Sequence[LogoBox], descriptors: Descriptors
    ) -> list[LogoCandidate]:
        """Candidates of one photo whose regions are found and described already, (boxes, dims)."""
        if not len(boxes) or not self.logos:
            return []
        scores, ids = self._gallery.search(descriptors, NEIGHBOURS)
        found = [
            candidate
            for box, descriptor, row, names in zip(boxes, descriptors, scores, ids, strict=True)
            for candidate in self._of_region(box, descriptor, row.tolist(), names.tolist())
        ]
        return self._verified(image, sorted(found, key=_surest_first))

    def _of_region(
        self, box: LogoBox, descriptor: Descriptors, scores: list[float], ids: list[int]
    ) -> list[LogoCandidate]:
        """The nearest logo of each of the nearest brands."""
        best: dict[str, tuple[float, int]] = {}
        for cosine, image_id in zip(scores, ids, strict=True):
            brand = self._brand_of(image_id) if image_id >= 0 else None
            if brand is not None:
                best.setdefault(brand, (cosine, image_id))
        ranked = sorted(best.values(), key=lambda one: (-one[0], one[1]))
        # Where one brand fills the list, another's logo comes at most as near as the list's last.
        beyond = scores[-1] if len(ids) == NEIGHBOURS and ids[-1] >= 0 else None
        return [
            self._candidate(box, descriptor, image_id, cosine, _other(ranked, place, beyond))
            for place, (cosine, image_id) in enumerate(ranked[:BRANDS_A_REGION])
        ]

    def _candidate(
        self, box: LogoBox, descriptor: Descriptors, image_id: int, cosine: float, other: float | None
    ) -> LogoCandidate:
        scorer, region = self.models.scorer, box.region
        level = scorer.level(descriptor)
        variants = self._gallery.vectors([image_id]).vectors
        nearest = variants[int((variants @ descriptor).argmax())] if len(variants) else descriptor
        known = [one for one in (other, level) if one is not None] or [0.0]
        comparison = LogoComparison(
            cosine=cosine,
            other=known[0],
            background=known[-1],
            logo_background=known[-1] if level is None else (scorer.level(nearest) or 0.0),
            logos=self.logos,
            box=box.score,
            side=max(region.x2 - region.x1, region.y2 - region.y1),
        )
        return LogoCandidate(image_id, region, comparison, scorer.score(comparison))

    def _verified(self, image: Pixels, found: list[LogoCandidate]) -> list[LogoCandidate]:
        """The likeliest, where the logo has texture, with how many keypoints agree."""
        asked = found[:VERIFIED]
        known = self._keypoints.get(sorted({one.image_id for one in asked})) if asked else {}
        looked: dict[Region, tuple[Keypoints, Pixels]] = {}
        for place, one in enumerate(asked):
            reference = known.get(one.image_id)
            if reference is None or len(reference.points) < TEXTURED:
                continue
            if one.region not in looked:
                crop = _crop(image, one.region)
                looked[one.region] = self._detector.detect(crop), crop
            keypoints, crop = looked[one.region]
            agreed = self._verifier.match(keypoints, crop, reference, mirrored=False)
            comparison = replace(one.comparison, inliers=agreed.inliers if agreed else 0)
            found[place] = replace(one, comparison=comparison, score=self.models.scorer.score(comparison))
        return sorted(found, key=_surest_first)


def _surest_first(one: LogoCandidate) -> tuple[float, Region, int]:
    return -one.score, one.region, one.image_id


def _other(ranked: Sequence[tuple[float, int]], place: int, beyond: float | None) -> float | None:
    """The best cosine of another brand than the one at `place`, None where nothing bounds it."""
    others = [cosine for number, (cosine, _) in enumerate(ranked) if number != place]
    return others[0] if others else beyond


def _crop(image: Pixels, region: Region) -> Pixels:
    height, width = image.shape[:2]
    across, down = (region.x2 - region.x1) * AROUND, (region.y2 - region.y1) * AROUND
    x1, x2 = within(region.x1 - across, region.x2 + across, width)
    y1, y2 = within(region.y1 - down, region.y2 + down, height)
    return np.ascontiguousarray(image[y1:y2, x1:x2])
