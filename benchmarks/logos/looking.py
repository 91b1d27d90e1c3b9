"""Looks at every photo once: regions, text, and the logos of each gallery that is asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.logos.cases import LogoCase, Reference
from indexes.gallery import Gallery
from matcher.assembly import build_keypoints, build_logo_matcher
from matcher.config import Settings
from matcher.errors import ImageError
from matcher.images import decode
from matcher.logo_matching import LogoCandidate, LogoMatcher, LogoModels
from matcher.models import Keypoints, LogoBox, TextReader
from matcher.reading import LargePhoto, PhotoText
from matcher.records import Brand, Evidence, ImageRole, Listing, Region
from matcher.signals import BrandFacts, Examination, ExaminedPhoto, ReferenceFacts
from matcher.signals.logo import LogoSignal
from matcher.signals.wordmark import WordmarkSignal
from matcher.spotting import logo_sighting
from matcher.text.lexicon import Lexicon

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class LogoAnswer:
    """What came of one photo under one gallery.

    `boxes`: all regions proposed, in pixels of the photo. `candidates`: brand, score and region, best first.
    `evidence`: of the signal `logo`. `text`: by brand the score of its wordmark in the photo.
    """

    case: LogoCase
    size: tuple[int, int]
    boxes: tuple[LogoBox, ...]
    candidates: tuple[tuple[str, float, Region], ...]
    evidence: tuple[Evidence, ...]
    text: Mapping[str, float]

    def scores(self, *, with_text: bool) -> dict[str, float]:
        """The best score of each brand, joined with its text's as if they were independent."""
        best: dict[str, float] = {}
        for brand, score, _ in self.candidates:
            best[brand] = max(score, best.get(brand, 0.0))
        if with_text:
            for brand, score in self.text.items():
                best[brand] = 1 - (1 - best.get(brand, 0.0)) * (1 - score)
        return best


class Shelf:
    """A gallery of references in `folder`, and what finds them in photos."""

    def __init__(
        self,
        folder: Path,
        references: Sequence[Reference],
        models: LogoModels,
        settings: Settings,
        wordmarks: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.brands = {number: one.brand for number, one in enumerate(references)}
        detector, _ = build_keypoints(settings)
        vectors = [models.embedder.embed_references([one.pixels])[0] for one in references]
        ids = np.repeat(np.arange(len(vectors)), [len(some) for some in vectors])
        gallery = Gallery.rebuild(
            folder,
            [(ids, np.concatenate(vectors))],
            dims=models.embedder.dims,
            fingerprint=models.embedder.fingerprint,
            position=1,
            settings=settings.gallery,
        )
        known = _Keypoints({number: detector.detect(one.pixels) for number, one in enumerate(references)})
        self.matcher: LogoMatcher = build_logo_matcher(
            settings, models, gallery, logos=len(references), brand_of=self.brands.get, keypoints=known
        )
        written = wordmarks or {}
        self.lexicon = Lexicon(
            Brand(name=name, wordmarks=written.get(name, ())) for name in sorted(set(self.brands.values()))
        )

    def of(self, image_id: int) -> ReferenceFacts | None:
        """What is known of a reference."""
        brand = self.brands.get(image_id)
        return ReferenceFacts(image_id, brand, ImageRole.LOGO, f"{brand} {image_id}") if brand else None

    def brand(self, name: str) -> BrandFacts | None:
        """What is known of a brand."""
        return BrandFacts(name)


class _Keypoints:
    def __init__(self, known: Mapping[int, Keypoints]) -> None:
        self._known = known

    def get(self, image_ids: Sequence[int]) -> Mapping[int, Keypoints]:
        return {one: self._known[one] for one in image_ids if one in self._known}


class Onlooker:
    """Looks at photos with `models`, and reads them with `reader` where there is one."""

    def __init__(self, models: LogoModels, reader: TextReader | None, settings: Settings) -> None:
        self._models, self._reader, self._settings = models, reader, settings

    def look(self, case: LogoCase, shelves: Sequence[Shelf]) -> list[LogoAnswer] | None:
        """An answer a shelf, without shelves one of regions alone; None where the photo cannot be read."""
        try:
            blob = case.blob()
            picture = decode(blob, case.name, self._settings.images)
            photo = LargePhoto(blob, case.name, picture, self._settings.images)
            pixels = photo.pixels
        except (ImageError, OSError):
            return None
        (boxes,) = self._models.detector.detect([pixels])
        (described,) = self._models.embedder.embed_regions([pixels], [[box.region for box in boxes]])
        scale = picture.width / pixels.shape[1], picture.height / pixels.shape[0]
        size = picture.width, picture.height
        wide = tuple(LogoBox(_scaled(box.region, scale), box.score) for box in boxes)
        lines = PhotoText(self._reader, shelves[-1].lexicon).lines(photo, ()) if shelves else ()
        answers = []
        for shelf in shelves:
            found = shelf.matcher.compare(pixels, boxes, described)
            height, width = pixels.shape[:2]
            sightings = tuple(logo_sighting(one, width, height) for one in found)
            shown = ExaminedPhoto(0, *size, picture.content_hash, (), lines, sightings)
            evidence, text = _signals(case.name, shown, shelf)
            candidates = tuple(_told(one, shelf, scale) for one in found)
            answers.append(LogoAnswer(case, size, wide, candidates, tuple(evidence), text))
        return answers or [LogoAnswer(case, size, wide, (), (), {})]


def _signals(name: str, shown: ExaminedPhoto, shelf: Shelf) -> tuple[list[Evidence], dict[str, float]]:
    examination = Examination(Listing(listing_id=name, images=(name,)), (shown,), shelf)
    text = {one.brand: one.score for one in WordmarkSignal().examine(examination)}
    return LogoSignal().examine(examination), text


def _told(candidate: LogoCandidate, shelf: Shelf, scale: tuple[float, float]) -> tuple[str, float, Region]:
    return shelf.brands[candidate.image_id], round(candidate.score, 6), _scaled(candidate.region, scale)


def _scaled(region: Region, scale: tuple[float, float]) -> Region:
    x1, y1, x2, y2 = region
    return Region(*(round(edge, 2) for edge in (x1 * scale[0], y1 * scale[1], x2 * scale[0], y2 * scale[1])))
