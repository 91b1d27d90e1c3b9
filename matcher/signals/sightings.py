"""What photos may show: references and logos, where, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, JsonValue, field_validator

from matcher.models import TextLine
from matcher.records import Evidence, Record, Region, Score
from matcher.signals.facts import ReferenceFacts
from matcher.signals.logo_sighting import LogoSighting
from matcher.signals.outlines import Point, corners, quad_in_pixels, region_in_pixels

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


def order(seen: Seen) -> tuple[int, int]:
    """What breaks ties between equal scores: the earlier photo, then the older image."""
    return seen.photo.position, seen.sighting.image_id
