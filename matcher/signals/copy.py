"""`copy`: a photo of the listing reuses a reference image, edited or not."""

from __future__ import annotations

from matcher.records import Evidence
from matcher.signals import Examination


class CopySignal:
    """Finds each brand's surest reused reference image."""

    name = "copy"

    def examine(self, examination: Examination) -> list[Evidence]:
        """One piece of evidence a brand; `detail.mirrored` says whether the photo is flipped."""
        return [
            sure.evidence(self.name, mirrored=sure.seen.sighting.mirrored)
            for sure in examination.copies.values()
        ]
