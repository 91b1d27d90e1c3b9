"""Search, then verify: which references a photo may show, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.exact import Neighbours, pair_scores
from indexes.gallery import Stored
from matcher.config import MatchingSettings
from matcher.models import Descriptors, Embedder, KeypointDetector, KeypointMatcher, Keypoints, Pixels
from matcher.records import Score
from matcher.similarity import Comparison, Scorer, Shading

BACKGROUND_FROM = 4
"""Neighbours and voted ones from this rank on stand for what an unrelated reference would reach."""
USUAL_COSINE, USUAL_VOTES = 0.5, 2.5
"""About their means over the photos that the scores were fitted to: the least that the background is taken
for among few images, of which even the nearest unrelated one is far."""
FEW_INLIERS = 30
"""A correspondence of fewer may be chance: symmetric details of a flipped copy agree unflipped too."""
CELLS = 4
"""Parts a side of a photo, from each of which features vote."""


class DescriptorSearch(Protocol):
    """What is asked of a gallery of descriptors: `indexes.gallery.Gallery` answers it."""

    def search(self, queries: Descriptors, k: int, *, among: ArrayLike | None = None) -> Neighbours:
        """The nearest descriptors of each query, best first; with `among` of these images only."""
        ...

    def vectors(self, ids: Sequence[int]) -> Stored:
        """All descriptors of the given images."""
        ...


class FeatureVote(Protocol):
    """What is asked of a gallery of local features: `indexes.voting.VotingGallery` answers it."""

    def vote(
        self, features: NDArray[np.uint8], k: int, *, among: ArrayLike | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Votes and ids, each (k,), best first, ids padded with -1; with `among` of these images only."""
        ...


class SearchAmong:
    """A gallery of descriptors as if it held nothing but the images of `ids`."""

    def __init__(self, gallery: DescriptorSearch, ids: NDArray[np.int64]) -> None:
        self._gallery, self._ids = gallery, ids

    def search(self, queries: Descriptors, k: int, *, among: ArrayLike | None = None) -> Neighbours:
        """The nearest descriptors of each query, best first."""
        wanted = self._ids if among is None else np.intersect1d(self._ids, among)
        return self._gallery.search(queries, k, among=wanted)

    def vectors(self, ids: Sequence[int]) -> Stored:
        """All descriptors of the given images."""
        return self._gallery.vectors(np.intersect1d(self._ids, ids).tolist())


class VoteAmong:
    """A gallery of local features as if it held nothing but the images of `ids`."""

    def __init__(self, gallery: FeatureVote, ids: NDArray[np.int64]) -> None:
        self._gallery, self._ids = gallery, ids

    def vote(
        self, features: NDArray[np.uint8], k: int, *, among: ArrayLike | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Votes and ids, each (k,), best first, ids padded with -1."""
        wanted = self._ids if among is None else np.intersect1d(self._ids, among)
        return self._gallery.vote(features, k, among=wanted)


class ReferenceKeypoints(Protocol):
    """Where the keypoints of references come from."""

    def get(self, image_ids: Sequence[int]) -> Mapping[int, Keypoints]:
        """Keypoints by image id; an unknown id is left out."""
        ...


@dataclass(frozen=True)
class Candidate:
    """A reference image that a photo may show; `copy` and `product` are probabilities."""

    image_id: int
    comparison: Comparison
    copy: Score
    product: Score

    @property
    def verified(self) -> bool:
        """Whether keypoints agree on where the reference lies in the photo."""
        return self.comparison.correspondence is not None


class PhotoMatcher:
    """Proposes references by descriptor and by vote, verifies them with keypoints, scores each pair."""

    def __init__(
        self,
        *,
        embedder: Embedder,
        detector: KeypointDetector,
        verifier: KeypointMatcher,
        scorer: Scorer,
        descriptors: DescriptorSearch,
        votes: FeatureVote,
        references: ReferenceKeypoints,
        settings: MatchingSettings,
    ) -> None:
        self.embedder, self.detector, self.verifier, self.scorer = embedder, detector, verifier, scorer
        self._descriptors, self._votes = descriptors, votes
        self.references, self.settings = references, settings

    def find(self, pixels: Pixels, *, verify: bool = True) -> list[Candidate]:
        """References that the photo may show, likeliest product first; at most the proposals of one photo."""
        descriptors = self.embedder.embed_photos([pixels])[0]
        proposed = self._by_descriptor(descriptors)
        if not verify:
            return self._unverified(proposed)
        keypoints = self.detector.detect(pixels)
        votes = self._by_vote(keypoints)
        background = self._background(proposed)
        background_votes = self._background_votes(votes, len(proposed))
        self._add_cosines(proposed, [image_id for image_id in votes if image_id not in proposed], descriptors)
        seen = {
            image_id: Comparison(
                cosine,
                view,
                background,
                0.0,
                votes.get(image_id, 0.0),
                None,
                background_votes=background_votes,
            )
            for image_id, (cosine, view) in proposed.items()
        }
        worth = self.worth_verifying(seen)
        rest = ((image_id, one) for image_id, one in seen.items() if image_id not in worth)
        return self._ranked([*rest, *self._verified(pixels, keypoints, worth).items()])

    def worth_verifying(self, seen: Mapping[int, Comparison]) -> dict[int, Comparison]:
        """Those of `seen`, by image id, that verification is likeliest to confirm, and not too unlikely."""
        prospects = dict(zip(seen, self.scorer.prospect([*seen.values()]).tolist(), strict=True))
        likeliest = sorted(prospects, key=lambda image_id: (-prospects[image_id], image_id))
        return {
            image_id: seen[image_id]
            for image_id in likeliest[: self.settings.verified]
            if prospects[image_id] >= self.settings.least_prospect
        }

    def _verified(
        self, pixels: Pixels, keypoints: Keypoints, worth: Mapping[int, Comparison]
    ) -> dict[int, Comparison]:
        """Those of `worth` that are still in the catalog, with how the photo and the reference agree."""
        references = self.references.get(sorted(worth))
        shading = Shading(keypoints.swatch)
        compared = {
            image_id: replace(
                one,
                shading=shading.correlation(references[image_id].swatch),
                correspondence=self.verifier.match(keypoints, pixels, references[image_id], mirrored=False),
            )
            for image_id, one in worth.items()
            if image_id in references
        }
        self._try_mirrored(pixels, keypoints, compared, references)
        most = max(map(_inliers, compared.values()), default=0)
        return {image_id: replace(one, most_inliers=most) for image_id, one in compared.items()}

    def alike(self, descriptor: Descriptors) -> list[Candidate]:
        """References that a photo with this descriptor (dims,) of the whole of it may show; not verified."""
        return self._unverified(self._by_descriptor(descriptor[np.newaxis]))

    def _unverified(self, proposed: Mapping[int, tuple[float, int]]) -> list[Candidate]:
        background = self._background(proposed)
        return self._ranked(
            (image_id, Comparison(cosine, view, background, 0.0, 0.0, None))
            for image_id, (cosine, view) in proposed.items()
        )

    def _background(self, proposed: Mapping[int, tuple[float, int]]) -> float:
        """What an unrelated reference would reach: the mean cosine of the farther ones of `proposed`."""
        farther = [cosine for cosine, _ in proposed.values()][BACKGROUND_FROM:]
        mean = float(np.mean(farther or [USUAL_COSINE]))
        return max(mean, USUAL_COSINE) if self._few(len(proposed)) else mean

    def _background_votes(self, votes: Mapping[int, float], images: int) -> float:
        """The mean votes of the references voted for less; `images`: how many were proposed by descriptor."""
        mean = float(np.mean([*votes.values()][BACKGROUND_FROM:] or [0.0]))
        return max(mean, USUAL_VOTES) if self._few(images) else mean

    def _few(self, images: int) -> bool:
        """Whether the catalog holds no more than these, as fewer were proposed than were asked for."""
        return images < self.settings.by_descriptor

    def _by_descriptor(self, descriptors: Descriptors) -> dict[int, tuple[float, int]]:
        """The nearest images: their best cosine over all views and the view it was."""
        # A reference may have several views, so neighbours are asked for with room for repeats.
        scores, ids = self._descriptors.search(
            descriptors, self.settings.by_descriptor * self.embedder.reference_views
        )
        best: dict[int, tuple[float, int]] = {}
        for view, (row, names) in enumerate(zip(scores.tolist(), ids.tolist(), strict=True)):
            for score, image_id in zip(row, names, strict=True):
                if image_id >= 0 and score > best.get(image_id, (-2.0, 0))[0]:
                    best[image_id] = (score, view)
        nearest = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))
        return dict(nearest[: self.settings.by_descriptor])

    def _by_vote(self, keypoints: Keypoints) -> dict[int, float]:
        if not self.settings.by_vote or not len(keypoints.points):
            return {}
        voting = spread(keypoints, self.settings.voting_keypoints)
        votes, ids = self._votes.vote(keypoints.descriptors[voting], self.settings.by_vote)
        # As if no more voted than are voted for: so many the score was fitted to.
        share = min(len(voting), self.settings.voted_keypoints) / len(voting)
        return {
            image_id: vote * share
            for vote, image_id in zip(votes.tolist(), ids.tolist(), strict=True)
            if image_id >= 0
        }

    def _add_cosines(
        self, proposed: dict[int, tuple[float, int]], ids: list[int], descriptors: Descriptors
    ) -> None:
        """Give images proposed by vote alone the cosine that the descriptor search would have given them."""
        stored = self._descriptors.vectors(sorted(ids))
        for image_id, vector in zip(stored.ids.tolist(), stored.vectors, strict=True):
            scores = pair_scores(descriptors, np.broadcast_to(vector, descriptors.shape))
            view = int(scores.argmax())
            if float(scores[view]) > proposed.get(image_id, (-2.0, 0))[0]:
                proposed[image_id] = (float(scores[view]), view)

    def _try_mirrored(
        self,
        pixels: Pixels,
        keypoints: Keypoints,
        compared: dict[int, Comparison],
        references: Mapping[int, Keypoints],
    ) -> None:
        """A flipped copy keeps its descriptor, not its keypoints: look again at the nearest weak ones."""
        weak = [item for item in compared.items() if _inliers(item[1]) < FEW_INLIERS]
        weak.sort(key=lambda item: (-item[1].cosine, item[0]))
        for image_id, comparison in weak[: self.settings.mirrored]:
            found = self.verifier.match(keypoints, pixels, references[image_id], mirrored=True)
            if found is not None and found.inliers > _inliers(comparison):
                compared[image_id] = replace(comparison, correspondence=found)

    def _ranked(self, compared: Iterable[tuple[int, Comparison]]) -> list[Candidate]:
        pairs = [*compared]
        copies, products = self.scorer.copy_and_product([comparison for _, comparison in pairs])
        candidates = [
            Candidate(image_id, comparison, copy, product)
            for (image_id, comparison), copy, product in zip(
                pairs, copies.tolist(), products.tolist(), strict=True
            )
        ]
        return sorted(candidates, key=lambda candidate: (-candidate.product, candidate.image_id))


def _inliers(comparison: Comparison) -> int:
    return comparison.correspondence.inliers if comparison.correspondence else 0


def spread(keypoints: Keypoints, count: int) -> NDArray[np.intp]:
    """Indices of up to `count` keypoints, see `spread_points`.

    By strength alone a lively background would speak for a small pasted product.
    """
    return spread_points(keypoints.points, count)


def spread_points(points: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Indices of up to `count` points (n, 2) in [0, 1], the first of each cell of a grid in turn.

    The grid has `CELLS` x `CELLS` cells.
    """
    columns = np.minimum((points * CELLS).astype(np.intp), CELLS - 1)
    cells = columns[:, 1] * CELLS + columns[:, 0]
    turns = np.zeros(len(cells), np.intp)
    for cell in range(CELLS**2):
        here = np.flatnonzero(cells == cell)
        turns[here] = np.arange(len(here))
    return np.argsort(turns, kind="stable")[:count]
