"""What a snapshot of the catalog says of reference images and brands."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from matcher.records import ImageRole
from matcher.text.lexicon import Lexicon


@dataclass(frozen=True)
class ReferenceFacts:
    """What the catalog says of one reference image; `price` is in `currency`."""

    image_id: int
    brand: str
    role: ImageRole
    reference_id: str
    content_hash: str = ""
    title: str = ""
    price: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True)
class BrandFacts:
    """What the catalog says of a brand; `nice_classes` are those of its registrations."""

    name: str
    licensed_sellers: frozenset[str] = frozenset()
    wordmarks: tuple[str, ...] = ()
    nice_classes: frozenset[int] = frozenset()

    def joined(self, other: BrandFacts) -> BrandFacts:
        """What two owners who have this brand say of it together."""
        return BrandFacts(
            self.name,
            self.licensed_sellers | other.licensed_sellers,
            tuple(dict.fromkeys(self.wordmarks + other.wordmarks)),
            self.nice_classes | other.nice_classes,
        )


class Facts(Protocol):
    """The catalog as one snapshot has it."""

    def of(self, image_id: int) -> ReferenceFacts | None:
        """What is known of an image; None where it was removed."""
        ...

    def brand(self, name: str) -> BrandFacts | None:
        """What is known of a brand; None where there is none of that name."""
        ...

    @property
    def lexicon(self) -> Lexicon:
        """Every brand's wordmarks."""
        ...
