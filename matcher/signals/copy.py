"""`copy`: a photo of the listing reuses a reference image, edited or not."""

from __future__ import annotations

from pydantic import JsonValue

from matcher.records import Evidence
from matcher.signals import Examination
from matcher.signals.sightings import Sure


class CopySignal:
    """Finds each brand's surest reused reference image."""

    name = "copy"

    def examine(self, examination: Examination) -> list[Evidence]:
        """One piece of evidence a brand; `detail.mirrored` says whether the photo is flipped.

        `detail.also` lists the listing's other photos that likely reuse an image of the brand, if any do.
        """
        return [
            sure.evidence(self.name, mirrored=sure.seen.sighting.mirrored, **_also(examination, sure))
            for sure in examination.copies.values()
        ]


def _also(examination: Examination, sure: Sure) -> dict[str, JsonValue]:
    surest = sure.seen.photo.position
    copied = examination.copied_photos.get(sure.seen.facts.brand, ())
    others = [one for one in copied if one != surest]
    return {"also": [*others]} if others else {}
