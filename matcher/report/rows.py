"""What a report is written from: a summary of the scan and one row a listing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from matcher.records import Evidence, ImageRole, Listing, Match, Verdict, VerdictKind

ROLES = {role.value: role for role in (ImageRole.KNOWN_COUNTERFEIT, ImageRole.LOGO)}
"""What the evidence of a signal of that name is held against, where it is no reference."""


class ReferenceKey(NamedTuple):
    """Names a product of the catalog: a reference, a logo and a known counterfeit may share brand and id."""

    brand: str
    reference_id: str
    role: ImageRole = ImageRole.REFERENCE


def key_of(spoken: Evidence | Match) -> ReferenceKey | None:
    """What the evidence or match is held against; None where it names nothing of the catalog."""
    if not spoken.reference_id:
        return None
    signal = spoken.signal if isinstance(spoken, Evidence) else ""
    return ReferenceKey(spoken.brand, spoken.reference_id, ROLES.get(signal, ImageRole.REFERENCE))


def named(evidence: Iterable[Evidence], matches: Iterable[Match]) -> list[ReferenceKey]:
    """What the evidence and then the matches are held against, each once."""
    keys = [*map(key_of, evidence), *map(key_of, matches)]
    return list(dict.fromkeys(key for key in keys if key))


@dataclass(frozen=True)
class Thumbnail:
    """A small picture; `width` and `height` are the original photo's pixels, to which regions refer."""

    webp_or_jpeg: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True)
class Linked:
    """A picture that lies at `address`; `width` and `height` are the original photo's pixels."""

    address: str
    width: int
    height: int


Shown = Thumbnail | Linked
"""A page that must stand alone holds thumbnails; one from a server links to its pictures."""


@dataclass(frozen=True)
class ReferenceFacts:
    """What the catalog says of a reference."""

    title: str = ""
    price: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True)
class ReportRow:
    """One listing: `photos` by their number in it, `references` by their key; gaps are fine.

    `closeups`: text that evidence speaks of, cut out of the photo, by the evidence's place in the verdict.
    """

    listing: Listing
    verdict: Verdict
    photos: Mapping[int, Shown] = field(default_factory=dict)
    references: Mapping[ReferenceKey, Shown] = field(default_factory=dict)
    reference_facts: Mapping[ReferenceKey, ReferenceFacts] = field(default_factory=dict)
    closeups: Mapping[int, Shown] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportSummary:
    """The scan as a whole; `counts` and `brands` speak of every listing, also of those left out.

    `created` is text for a person, `seconds` the time the scan took, `brands` how many listings that are not
    clear each brand has, most first; `shown` + `left_out` = `listings`; `failed_photos` of the `failed` are
    photos of listings that were judged by their others.
    """

    title: str
    created: str
    workspace: str
    snapshot: int
    policy: str
    models: Mapping[str, str | None]
    listings: int
    counts: Mapping[VerdictKind, int]
    failed: int
    photos: int
    seconds: float
    photos_per_second: float
    brands: tuple[tuple[str, int], ...]
    shown: int
    left_out: int
    failed_photos: int = 0
