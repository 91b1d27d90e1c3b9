"""`product`: a photo of the listing shows a reference's product, photographed anew."""

from __future__ import annotations

from matcher.records import Evidence
from matcher.signals import LEAST_SURE, Examination


class ProductSignal:
    """Finds each brand's surest product, as far as a copy does not say so already.

    A copy implies the product, so the probability of a photograph of its own is the product's less the
    copy's: the same pixels are never counted twice.
    """

    name = "product"

    def examine(self, examination: Examination) -> list[Evidence]:
        """One piece of evidence a brand; its score leaves out what the brand's copy evidence says."""
        found = []
        for brand, sure in examination.products.items():
            copy = examination.copies.get(brand)
            anew = sure._replace(score=sure.score - copy.score) if copy else sure
            if anew.score >= LEAST_SURE:
                found.append(anew.evidence(self.name))
        return found
