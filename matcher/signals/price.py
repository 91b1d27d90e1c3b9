"""`price`: the price is far below that of the very reference the photos show."""

from __future__ import annotations

from decimal import Decimal

from matcher.records import Evidence, Score
from matcher.signals import Examination, ReferenceFacts

FAR_BELOW = 0.6
"""From this share of the reference's price on nothing is said: sales and used goods reach it."""
SUREST = 0.3
"""At this share and below the finding is as sure as it gets."""


class PriceSignal:
    """Compares the listing's price with the reference's in the same currency; 0 is no price."""

    name = "price"

    def examine(self, examination: Examination) -> list[Evidence]:
        """At most one piece of evidence a brand, as sure as the brand is.

        Detail: `price`, `reference_price`, `currency`, `ratio`.
        """
        found = (self._of(brand, examination) for brand in examination.brands_seen)
        return [evidence for evidence in found if evidence]

    def _of(self, brand: str, examination: Examination) -> Evidence | None:
        """By the surest reference with a comparable price; a known counterfeit's own price says nothing."""
        sightings = [
            sure for sure in (examination.copies.get(brand), examination.products.get(brand)) if sure
        ]
        for sure in sorted(sightings, key=lambda sure: -sure.score):
            facts = sure.seen.facts
            ratio = ratio_of(examination, facts)
            if ratio is not None:
                return self._evidence(examination, facts, ratio) if ratio < FAR_BELOW else None
        return None

    def _evidence(self, examination: Examination, facts: ReferenceFacts, ratio: float) -> Evidence:
        return Evidence(
            signal=self.name,
            score=round(score_of(ratio) * examination.concern(facts.brand), 6),
            brand=facts.brand,
            reference_id=facts.reference_id,
            detail={
                "price": str(examination.listing.price),
                "reference_price": str(facts.price),
                "currency": facts.currency.strip().upper(),
                "ratio": round(ratio, 4),
            },
        )


def ratio_of(examination: Examination, facts: ReferenceFacts) -> float | None:
    """The listing's price over the reference's, at most 1; None where they cannot be compared."""
    listing = examination.listing
    price, reference = listing.price, facts.price
    currency = listing.currency.strip().upper()
    if not _is_price(price) or not _is_price(reference) or not currency:
        return None
    if currency != facts.currency.strip().upper():
        return None
    # Compared before divided: an absurd price must not overflow.
    return 1.0 if price >= reference else float(price / reference)  # type: ignore[operator]


def score_of(ratio: float) -> Score:
    """0 at `FAR_BELOW`, rising to 1 at `SUREST` and below."""
    return round(min(1.0, max(0.0, (FAR_BELOW - ratio) / (FAR_BELOW - SUREST))), 6)


def _is_price(amount: Decimal | None) -> bool:
    return amount is not None and amount.is_finite() and amount > 0
