"""The stages that a photo passes through, each as the work of one round over all photos, to be timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.clustered import BATCH as CLUSTERED_BATCH
from benchmarks.clustered import Clustered
from indexes.gallery import Gallery
from indexes.voting import VotingGallery
from matcher.config import Settings
from matcher.images import decode, decode_legible
from matcher.logo_matching import LogoModels
from matcher.models import Embedder, KeypointDetector, KeypointMatcher, Keypoints, Pixels, TextReader

T = TypeVar("T")
Features = NDArray[np.uint8]
BATCH = 32
NEIGHBOURS = 50
CANDIDATES = 10
HALF = 64
"""Numbers of half of a feature."""


@dataclass(frozen=True)
class Parts:
    """The models that the stages exercise; `logos` where something looks for logos."""

    embedder: Embedder
    detector: KeypointDetector
    matcher: KeypointMatcher
    reader: TextReader | None = None
    logos: LogoModels | None = None


MakeParts = Callable[[Settings, str], Parts]


def product_parts(settings: Settings, embedder: str) -> Parts:
    """The models that a scan with these settings uses."""
    from matcher.assembly import build_embedder, build_keypoints, build_logo_models, build_text_reader

    made = build_embedder(settings.models, embedder)
    reader, logos = build_text_reader(settings.models), build_logo_models(settings.models)
    return Parts(made, *build_keypoints(settings), reader, logos)


def stages(
    wanted: Sequence[str],
    references: int,
    settings: Settings,
    blobs: Sequence[bytes],
    photos: Sequence[Pixels],
    parts: Parts | None,
    folder: Path,
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Each stage's name with the work of one round over all photos; what it is given is made beforehand."""
    if "decode" in wanted:
        yield "decode", lambda: [decode(blob, "photo", settings.images) for blob in blobs]
    if parts is None:
        return
    if "embed" in wanted:
        yield "embed", lambda: [parts.embedder.embed_photos(batch) for batch in _batches(photos)]
    if "search" in wanted:
        yield from search_stages(references, photos, parts, settings, folder)
    if "verify" in wanted:
        known = [parts.detector.detect(photo) for photo in photos]
        yield "verify", lambda: [_verify(parts, photo, known, turn) for turn, photo in enumerate(photos)]
    if "logo" in wanted and (logos := parts.logos) is not None:
        large = [decode_legible(blob, "photo", settings.images).pixels for blob in blobs]
        yield "logo", lambda: [_look(logos, photo) for photo in large]


def search_stages(
    references: int, photos: Sequence[Pixels], parts: Parts, settings: Settings, folder: Path
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Search by descriptors, then by the votes of local features, among so many references."""
    made = Clustered(references * parts.embedder.reference_views, parts.embedder.dims)
    gallery = _gallery(folder, made, parts.embedder, settings)
    views = np.split(made.more(len(photos) * parts.embedder.photo_views), len(photos))
    yield "search", lambda: [gallery.search(np.concatenate(batch), NEIGHBOURS) for batch in _batches(views)]
    features = _voting_features(photos, parts.detector, settings)
    voted = [each[: settings.matching.voted_keypoints] for each in features]
    votes = _voting_gallery(folder, voted, references)
    yield "vote", lambda: [votes.vote(each, NEIGHBOURS) for each in features]


def _look(logos: LogoModels, photo: Pixels) -> object:
    """Detect logos and describe their regions."""
    (boxes,) = logos.detector.detect([photo])
    return logos.embedder.embed_regions([photo], [[box.region for box in boxes]])


def _verify(parts: Parts, photo: Pixels, known: Sequence[Keypoints], turn: int) -> object:
    """Detect keypoints, match them with `CANDIDATES` references; the first of these is the photo itself."""
    candidates = [known[(turn + step) % len(known)] for step in range(CANDIDATES)]
    found = parts.detector.detect(photo)
    return [parts.matcher.match(found, photo, candidate, mirrored=False) for candidate in candidates]


def _gallery(folder: Path, made: Clustered, embedder: Embedder, settings: Settings) -> Gallery:
    batches = made.batches()
    return Gallery.rebuild(
        folder / "gallery",
        ((number * CLUSTERED_BATCH + np.arange(len(each)), each) for number, each in enumerate(batches)),
        dims=embedder.dims,
        fingerprint=embedder.fingerprint,
        position=1,
        settings=settings.gallery,
    )


def _voting_features(
    photos: Sequence[Pixels], detector: KeypointDetector, settings: Settings
) -> list[Features]:
    """What each photo votes with, uint8 (n, 128)."""
    count = settings.matching.voting_keypoints
    return [detector.detect(photo).descriptors[:count] for photo in photos]


def _voting_gallery(folder: Path, features: Sequence[Features], references: int) -> VotingGallery:
    """Features of `references` images, see `_crossed`."""
    from matcher.models.vocabulary import load_vocabulary

    return VotingGallery.rebuild(
        folder / "votes",
        _crossed(features, references),
        vocabulary=load_vocabulary(),
        fingerprint="speed",
        position=1,
    )


def _crossed(features: Sequence[Features], count: int) -> Iterator[tuple[NDArray[np.int64], Features]]:
    """Batches of ids and features: upper halves of each photo's features in turn, lower halves of any.

    All differ, like real ones; random numbers would spread over the words more evenly than photos' do.
    """
    random = np.random.default_rng(2)
    pool = np.concatenate(features)
    for numbers in _batches(range(count)):
        upper = [features[number % len(features)] for number in numbers]
        ids = np.repeat(numbers, [len(each) for each in upper])
        lower = pool[random.integers(len(pool), size=len(ids))]
        yield ids, np.concatenate([np.concatenate(upper)[:, :HALF], lower[:, HALF:]], axis=1)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
