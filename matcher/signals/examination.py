"""The examination that all signals read: its parts are computed on first use, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from matcher.records import ImageRole, Listing, Score
from matcher.signals.facts import BrandFacts, Facts
from matcher.signals.sightings import ExaminedPhoto, Seen, SeenLogo, Sure, order

if TYPE_CHECKING:
    from matcher.signals.texts import Texts

LEAST_SURE = 0.3
"""A copy or product less sure than this is no evidence."""
LIKELY = 0.5
"""From here on a sighting is likelier true than not: only then seller and price are compared."""
CONCERNED = 0.95
"""From here on a sighting says fully whose offer it is, down to `LIKELY` ever less."""


@dataclass
class Examination:
    """One listing under test and what was seen in its photos; signals read its parts and change none."""

    listing: Listing
    photos: tuple[ExaminedPhoto, ...]
    facts: Facts

    @cached_property
    def references(self) -> tuple[Seen, ...]:
        """Sightings of authentic references."""
        return tuple(seen for seen in self._seen if seen.facts.role is ImageRole.REFERENCE)

    @cached_property
    def known_counterfeits(self) -> tuple[Seen, ...]:
        """Sightings of images that a reviewer confirmed as counterfeit."""
        return tuple(seen for seen in self._seen if seen.facts.role is ImageRole.KNOWN_COUNTERFEIT)

    @cached_property
    def copies(self) -> dict[str, Sure]:
        """The surest reused reference image of each brand."""
        return _surest(Sure(seen.sighting.copy_score, "copy", seen) for seen in self.references)

    @cached_property
    def copied_photos(self) -> dict[str, tuple[int, ...]]:
        """The positions of all photos that likelier than not reuse an image of each brand."""
        found: dict[str, set[int]] = {}
        for seen in self.references:
            if seen.sighting.copy_score >= LIKELY:
                found.setdefault(seen.facts.brand, set()).add(seen.photo.position)
        return {brand: tuple(sorted(positions)) for brand, positions in found.items()}

    @cached_property
    def products(self) -> dict[str, Sure]:
        """The surest sighting of each brand's products."""
        return _surest(Sure(seen.sighting.product_score, "product", seen) for seen in self.references)

    @cached_property
    def fakes(self) -> dict[str, Sure]:
        """The surest known counterfeit of each brand, a likely copy before a product.

        What is at least as surely a copy of the brand's own reference is left out: fakes are sold with
        the brand's photos, and what is confirmed then resembles every honest use of them.
        """
        own: dict[tuple[int, str], Score] = {}
        for seen in self.references:
            key = (seen.photo.position, seen.facts.brand)
            own[key] = max(own.get(key, 0.0), seen.sighting.copy_score)
        found = [_as_fake(seen) for seen in self.known_counterfeits]
        return _surest(
            fake
            for fake in found
            if fake.score > own.get((fake.seen.photo.position, fake.seen.facts.brand), 0.0)
        )

    @cached_property
    def logos(self) -> dict[str, SeenLogo]:
        """The surest logo of each brand that is sure enough, by the brands' names."""
        found = [
            SeenLogo(photo, sighting, facts)
            for photo in self.photos
            for sighting in photo.logos
            if sighting.score >= LEAST_SURE
            and (facts := self.facts.of(sighting.image_id)) is not None
            and facts.role is ImageRole.LOGO
        ]
        best: dict[str, SeenLogo] = {}
        for one in sorted(found, key=_surest_logo):
            best.setdefault(one.facts.brand, one)
        return dict(sorted(best.items()))

    @cached_property
    def brands_seen(self) -> tuple[str, ...]:
        """Brands that a photo more likely shows than not, by name."""
        likely = (*self.copies.values(), *self.products.values(), *self.fakes.values())
        return tuple(sorted({sure.seen.facts.brand for sure in likely if sure.score >= LIKELY}))

    @cached_property
    def texts(self) -> Texts:
        """What is written in the title, the description and the photos."""
        from matcher.signals.texts import Texts

        return Texts(self)

    @cached_property
    def brands_concerned(self) -> tuple[str, ...]:
        """Brands whose products or logos a photo more likely shows than not, or a text accuses, by name."""
        logos = {brand for brand, one in self.logos.items() if one.sighting.score >= LIKELY}
        return tuple(sorted({*self.brands_seen, *logos, *self.texts.concerned}))

    def sureness(self, brand: str) -> Score:
        """How surely the photos show something of `brand`, 0 where nothing was seen."""
        found = (part.get(brand) for part in (self.copies, self.products, self.fakes))
        logo = self.logos.get(brand)
        scores = [sure.score for sure in found if sure] + ([logo.sighting.score] if logo else [])
        return max(scores, default=0.0)

    def concern(self, brand: str) -> Score:
        """How far the offer concerns `brand`, by its surest sighting or its text in a photo."""
        inscribed = self.texts.inscriptions.get(brand)
        return concern_of(max(self.sureness(brand), inscribed.score if inscribed else 0.0))

    def accusation(self, brand: str) -> Score:
        """How far the seller is to be asked about `brand`, also by what title and description say."""
        return max(self.concern(brand), concern_of(self.texts.concerned.get(brand, 0.0)))

    def brand(self, name: str) -> BrandFacts | None:
        """What is known of a brand; None where there is none of that name."""
        return self.facts.brand(name)

    @cached_property
    def _seen(self) -> tuple[Seen, ...]:
        return tuple(
            Seen(photo, sighting, facts)
            for photo in self.photos
            for sighting in photo.sightings
            if (facts := self.facts.of(sighting.image_id)) is not None
        )


def _surest_logo(one: SeenLogo) -> tuple[object, ...]:
    return -one.sighting.score, one.photo.position, one.sighting.box, one.sighting.image_id


def _as_fake(seen: Seen) -> Sure:
    sighting = seen.sighting
    if sighting.copy_score >= LIKELY:
        return Sure(sighting.copy_score, "copy", seen)
    return Sure(sighting.product_score, "product", seen)


def _surest(found: Iterable[Sure]) -> dict[str, Sure]:
    """The best of each brand that is sure enough, in order of the brands' names."""
    rank: Callable[[Sure], tuple[object, ...]] = lambda sure: (sure.kind, -sure.score, *order(sure.seen))  # noqa: E731
    best: dict[str, Sure] = {}
    for sure in sorted((one for one in found if one.score >= LEAST_SURE), key=rank):
        best.setdefault(sure.seen.facts.brand, sure)
    return dict(sorted(best.items()))


def concern_of(score: Score) -> Score:
    """0 up to `LIKELY`, 1 from `CONCERNED`: a low price for a thing that is hardly alike is no sign."""
    return round(min(1.0, max(0.0, (score - LIKELY) / (CONCERNED - LIKELY))), 6)
