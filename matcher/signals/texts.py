"""What the words of a listing say: wordmarks in photos and title, how they are meant, what supports them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from pydantic import JsonValue

from matcher.models import TextLine
from matcher.records import Region, Score
from matcher.signals import LIKELY, Examination, ExaminedPhoto
from matcher.signals.claims import claim_score
from matcher.signals.outlines import area, box_around, part_of_line, written
from matcher.signals.title import Misuse, misuses
from matcher.text.categories import classes_of
from matcher.text.claims import Claim, find_claims
from matcher.text.mentions import Mention, Passage, find_mentions
from matcher.text.titles import Use, uses_of

MOST_LINES = 400
"""Lines of text of one photo that are looked at, the largest: a wordmark is not small print."""
LEAST_READ = 0.5
"""A line read less surely than this says nothing."""
PROMINENT = 0.004
"""Share of the photo that a word alone on its line covers to be more than chance."""
SUMMARY = 4_000
"""Characters of the description that are looked at for names and goods."""


@dataclass(frozen=True)
class Inscription:
    """A wordmark read in a photo: where, how sure it is as evidence, and what supports it."""

    mention: Mention
    photo: ExaminedPhoto
    score: Score
    region: Region | None
    quad: tuple[tuple[float, float], ...]
    context: tuple[str, ...]


class Named(NamedTuple):
    """A brand that the title names, and what for."""

    mention: Mention
    use: Use


class Texts:
    """The words of one listing, each part looked at when first asked for."""

    def __init__(self, examination: Examination) -> None:
        self._examination = examination
        self._lexicon = examination.facts.lexicon

    @cached_property
    def named(self) -> dict[str, Named]:
        """Brands that the title surely names, in its order, each with its plainest mention."""
        found: dict[str, Named] = {}
        for one in self.title_names:
            if one.mention.kind != "near-miss" and self._is_meant(one.mention):
                kept = found.get(one.mention.wordmark.brand)
                if kept is None or (kept.use is not Use.OFFERED and one.use is Use.OFFERED):
                    found[one.mention.wordmark.brand] = one
        return found

    @cached_property
    def title_names(self) -> tuple[Named, ...]:
        """Every wordmark in the title, near misses too, as it stands there."""
        title = self._examination.listing.title
        mentions = find_mentions(self._lexicon, [Passage(title)])
        return tuple(map(Named, mentions, uses_of(title, mentions)))

    @cached_property
    def described(self) -> frozenset[str]:
        """Brands that the description names for sure."""
        mentions = find_mentions(self._lexicon, [Passage(self._examination.listing.description[:SUMMARY])])
        return frozenset(
            one.wordmark.brand for one in mentions if one.kind != "near-miss" and not one.needs_context
        )

    @cached_property
    def classes(self) -> frozenset[int]:
        """Nice classes of the goods that title and description speak of."""
        listing = self._examination.listing
        return classes_of(f"{listing.title}\n{listing.description[:SUMMARY]}")

    @cached_property
    def inscriptions(self) -> dict[str, Inscription]:
        """The most telling wordmark of each brand in the photos, a near miss before a wordmark."""
        found: dict[str, list[Inscription]] = {}
        for photo in self._photos:
            for one in self._inscribed(photo):
                found.setdefault(one.mention.wordmark.brand, []).append(one)
        return {brand: max(found[brand], key=_telling) for brand in sorted(found)}

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """Claims in the title (passage 0), the description (1) and the photos (2 and more)."""
        listing = self._examination.listing
        read = ["\n".join(line.text for line in legible(photo)) for photo in self._photos]
        return tuple(find_claims([listing.title, listing.description, *read]))

    def place_of(self, claim: Claim) -> tuple[str, int | None]:
        """`title`, `description` or `photo`, and the photo's position."""
        if claim.passage < 2:
            return ("title", "description")[claim.passage], None
        return "photo", self._photos[claim.passage - 2].position

    @cached_property
    def claimed_of(self) -> tuple[str, ...]:
        """Brands that claims are about: those named, or else those that the photos show."""
        named = {brand for brand, one in self.named.items() if one.use is not Use.FITS}
        logos = filter(self._shows_logo, self._examination.logos)
        shown = {*self._examination.brands_seen, *logos, *self.inscriptions}
        return tuple(sorted(named | shown or self.described))

    @cached_property
    def misuses(self) -> dict[str, Misuse]:
        """The surest misuse of each brand's name in the title."""
        return misuses(self._examination)

    @cached_property
    def concerned(self) -> dict[str, Score]:
        """Brands that a text accuses the offer of, and how surely."""
        found = {brand: one.score for brand, one in self.inscriptions.items()}
        accused = [(brand, one.score) for brand, one in self.misuses.items()]
        accused += [(brand, claim_score(self.claims)) for brand in self.claimed_of if self.claims]
        for brand, score in accused:
            found[brand] = max(found.get(brand, 0.0), score)
        return {brand: score for brand, score in sorted(found.items()) if score >= LIKELY}

    def context(self, brand: str) -> tuple[str, ...]:
        """What makes it likely that the listing is about `brand` at all, apart from words in its photos."""
        named = self.named.get(brand)
        found = {
            "product": brand in self._examination.brands_seen,
            "logo": self._shows_logo(brand),
            "title": named is not None and named.use is not Use.FITS,
            "description": brand in self.described,
            "category": self._fits_class(brand),
        }
        return tuple(name for name, holds in found.items() if holds)

    @cached_property
    def _photos(self) -> list[ExaminedPhoto]:
        return sorted(self._examination.photos, key=lambda photo: photo.position)

    def _shows_logo(self, brand: str) -> bool:
        logo = self._examination.logos.get(brand)
        return logo is not None and logo.sighting.score >= LIKELY

    def _fits_class(self, brand: str) -> bool:
        facts = self._examination.brand(brand)
        return facts is not None and bool(facts.nice_classes & self.classes)

    def _is_meant(self, mention: Mention) -> bool:
        """An everyday or short word in a title names a brand only among the brand's kind of goods."""
        brand = mention.wordmark.brand
        return (
            not mention.needs_context
            or self._fits_class(brand)
            or (self._examination.sureness(brand) >= LIKELY)
        )

    def _inscribed(self, photo: ExaminedPhoto) -> Iterable[Inscription]:
        lines = legible(photo)
        mentions = find_mentions(self._lexicon, [passage_of(line) for line in lines], in_photo=True)
        plain = {
            one.wordmark.brand
            for one in mentions
            if one.kind != "near-miss" and one.how not in ("look-alike", "cut")
        }
        for mention in mentions:
            line = lines[mention.passage]
            context = self.context(mention.wordmark.brand)
            score = _score(mention, context, prominent=_prominent(mention, line, photo))
            if (
                mention.kind == "near-miss"
                and mention.wordmark.brand in plain
                and mention.sure < _SURE_BESIDE
            ):
                score = 0.0
            if score > 0:
                quad = part_of_line(line.outline, mention.start, mention.end, len(line.text))
                region = box_around(quad, photo.width, photo.height)
                yield Inscription(mention, photo, round(score, 6), region, quad, context)

    def detail(self, inscription: Inscription) -> dict[str, JsonValue]:
        """What a person needs to check an inscription."""
        mention = inscription.mention
        told: dict[str, JsonValue] = {
            "text": mention.text,
            "wordmark": mention.wordmark.text,
            "kind": mention.kind,
            "confidence": round(mention.sure, 4),
        }
        if mention.how and mention.how != "same":
            told["how"] = mention.how
        if mention.edits:
            told["edits"] = len(mention.edits)
        if inscription.context:
            told["context"] = list(inscription.context)
        if len(inscription.quad) >= 4:
            told["quad"] = written(inscription.quad)
        return told


_SURE_BESIDE = 0.9
"""Where the brand's own wordmark stands in the same photo, a near miss read less surely is a slip."""
_WITH_A_DOUBT, _IN_PASSING = 0.8, 0.9


def _score(mention: Mention, context: tuple[str, ...], *, prominent: bool) -> Score:
    """How sure the inscription is as evidence, 0 where it counts for nothing.

    A wordmark that says little by itself needs context. A near miss of a short one needs context or must
    stand out; one that is an everyday word (`LIKE`, beside Nike) or may be half hidden must have both.
    """
    score = mention.closeness * mention.sure
    if mention.kind != "near-miss":
        return score if context or not mention.needs_context else 0.0
    if mention.doubtful:
        return score * _WITH_A_DOUBT if context and prominent else 0.0
    if mention.needs_context and not context:
        return score * _WITH_A_DOUBT if prominent else 0.0
    return score if context or mention.alone else score * _IN_PASSING


def _telling(one: Inscription) -> tuple[bool, float, int, int]:
    return one.mention.kind == "near-miss", one.score, -one.photo.position, -one.mention.passage


def passage_of(line: TextLine) -> Passage:
    """The line as a text that wordmarks are looked for in."""
    return Passage(line.text, line.score, line.letters, line.others)


def legible(photo: ExaminedPhoto) -> list[TextLine]:
    """The lines worth looking at, in reading order."""
    lines = [
        (place, line)
        for place, line in enumerate(photo.lines)
        if line.score >= LEAST_READ and line.text.strip()
    ]
    if len(lines) > MOST_LINES:
        lines = sorted(sorted(lines, key=lambda one: (-area(one[1].outline), one[0]))[:MOST_LINES])
    return [line for _, line in lines]


def _prominent(mention: Mention, line: TextLine, photo: ExaminedPhoto) -> bool:
    return mention.alone and area(line.outline) >= PROMINENT * photo.width * photo.height
