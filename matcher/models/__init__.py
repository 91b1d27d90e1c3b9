"""The kinds of model the matcher can be given, as protocols; one small file an implementation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from matcher.records import Region, Score

Pixels = NDArray[np.uint8]
"""An RGB image, shape (height, width, 3)."""

Descriptors = NDArray[np.float32]
"""Unit vectors, shape (..., dims)."""


class ReferenceEmbedder(Protocol):
    """What is asked of an embedder, of photos or of logos, where the catalog's images are described."""

    name: str
    fingerprint: str
    dims: int

    def embed_references(self, images: Sequence[Pixels]) -> Descriptors | list[Descriptors]:
        """For each image its descriptors, (views, dims)."""
        ...


class Embedder(Protocol):
    """Turns images into descriptors; the same image gives the same digits in any batch."""

    name: str
    fingerprint: str
    """Hash of weights, graph, preprocessing, precision and views."""
    dims: int
    reference_views: int
    """How many descriptors `embed_references` gives an image."""
    photo_views: int
    """How many descriptors `embed_photos` gives an image: the whole photo first, then regions of it."""

    def embed_references(self, images: Sequence[Pixels]) -> Descriptors:
        """Shape (images, reference_views, dims)."""
        ...

    def embed_photos(self, images: Sequence[Pixels]) -> Descriptors:
        """Shape (images, photo_views, dims)."""
        ...


@dataclass(frozen=True)
class Keypoints:
    """Local features of one image, strongest first, and a small version of the image itself.

    `points`: float32 (n, 2), x and y divided by the image's width and height, so in [0, 1].
    `frames`: float32 (n, 2), log2 of the keypoint's size over the image's longest side, and its angle in
    degrees.
    `descriptors`: uint8 (n, 128), RootSIFT scaled to length 512 and rounded.
    `aspect`: width / height of the image.
    `swatch`: uint8 (64, 64, 3), the image squashed to a square, to compare colours and shading once aligned.
    """

    points: NDArray[np.float32]
    frames: NDArray[np.float32]
    descriptors: NDArray[np.uint8]
    aspect: float
    swatch: Pixels


class KeypointDetector(Protocol):
    """Finds keypoints and describes what is around them."""

    name: str
    fingerprint: str

    def detect(self, image: Pixels) -> Keypoints:
        """The strongest keypoints of `image`, strongest first."""
        ...


@dataclass(frozen=True)
class Likeness:
    """How alike a photo and a reference are, pixel by pixel, once aligned.

    `grey` and `colour` are correlations in [-1, 1] of shading and of chroma inside the hull of the inliers,
    `whole` is the shading's over the whole reference. `agreement` in [0, 1] is how near the photo's shading
    comes to the reference's everywhere: another photo of the same thing has another background, a copy has
    not. `visible` is the share of the reference that falls inside the photo.
    """

    grey: float
    colour: float
    whole: float
    agreement: float
    visible: float


@dataclass(frozen=True)
class Correspondence:
    """How a reference lies in a photo, as the keypoints have it.

    `matches` are the mutual matches that were tried, `inliers` those that agree with the homography;
    `coverage` is the share of the reference's area inside the inliers' hull. `quad` is the reference's
    outline in the photo, float32 (4, 2) in [0, 1] coordinates of the photo, clockwise from the reference's
    top left; `mirrored` when only the flipped photo agreed.
    """

    matches: int
    inliers: int
    coverage: float
    likeness: Likeness
    quad: NDArray[np.float32]
    mirrored: bool


class KeypointMatcher(Protocol):
    """Verifies candidates: does a homography carry the reference's keypoints onto the photo's?"""

    name: str
    fingerprint: str

    def match(
        self, photo: Keypoints, pixels: Pixels, reference: Keypoints, *, mirrored: bool
    ) -> Correspondence | None:
        """The best correspondence, None where no believable homography exists.

        `mirrored` flips the photo first.
        """
        ...

    def pairs(self, photo: Keypoints, reference: Keypoints, *, mirrored: bool) -> NDArray[np.float32]:
        """Where the keypoints that agree lie, (n, 2, 2): in the photo and in the reference, x y in [0, 1]."""
        ...


@dataclass(frozen=True)
class LogoBox:
    """A region that may hold a logo, of any brand."""

    region: Region
    score: Score


class LogoDetector(Protocol):
    """Proposes regions that hold a logo of whatever brand; the same image gives the same in any batch."""

    name: str
    fingerprint: str

    def detect(self, images: Sequence[Pixels]) -> list[list[LogoBox]]:
        """Boxes an image, best first, in its pixels; no two of them are much the same."""
        ...


class LogoEmbedder(Protocol):
    """Turns logos into descriptors; the same logo gives the same digits in any batch."""

    name: str
    fingerprint: str
    """Hash of weights, graph, how a region is cut out, and the variants of a reference."""
    dims: int

    def embed_references(self, images: Sequence[Pixels]) -> list[Descriptors]:
        """For each image of a logo one descriptor a variant of it, (variants, dims): trimmed, inverted, …"""
        ...

    def embed_regions(
        self, images: Sequence[Pixels], regions: Sequence[Sequence[Region]]
    ) -> list[Descriptors]:
        """For each image the descriptors of its regions, (regions, dims)."""
        ...


@dataclass(frozen=True)
class TextLine:
    """A line of text as read, and how sure the reader is.

    `outline`: 4 or more (x, y) pairs in pixels, clockwise from where the line begins. `letters`: how sure it
    is of each character of `text`, or nothing; `others`: what else the line may say, likeliest first.
    """

    outline: tuple[tuple[float, float], ...]
    text: str
    score: Score
    letters: tuple[Score, ...] = ()
    others: tuple[str, ...] = ()


class LineReader(Protocol):
    """Reads a line of text that was found already."""

    name: str
    fingerprint: str

    def read_line(self, line: Pixels) -> TextLine:
        """What stands in `line`, uint8 (height, width, 3): one line, laid flat, its begin on the left.

        The outline is that of the picture; the text is empty where nothing can be read.
        """
        ...


class TextReader(Protocol):
    """Reads text in images."""

    name: str
    fingerprint: str

    def read(self, images: Sequence[Pixels]) -> list[list[TextLine]]:
        """Lines an image, in reading order."""
        ...

    def look_again(self, image: Pixels, line: TextLine) -> TextLine:
        """The line of `image` read anew, as carefully as can be; for the few on which something hangs.

        What the looks at it do not agree on is in `others`. A reader that can look only once gives `line`.
        """
        ...
