"""`logo`: a photo shows a brand's logo; beside text that is not the brand's, it is a look-alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from matcher.models import TextLine
from matcher.records import Evidence, Region, Score
from matcher.signals import LIKELY, Examination, SeenLogo
from matcher.signals.outlines import box_around
from matcher.signals.texts import legible, passage_of
from matcher.text.folding import joined, words
from matcher.text.mentions import Mention, find_mentions

REACH = 0.6
"""How far from a logo a text belongs to it, in sides of the logo's longer one."""
LOW, HIGH = 0.08, 1.2
"""Height of such a text, in sides of the logo's longer one: smaller is small print, larger another thing."""
WIDEST = 4.0
"""Its width likewise."""
MOST_WORDS, FEWEST_LETTERS = 2, 3
"""What stands under a logo as a name does: a word or two, letters enough to be none of its own strokes."""
SURELY_READ = 0.7
"""A line read less surely is not held against a logo."""
SURELY_READ_INSIDE, NAME_BAND, NAME_WIDTH = 0.9, 0.45, 0.5
"""Inside a logo much is its own, and drawn letters are misread.

What is held against it there is read more surely, stands in the upper or lower part of it, so high, and is so
wide, as shares of its sides.
"""
ANOTHER_BRAND, ANOTHER_WORD = 0.7, 0.6
"""How sure a look-alike is of which another brand's wordmark, or any other word, is the text.

Honest goods carry names of lines, slogans and partners beside a logo, so that alone leads to a review.
"""
NEAR_MISS = 0.5
"""The signal `wordmark` tells a near miss in full; this adds that a logo stands beside it."""


@dataclass(frozen=True)
class Beside:
    """A text that belongs to a logo: `place` is `inside` or `beside`; `factor` is left of its score."""

    kind: str
    text: str
    place: str
    factor: Score
    says: str
    region: Region


class LogoSignal:
    """Finds each brand's surest logo and what is written with it; silent where no logo is looked for."""

    name = "logo"

    def examine(self, examination: Examination) -> list[Evidence]:
        """One piece of evidence a brand.

        `detail.kind`: `logo`, or `look-alike` where the text inside or beside it is not the brand's wordmark;
        `text` is what stands there, `says` what it is (`wordmark`, `near-miss`, `other-brand`, `other-word`,
        or nothing), `place` where; `cosine` and `inliers` are measured.
        """
        return [self._of(brand, one, examination) for brand, one in examination.logos.items()]

    def _of(self, brand: str, logo: SeenLogo, examination: Examination) -> Evidence:
        found = _text_of(logo, examination)
        factor = found.factor if found else 1.0
        return Evidence(
            signal=self.name,
            score=round(logo.sighting.score * factor, 6),
            brand=brand,
            photo=logo.photo.position,
            region=logo.region,
            reference_id=logo.facts.reference_id,
            detail=_detail(logo, found),
        )


def _detail(logo: SeenLogo, found: Beside | None) -> dict[str, JsonValue]:
    sighting = logo.sighting
    told: dict[str, JsonValue] = {"kind": found.kind if found else "logo"}
    if found:
        told |= {"text": found.text, "says": found.says, "place": found.place}
        told["text_region"] = [*found.region]
    told["cosine"] = round(sighting.cosine, 4)
    if sighting.inliers is not None:
        told["inliers"] = sighting.inliers
    return told


def _text_of(logo: SeenLogo, examination: Examination) -> Beside | None:
    """The most telling text with the logo: the brand's own wordmark first, then a near miss of it."""
    if logo.sighting.score < LIKELY or logo.region is None:
        return None
    found = list(_texts_with(logo, examination))
    ranked = ("wordmark", "near-miss", "other-brand", "other-word")
    found.sort(key=lambda one: (ranked.index(one.says), one.place != "inside", -one.factor, one.region))
    if found and found[0].says != "wordmark" and _named_elsewhere(logo, examination):
        return None
    return found[0] if found else None


def _named_elsewhere(logo: SeenLogo, examination: Examination) -> bool:
    """Whether the photo shows the brand's own wordmark: then a word by the logo is a line's or a slogan."""
    lines = legible(logo.photo)
    mentions = find_mentions(examination.facts.lexicon, [passage_of(line) for line in lines])
    return any(_is_own(one, logo.facts.brand) for one in mentions)


def _texts_with(logo: SeenLogo, examination: Examination) -> Iterator[Beside]:
    brand = logo.facts.brand
    for line, region, place in _lines_with(logo):
        mentions = find_mentions(examination.facts.lexicon, [passage_of(line)])
        own = [one for one in mentions if one.wordmark.brand == brand]
        if any(_is_own(one, brand) for one in own):
            yield Beside("logo", line.text, place, 1.0, "wordmark", region)
        elif own:
            best = max(own, key=lambda one: one.closeness * one.sure)
            sure = NEAR_MISS * best.closeness * best.sure
            yield Beside("look-alike", best.text, place, sure, "near-miss", region)
        elif _stands_as_a_name(line, region, place, logo) and not _is_part(line.text, brand, examination):
            other = any(one.kind != "near-miss" and not one.needs_context for one in mentions)
            says, sure = ("other-brand", ANOTHER_BRAND) if other else ("other-word", ANOTHER_WORD)
            yield Beside("look-alike", line.text, place, sure * line.score, says, region)


def _is_own(mention: Mention, brand: str) -> bool:
    return mention.wordmark.brand == brand and mention.kind != "near-miss"


def _stands_as_a_name(line: TextLine, box: Region, place: str, logo: SeenLogo) -> bool:
    """Whether the line is surely read, and stands where the logo's wordmark would."""
    if not _is_name(line.text) or logo.region is None:
        return False
    if place == "beside":
        return line.score >= SURELY_READ
    region = logo.region
    height, width = region.y2 - region.y1, region.x2 - region.x1
    below, above = box.y1 >= region.y2 - NAME_BAND * height, box.y2 <= region.y1 + NAME_BAND * height
    return line.score >= SURELY_READ_INSIDE and (below or above) and box.x2 - box.x1 >= NAME_WIDTH * width


def _is_part(text: str, brand: str, examination: Examination) -> bool:
    """Whether it is a piece of one of the brand's wordmarks, the rest of which was not read."""
    read = joined(text)
    return any(read in one.folded for one in examination.facts.lexicon.wordmarks if one.brand == brand)


def _is_name(text: str) -> bool:
    """Whether it stands there as a name does: a word or two of letters."""
    found = words(text)
    letters = sum(sign.isalpha() for word in found for sign in word.folded)
    digits = sum(sign.isdigit() for word in found for sign in word.folded)
    return 0 < len(found) <= MOST_WORDS and letters >= FEWEST_LETTERS and not digits


def _lines_with(logo: SeenLogo) -> Iterable[tuple[TextLine, Region, str]]:
    """Legible lines inside the logo's region, or about as large and near it."""
    photo, region = logo.photo, logo.region
    assert region is not None
    side = max(region.x2 - region.x1, region.y2 - region.y1)
    for line in legible(photo):
        box = box_around(line.outline, photo.width, photo.height)
        if box is None:
            continue
        across, down = sorted((box.x2 - box.x1, box.y2 - box.y1), reverse=True)
        if not LOW * side <= down <= HIGH * side or across > WIDEST * side:
            continue
        if _shared(box, region) >= 0.5 * box.area:
            yield line, box, "inside"
        elif _gap(box, region) <= REACH * side and _overlaps_an_axis(box, region):
            yield line, box, "beside"


def _shared(one: Region, two: Region) -> float:
    across = min(one.x2, two.x2) - max(one.x1, two.x1)
    down = min(one.y2, two.y2) - max(one.y1, two.y1)
    return max(0.0, across) * max(0.0, down)


def _gap(one: Region, two: Region) -> float:
    """Pixels between two boxes, 0 where they touch."""
    across = max(one.x1 - two.x2, two.x1 - one.x2, 0.0)
    down = max(one.y1 - two.y2, two.y1 - one.y2, 0.0)
    return max(across, down)


def _overlaps_an_axis(one: Region, two: Region) -> bool:
    """Whether it stands above, below or at the side of the other, not off a corner."""
    return min(one.x2, two.x2) > max(one.x1, two.x1) or min(one.y2, two.y2) > max(one.y1, two.y1)
