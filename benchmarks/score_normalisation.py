"""Score normalisation as in the Image Similarity Challenge: a photo that is like everything scores less."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from pydantic import JsonValue

from benchmarks.accuracy import Pictures, read_reference
from benchmarks.datasets import ReferenceImage, TruthSet
from benchmarks.finder import Decode, Finder
from matcher.errors import ImageError, UsageError
from matcher.images import Picture

if TYPE_CHECKING:
    from matcher.finder import Found


def background_score(scores: ArrayLike, *, first: int = 0, last: int = 2, weight: float = 1.0) -> float:
    """What to subtract from all of a query's scores.

    `scores`: (n,) of its best training photos, best first; `weight` times the mean of ranks `first` to
    `last` (from 0, both counted); a rank that was not answered counts as 0. The defaults are those of
    Pizzi et al., "A Self-Supervised Descriptor for Image Copy Detection", CVPR 2022, equation 8; the
    challenge's own script takes `first = last = 9` with weight 2 (arXiv 2106.09672).
    """
    padded = np.zeros(last + 1)
    known = np.asarray(scores, np.float64)[: last + 1]
    padded[: len(known)] = known
    return float(weight * padded[first:].mean())


class NormalisedFinder:
    """Finds with one finder, and lowers each query's scores by what another finds in the training photos.

    The order of one query's answers stays; scores of different queries become comparable, which is what
    micro average precision measures. Scores may be negative.
    """

    def __init__(
        self,
        references: Finder,
        background: Finder,
        training: Sequence[Picture],
        *,
        first: int = 0,
        last: int = 2,
        weight: float = 1.0,
    ) -> None:
        if not 0 <= first <= last:
            raise UsageError(f"score normalisation: ranks {first} to {last} are none")
        if not len(training):
            raise UsageError("score normalisation: the set has no training photos that can be read")
        self.name = f"{references.name}, scores normalised"
        self._references, self._background, self._training = references, background, training
        self._first, self._last, self._weight = first, last, weight

    def describe(self) -> dict[str, JsonValue]:
        """As the finder of the references, with what was subtracted."""
        how: dict[str, JsonValue] = {
            "first": self._first,
            "last": self._last,
            "weight": self._weight,
            "training_photos": len(self._training),
        }
        return {**self._references.describe(), "score_normalisation": how}

    def fit(self, references: Sequence[Picture]) -> None:
        """Take in the references and the training photos."""
        self._references.fit(references)
        self._background.fit(self._training)

    def find(self, picture: Picture, k: int) -> Sequence[Found]:
        """The references as found, each score less the query's background."""
        alike = [each.score for each in self._background.find(picture, self._last + 1)]
        less = background_score(alike, first=self._first, last=self._last, weight=self._weight)
        return [replace(each, score=each.score - less) for each in self._references.find(picture, k)]

    def costs(self) -> dict[str, JsonValue]:
        """What the finder of the references tells of memory, index and pace, if it does."""
        told: Callable[[], dict[str, JsonValue]] | None = getattr(self._references, "costs", None)
        return told() if told else {}

    def close(self) -> None:
        """Close both finders, where they have something to close."""
        for finder in (self._references, self._background):
            getattr(finder, "close", lambda: None)()


def readable_pictures(photos: Sequence[ReferenceImage], decode: Decode) -> Pictures:
    """The photos that decode, decoded again at each look."""
    kept = []
    for photo in photos:
        try:
            read_reference(photo, decode)
        except (ImageError, OSError):
            continue
        kept.append(photo)
    return Pictures(kept, decode)


def normalised(
    references: Finder, make_background: Callable[[], Finder], truth: TruthSet, decode: Decode
) -> NormalisedFinder:
    """The finder of the references, its scores normalised by the set's training photos; raises UsageError."""
    if not truth.training:
        raise UsageError(f"{truth.name}: has no training photos to normalise scores by")
    return NormalisedFinder(references, make_background(), readable_pictures(truth.training, decode))
