"""A catalog of well-known names, and listings with texts about them."""

from __future__ import annotations

from typing import Any

from matcher.models import TextLine
from matcher.signals import BrandFacts, Examination, ReferenceFacts, Sighting
from tests.matcher.signals.made import MadeFacts, examination, image, line, photo, sighting

SNEAKER, BAG = 1, 2


def brand(name: str, *wordmarks: str, classes: tuple[int, ...] = (25,)) -> BrandFacts:
    return BrandFacts(name, frozenset({"dealer-1"}), wordmarks, frozenset(classes))


PICTURES: list[ReferenceFacts] = [image(SNEAKER, "SKU-1", brand="Nike"), image(BAG, "SKU-2", brand="Gucci")]
SHOP = MadeFacts(
    PICTURES,
    [
        brand("Adidas", "adidas", "アディダス"),
        brand("Nike", "NIKE", "耐克"),
        brand("Puma", "PUMA"),
        brand("Gucci", "GUCCI", classes=(18, 25)),
        brand("Prada", "PRADA", classes=(18, 25)),
        brand("Mango", "MANGO"),
        brand("Patagonia", "patagonia"),
        brand("Apple", "iPhone", "Apple", classes=(9,)),
    ],
)


def shows(image_id: int, sure: float) -> Sighting:
    return sighting(image_id, 0.0, sure)


def listing(*lines: TextLine | str, seen: tuple[Sighting, ...] = (), **more: Any) -> Examination:
    """One photo with these lines of text and sightings."""
    read = tuple(line(one) if isinstance(one, str) else one for one in lines)
    return examination(photo(0, *seen, lines=read), facts=SHOP, **({"seller_id": "someone"} | more))
