"""Models by the names that settings give them, and what searches and verifies with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from matcher.config import ModelSettings, Settings
from matcher.errors import ModelError
from matcher.logo_likeness import load_logo_scorer
from matcher.logo_matching import LogoMatcher, LogoModels, LogoSearch
from matcher.matching import DescriptorSearch, FeatureVote, PhotoMatcher, ReferenceKeypoints
from matcher.models import Embedder, KeypointDetector, KeypointMatcher, TextReader
from matcher.models.views import boxes
from matcher.similarity import load_scorer

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


def verifier_fingerprint(settings: Settings) -> str:
    """Names how candidates are verified."""
    return build_keypoints(settings)[1].fingerprint


def build_text_reader(settings: ModelSettings) -> TextReader | None:
    """What reads text as the settings ask; None where nothing shall.

    Raises `ModelError` for an unknown name, or where a reader is not installed.
    """
    if settings.text == "none":
        return None
    names = [name.strip() for name in settings.text.split(",")]
    languages = [name.removeprefix("tesseract:") for name in names if name.startswith("tesseract:")]
    known = {"rapidocr", *(f"tesseract:{one}" for one in languages if one)}
    if wrong := [name for name in names if name not in known]:
        raise ModelError(wrong[0] or settings.text, f"reads no text; use one of {', '.join(TEXT_READERS)}")
    if "rapidocr" not in names:
        from matcher.models.tesseract_reader import TesseractReader

        return TesseractReader("+".join(languages))
    finder = _rapidocr(settings, unread=bool(languages))
    if not languages:
        return finder
    from matcher.models.joint_reader import JointReader
    from matcher.models.tesseract import Tesseract

    return JointReader(finder, [Tesseract(one) for one in languages])


def _rapidocr(settings: ModelSettings, *, unread: bool) -> TextReader:
    from matcher.models.rapidocr_reader import RapidOcrReader
    from matcher.models.text_finder import TextFinder

    finder = TextFinder() if settings.text_finder == "builtin" else None
    return RapidOcrReader(side=settings.text_side, finder=finder, unread=unread)


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
