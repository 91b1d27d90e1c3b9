"""One row of the report made ready for its template: which photo to show, what to draw on it, what to say."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from matcher.errors import UsageError
from matcher.outputs import verdict_line
from matcher.records import Evidence, ImageRole, Match, Region, Verdict
from matcher.report import words
from matcher.report.rows import Linked, ReferenceFacts, ReferenceKey, ReportRow, Shown, key_of, named

MEDIA_TYPES = ("image/webp", "image/jpeg", "image/png")
FULL_BAR = 4.0
"""Log-odds that fill half of a strength bar; more is cut off there."""
LABELS_A_SIDE = 17
"""How many labels of one digit would fill the longer side of a photo."""
SMALL_LABELS = 2.5
"""An outline lower or narrower than so many labels has its label beside it."""
BESIDE = {
    ImageRole.REFERENCE: "Reference",
    ImageRole.KNOWN_COUNTERFEIT: "Known counterfeit",
    ImageRole.LOGO: "Logo",
}
Point = tuple[float, float]


@dataclass(frozen=True)
class Shape:
    """An outline on a photo: SVG `points` in photo pixels, its evidence's numbers and where they stand."""

    points: str
    label: str
    x: float
    y: float


@dataclass(frozen=True)
class Picture:
    """A thumbnail as a `data:` address, or a picture where it lies, in the original's pixels."""

    address: str
    width: int
    height: int
    caption: str
    shapes: tuple[Shape, ...] = ()

    @property
    def unit(self) -> float:
        """Photo pixels that are a seventeenth of the picture as shown: labels are drawn in it."""
        return max(self.width, self.height) / LABELS_A_SIDE


@dataclass(frozen=True)
class EvidenceLine:
    """One row of the evidence table; `bar` is the strength in [-50, 50]."""

    number: int
    signal: str
    name: str
    found: str
    sure: str
    weight: str
    bar: float
    leaning: str
    brand: str
    drawn: bool
    closeup: Picture | None


@dataclass(frozen=True)
class MatchLine:
    """One more reference that the listing may show."""

    reference_id: str
    brand: str
    title: str
    sure: str
    verified: bool
    picture: Picture | None


@dataclass(frozen=True)
class Card:
    """Everything the template of one listing needs; `beside` says what the photo is held against."""

    row: ReportRow
    position: int
    photo: Picture | None
    other_photos: tuple[Picture, ...]
    reference: Picture | None
    reference_key: ReferenceKey | None
    beside: str
    facts: ReferenceFacts
    evidence: tuple[EvidenceLine, ...]
    matches: tuple[MatchLine, ...]
    licence: str
    link: tuple[str, str] | None
    record: str

    @property
    def signals(self) -> str:
        """The signals with evidence, each once, by blanks."""
        return " ".join(dict.fromkeys(line.signal for line in self.evidence))


def card(row: ReportRow, position: int) -> Card:
    """The card of one row; `position` counts from 0. Raises `UsageError` on a thumbnail of another type."""
    verdict = row.verdict
    ordered = sorted(verdict.evidence, key=lambda one: -abs(one.weight) if math.isfinite(one.weight) else 0)
    numbered = list(enumerate(ordered, 1))
    closeups = {
        id(one): _picture(row.closeups[place], "")
        for place, one in enumerate(verdict.evidence)
        if place in row.closeups
    }
    shown = _leading_photo(row, ordered)
    key = _leading_reference(row, ordered)
    return Card(
        row=row,
        position=position,
        photo=_photo(row, shown, numbered) if shown is not None else None,
        other_photos=tuple(_photo(row, number, numbered) for number in sorted(row.photos) if number != shown),
        reference=_reference(row, key),
        reference_key=key,
        beside=BESIDE[key.role if key else ImageRole.REFERENCE],
        facts=row.reference_facts.get(key, ReferenceFacts()) if key else ReferenceFacts(),
        evidence=tuple(_line(number, one, closeups.get(id(one))) for number, one in numbered),
        matches=tuple(_match(row, one) for one in verdict.matches if key_of(one) != key),
        licence=_licence(verdict),
        link=words.web_address(row.listing.url),
        record=verdict_line(verdict),
    )


def _leading_photo(row: ReportRow, ordered: list[Evidence]) -> int | None:
    """The photo with the heaviest evidence, else with the best match, else the first."""
    candidates = (
        [one.photo for one in ordered] + [one.photo for one in row.verdict.matches] + sorted(row.photos)
    )
    return next((one for one in candidates if one is not None and one in row.photos), None)


def _leading_reference(row: ReportRow, ordered: list[Evidence]) -> ReferenceKey | None:
    """The reference of the heaviest evidence, else the best match; one with a picture before one without."""
    speaking = [one for one in ordered if one.reference_id and one.weight >= 0] or ordered
    keys = named(speaking, row.verdict.matches)
    return next((key for key in keys if key in row.references), keys[0] if keys else None)


def _photo(row: ReportRow, number: int, numbered: list[tuple[int, Evidence]]) -> Picture:
    thumbnail = row.photos[number]
    outlines: dict[tuple[Point, ...], list[int]] = {}
    for count, evidence in numbered:
        outline = _outline(evidence, thumbnail) if evidence.photo == number else ()
        if outline:
            outlines.setdefault(outline, []).append(count)
    shapes = [_shape(outline, counts, thumbnail) for outline, counts in outlines.items()]
    return _picture(thumbnail, f"Photo {number + 1}", _apart(shapes, thumbnail))


def _picture(thumbnail: Shown, caption: str, shapes: tuple[Shape, ...] = ()) -> Picture:
    width, height = max(1, thumbnail.width), max(1, thumbnail.height)
    if isinstance(thumbnail, Linked):
        return Picture(thumbnail.address, width, height, caption, shapes)
    if thumbnail.media_type not in MEDIA_TYPES:
        raise UsageError(f"a thumbnail is {thumbnail.media_type!r}; give one of {', '.join(MEDIA_TYPES)}")
    text = base64.b64encode(thumbnail.webp_or_jpeg).decode("ascii")
    address = f"data:{thumbnail.media_type};base64,{text}"
    return Picture(address, width, height, caption, shapes)


def _outline(evidence: Evidence, photo: Shown) -> tuple[Point, ...]:
    """The quadrilateral if the detail has one, else the region's corners; empty if neither can be drawn."""
    points = tuple(_quad(evidence.detail.get("quad"))) or _corners(evidence.region)
    reach = 4 * max(photo.width, photo.height)
    if not all(math.isfinite(part) and abs(part) <= reach for point in points for part in point):
        return _corners(evidence.region) if points != _corners(evidence.region) else ()
    return tuple((round(x, 1), round(y, 1)) for x, y in points)


def _quad(quad: object) -> Iterator[Point]:
    if not isinstance(quad, list) or len(quad) != 4:
        return
    pairs = [tuple(point) for point in quad if isinstance(point, list) and len(point) == 2]
    if len(pairs) == 4 and all(isinstance(part, (int, float)) for pair in pairs for part in pair):
        yield from ((float(x), float(y)) for x, y in pairs)


def _corners(region: Region | None) -> tuple[Point, ...]:
    if region is None or region.area <= 0:
        return ()
    x1, y1, x2, y2 = region
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))


def _shape(outline: tuple[Point, ...], counts: list[int], photo: Shown) -> Shape:
    margin = max(photo.width, photo.height) / LABELS_A_SIDE
    x, y = min(outline, key=lambda point: point[0] + point[1])
    across, down = (max(one) - min(one) for one in zip(*outline, strict=True))
    if min(across, down) < SMALL_LABELS * margin:  # The label would hide what it names.
        x, y = x - 1.2 * margin, y + down / 2
    return Shape(
        points=" ".join(f"{one:g},{other:g}" for one, other in outline),
        label="·".join(map(str, counts)),
        x=round(min(max(x, margin), photo.width - margin), 1),
        y=round(min(max(y, margin), photo.height - margin), 1),
    )


def _apart(shapes: list[Shape], photo: Shown) -> tuple[Shape, ...]:
    """The shapes, a label that would lie on an earlier one moved beside it."""
    unit = max(photo.width, photo.height) / LABELS_A_SIDE
    placed: list[Shape] = []
    for shape in shapes:
        x, step = shape.x, 1.3 * unit if shape.x < photo.width / 2 else -1.3 * unit
        while any(
            abs(one.x - x) < unit * (_half(one) + _half(shape)) and abs(one.y - shape.y) < 1.5 * unit
            for one in placed
        ):
            x += step
        placed.append(replace(shape, x=round(x, 1)))
    return tuple(placed)


def _half(shape: Shape) -> float:
    """Half the width of a label, in units: as the templates draw it."""
    return (0.9 + 0.62 * len(shape.label)) / 2


def _reference(row: ReportRow, key: ReferenceKey | None) -> Picture | None:
    thumbnail = row.references.get(key) if key else None
    return _picture(thumbnail, "Reference") if thumbnail else None


def _line(number: int, evidence: Evidence, closeup: Picture | None) -> EvidenceLine:
    weight = evidence.weight if math.isfinite(evidence.weight) else 0.0
    leaning = (
        "adds to suspicion" if weight > 0.05 else "speaks against it" if weight < -0.05 else "decides nothing"
    )
    return EvidenceLine(
        number=number,
        signal=evidence.signal,
        name=words.signal_name(evidence.signal),
        found=words.finding(evidence),
        sure=words.percent(evidence.score),
        weight=words.signed(weight),
        bar=round(50 * max(-1.0, min(1.0, weight / FULL_BAR)), 1),
        leaning=leaning,
        brand=evidence.brand,
        drawn=evidence.photo is not None and (evidence.region is not None or "quad" in evidence.detail),
        closeup=closeup,
    )


def _match(row: ReportRow, match: Match) -> MatchLine:
    key = ReferenceKey(match.brand, match.reference_id)
    thumbnail = row.references.get(key)
    return MatchLine(
        reference_id=match.reference_id,
        brand=match.brand,
        title=row.reference_facts.get(key, ReferenceFacts()).title,
        sure=words.percent(match.score),
        verified=match.verified,
        picture=_picture(thumbnail, f"Reference {match.reference_id}") if thumbnail else None,
    )


def _licence(verdict: Verdict) -> str:
    """What the seller evidence says, first the leading brand's; empty where there is none."""
    found = [one for one in verdict.evidence if one.signal == "seller"]
    found.sort(key=lambda one: one.brand != verdict.brand)
    if not found:
        return ""
    licensed = found[0].detail.get("licensed")
    return "licensed" if (licensed if isinstance(licensed, bool) else found[0].weight < 0) else "not licensed"
