"""The only place that names concrete classes: a workspace and its settings in, working parts out."""

from __future__ import annotations

from functools import cache

import numpy as np

from indexes.gallery import Gallery
from indexes.voting import VotingGallery
from matcher.assembly.models import (
    EMBEDDERS,
    LOGO_MODELS,
    TEXT_READERS,
    Models,
    build_embedder,
    build_keypoints,
    build_logo_matcher,
    build_logo_models,
    build_models,
    build_photo_matcher,
    build_text_reader,
    verifier_fingerprint,
)
from matcher.config import Settings
from matcher.describing import CatalogKeypoints, Describer, LogoDescriber
from matcher.errors import ScanError
from matcher.examining import Examiner
from matcher.galleries import Galleries
from matcher.logo_matching import LogoMatcher, LogoModels, LogoSearch
from matcher.matching import DescriptorSearch, FeatureVote, SearchAmong, VoteAmong
from matcher.models import Embedder
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
from matcher.snapshot import Snapshot
from matcher.snapshot_taking import take_snapshot
from matcher.spotting import PhotoLogos
from matcher.text import tables
from matcher.workspace import Workspace

__all__ = [
    "EMBEDDERS",
    "LOGO_MODELS",
    "TEXT_READERS",
    "Models",
    "build_describer",
    "build_embedder",
    "build_examiner",
    "build_galleries",
    "build_keypoints",
    "build_logo_describer",
    "build_logo_matcher",
    "build_logo_models",
    "build_models",
    "build_photo_matcher",
    "build_signals",
    "build_text_reader",
    "freeze",
]


def build_describer(workspace: Workspace, settings: Settings, models: Models | None = None) -> Describer:
    """What computes features of catalog images, and reads them back, with the models `settings` ask for."""
    detector = models.detector if models else build_keypoints(settings)[0]
    embedder = models.embedder if models else build_embedder(settings.models)
    return Describer(
        workspace.database,
        workspace.store,
        settings.images,
        embedder=embedder,
        detector=detector,
        threads=settings.scan.at_once,
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
        vocabulary=load_vocabulary(),
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
        verifier=verifier_fingerprint(workspace.settings),
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
    settings = _as_frozen(workspace.settings, snapshot)
    models = models or build_models(settings)
    describer = build_describer(workspace, settings, models)
    _expect_models(snapshot, models, verifier_fingerprint(settings))
    descriptors, votes = _snapshot_galleries(snapshot, models.embedder)
    matcher = build_photo_matcher(
        settings,
        embedder=models.embedder,
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


def _as_frozen(settings: Settings, snapshot: Snapshot) -> Settings:
    """`settings`, but for those that verdicts depend on: they are the snapshot's."""
    frozen = snapshot.description.settings
    most_photos = {"max_photos_per_listing": frozen.max_photos_per_listing}
    return settings.model_copy(
        update={
            "models": frozen.models,
            "matching": frozen.matching,
            "images": frozen.images,
            "scan": settings.scan.model_copy(update=most_photos),
        }
    )


def _snapshot_galleries(snapshot: Snapshot, embedder: Embedder) -> tuple[DescriptorSearch, FeatureVote]:
    """The snapshot's galleries, of which an owner's snapshot shows that owner's images alone."""
    folder, taken = snapshot.folder, snapshot.description.fingerprints
    descriptors = Gallery.open(folder / "descriptors", fingerprint=embedder.fingerprint)
    votes = VotingGallery.open(folder / "votes", fingerprint=taken.votes)
    if snapshot.owner_id is None:
        return descriptors, votes
    return SearchAmong(descriptors, snapshot.image_ids), VoteAmong(votes, snapshot.image_ids)


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


def _expect_models(snapshot: Snapshot, models: Models, verifier: str) -> None:
    taken, reader, logos = snapshot.description.fingerprints, models.reader, models.logos
    for what, before, now in (
        ("another embedder", taken.embedder, models.embedder.fingerprint),
        ("another keypoint detector", taken.keypoints, models.detector.fingerprint),
        ("another text reader", taken.reader, reader.fingerprint if reader else ""),
        ("other weights", taken.scorer, load_scorer().fingerprint),
        ("other logo models", taken.logo, logos.fingerprint if logos else ""),
        ("other tables of words", taken.texts, tables.fingerprint()),
        ("another way of verifying", taken.verifier, verifier),
    ):
        if before != now:
            raise ScanError(f"snapshot {snapshot.folder.name} was taken with {what}; start a new scan")
