"""Milliseconds a photo of each stage of the real matcher in one process, and a whole scan from outside."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from benchmarks.check_speed import CLIENTS, measure_checks
from benchmarks.made_photos import SIZE, PhotoMaker
from benchmarks.scan_speed import Command, Tell, measure_scan
from benchmarks.text.cost import reading_stages
from indexes.gallery import Gallery
from indexes.voting import VotingGallery
from matcher.config import Settings
from matcher.errors import UsageError
from matcher.images import decode
from matcher.logo_matching import LogoModels
from matcher.models import Embedder, KeypointDetector, KeypointMatcher, Keypoints, Pixels, TextReader

STAGES = ("decode", "embed", "search", "verify", "ocr", "logo", "scan")
OUTSIDE = {"scan", "check"}
"""Stages that are measured from outside; `check` only where it is asked for, as it takes long."""
MODELLED = {"embed", "search", "verify", "ocr", "logo"}
"""Stages that need models."""
T = TypeVar("T")
Features = NDArray[np.uint8]
BATCH = 32
NEIGHBOURS = 50
CANDIDATES = 10
NOISE = 8
"""Levels by which a stored feature may differ from the photo's that it was made of."""


@dataclass(frozen=True)
class SpeedPlan:
    """How much to measure.

    `photos` made photos of `size` (width, height) go through each stage `rounds` times; the galleries hold
    the descriptors and voting features of `references` images. A scan has `references` and `listings`, in
    `folder` if one is given: then the photos stay there for the next run. `command` runs the matcher, by
    default the installed one. Checks are asked of a server with `references`, `requests` with each number of
    `clients`.
    """

    photos: int = 64
    rounds: int = 5
    references: int = 3000
    listings: int = 20_000
    workers: int = 0
    size: tuple[int, int] = SIZE
    embedder: str = ""
    folder: Path | None = None
    command: Command = ()
    requests: int = 200
    clients: tuple[int, ...] = CLIENTS


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


def measure_speed(
    plan: SpeedPlan,
    stage: str | None,
    settings: Settings,
    *,
    tell: Tell = lambda _: None,
    make_parts: MakeParts = product_parts,
) -> dict[str, JsonValue]:
    """Measure one stage, or all when `stage` is None; the results file as JSON.

    `metrics` has `decode_ms`, `embed_ms`, `search_ms` with `vote_ms`, `verify_ms`, `ocr_ms` with
    `ocr_package_ms`, `logo_ms` (detecting and describing): milliseconds a photo, median of the rounds, after
    one that does not count; and the figures of `measure_scan`, or of `measure_checks`. UsageError for empty
    sizes, or where logos are asked for and nothing looks for them.
    """
    if min(plan.photos, plan.rounds, plan.references, plan.listings) < 1:
        raise UsageError("give at least 1 photo, round, reference and listing")
    start = time.perf_counter()
    wanted = STAGES if stage is None else (stage,)
    parts = make_parts(settings, plan.embedder) if MODELLED & set(wanted) else None
    if stage == "logo" and (parts is None or parts.logos is None):
        raise UsageError("models.logo is 'none': the stage logo needs models; set it in --config")
    rounds = _rounds(plan, wanted, settings, parts, tell) if set(wanted) - OUTSIDE else {}
    metrics: dict[str, JsonValue] = {
        f"{name}_ms": round(statistics.median(each), 3) for name, each in rounds.items()
    }
    by: dict[str, JsonValue] = {}
    if "scan" in wanted:
        metrics |= _scan(plan, tell)
    if "check" in wanted:
        metrics, by = _checks(plan, tell)
    return {
        "task": "speed",
        "metrics": metrics,
        "by": by,
        "settings": {
            "photos": plan.photos,
            "rounds": plan.rounds,
            "workers": plan.workers,
            "size": list(plan.size),
        },
        "model": f"{parts.embedder.name}@{parts.embedder.fingerprint}" if parts else None,
        "seconds": round(time.perf_counter() - start, 3),
        "rounds_ms": {name: [round(value, 3) for value in each] for name, each in rounds.items()},
    }


def _rounds(
    plan: SpeedPlan, wanted: Sequence[str], settings: Settings, parts: Parts | None, tell: Tell
) -> dict[str, list[float]]:
    """Milliseconds a photo of every counted round, by stage."""
    maker = PhotoMaker("stage", size=plan.size)
    blobs = [maker.blob(number) for number in range(plan.photos)]
    photos = [decode(blob, f"photo {number}", settings.images).pixels for number, blob in enumerate(blobs)]
    rounds = {}
    with tempfile.TemporaryDirectory() as folder:
        stages = _stages(wanted, plan, settings, blobs, photos, parts, Path(folder))
        if parts and parts.reader and "ocr" in wanted:
            stages = chain(stages, reading_stages(blobs, parts.reader, settings.images))
        for name, work in stages:
            tell(f"stage {name}")
            rounds[name] = [_timed(work) * 1000 / plan.photos for _ in range(plan.rounds + 1)][1:]
    return rounds


def _scan(plan: SpeedPlan, tell: Tell) -> dict[str, JsonValue]:
    with _folder(plan.folder) as folder:
        return measure_scan(
            folder,
            references=plan.references,
            listings=plan.listings,
            workers=plan.workers,
            size=plan.size,
            command=plan.command,
            tell=tell,
        )


def _checks(plan: SpeedPlan, tell: Tell) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    if min(plan.requests, *plan.clients) < 1:
        raise UsageError("give at least 1 request and client")
    with _folder(plan.folder) as folder:
        return measure_checks(
            folder,
            references=plan.references,
            requests=plan.requests,
            clients=plan.clients,
            size=plan.size,
            command=plan.command,
            tell=tell,
        )


def _stages(
    wanted: Sequence[str],
    plan: SpeedPlan,
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
        gallery = _gallery(folder, plan.references * parts.embedder.reference_views, parts.embedder, settings)
        views = [
            _unit_vectors(parts.embedder.photo_views, parts.embedder.dims, turn)
            for turn in range(len(photos))
        ]
        yield (
            "search",
            lambda: [gallery.search(np.concatenate(batch), NEIGHBOURS) for batch in _batches(views)],
        )
        features = _voting_features(photos, parts.detector, settings)
        votes = _voting_gallery(folder, features, plan.references)
        yield "vote", lambda: [votes.vote(each, NEIGHBOURS) for each in features]
    if "verify" in wanted:
        known = [parts.detector.detect(photo) for photo in photos]
        yield "verify", lambda: [_verify(parts, photo, known, turn) for turn, photo in enumerate(photos)]
    if "logo" in wanted and (logos := parts.logos) is not None:
        side = max(settings.images.working_side, settings.images.reading_side)
        sized = settings.images.model_copy(update={"working_side": side})
        large = [decode(blob, "photo", sized).pixels for blob in blobs]
        yield "logo", lambda: [_look(logos, photo) for photo in large]


def _look(logos: LogoModels, photo: Pixels) -> object:
    """Detect logos and describe their regions."""
    (boxes,) = logos.detector.detect([photo])
    return logos.embedder.embed_regions([photo], [[box.region for box in boxes]])


def _verify(parts: Parts, photo: Pixels, known: Sequence[Keypoints], turn: int) -> object:
    """Detect keypoints, match them with `CANDIDATES` references; the first of these is the photo itself."""
    candidates = [known[(turn + step) % len(known)] for step in range(CANDIDATES)]
    found = parts.detector.detect(photo)
    return [parts.matcher.match(found, photo, candidate, mirrored=False) for candidate in candidates]


def _gallery(folder: Path, count: int, embedder: Embedder, settings: Settings) -> Gallery:
    vectors = _unit_vectors(count, embedder.dims, 1)
    return Gallery.rebuild(
        folder / "gallery",
        [(np.arange(count), vectors)],
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
    """Features of `references` images: those of the photos in turn, each time with other noise.

    Random ones would spread over the words more evenly than those of photos do.
    """
    from matcher.models.vocabulary import load_vocabulary

    return VotingGallery.rebuild(
        folder / "votes",
        ((np.full(len(each), i), each) for i, each in enumerate(_noisy(features, references))),
        words=load_vocabulary(),
        fingerprint="speed",
        position=1,
    )


def _noisy(features: Sequence[Features], count: int) -> Iterator[Features]:
    random = np.random.default_rng(2)
    for number in range(count):
        each = features[number % len(features)]
        noise = random.integers(-NOISE, NOISE, each.shape, np.int16, endpoint=True)
        yield (each + noise).clip(0, 255).astype(np.uint8)


def _unit_vectors(count: int, dims: int, seed: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((count, dims), np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """The folder that was asked for, or one that is gone afterwards."""
    if given is None:
        with tempfile.TemporaryDirectory() as made:
            yield Path(made)
        return
    given.mkdir(parents=True, exist_ok=True)
    if (given / "workspace").exists():
        raise UsageError(
            f"{given / 'workspace'}: is there from another run; remove it or name another folder"
        )
    yield given
