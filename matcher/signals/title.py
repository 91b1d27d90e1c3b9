"""`title`: the title uses a brand's name for what the offer is not."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from matcher.records import Evidence, Score
from matcher.signals import LIKELY, Examination
from matcher.text.mentions import Mention
from matcher.text.titles import Use, is_lot

LEAST_BAIT = 3
"""Brands in one title that are a list for searchers, no goods."""
SHOWN = 0.85
"""How surely the photos must show another brand."""
BAIT, MORE_BAIT, LIKENED, DISGUISED, SPACED, MISSPELT = 0.95, 1.0, 0.85, 0.9, 0.7, 0.2
"""How sure each misuse is, estimated by hand. Honest sellers misspell names too: that is hardly a sign."""


@dataclass(frozen=True)
class Misuse:
    """One brand's name misused: `kind`, the words, and what it was held against."""

    kind: str
    score: Score
    text: str
    wordmark: str
    other: tuple[str, ...] = ()


class TitleSignal:
    """Finds brands that the title only draws on: bait lists, likenings, disguised names, other brands' goods.

    `for`, `fits` and `compatible with` before a brand are honest use.
    """

    name = "title"

    def examine(self, examination: Examination) -> list[Evidence]:
        """One piece of evidence a brand.

        `detail.kind`: `bait` (one of a list), `likened` (`like Gucci`, `Gucci style`), `disguised` (`N1KE`),
        `other-brand` (the photos show another's goods, `other`), `misspelt`.
        """
        return [self._evidence(brand, one) for brand, one in examination.texts.misuses.items()]

    def _evidence(self, brand: str, misuse: Misuse) -> Evidence:
        detail: dict[str, JsonValue] = {
            "kind": misuse.kind,
            "text": misuse.text,
            "wordmark": misuse.wordmark,
        }
        if misuse.other:
            detail["other"] = list(misuse.other)
        return Evidence(signal=self.name, score=round(misuse.score, 6), brand=brand, detail=detail)


def misuses(examination: Examination) -> dict[str, Misuse]:
    """The surest misuse of each brand's name in the title, by brand."""
    found: list[tuple[str, Misuse]] = [
        *_by_themselves(examination),
        *_bait(examination),
        *_other_brand(examination),
    ]
    best: dict[str, Misuse] = {}
    for brand, misuse in sorted(found, key=lambda one: (one[0], -one[1].score, one[1].kind)):
        best.setdefault(brand, misuse)
    return best


def _by_themselves(examination: Examination) -> list[tuple[str, Misuse]]:
    """Likened, disguised and misspelt names."""
    found = []
    for mention, use in examination.texts.title_names:
        if use in (Use.FITS, Use.DENIED):
            continue
        brand = mention.wordmark.brand
        if mention.kind == "near-miss":
            if not mention.needs_context:
                found.append((brand, _misuse("misspelt", MISSPELT * mention.closeness, mention)))
        elif mention.how in ("look-alike", "spaced"):
            score = DISGUISED if mention.how == "look-alike" else SPACED
            found.append((brand, _misuse("disguised", score, mention)))
        if use is Use.LIKENED and brand in examination.texts.named:
            found.append((brand, _misuse("likened", LIKENED, mention)))
    return found


def _bait(examination: Examination) -> list[tuple[str, Misuse]]:
    """Brands of a long list that the photos do not show; a lot of several brands' things is none."""
    named = {
        brand: one.mention
        for brand, one in examination.texts.named.items()
        if one.use in (Use.OFFERED, Use.LIKENED)
    }
    if len(named) < LEAST_BAIT or is_lot(examination.listing.title):
        return []
    score = BAIT if len(named) == LEAST_BAIT else MORE_BAIT
    return [
        (brand, _misuse("bait", score, mention, tuple(other for other in named if other != brand)))
        for brand, mention in named.items()
        if examination.sureness(brand) < LIKELY
    ]


def _other_brand(examination: Examination) -> list[tuple[str, Misuse]]:
    """Brands that are offered while the photos surely show only others, which the title does not name."""
    texts = examination.texts
    offered = {brand: one.mention for brand, one in texts.named.items() if one.use is Use.OFFERED}
    if any(examination.sureness(brand) >= LIKELY or brand in texts.inscriptions for brand in offered):
        return []
    shown = {brand: examination.sureness(brand) for brand in examination.brands_seen}
    others = tuple(brand for brand, sure in shown.items() if sure >= SHOWN and brand not in texts.named)
    if not others:
        return []
    score = max(shown[brand] for brand in others)
    return [(brand, _misuse("other-brand", score, mention, others)) for brand, mention in offered.items()]


def _misuse(kind: str, score: Score, mention: Mention, other: tuple[str, ...] = ()) -> Misuse:
    return Misuse(kind, score, mention.text, mention.wordmark.text, other)
