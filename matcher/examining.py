"""One listing through the house: decode its photos once, search and verify them, ask each signal, decide."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO

from pydantic import ValidationError

from matcher.catalog import ExaminedListing, ImageStore, PhotoFacts, stored_hash_of
from matcher.config import Settings
from matcher.decision import best_matches, decide
from matcher.errors import ImageError, StorageError
from matcher.images import content_hash, decode, storable
from matcher.machine_trouble import exhaustion_behind
from matcher.matching import Candidate, PhotoMatcher
from matcher.models import TextLine
from matcher.models.views import Box
from matcher.photo_cache import PhotoCache
from matcher.reading import LargePhoto, PhotoText
from matcher.records import FailedRow, Listing, Record, VerdictKind
from matcher.signals import Examination, ExaminedPhoto, Sighting, Signal
from matcher.signals.logo_sighting import LogoSighting
from matcher.snapshot import Snapshot
from matcher.spotting import PhotoLogos

LEAST_SCORE = 0.02
"""Candidates less sure than this are kept only among the ten best."""
KEPT_SIGHTINGS = 10
SPOOL_BYTES = 64 * 2**20
"""Bytes of a listing's photos that are held in memory until the verdict; more wait in a file."""


class PhotoFindings(Record):
    """What the matcher sees in a photo, whoever lists it; cached by content: identical photos cost once.

    `lines`: the text in it, outlines in pixels of `width` by `height`; none where nothing reads text.
    `logos`: those of the catalog that it may hold; none where nothing looks for them.
    """

    width: int
    height: int
    sightings: tuple[Sighting, ...]
    lines: tuple[TextLine, ...] = ()
    logos: tuple[LogoSighting, ...] = ()


@dataclass(frozen=True)
class Examined:
    """A verdict with what it rests on, or, without one, why there is none."""

    result: ExaminedListing | None
    failed: tuple[FailedRow, ...]


@dataclass(frozen=True)
class _Read:
    """A photo that could be read: its place in the listing, where its bytes wait, what was found in it."""

    position: int
    source: str
    waits: tuple[int, int]
    content_hash: str
    findings: PhotoFindings


class Examiner:
    """Examines listings against one snapshot; the same listing gives the same verdict to the last digit."""

    def __init__(
        self,
        *,
        snapshot: Snapshot,
        matcher: PhotoMatcher,
        photo_boxes: Sequence[Box],
        signals: Sequence[Signal],
        text: PhotoText,
        logos: PhotoLogos,
        settings: Settings,
        cache: PhotoCache,
        store: ImageStore | None,
    ) -> None:
        self.snapshot, self.matcher, self.signals, self.settings = snapshot, matcher, tuple(signals), settings
        self._boxes, self._cache, self._store = tuple(photo_boxes), cache, store
        self._text, self._logos = text, logos

    def examine(
        self, listing: Listing, read: Callable[[str], bytes], *, source: str = "", line: int = 0
    ) -> Examined:
        """The verdict on `listing`; `read` gives an image's bytes or raises `ImageError`.

        A photo that cannot be read is a failed row beside the verdict; a listing none of whose photos can be
        read has no verdict. Raises what is no listing's fault: `StorageError`, `OSError` where no file can be
        opened, `GalleryError`, `ModelError`. Bytes of listings that are not clear go to the image store,
        stripped of EXIF and GPS.
        """
        failed: list[FailedRow] = []
        photos: list[_Read] = []
        limit = self.settings.scan.max_photos_per_listing
        with SpooledTemporaryFile(SPOOL_BYTES) as spool:
            for position, image in enumerate(listing.images[:limit]):
                with _reported(failed, source, line, listing.listing_id):
                    photos.append(self._read(position, image, read(image), spool))
            judged = self._judged(listing, photos, spool) if photos else None
        told = [_beside_others(row) for row in failed] if judged else failed
        return Examined(judged, (*told, *_left_out(listing, limit, source, line)))

    def _read(self, position: int, image: str, blob: bytes, spool: IO[bytes]) -> _Read:
        key = content_hash(blob)
        findings = self._remembered(key) or self._found(key, image, blob)
        with _aside():
            waits = spool.tell(), len(blob) if self._store else 0
            spool.write(blob[: waits[1]])
        return _Read(position, image, waits, key, findings)

    def _remembered(self, key: str) -> PhotoFindings | None:
        found = self._cache.get(key)
        try:
            return PhotoFindings.model_validate_json(found) if found else None
        except ValidationError:  # The cache is not synced: a crash may have left half a row.
            return None

    def _found(self, key: str, image: str, blob: bytes) -> PhotoFindings:
        picture = decode(blob, image, self.settings.images)
        sightings = self._sightings(self.matcher.find(picture.pixels))
        large = LargePhoto(blob, image, picture, self.settings.images)
        findings = PhotoFindings(
            width=picture.width,
            height=picture.height,
            sightings=sightings,
            lines=self._text.lines(large, sightings),
            logos=self._logos.sightings(large, sightings),
        )
        self._cache.put(key, findings.model_dump_json())
        return findings

    def _sightings(self, candidates: Sequence[Candidate]) -> tuple[Sighting, ...]:
        kept = [
            candidate
            for rank, candidate in enumerate(candidates)
            if rank < KEPT_SIGHTINGS or max(candidate.copy, candidate.product) >= LEAST_SCORE
        ]
        return tuple(sighting_of(candidate, self._boxes) for candidate in kept)

    def _judged(self, listing: Listing, photos: Sequence[_Read], spool: IO[bytes]) -> ExaminedListing:
        examined = tuple(
            ExaminedPhoto(
                photo.position,
                photo.findings.width,
                photo.findings.height,
                photo.content_hash,
                photo.findings.sightings,
                photo.findings.lines,
                photo.findings.logos,
            )
            for photo in photos
        )
        examination = Examination(listing, examined, self.snapshot)
        evidence = [finding for signal in self.signals for finding in signal.examine(examination)]
        description = self.snapshot.description
        verdict = decide(
            listing.listing_id,
            evidence,
            best_matches(examination),
            self.snapshot.policy,
            models=description.models,
            snapshot=description.number,
        )
        waiting = None if verdict.verdict is VerdictKind.CLEAR else spool
        return ExaminedListing(listing, tuple(self._facts(photo, waiting) for photo in photos), verdict)

    def _facts(self, photo: _Read, spool: IO[bytes] | None) -> PhotoFacts:
        """What the database keeps of a photo; its bytes go to the image store where they wait in `spool`."""
        stored_hash = ""
        if spool and self._store is not None:
            with _aside():
                spool.seek(photo.waits[0])
                waited = spool.read(photo.waits[1])
            kept = storable(waited, photo.source, self.settings.images)
            self._store.put(photo.content_hash, kept)
            stored_hash = stored_hash_of(kept)
        return PhotoFacts(
            photo.position,
            photo.source,
            photo.content_hash,
            stored_hash,
            photo.findings.width,
            photo.findings.height,
        )


def sighting_of(candidate: Candidate, boxes: Sequence[Box]) -> Sighting:
    """A candidate in numbers that JSON keeps exactly: scores to six decimals, corners to four."""
    comparison = candidate.comparison
    found = comparison.correspondence
    return Sighting(
        image_id=candidate.image_id,
        copy_score=round(candidate.copy, 6),
        product_score=round(candidate.product, 6),
        verified=candidate.verified,
        cosine=round(comparison.cosine, 6),
        inliers=found.inliers if found else 0,
        mirrored=found.mirrored if found else False,
        quad=tuple((round(float(x), 4), round(float(y), 4)) for x, y in found.quad) if found else (),
        box=boxes[comparison.view] if comparison.view < len(boxes) else (0.0, 0.0, 1.0, 1.0),
    )


@contextmanager
def _reported(failed: list[FailedRow], source: str, line: int, listing_id: str) -> Iterator[None]:
    try:
        yield
    except ImageError as error:
        # A row would say for ever that this photo is bad, when none could have been opened.
        if exhaustion := exhaustion_behind(error):
            raise exhaustion from error
        failed.append(FailedRow(source=source, line=line, listing_id=listing_id, reason=str(error)))


def _beside_others(row: FailedRow) -> FailedRow:
    return row.model_copy(update={"reason": f"{row.reason}; the listing's other photos were examined"})


@contextmanager
def _aside() -> Iterator[None]:
    """Writes or reads photos that wait in a file; raises `StorageError` where its disk refuses."""
    try:
        yield
    except OSError as error:
        where = tempfile.tempdir or "the folder for them"
        raise StorageError(f"temporary file in {where}: {error.strerror or error}") from error


def _left_out(listing: Listing, limit: int, source: str, line: int) -> Iterator[FailedRow]:
    """A row where the listing has more photos than are looked at, or none."""
    if len(listing.images) > limit:
        reason = f"has {len(listing.images)} photos; the first {limit} were examined"
        yield _failed(source, line, listing, reason)
    if not listing.images:
        yield _failed(source, line, listing, "has no photo to examine; give it an image")


def _failed(source: str, line: int, listing: Listing, reason: str) -> FailedRow:
    return FailedRow(source=source, line=line, listing_id=listing.listing_id, reason=reason)
