"""A small catalog and listings made on the spot."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from matcher.models import TextLine
from matcher.records import Brand, ImageRole, Listing
from matcher.signals import BrandFacts, Examination, ExaminedPhoto, ReferenceFacts, Sighting
from matcher.text.lexicon import Lexicon

BRAND, OTHER = "Northlight", "Tidewater"
SHOE, BOOT, UNPRICED, LAMP, FAKE, OTHER_FAKE, LOGO = 1, 2, 3, 4, 10, 11, 20


class MadeFacts:
    """Facts held in two dictionaries."""

    def __init__(self, images: list[ReferenceFacts], brands: list[BrandFacts]) -> None:
        self.images = {image.image_id: image for image in images}
        self.brands = {brand.name: brand for brand in brands}
        self.lexicon = Lexicon(Brand(name=brand.name, wordmarks=brand.wordmarks) for brand in brands)

    def of(self, image_id: int) -> ReferenceFacts | None:
        return self.images.get(image_id)

    def brand(self, name: str) -> BrandFacts | None:
        return self.brands.get(name)


def image(image_id: int, reference_id: str, **facts: Any) -> ReferenceFacts:
    known: dict[str, Any] = {
        "brand": BRAND,
        "role": ImageRole.REFERENCE,
        "price": Decimal(80),
        "currency": "EUR",
    }
    return ReferenceFacts(image_id=image_id, reference_id=reference_id, **(known | facts))


FACTS = MadeFacts(
    [
        image(SHOE, "SKU-1"),
        image(BOOT, "SKU-2", price=Decimal(200)),
        image(UNPRICED, "SKU-3", price=None, currency=""),
        image(LAMP, "SKU-1", brand=OTHER),
        image(FAKE, "K-1", role=ImageRole.KNOWN_COUNTERFEIT, price=Decimal(9)),
        image(OTHER_FAKE, "K-2", role=ImageRole.KNOWN_COUNTERFEIT, brand=OTHER),
        image(LOGO, "logo", role=ImageRole.LOGO),
    ],
    [BrandFacts(BRAND, frozenset({"dealer-1"})), BrandFacts(OTHER, frozenset({"dealer-2"}))],
)


def sighting(image_id: int, copy: float = 0.0, product: float = 0.0, **more: Any) -> Sighting:
    """A verified sighting; a copy shows the product at least as surely, as the fitted scores have it."""
    return Sighting(
        image_id=image_id,
        copy_score=copy,
        product_score=max(copy, product),
        **({"verified": True, "cosine": 0.91237, "inliers": 40} | more),
    )


def photo(
    position: int,
    *sightings: Sighting,
    width: int = 400,
    height: int = 200,
    lines: tuple[TextLine, ...] = (),
) -> ExaminedPhoto:
    return ExaminedPhoto(position, width, height, f"hash-{position}", sightings, lines)


def line(
    text: str, score: float = 0.95, box: tuple[float, float, float, float] = (40, 20, 240, 80), **more: Any
) -> TextLine:
    """A line of text in a box `x1 y1 x2 y2`, prominent unless told otherwise."""
    x1, y1, x2, y2 = box
    return TextLine(((x1, y1), (x2, y1), (x2, y2), (x1, y2)), text, score, **more)


def examination(*photos: ExaminedPhoto, facts: MadeFacts = FACTS, **listing: Any) -> Examination:
    images = tuple(f"{one.position}.jpg" for one in photos)
    return Examination(Listing(**({"listing_id": "L-1", "images": images} | listing)), photos, facts)
