"""Bytes that a reference, a descriptor and a listing take, from real galleries, caches and outputs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from benchmarks.made_photos import PhotoMaker
from indexes.gallery import Gallery
from indexes.voting import VotingGallery
from matcher.config import Settings
from matcher.errors import UsageError
from matcher.finder import Finder
from matcher.images import Picture, decode
from matcher.models import Keypoints
from matcher.models.stored_keypoints import pack
from matcher.models.vocabulary import load_vocabulary

KINDS = ("flat", "hnsw", "ivfpq")
BATCH = 5_000
VOTED_FOR = 2_000


def measure_sizes(photos: int, descriptors: int, size: tuple[int, int]) -> dict[str, JsonValue]:
    """The results file: bytes a descriptor by kind of gallery, and bytes a reference of everything else.

    `size`: width and height of the made photos, pixels. Raises UsageError where that is too little.
    `candidate_keypoints` counts the candidates of a photo of something else that are worth verifying, whose
    keypoints a worker reads where it does not have them; `keypoint_bytes` is what it reads of each.
    """
    if min(photos, descriptors - 99, min(size) - 47) < 1:
        raise UsageError("give at least 1 photo, 100 descriptors and a width of 64 pixels")
    settings = Settings()
    maker = PhotoMaker("reference", size=size)
    blobs = [maker.blob(number) for number in range(photos)]
    pictures = [decode(blob, "photo", settings.images) for blob in blobs]
    finder = Finder(settings)
    try:
        finder.fit(pictures)
        dims = finder.embedder.dims
        keypoints = [finder.photo_matcher.detector.detect(picture.pixels) for picture in pictures]
        strangers = PhotoMaker("listing", size=size)
        others = [decode(strangers.blob(number), "photo", settings.images) for number in range(photos)]
        candidates = [_worth_verifying(finder, other) for other in others]
    finally:
        finder.close()
    metrics: dict[str, JsonValue] = {
        "dims": dims,
        "keypoint_bytes": _mean([len(pack(each)) for each in keypoints]),
        "candidate_keypoints": _mean(candidates),
        "photo_bytes": _mean([len(blob) for blob in blobs]),
    }
    with tempfile.TemporaryDirectory() as folder:
        metrics["vote_bytes"] = _vote_bytes(Path(folder) / "votes", keypoints, settings)
        for kind in KINDS:
            metrics[f"{kind}_bytes"] = _gallery_bytes(Path(folder) / kind, kind, descriptors, dims, settings)
    asked: dict[str, JsonValue] = {"photos": photos, "descriptors": descriptors, "size": list(size)}
    return {"task": "sizes", "metrics": metrics, "settings": asked}


def _worth_verifying(finder: Finder, picture: Picture) -> int:
    seen = {candidate.image_id: candidate.comparison for candidate in finder.candidates(picture)}
    return len(finder.photo_matcher.worth_verifying(seen))


def _vote_bytes(folder: Path, keypoints: Sequence[Keypoints], settings: Settings) -> float:
    """Of the features of one reference, the vocabulary left out: it is there once.

    `VOTED_FOR` references, so that what a segment takes by itself hardly counts.
    """
    voting = settings.matching.voted_keypoints
    batches = (
        (np.full(len(each.points[:voting]), place), each.descriptors[:voting])
        for place, each in enumerate(islice(cycle(keypoints), VOTED_FOR))
    )
    VotingGallery.rebuild(folder, batches, vocabulary=load_vocabulary(), fingerprint="sizes", position=1)
    once = sum(path.stat().st_size for path in folder.glob("words-*"))
    return round((_size(folder) - once) / VOTED_FOR, 1)


def _gallery_bytes(folder: Path, kind: str, count: int, dims: int, settings: Settings) -> float:
    chosen = settings.gallery.model_copy(update={"kind": kind, "flat_limit": 0 if kind != "flat" else count})
    Gallery.rebuild(folder, _random(count, dims), dims=dims, fingerprint="sizes", position=1, settings=chosen)
    return round(_size(folder) / count, 1)


def _random(count: int, dims: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    random = np.random.default_rng(1)
    for start in range(0, count, BATCH):
        rows = min(BATCH, count - start)
        vectors = random.standard_normal((rows, dims), np.float32)
        yield np.arange(start, start + rows), vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _mean(numbers: Sequence[float]) -> float:
    return round(float(np.mean(numbers)), 1)
