"""The only place that names concrete classes: settings in, working parts out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from indexes.gallery import Gallery
from indexes.voting import VotingGallery
from matcher.config import ModelSettings, Settings
from matcher.describing import CatalogKeypoints, Describer, LogoDescriber
from matcher.errors import ModelError, ScanError
from matcher.examining import Examiner
from matcher.galleries import Galleries
from matcher.logo_likeness import load_logo_scorer
from matcher.logo_matching import LogoMatcher, LogoModels, LogoSearch
from matcher.matching import (
    DescriptorSearch,
    FeatureVote,
    PhotoMatcher,
    ReferenceKeypoints,
    SearchAmong,
    VoteAmong,
)
from matcher.models import Embedder, KeypointDetector, KeypointMatcher, TextReader
from matcher.models.views import boxes
from matcher.photo_cache import PhotoCache
from matcher.policy import Policy
from matcher.reading import PhotoText
from matcher.signals import Signal
from matcher.signals.claims import ClaimsSignal
from matcher.signals.copy import CopySignal
from matcher.signals.known_counterfeit import KnownCounterfeitSignal
from matcher.signals.logo import LogoSignal
from matcher.signals.price import PriceSignal
from matcher.signals.product import ProductSignal
from matcher.signals.seller import SellerSignal
from matcher.signals.title import TitleSignal
from matcher.signals.wordmark import WordmarkSignal
from matcher.similarity import load_scorer
from matcher.snapshot import Snapshot, take_snapshot
from matcher.spotting import PhotoLogos
from matcher.text import tables
from matcher.workspace import Workspace

EMBEDDERS = ("builtin", "onnx:PATH", "open_clip:ARCH/WEIGHTS", "checkpoint:PATH", "torchscript:PATH")

LOGO_MODELS = ("builtin", "onnx:FOLDER", "none")

TEXT_READERS = ("rapidocr", "tesseract:LANGUAGES", "rapidocr,tesseract:LANGUAGES", "none")


def build_embedder(settings: ModelSettings, name: str = "") -> Embedder:
    """The embedder that `name`, or else the settings, ask for.

    Raises `ModelError` for an unknown name or bad weights.
    """
    kind, _, rest = (name or settings.embedder).partition(":")
    photo_boxes, reference_boxes = boxes(settings.photo_tiles), boxes(settings.reference_tiles)
    if (kind == "builtin") != bool(rest) and kind in ("builtin", "onnx"):
        from matcher.models.onnx_embedder import BUILTIN, OnnxEmbedder

        return OnnxEmbedder(
            Path(rest) if rest else BUILTIN,
            side=settings.embed_side,
            photo_tiles=settings.photo_tiles,
            reference_tiles=settings.reference_tiles,
        )
    if kind == "open_clip" and rest:
        from matcher.models.open_clip_embedder import OpenClipEmbedder

        return OpenClipEmbedder.load(rest, photo_boxes=photo_boxes, reference_boxes=reference_boxes)
    if kind == "checkpoint" and rest:
        from matcher.models.checkpoint_embedder import CheckpointEmbedder

        return CheckpointEmbedder.load(Path(rest), photo_boxes=photo_boxes, reference_boxes=reference_boxes)
    if kind == "torchscript" and rest:
        from matcher.models.torchscript_embedder import TorchscriptEmbedder

        return TorchscriptEmbedder.load(Path(rest), photo_boxes=photo_boxes, reference_boxes=reference_boxes)
    raise ModelError(name or settings.embedder, f"is unknown; use one of {', '.join(EMBEDDERS)}")


def build_keypoints(settings: Settings) -> tuple[KeypointDetector, KeypointMatcher]:
    """What finds keypoints and what verifies by them."""
    from matcher.models.homography import HomographyMatcher
    from matcher.models.rootsift import RootSift

    detector = RootSift(side=settings.models.keypoint_side, count=settings.models.keypoint_count)
    wanted = settings.matching
    return detector, HomographyMatcher(
        ratio=wanted.ratio, threshold=wanted.threshold, least=wanted.least_inliers
    )


def build_text_reader(settings: ModelSettings) -> TextReader | None:
    """What reads text as the settings ask; None where nothing shall.

    Raises `ModelError` for an unknown name, or where a reader is not installed.
    """
    if settings.text == "none":
        return None
    readers = [_text_reader(name.strip(), settings) for name in settings.text.split(",")]
    if len(readers) == 1:
        return readers[0]
    from matcher.models.joint_reader import JointReader

    return JointReader(readers)


def _text_reader(name: str, settings: ModelSettings) -> TextReader:
    kind, _, languages = name.partition(":")
    if name == "rapidocr":
        from matcher.models.rapidocr_reader import RapidOcrReader

        return RapidOcrReader(side=settings.text_side)
    if kind == "tesseract" and languages:
        from matcher.models.tesseract_reader import TesseractReader

        return TesseractReader(languages)
    raise ModelError(name or settings.text, f"reads no text; use one of {', '.join(TEXT_READERS)}")


def build_logo_models(settings: ModelSettings) -> LogoModels | None:
    """What finds, describes and scores logos as the settings ask; None where nothing shall.

    Raises `ModelError` for an unknown name or models that are missing or damaged.
    """
    if settings.logo == "none":
        return None
    kind, _, rest = settings.logo.partition(":")
    if kind not in ("builtin", "onnx") or (kind == "builtin") == bool(rest):
        raise ModelError(settings.logo, f"finds no logos; use one of {', '.join(LOGO_MODELS)}")
    from matcher.models.logo_graphs import WEIGHTS
    from matcher.models.onnx_logo_detector import OnnxLogoDetector
    from matcher.models.onnx_logo_embedder import OnnxLogoEmbedder

    folder = Path(rest) if rest else WEIGHTS
    detector = OnnxLogoDetector(folder, most=settings.logo_boxes, least=settings.logo_least)
    embedder = OnnxLogoEmbedder(folder)
    scorer = load_logo_scorer(folder, dims=embedder.dims)
    parts = (detector.fingerprint, embedder.fingerprint, scorer.fingerprint)
    fingerprint = hashlib.sha256("".join(parts).encode()).hexdigest()
    named = "builtin" if folder == WEIGHTS else f"onnx:{folder.name}"
    return LogoModels(f"{named}@{fingerprint[:12]}", fingerprint, detector, embedder, scorer)


def build_logo_matcher(
    settings: Settings,
    models: LogoModels,
    gallery: LogoSearch,
    *,
    logos: int,
    brand_of: Callable[[int], str | None],
    keypoints: ReferenceKeypoints,
) -> LogoMatcher:
    """What finds the `logos` logos of `gallery` in photos."""
    detector, verifier = build_keypoints(settings)
    return LogoMatcher(
        models,
        gallery=gallery,
        logos=logos,
        brand_of=brand_of,
        keypoints=keypoints,
        detector=detector,
        verifier=verifier,
    )


def build_photo_matcher(
    settings: Settings,
    *,
    embedder: Embedder,
    descriptors: DescriptorSearch,
    votes: FeatureVote,
    references: ReferenceKeypoints,
) -> PhotoMatcher:
    """Search and verification over the given galleries."""
    detector, verifier = build_keypoints(settings)
    return PhotoMatcher(
        embedder=embedder,
        detector=detector,
        verifier=verifier,
        scorer=load_scorer(),
        descriptors=descriptors,
        votes=votes,
        references=references,
        settings=settings.matching,
    )


@dataclass(frozen=True)
class Models:
    """What looks at images and reads text, loaded once and shared by whoever is given it."""

    embedder: Embedder
    detector: KeypointDetector
    reader: TextReader | None
    logos: LogoModels | None


def build_models(settings: Settings) -> Models:
    """The models that `settings` ask for."""
    detector, _ = build_keypoints(settings)
    return Models(
        build_embedder(settings.models),
        detector,
        build_text_reader(settings.models),
        build_logo_models(settings.models),
    )


def build_describer(workspace: Workspace, settings: Settings, models: Models | None = None) -> Describer:
    """What computes features of catalog images, and reads them back, with the models `settings` ask for."""
    detector = models.detector if models else build_keypoints(settings)[0]
    embedder = models.embedder if models else build_embedder(settings.models)
    return Describer(
        workspace.database, workspace.store, settings.images, embedder=embedder, detector=detector
    )


def build_logo_describer(workspace: Workspace, settings: Settings, models: LogoModels) -> LogoDescriber:
    """The same of logos."""
    detector, _ = build_keypoints(settings)
    return LogoDescriber(
        workspace.database, workspace.store, settings.images, embedder=models.embedder, detector=detector
    )


def build_galleries(workspace: Workspace, models: Models | None = None) -> Galleries:
    """The galleries of a workspace under the models its settings ask for (`models`: those, loaded)."""
    from matcher.models.vocabulary import load_vocabulary

    settings = workspace.settings
    logos = models.logos if models else build_logo_models(settings.models)
    return Galleries(
        workspace.folder / "galleries",
        settings,
        describer=build_describer(workspace, settings, models),
        words=load_vocabulary(),
        logos=build_logo_describer(workspace, settings, logos) if logos else None,
    )


def freeze(
    workspace: Workspace, galleries: Galleries, policy: Policy, models: Models | None = None
) -> Snapshot:
    """A snapshot of the workspace as it is now, under `policy` (`models`: those its settings ask for)."""
    settings = workspace.settings.models
    reader = models.reader if models else build_text_reader(settings)
    logo = models.logos if models else build_logo_models(settings)
    names = {
        "embedder": galleries.embedder.name,
        "keypoints": galleries.detector.name,
        "logo": logo.name if logo else None,
        "text": reader.name if reader else None,
    }
    return take_snapshot(
        workspace.folder / "snapshots",
        galleries,
        policy,
        workspace.settings,
        models=names,
        scorer=load_scorer().fingerprint,
        reader=reader.fingerprint if reader else "",
        texts=tables.fingerprint(),
        logo=logo.fingerprint if logo else "",
    )


def build_signals() -> tuple[Signal, ...]:
    """Every signal, in the order evidence is looked for: cheap ones may use what dear ones found."""
    return (
        CopySignal(),
        ProductSignal(),
        KnownCounterfeitSignal(),
        PriceSignal(),
        SellerSignal(),
        WordmarkSignal(),
        LogoSignal(),
        ClaimsSignal(),
        TitleSignal(),
    )


def build_examiner(
    workspace: Workspace,
    snapshot: Snapshot,
    *,
    cache: PhotoCache,
    keep: bool = True,
    models: Models | None = None,
) -> Examiner:
    """What examines listings against `snapshot`; `keep` stores the photos of listings that are not clear.

    The settings that verdicts depend on are the snapshot's own, so that a resumed scan cannot differ; raises
    `ScanError` where they give other models than the snapshot was taken with, as after an upgrade.
    `models`: those of the snapshot's settings, loaded already.
    """
    frozen = snapshot.description.settings
    most_photos = {"max_photos_per_listing": frozen.max_photos_per_listing}
    settings = workspace.settings.model_copy(
        update={
            "models": frozen.models,
            "matching": frozen.matching,
            "images": frozen.images,
            "scan": workspace.settings.scan.model_copy(update=most_photos),
        }
    )
    models = models or build_models(settings)
    embedder = models.embedder
    describer = build_describer(workspace, settings, models)
    _expect_models(snapshot, embedder, models.detector, models.reader, models.logos)
    descriptors: DescriptorSearch = Gallery.open(
        snapshot.folder / "descriptors", fingerprint=embedder.fingerprint
    )
    votes: FeatureVote = VotingGallery.open(
        snapshot.folder / "votes", fingerprint=snapshot.description.fingerprints.votes
    )
    if snapshot.owner_id is not None:
        descriptors = SearchAmong(descriptors, snapshot.image_ids)
        votes = VoteAmong(votes, snapshot.image_ids)
    matcher = build_photo_matcher(
        settings,
        embedder=embedder,
        descriptors=descriptors,
        votes=votes,
        references=CatalogKeypoints(describer, snapshot.of),
    )
    return Examiner(
        snapshot=snapshot,
        matcher=matcher,
        photo_boxes=boxes(settings.models.photo_tiles),
        signals=build_signals(),
        text=PhotoText(models.reader, snapshot.lexicon),
        logos=PhotoLogos(_snapshot_logos(workspace, snapshot, settings, models.logos)),
        settings=settings,
        cache=cache,
        store=workspace.store if keep else None,
    )


def _snapshot_logos(
    workspace: Workspace, snapshot: Snapshot, settings: Settings, models: LogoModels | None
) -> LogoMatcher | None:
    """What finds the snapshot's logos; None where nothing looks for logos."""
    if models is None:
        return None
    opened = Gallery.open(snapshot.folder / "logos", fingerprint=models.embedder.fingerprint)
    gallery: LogoSearch = opened
    logos = len(opened.ids())
    if snapshot.owner_id is not None:
        own = np.intersect1d(opened.ids(), snapshot.image_ids)
        gallery, logos = SearchAmong(opened, own), len(own)

    @cache
    def brand_of(image_id: int) -> str | None:
        facts = snapshot.of(image_id)
        return facts.brand if facts else None

    describer = build_logo_describer(workspace, settings, models)
    keypoints = CatalogKeypoints(describer, snapshot.of)
    return build_logo_matcher(settings, models, gallery, logos=logos, brand_of=brand_of, keypoints=keypoints)


def _expect_models(
    snapshot: Snapshot,
    embedder: Embedder,
    detector: KeypointDetector,
    reader: TextReader | None,
    logo: LogoModels | None,
) -> None:
    taken = snapshot.description.fingerprints
    for what, before, now in (
        ("another embedder", taken.embedder, embedder.fingerprint),
        ("another keypoint detector", taken.keypoints, detector.fingerprint),
        ("another text reader", taken.reader, reader.fingerprint if reader else ""),
        ("other weights", taken.scorer, load_scorer().fingerprint),
        ("other logo models", taken.logo, logo.fingerprint if logo else ""),
        ("other tables of words", taken.texts, tables.fingerprint()),
    ):
        if before != now:
            raise ScanError(f"snapshot {snapshot.folder.name} was taken with {what}; start a new scan")
