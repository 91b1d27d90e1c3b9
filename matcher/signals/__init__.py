"""What a signal is, and the examination that all signals read: its parts are computed on first use, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Protocol

from pydantic import Field, JsonValue, field_validator

from matcher.models import TextLine
from matcher.records import Evidence, ImageRole, Listing, Record, Region, Score
from matcher.signals.logo_sighting import LogoSighting
from matcher.signals.outlines import Point, corners, quad_in_pixels, region_in_pixels
from matcher.text.lexicon import Lexicon

if TYPE_CHECKING:
    from matcher.signals.texts import Texts

LEAST_SURE = 0.3
"""A copy or product less sure than this is no evidence."""
LIKELY = 0.5
"""From here on a sighting is likelier true than not: only then seller and price are compared."""
UNCONCERNED, CONCERNED = 0.4, 0.9
"""A sighting this unsure says nothing of whose offer it is; one this sure says it fully."""


Probability = Annotated[float, Field(ge=0, le=1)]
Coordinate = Annotated[float, Field(allow_inf_nan=False)]
Kind = Literal["copy", "product"]


class Sighting(Record):
    """One reference image that a photo may show; JSON-able, so that it can be kept by the photo's content.

    `quad`: the reference's four corners, clockwise from its top left, in shares of the photo's sides (also
    outside [0, 1]); empty if unverified. `box`: the view of the photo that matched, `x1 y1 x2 y2` likewise.
    """

    image_id: int
    copy_score: Probability
    product_score: Probability
    verified: bool
    cosine: Coordinate
    inliers: int = 0
    mirrored: bool = False
    quad: tuple[tuple[Coordinate, Coordinate], ...] = ()
    box: tuple[Coordinate, Coordinate, Coordinate, Coordinate] = (0.0, 0.0, 1.0, 1.0)

    @field_validator("quad")
    @classmethod
    def _has_four_corners(cls, quad: tuple[Point, ...]) -> tuple[Point, ...]:
        if len(quad) not in (0, 4):
            raise ValueError("a quad has four corners")
        return quad

    @property
    def score(self) -> Score:
        """How surely the photo shows the reference's product: a copy of it does too."""
        return max(self.copy_score, self.product_score)


@dataclass(frozen=True)
class ReferenceFacts:
    """What the catalog says of one reference image; `price` is in `currency`."""

    image_id: int
    brand: str
    role: ImageRole
    reference_id: str
    content_hash: str = ""
    title: str = ""
    price: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True)
class BrandFacts:
    """What the catalog says of a brand; `nice_classes` are those of its registrations."""

    name: str
    licensed_sellers: frozenset[str] = frozenset()
    wordmarks: tuple[str, ...] = ()
    nice_classes: frozenset[int] = frozenset()


class Facts(Protocol):
    """The catalog as one snapshot has it."""

    def of(self, image_id: int) -> ReferenceFacts | None:
        """What is known of an image; None where it was removed."""
        ...

    def brand(self, name: str) -> BrandFacts | None:
        """What is known of a brand; None where there is none of that name."""
        ...

    @property
    def lexicon(self) -> Lexicon:
        """Every brand's wordmarks."""
        ...


@dataclass(frozen=True)
class ExaminedPhoto:
    """One photo of the listing: its `position` among the images from 0, its size in pixels, what it shows.

    `lines`: the text read in it, outlines in its pixels; none where nothing reads text. `logos`: those of the
    catalog that regions of it may hold.
    """

    position: int
    width: int
    height: int
    content_hash: str
    sightings: tuple[Sighting, ...] = ()
    lines: tuple[TextLine, ...] = ()
    logos: tuple[LogoSighting, ...] = ()


class SeenLogo(NamedTuple):
    """A logo in a region of a photo, and what the catalog says of its image."""

    photo: ExaminedPhoto
    sighting: LogoSighting
    facts: ReferenceFacts

    @property
    def region(self) -> Region | None:
        """Where in the photo, pixels."""
        return region_in_pixels(corners(self.sighting.box), self.photo.width, self.photo.height)


class Seen(NamedTuple):
    """A sighting together with its photo and what the catalog says of the image."""

    photo: ExaminedPhoto
    sighting: Sighting
    facts: ReferenceFacts

    @property
    def region(self) -> Region | None:
        """Where in the photo, pixels; the matching view if the outline is unknown or outside the photo."""
        size = self.photo.width, self.photo.height
        found = region_in_pixels(self.sighting.quad, *size) if self.sighting.quad else None
        return found or region_in_pixels(corners(self.sighting.box), *size)

    @property
    def detail(self) -> dict[str, JsonValue]:
        """What was measured, and the reference's outline as `quad` in photo pixels if it is known."""
        sighting = self.sighting
        quad = quad_in_pixels(sighting.quad, self.photo.width, self.photo.height)
        measured: dict[str, JsonValue] = {"cosine": round(sighting.cosine, 4)}
        if sighting.verified:
            measured["inliers"] = sighting.inliers
        return {"quad": quad, **measured} if quad else measured


class Sure(NamedTuple):
    """The surest sighting of a brand, as `kind` with `score`."""

    score: Score
    kind: Kind
    seen: Seen

    def evidence(self, signal: str, **detail: JsonValue) -> Evidence:
        """Evidence of `signal` that shows where it was seen; its weight is left to the decision."""
        photo, _, facts = self.seen
        return Evidence(
            signal=signal,
            score=round(self.score, 6),
            brand=facts.brand,
            photo=photo.position,
            region=self.seen.region,
            reference_id=facts.reference_id,
            detail={**self.seen.detail, **detail},
        )


@dataclass
class Examination:
    """One listing under test and what was seen in its photos; signals read its parts and change none."""

    listing: Listing
    photos: tuple[ExaminedPhoto, ...]
    facts: Facts

    @cached_property
    def references(self) -> tuple[Seen, ...]:
        """Sightings of authentic references."""
        return tuple(seen for seen in self._seen if seen.facts.role is ImageRole.REFERENCE)

    @cached_property
    def known_counterfeits(self) -> tuple[Seen, ...]:
        """Sightings of images that a reviewer confirmed as counterfeit."""
        return tuple(seen for seen in self._seen if seen.facts.role is ImageRole.KNOWN_COUNTERFEIT)

    @cached_property
    def copies(self) -> dict[str, Sure]:
        """The surest reused reference image of each brand."""
        return _surest(Sure(seen.sighting.copy_score, "copy", seen) for seen in self.references)

    @cached_property
    def products(self) -> dict[str, Sure]:
        """The surest sighting of each brand's products."""
        return _surest(Sure(seen.sighting.product_score, "product", seen) for seen in self.references)

    @cached_property
    def fakes(self) -> dict[str, Sure]:
        """The surest known counterfeit of each brand, a likely copy before a product.

        What is at least as surely a copy of the brand's own reference is left out: fakes are sold with
        the brand's photos, and what is confirmed then resembles every honest use of them.
        """
        own: dict[tuple[int, str], Score] = {}
        for seen in self.references:
            key = (seen.photo.position, seen.facts.brand)
            own[key] = max(own.get(key, 0.0), seen.sighting.copy_score)
        found = [_as_fake(seen) for seen in self.known_counterfeits]
        return _surest(
            fake
            for fake in found
            if fake.score > own.get((fake.seen.photo.position, fake.seen.facts.brand), 0.0)
        )

    @cached_property
    def logos(self) -> dict[str, SeenLogo]:
        """The surest logo of each brand that is sure enough, by the brands' names."""
        found = [
            SeenLogo(photo, sighting, facts)
            for photo in self.photos
            for sighting in photo.logos
            if sighting.score >= LEAST_SURE
            and (facts := self.facts.of(sighting.image_id)) is not None
            and facts.role is ImageRole.LOGO
        ]
        best: dict[str, SeenLogo] = {}
        for one in sorted(found, key=_surest_logo):
            best.setdefault(one.facts.brand, one)
        return dict(sorted(best.items()))

    @cached_property
    def brands_seen(self) -> tuple[str, ...]:
        """Brands that a photo more likely shows than not, by name."""
        likely = (*self.copies.values(), *self.products.values(), *self.fakes.values())
        return tuple(sorted({sure.seen.facts.brand for sure in likely if sure.score >= LIKELY}))

    @cached_property
    def texts(self) -> Texts:
        """What is written in the title, the description and the photos."""
        from matcher.signals.texts import Texts

        return Texts(self)

    @cached_property
    def brands_concerned(self) -> tuple[str, ...]:
        """Brands whose products or logos a photo more likely shows than not, or a text accuses, by name."""
        logos = {brand for brand, one in self.logos.items() if one.sighting.score >= LIKELY}
        return tuple(sorted({*self.brands_seen, *logos, *self.texts.concerned}))

    def sureness(self, brand: str) -> Score:
        """How surely the photos show something of `brand`, 0 where nothing was seen."""
        found = (part.get(brand) for part in (self.copies, self.products, self.fakes))
        logo = self.logos.get(brand)
        scores = [sure.score for sure in found if sure] + ([logo.sighting.score] if logo else [])
        return max(scores, default=0.0)

    def concern(self, brand: str) -> Score:
        """How far the offer concerns `brand`, by its surest sighting or its text in a photo."""
        inscribed = self.texts.inscriptions.get(brand)
        return concern_of(max(self.sureness(brand), inscribed.score if inscribed else 0.0))

    def accusation(self, brand: str) -> Score:
        """How far the seller is to be asked about `brand`, also by what title and description say."""
        return max(self.concern(brand), concern_of(self.texts.concerned.get(brand, 0.0)))

    def brand(self, name: str) -> BrandFacts | None:
        """What is known of a brand; None where there is none of that name."""
        return self.facts.brand(name)

    @cached_property
    def _seen(self) -> tuple[Seen, ...]:
        return tuple(
            Seen(photo, sighting, facts)
            for photo in self.photos
            for sighting in photo.sightings
            if (facts := self.facts.of(sighting.image_id)) is not None
        )


class Signal(Protocol):
    """One kind of comparison: at most one piece of evidence a brand, its weight left to the decision."""

    name: str

    def examine(self, examination: Examination) -> list[Evidence]:
        """What this signal finds, by brand name; the examination is only read."""
        ...


def order(seen: Seen) -> tuple[int, int]:
    """What breaks ties between equal scores: the earlier photo, then the older image."""
    return seen.photo.position, seen.sighting.image_id


def _surest_logo(one: SeenLogo) -> tuple[object, ...]:
    return -one.sighting.score, one.photo.position, one.sighting.box, one.sighting.image_id


def _as_fake(seen: Seen) -> Sure:
    sighting = seen.sighting
    if sighting.copy_score >= LIKELY:
        return Sure(sighting.copy_score, "copy", seen)
    return Sure(sighting.product_score, "product", seen)


def _surest(found: Iterable[Sure]) -> dict[str, Sure]:
    """The best of each brand that is sure enough, in order of the brands' names."""
    rank: Callable[[Sure], tuple[object, ...]] = lambda sure: (sure.kind, -sure.score, *order(sure.seen))  # noqa: E731
    best: dict[str, Sure] = {}
    for sure in sorted((one for one in found if one.score >= LEAST_SURE), key=rank):
        best.setdefault(sure.seen.facts.brand, sure)
    return dict(sorted(best.items()))


def concern_of(score: Score) -> Score:
    """0 up to `UNCONCERNED`, 1 from `CONCERNED`: a low price for a thing that is hardly alike is no sign."""
    return round(min(1.0, max(0.0, (score - UNCONCERNED) / (CONCERNED - UNCONCERNED))), 6)
