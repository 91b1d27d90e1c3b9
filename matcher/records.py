"""The nouns everything else speaks in: frozen records without behaviour of their own."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Score = float
"""A float in [0, 1]; higher is more alike or more sure."""


class Record(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Region(NamedTuple):
    """A box in a photo, x2 and y2 exclusive.

    Pixels are those of the photo as a person sees it, EXIF orientation applied.
    """

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def area(self) -> float:
        """Square pixels; 0 for an empty or inverted box."""
        return max(0.0, self.x2 - self.x1) * max(0.0, self.y2 - self.y1)


class ImageRole(StrEnum):
    """What an image in the catalog stands for."""

    REFERENCE = "reference"
    LOGO = "logo"
    KNOWN_COUNTERFEIT = "known-counterfeit"


class VerdictKind(StrEnum):
    """The three answers, mildest first."""

    CLEAR = "clear"
    REVIEW = "review"
    COUNTERFEIT = "counterfeit"


class ReviewAnswer(StrEnum):
    """What a person says of a verdict."""

    CONFIRM = "confirm"
    REJECT = "reject"
    UNSURE = "unsure"


class Trademark(Record):
    """One registration: its number, the office that granted it and its Nice classes.

    `office` is a WIPO ST.3 code, such as EM or US.
    """

    number: str
    office: str
    nice_classes: tuple[int, ...] = ()


def brand_key(name: str) -> str:
    """What two spellings of one brand's name share: NFKC, stripped, case folded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).strip().casefold())


class Brand(Record):
    """A brand and what it says of itself; `wordmarks` in any script, `licensed_sellers` by seller id."""

    name: str
    wordmarks: tuple[str, ...] = ()
    licensed_sellers: tuple[str, ...] = ()
    trademarks: tuple[Trademark, ...] = ()


class ReferenceRow(Record):
    """One catalog manifest row after parsing: a product (or logo, or known counterfeit) and its images.

    `images` are paths relative to the manifest's folder, or http(s) URLs, first one the main view. A field
    that is not in `model_fields_set` was not given, which is not the same as given empty.
    """

    reference_id: str
    images: tuple[str, ...]
    title: str = ""
    brand: str = ""
    price: Decimal | None = None
    currency: str = ""
    gtin: str = ""


class Listing(Record):
    """One offer under test; `images` are paths relative to the manifest's folder, or http(s) URLs."""

    listing_id: str
    images: tuple[str, ...]
    title: str = ""
    description: str = ""
    price: Decimal | None = None
    currency: str = ""
    seller_id: str = ""
    url: str = ""


class Match(Record):
    """A reference that a photo of the listing may show; `photo` counts the listing's images from 0."""

    reference_id: str
    brand: str
    score: Score
    verified: bool
    photo: int
    region: Region | None = None


class Evidence(Record):
    """One signal's finding: `score` says how sure it is, `weight` what it adds to a verdict (log-odds)."""

    signal: str
    score: Score
    weight: float = 0.0
    brand: str = ""
    photo: int | None = None
    region: Region | None = None
    reference_id: str | None = None
    detail: dict[str, JsonValue] = Field(default_factory=dict)


class Finding(Record):
    """What the evidence about one brand adds up to."""

    brand: str
    verdict: VerdictKind
    score: Score


class Verdict(Record):
    """The answer for one listing; `score` is the calibrated probability that a reviewer confirms a fake."""

    listing_id: str
    verdict: VerdictKind
    score: Score
    brand: str = ""
    reasons: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    matches: tuple[Match, ...] = ()
    models: dict[str, str | None] = Field(default_factory=dict)
    policy: str = ""
    snapshot: int = 0


class FailedRow(Record):
    """A manifest row, listing or photo that could not be examined.

    `line` counts from 1, 0 where there is none.
    """

    source: str
    line: int
    listing_id: str = ""
    reason: str
