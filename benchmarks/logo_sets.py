"""What a logo set with truth is: photos, and boxes that say which brand's logo stands where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Split = Literal["train", "val", "test", "all"]


@dataclass(frozen=True)
class LogoBox:
    """One logo in a photo; corners in pixels of the stored image, `x1 < x2` and `y1 < y2`.

    `variant`: the class as its publisher names it, where a brand has several (`lexus-1`, `lexus-2`).
    """

    brand: str
    x1: float
    y1: float
    x2: float
    y2: float
    variant: str = ""


@dataclass(frozen=True)
class BoxPhoto:
    """One photo. `brands`: all it shows; empty for a photo without a logo.

    `boxed`: False where the set says which brands are shown but not where, so that it can measure
    recognition and not detection. `split`: the publisher's, or `all` where there is none.
    """

    photo_id: str
    path: Path
    brands: frozenset[str]
    boxes: tuple[LogoBox, ...] = ()
    split: Split = "all"
    boxed: bool = True


@dataclass(frozen=True)
class BoxSet:
    """Photos with the logos in them; `notes` say what was left out."""

    name: str
    layout: str
    photos: tuple[BoxPhoto, ...]
    notes: tuple[str, ...] = ()

    @property
    def brands(self) -> tuple[str, ...]:
        """All brands that any photo shows, by name."""
        return tuple(sorted({brand for photo in self.photos for brand in photo.brands}))

    @property
    def distractors(self) -> int:
        """How many photos show no logo."""
        return sum(not photo.brands for photo in self.photos)
