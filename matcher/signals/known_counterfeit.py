"""`known-counterfeit`: a photo of the listing shows what a reviewer confirmed as a fake."""

from __future__ import annotations

from matcher.records import Evidence
from matcher.signals import Examination


class KnownCounterfeitSignal:
    """Finds each brand's surest known counterfeit."""

    name = "known-counterfeit"

    def examine(self, examination: Examination) -> list[Evidence]:
        """One piece of evidence a brand; `detail.kind`: `copy` (same picture) or `product` (same thing)."""
        return [
            sure.evidence(self.name, kind=sure.kind, mirrored=sure.seen.sighting.mirrored)
            for sure in examination.fakes.values()
        ]
