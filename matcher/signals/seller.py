"""`seller`: is the seller licensed by the brand that the photos show or a text is about?"""

from __future__ import annotations

from pydantic import JsonValue

from matcher.records import Evidence
from matcher.signals import Examination


class SellerSignal:
    """Looks the seller up among those that each brand concerned has licensed."""

    name = "seller"

    def examine(self, examination: Examination) -> list[Evidence]:
        """One piece of evidence a brand, as sure as the brand is; no seller's id counts as unlicensed."""
        return [self._of(brand, examination) for brand in examination.brands_concerned]

    def _of(self, name: str, examination: Examination) -> Evidence:
        seller = examination.listing.seller_id.strip()
        brand = examination.brand(name)
        licensed = bool(seller) and brand is not None and seller in brand.licensed_sellers
        given: dict[str, JsonValue] = {"seller_id": seller} if seller else {"seller_given": False}
        return Evidence(
            signal=self.name,
            score=examination.accusation(name),
            brand=name,
            detail={"licensed": licensed, **given},
        )
