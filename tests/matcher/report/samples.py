"""Invented listings with drawn photos; run as a module, it writes a report to look at."""

from __future__ import annotations

import io
import random
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from math import cos, radians, sin
from pathlib import Path

from PIL import Image, ImageDraw

from matcher.records import Evidence, Finding, Listing, Match, Region, Verdict, VerdictKind
from matcher.report import ReferenceFacts, ReferenceKey, ReportRow, ReportSummary, Thumbnail, write_report

BRANDS = ("Norrvik", "Kestrel & Vale", "山影", "Ostara")
GOODS = ("rain jacket", "canvas tote", "trail shoe", "enamel bottle", "leather wallet")
COLOURS = ((196, 82, 61), (61, 104, 148), (92, 124, 74), (201, 158, 66), (110, 86, 140), (70, 76, 86))
Quad = list[list[float]]


def product(seed: int, side: int = 320) -> Image.Image:
    """A bag, bottle or garment of simple shapes on a pale ground."""
    dice = random.Random(seed)
    image = Image.new("RGB", (side, side), (244, 242, 238))
    draw = ImageDraw.Draw(image)
    colour, other = dice.sample(COLOURS, 2)
    unit = side / 20
    draw.ellipse((3 * unit, 16.6 * unit, 17 * unit, 18.4 * unit), fill=(226, 223, 217))
    draw.rounded_rectangle((4 * unit, 6 * unit, 16 * unit, 17.5 * unit), radius=2 * unit, fill=colour)
    draw.arc((6.5 * unit, 2 * unit, 13.5 * unit, 11 * unit), 180, 360, fill=colour, width=int(unit))
    for stripe in range(dice.randint(1, 3)):
        top = (8 + 3 * stripe) * unit
        draw.rectangle((4 * unit, top, 16 * unit, top + unit), fill=other)
    draw.text(
        (7 * unit, 11 * unit), BRANDS[seed % 2][:7].upper(), fill=(255, 255, 255), font_size=int(2 * unit)
    )
    return image


def photographed(
    reference: Image.Image, seed: int, wide: int = 320, high: int = 240
) -> tuple[Image.Image, Quad]:
    """The reference turned and laid on a table, and its corners in the photo, from its top left."""
    dice = random.Random(seed)
    photo = Image.new("RGB", (wide, high), tuple(dice.randint(90, 190) for _ in range(3)))
    draw = ImageDraw.Draw(photo)
    for top in range(0, high, 16):
        draw.line(
            (0, top, wide, top + dice.randint(-6, 6)), fill=tuple(dice.randint(80, 150) for _ in range(3))
        )
    size = int(min(wide, high) * dice.uniform(0.55, 0.75))
    angle = dice.uniform(-18, 18)
    turned = (
        reference.resize((size, size))
        .convert("RGBA")
        .rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
    )
    left, top = dice.randint(0, max(0, wide - turned.width)), dice.randint(0, max(0, high - turned.height))
    photo.paste(turned, (left, top), turned)
    middle = complex(left + turned.width / 2, top + turned.height / 2)
    turn = complex(*_unit(-angle))
    corners = [middle + turn * complex(x, y) * size / 2 for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return photo, [[corner.real, corner.imag] for corner in corners]


def thumbnail(image: Image.Image, scale: float = 1.0) -> Thumbnail:
    """`image` as WebP, said to be of a photo `scale` times its size."""
    file = io.BytesIO()
    image.save(file, "WEBP", quality=72)
    return Thumbnail(file.getvalue(), "image/webp", round(image.width * scale), round(image.height * scale))


def sample_rows(count: int, seed: int = 7) -> Iterator[ReportRow]:
    """`count` rows, every kind of evidence among them, photos of 4:3 and 3:4, some without any."""
    for number in range(count):
        yield sample_row(number, random.Random(f"{seed}-{number}"))


def sample_row(number: int, dice: random.Random) -> ReportRow:
    """One row: number 0 is counterfeit, 1 review, 2 clear, 3 clear by licence, 4 has no photo, then again."""
    kind = number % 5
    brand, goods = BRANDS[number % len(BRANDS)], GOODS[number % len(GOODS)]
    key = ReferenceKey(brand, f"{brand[:3].upper()}-{1000 + number % 40}")
    drawn = product(number % 40)
    shape = (320, 240) if number % 2 else (240, 320)
    photo, quad = photographed(drawn, number, *shape)
    scale = 5.0
    quad = [[x * scale, y * scale] for x, y in quad]
    if kind == 3:
        quad = [[0, 0], [1280, 0], [1280, 1280], [0, 1280]]
    others = [ReferenceKey(brand, f"{brand[:3].upper()}-{1000 + (number + step) % 40}") for step in (1, 2, 3)]
    listing = Listing(
        listing_id=f"L-{20_400 + number}",
        images=("a.jpg", "b.jpg", "c.jpg") if kind != 4 else (),
        title=f"{brand} {goods}" + (", mint condition, original box" if kind == 0 else ""),
        price=Decimal(dice.randint(12, 60)) if kind < 2 else Decimal("149.90"),
        currency="EUR",
        seller_id=f"shop-{dice.randint(1, 60)}",
        url=f"https://market.example/item/{number}" if kind != 2 else "",
    )
    verdict = _verdict(listing, kind, key, quad, others, dice)
    photos = {0: thumbnail(photo, scale)} if kind not in (3, 4) else {}
    if kind in (0, 2):
        photos[1] = thumbnail(photographed(product(number + 50), number + 1)[0], scale)
    if kind == 0:
        photos[2] = thumbnail(photographed(product(number + 90), number + 2)[0], scale)
    if kind == 3:
        photos[0] = thumbnail(drawn, 4)
    references = {} if kind in (2, 4) else {key: thumbnail(drawn, 4)}
    if kind == 0:
        references[others[0]] = thumbnail(product((number + 1) % 40))
    facts = {one: ReferenceFacts(f"{one.brand} {goods}", Decimal(180), "EUR") for one in (key, *others)}
    return ReportRow(listing, verdict, photos, references, facts if kind != 2 else {})


def sample_summary(rows: int, title: str = "New listings, Tuesday", **changes: object) -> ReportSummary:
    """A summary that fits `sample_rows(rows)`."""
    counts = Counter(_KINDS[number % 5] for number in range(rows))
    facts: dict[str, object] = {
        "title": title,
        "created": "2 June 2026, 06:40 UTC",
        "workspace": "brand-protection",
        "snapshot": 412,
        "policy": "default@1",
        "models": {"embedder": "builtin@3f9c1a77", "logo": None, "text": None},
        "listings": rows,
        "counts": dict(counts),
        "failed": 3 if rows else 0,
        "photos": rows * 2,
        "seconds": rows / 6.1,
        "photos_per_second": 12.2 if rows else 0.0,
        "brands": tuple((brand, rows // 10) for brand in BRANDS) if rows else (),
        "shown": rows,
        "left_out": 0,
    }
    return ReportSummary(**{**facts, **changes})  # type: ignore[arg-type]


_KINDS = (
    VerdictKind.COUNTERFEIT,
    VerdictKind.REVIEW,
    VerdictKind.CLEAR,
    VerdictKind.CLEAR,
    VerdictKind.REVIEW,
)


def _verdict(
    listing: Listing,
    kind: int,
    key: ReferenceKey,
    quad: Quad,
    others: list[ReferenceKey],
    dice: random.Random,
) -> Verdict:
    brand, reference = key[:2]
    box = Region(
        min(p[0] for p in quad), min(p[1] for p in quad), max(p[0] for p in quad), max(p[1] for p in quad)
    )
    copy = Evidence(
        signal="copy", score=0.98, weight=2.9, brand=brand, photo=0, region=box, reference_id=reference,
        detail={"quad": [list(point) for point in quad], "inliers": 143, "mirrored": kind == 0},
    )  # fmt: skip
    price = Evidence(
        signal="price", score=0.9, weight=1.6, brand=brand, reference_id=reference,
        detail={"price": str(listing.price), "reference_price": "180", "currency": "EUR"},
    )  # fmt: skip
    stranger = Evidence(signal="seller", score=1.0, weight=0.4, brand=brand, detail={"licensed": False})
    friend = Evidence(signal="seller", score=1.0, weight=-6.5, brand=brand, detail={"licensed": True})
    spelling = Evidence(
        signal="wordmark", score=0.93, weight=2.4, brand=brand, photo=0,
        region=Region(box.x1 + 160, box.y1 + 330, box.x1 + 520, box.y1 + 430),
        detail={"text": "NORVIK", "wordmark": "Norrvik", "kind": "near-miss"},
    )  # fmt: skip
    claims = Evidence(
        signal="claims", score=0.8, weight=1.1, brand=brand, detail={"phrase": "mirror quality 1:1"}
    )
    evidence = [(stranger, price, copy, spelling), (copy, stranger), (), (copy, friend), (claims, stranger)][
        kind
    ]
    reasons = [
        (
            "The photo is the brand's own picture, mirrored",
            "The price is far below the reference's",
            "Text “NORVIK” is one letter from “Norrvik”",
        ),
        (f"The photo is the brand's own picture of {reference}, and the seller is not licensed",),
        (),
        (f"The photo is the brand's own picture, used by a licensed seller of {brand}",),
        ("The text says “mirror quality 1:1”",),
    ][kind]  # fmt: skip
    score = (dice.uniform(0.9, 0.998), dice.uniform(0.4, 0.75), 0.004, 0.02, dice.uniform(0.3, 0.6))[kind]
    matches = (
        []
        if kind in (2, 4)
        else [Match(reference_id=reference, brand=brand, score=0.98, verified=True, photo=0)]
    )
    if kind in (0, 1):
        matches += [
            Match(reference_id=one[1], brand=one[0], score=0.5 - 0.1 * rank, verified=False, photo=0)
            for rank, one in enumerate(others)
        ]
    finding = Finding(brand=brand, verdict=_KINDS[kind], score=score)
    return Verdict(
        listing_id=listing.listing_id,
        verdict=_KINDS[kind],
        score=score,
        brand=brand if evidence else "",
        reasons=reasons,
        findings=(finding,) if evidence else (),
        evidence=evidence,
        matches=tuple(matches),
        models={"embedder": "builtin@3f9c1a77", "logo": None, "text": None},
        policy="default@1",
        snapshot=412,
    )


def _unit(degrees: float) -> tuple[float, float]:
    return cos(radians(degrees)), sin(radians(degrees))


if __name__ == "__main__":
    target, rows_wanted = Path(sys.argv[1]), int(sys.argv[2])
    write_report(target, sample_summary(rows_wanted), sample_rows(rows_wanted))
