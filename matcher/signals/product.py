"""`product`: a photo of the listing shows a reference's product, photographed anew."""

from __future__ import annotations

from matcher.records import Evidence
from matcher.signals import Examination, Sure

MARGIN = 0.05
"""Both scores are fitted: a copy this little less sure than the product counts as sure as it."""


class ProductSignal:
    """Finds each brand's surest product, unless a copy says so already: a copy implies the product."""

    name = "product"

    def examine(self, examination: Examination) -> list[Evidence]:
        """One piece of evidence a brand."""
        return [
            sure.evidence(self.name)
            for brand, sure in examination.products.items()
            if not _implied(sure, examination.copies.get(brand))
        ]


def _implied(product: Sure, copy: Sure | None) -> bool:
    return copy is not None and copy.score >= product.score - MARGIN
