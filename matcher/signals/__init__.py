"""What a signal is; what signals read stands in the files beside this one, one kind of comparison a file."""

from __future__ import annotations

from typing import Protocol

from matcher.records import Evidence
from matcher.signals.examination import LEAST_SURE, LIKELY, Examination
from matcher.signals.facts import BrandFacts, ReferenceFacts
from matcher.signals.sightings import ExaminedPhoto, Seen, SeenLogo, Sighting, order

__all__ = [
    "LEAST_SURE",
    "LIKELY",
    "BrandFacts",
    "Examination",
    "ExaminedPhoto",
    "ReferenceFacts",
    "Seen",
    "SeenLogo",
    "Sighting",
    "Signal",
    "order",
]


class Signal(Protocol):
    """One kind of comparison: at most one piece of evidence a brand, its weight left to the decision."""

    name: str

    def examine(self, examination: Examination) -> list[Evidence]:
        """What this signal finds, by brand name; the examination is only read."""
        ...
