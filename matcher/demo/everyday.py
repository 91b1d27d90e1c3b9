"""Things that have nothing to do with the brands: household objects, and no-name goods of the same categories."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

import numpy as np
from PIL import Image, ImageDraw

from matcher.demo.artwork import Print
from matcher.demo.brands import Colours, DemoBrand, Product
from matcher.demo.lettering import clear_sheet, luminance, mix, paragraph, set_text, sheet
from matcher.demo.marks import disc, leaf, ring, turn
from matcher.demo.products import cut_out
from matcher.demo.scenes import Rng
from matcher.demo.solids import box, smooth_profile, stacked, trimmed, turned

Maker = Callable[[Rng], Image.Image]
SCHEMES = (
    Colours("#3f6b72", "#e6b25a", "#f3ead8", "#203a40"), Colours("#b4533c", "#f0c987", "#f8eedf", "#5a2418"),
    Colours("#4d5a3a", "#d6c27a", "#f3f0df", "#2a3220"), Colours("#5a4a6e", "#d9a9b8", "#f4eef2", "#32283f"),
    Colours("#c08a2e", "#3f4f5f", "#f7efdc", "#4a3410"), Colours("#7d8a92", "#c7543c", "#f0f1ef", "#343c42"),
    Colours("#27496b", "#8fc1c9", "#eef3f3", "#16293d"), Colours("#8f3b4f", "#e8c39e", "#faf0ea", "#4a1d29"),
)  # fmt: skip
WORDS = ("MORNING", "PLAIN", "KITCHEN", "GARDEN", "SUNDAY", "COTTAGE", "SIMPLE", "DAILY", "HOUSE", "VALUE")


def scheme(rng: Rng) -> Colours:
    """One of a few sets of colours."""
    return SCHEMES[int(rng.integers(len(SCHEMES)))]


def word(rng: Rng) -> str:
    """A word for a no-name label."""
    return WORDS[int(rng.integers(len(WORDS)))]


def plate(rng: Rng) -> Image.Image:
    """A plate with a painted rim."""
    c = scheme(rng)
    image, draw = clear_sheet(1400, 1400)
    for r, tone in ((690, mix(c.paper, "#000000", 0.25)), (682, c.paper), (670, c.ground), (655, c.paper)):
        disc(draw, 700, 700, r, tone)
    count, kind = int(rng.integers(14, 34)), int(rng.integers(3))
    for index in range(count):
        angle = index * math.tau / count
        x, y = 700 + 560 * math.cos(angle), 700 + 560 * math.sin(angle)
        if kind == 0:
            leaf(draw, x, y, angle + 1.2, 110, 50, c.ground, c.paper)
        elif kind == 1:
            disc(draw, x, y, 30 + 18 * (index % 2), (c.ground, c.accent)[index % 2])
        else:
            draw.polygon(
                turn([(-40, -40), (50, 0), (-40, 40)], angle, x, y), fill=(c.ground, c.accent)[index % 2]
            )
    for r, tone in ((445, mix(c.paper, "#000000", 0.16)), (436, mix(c.paper, "#ffffff", 0.4))):
        disc(draw, 700, 700, r, tone)
    for index in range(int(rng.integers(3, 8))):
        leaf(draw, 700, 700, index * 1.3, 300, 110, mix(c.ground, c.accent, index / 8), c.paper)
    return image.reduce(2)


def book(rng: Rng) -> Image.Image:
    """A book with an abstract jacket."""
    c = scheme(rng)
    image, draw = sheet(800, 1150, c.ground)
    for _ in range(int(rng.integers(5, 12))):
        x, y, r = *rng.uniform(0, 900, 2).tolist(), float(rng.uniform(60, 260))
        tone = (c.accent, c.paper, c.ink, mix(c.ground, c.accent, 0.4))[int(rng.integers(4))]
        if rng.random() < 0.5:
            disc(draw, x, y, r, tone)
        else:
            draw.polygon(
                turn([(-r, -r * 0.4), (r, -r * 0.2), (r * 0.4, r)], float(rng.uniform(0, 6)), x, y), fill=tone
            )
    draw.rectangle((60, 800, 740, 1090), fill=c.paper)
    set_text(draw, (400, 870), f"THE {word(rng)} YEAR", 74, c.ink, max_width=600, weight=0.02)
    set_text(draw, (400, 960), "A novel in nine letters", 42, c.ground)
    set_text(draw, (400, 1040), "PAPERBACK", 30, c.ink, tracking=0.4)
    side, pen = sheet(130, 1150, mix(c.paper, "#c9b99a", 0.4))
    for x in range(0, 130, 4):
        pen.line((x, 0, x, 1150), fill=mix(c.paper, "#9a8a6a", 0.5))
    return box(image, side, sheet(800, 130, mix(c.paper, "#c9b99a", 0.5))[0], yaw=0.35, pitch=0.12, tall=760)


def pottery(rng: Rng) -> Image.Image:
    """A vase or pot with painted bands."""
    c = scheme(rng)
    skin, draw = sheet(1600, 900, c.paper if rng.random() < 0.5 else c.ground)
    for index in range(int(rng.integers(2, 6))):
        y, high = float(rng.uniform(80, 800)), float(rng.uniform(12, 70))
        draw.rectangle((0, y, 1600, y + high), fill=(c.accent, c.ground, c.ink)[index % 3])
        for x in range(0, 1600, int(rng.integers(40, 120))):
            disc(draw, x, y + high / 2, high * 0.3, c.paper)
    r = rng.uniform(0.35, 1, 4).tolist()
    shape = smooth_profile(
        [(0, r[0]), (0.12, r[0] * 0.9), (0.35, r[1]), (0.6, max(r[1], r[2])), (1, r[3] * 0.7)], 620
    )
    return turned(skin, shape, width=460, pitch=0.14, gloss=0.3, lid=mix(c.ink, "#000000", 0.35))


def potted_plant(rng: Rng) -> Image.Image:
    """A plant in a clay pot."""
    clay = ("#b5623f", "#d9d4cb", "#4b5560", "#c99a6a")[int(rng.integers(4))]
    pot = turned(sheet(400, 300, clay)[0], smooth_profile([(0, 1), (0.16, 1), (0.17, 0.9), (1, 0.66)], 260), width=330,
                 pitch=0.14, gloss=0.12, lid="#3a2a1e")  # fmt: skip
    out, draw = clear_sheet(1400, 1700)
    green = ("#3f7a4a", "#5d8a3f", "#2f6a5f", "#7a9a4a")[int(rng.integers(4))]
    for index in range(int(rng.integers(14, 30))):
        angle = -math.pi / 2 + float(rng.normal(0, 0.75))
        long = float(rng.uniform(380, 860))
        leaf(
            draw,
            700,
            1090,
            angle,
            long,
            long * float(rng.uniform(0.14, 0.34)),
            mix(green, "#123a20", index % 4 / 6),
            "#cfe0b0",
        )
    leaves = out.reduce(2)
    return trimmed(stacked((700, 900), [(leaves, (0, 0)), (pot, (185, 520))]))


def lamp(rng: Rng) -> Image.Image:
    """A table lamp."""
    c = scheme(rng)
    shade_, draw = sheet(1400, 500, c.paper)
    for x in range(0, 1400, int(rng.integers(16, 60))):
        draw.line((x, 0, x, 500), fill=mix(c.paper, c.accent, 0.5), width=6)
    top = turned(
        shade_, smooth_profile([(0, 0.6), (1, 1)], 300), width=520, pitch=0.1, gloss=0.05, lid="#fff3d0"
    )
    foot = turned(sheet(300, 400, c.ground)[0], smooth_profile(
        [(0, 0.16), (0.1, 0.16), (0.3, float(rng.uniform(0.3, 0.8))), (0.7, float(rng.uniform(0.3, 0.9))), (0.85, 0.2), (0.9, 0.9), (1, 1)], 400),
        width=240, pitch=0.12, gloss=0.5)  # fmt: skip
    return trimmed(stacked((520, 760), [(foot, (140, 300)), (top, (0, 0))]))


def candle(rng: Rng) -> Image.Image:
    """Three pillar candles of different heights."""
    parts, x = [], 0
    for _ in range(3):
        wax, high, wide = scheme(rng).accent, int(rng.integers(200, 520)), int(rng.integers(120, 200))
        skin, draw = sheet(400, 400, wax)
        for y in range(20, 400, int(rng.integers(30, 90))):
            draw.line((0, y, 400, y + 12), fill=mix(wax, "#ffffff", 0.25), width=6)
        pillar = turned(
            skin,
            smooth_profile([(0, 1), (1, 1)], high),
            width=wide,
            pitch=0.14,
            gloss=0.1,
            lid=mix(wax, "#ffffff", 0.3),
        )
        ImageDraw.Draw(pillar).line((wide // 2, 0, wide // 2 + 4, 26), fill="#2a2420", width=5)
        parts.append((pillar, (x, 560 - high)))
        x += wide + 16
    return trimmed(stacked((x, 640), parts))


def cable(rng: Rng) -> Image.Image:
    """A coiled cable with plugs."""
    image, draw = clear_sheet(1500, 1200)
    colour = ("#26282c", "#f2f2f0", "#c8452f", "#3a5f8a")[int(rng.integers(4))]
    loops = float(rng.uniform(3, 6))
    path = [
        (
            750 + (200 + 52 * t) * math.cos(t * 2),
            600 + (150 + 36 * t) * math.sin(t * 2) + 20 * math.sin(5 * t),
        )
        for t in np.linspace(0, loops * 1.6, 240).tolist()
    ]
    for width, tone in ((34, mix(colour, "#000000", 0.45)), (26, colour), (8, mix(colour, "#ffffff", 0.35))):
        draw.line(path, fill=tone, width=width, joint="curve")
    for x, y in (path[0], path[-1]):
        draw.rounded_rectangle((x - 80, y - 44, x + 80, y + 44), 18, fill=mix(colour, "#000000", 0.3))
        draw.rectangle((x + 80, y - 26, x + 150, y + 26), fill="#b9bdc2")
        draw.rectangle((x + 96, y - 12, x + 134, y + 12), fill="#5a5f66")
    return trimmed(image.reduce(2))


def shoe(rng: Rng) -> Image.Image:
    """A plain lace-up shoe from the side."""
    c = scheme(rng)
    image, draw = clear_sheet(1600, 900)
    upper = [
        (190, 300),
        (330, 250),
        (420, 330),
        (640, 300),
        (820, 400),
        (1080, 480),
        (1340, 540),
        (1440, 640),
        (1430, 700),
        (180, 700),
        (150, 500),
    ]
    draw.polygon(upper, fill=c.ground)
    draw.polygon(
        [(1080, 480), (1340, 540), (1440, 640), (1430, 700), (1120, 700)], fill=mix(c.ground, c.paper, 0.25)
    )
    draw.polygon(
        [(190, 300), (330, 250), (380, 420), (330, 700), (180, 700), (150, 500)],
        fill=mix(c.ground, c.ink, 0.4),
    )
    draw.line([(420, 330), (640, 300), (820, 400), (1080, 480)], fill=c.accent, width=14)
    for index in range(5):
        x, y = 520 + index * 110, 352 + index * 34
        draw.line((x - 30, y + 10, x + 70, y - 46), fill=c.paper, width=16)
        disc(draw, x - 30, y + 16, 12, c.ink)
    draw.rounded_rectangle((140, 690, 1460, 790), 46, fill=c.paper)
    for x in range(180, 1440, 46):
        draw.line((x, 740, x + 20, 788), fill=mix(c.paper, "#000000", 0.3), width=7)
    draw.line((150, 716, 1450, 716), fill=c.accent, width=9)
    return trimmed(image.reduce(2))


def blocks(rng: Rng) -> Image.Image:
    """A heap of wooden toy blocks with letters."""
    parts = []
    for row, count in enumerate((3, 2, 1)):
        for index in range(count):
            c = scheme(rng)
            front, draw = sheet(300, 300, mix(c.accent, "#e2c79a", 0.35))
            draw.rectangle((22, 22, 278, 278), outline=c.ground, width=16)
            set_text(
                draw, (150, 150), "ABCDEGHJKLNPQRSUXYZ"[int(rng.integers(19))], 190, c.ground, weight=0.03
            )
            cube = box(front, front, front, yaw=float(rng.uniform(0.2, 0.6)), pitch=0.25, tall=240)
            parts.append((cube, (index * 236 + row * 118, (2 - row) * 196)))
    return trimmed(stacked((760, 680), parts))


def cushion(rng: Rng) -> Image.Image:
    """A square cushion with a geometric weave."""
    c = scheme(rng)
    cloth, draw = sheet(1300, 1300, c.paper)
    step, kind = int(rng.integers(80, 190)), int(rng.integers(3))
    for y in range(-step, 1400, step):
        for x in range(-step, 1400, step):
            tone = (c.ground, c.accent, mix(c.ground, c.paper, 0.5))[(x // step + y // step) % 3]
            if kind == 0:
                draw.polygon(
                    [
                        (x, y + step / 2),
                        (x + step / 2, y),
                        (x + step, y + step / 2),
                        (x + step / 2, y + step),
                    ],
                    fill=tone,
                )
            elif kind == 1:
                draw.arc((x, y, x + step * 1.5, y + step * 1.5), 0, 180, fill=tone, width=step // 6)
            else:
                draw.polygon([(x, y), (x + step, y), (x, y + step)], fill=tone)
    mask = Image.new("L", (1300, 1300), 0)
    edge = [(40 + 1220 * t, 70 - 40 * math.cos(math.tau * t)) for t in np.linspace(0, 1, 30).tolist()]
    outline = (
        edge
        + turn(edge, math.pi / 2, 1300, 0)
        + turn(edge, math.pi, 1300, 1300)
        + turn(edge, -math.pi / 2, 0, 1300)
    )
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    x, y = np.meshgrid(np.linspace(-1, 1, 1300), np.linspace(-1, 1, 1300))
    light = np.clip(1.08 - 0.4 * (x**4 + y**4) - 0.08 * x, 0.3, 1.2)
    lit = Image.fromarray(np.clip(np.asarray(cloth) * light[..., None], 0, 255).astype(np.uint8)).convert(
        "RGBA"
    )
    lit.putalpha(mask)
    return trimmed(lit.reduce(2))


def clock(rng: Rng) -> Image.Image:
    """A wall clock."""
    c = scheme(rng)
    image, draw = clear_sheet(1400, 1400)
    for r, tone in (
        (680, mix(c.ground, "#000000", 0.4)),
        (668, c.ground),
        (590, mix(c.paper, "#000000", 0.12)),
        (580, c.paper),
    ):
        disc(draw, 700, 700, r, tone)
    for index in range(60):
        inner = 480 if index % 5 == 0 else 530
        draw.line(
            turn([(inner, 0), (560, 0)], index * math.tau / 60, 700, 700),
            fill=c.ink,
            width=14 if index % 5 == 0 else 5,
        )
    for index in range(1, 13):
        at = turn([(410, 0)], index * math.tau / 12 - math.pi / 2, 700, 700)[0]
        set_text(draw, at, str(index), 92, c.ink)
    for long, width in ((300, 26), (450, 16)):
        draw.line(turn([(-60, 0), (long, 0)], float(rng.uniform(0, 6.28)), 700, 700), fill=c.ink, width=width)
    disc(draw, 700, 700, 30, c.accent)
    return image.reduce(2)


def mug(rng: Rng) -> Image.Image:
    """A mug with a pattern of dots or leaves."""
    c = scheme(rng)
    skin, draw = sheet(1500, 560, c.paper)
    for index in range(int(rng.integers(24, 60))):
        x, y = rng.uniform(0, 1500), rng.uniform(60, 500)
        if rng.random() < 0.5:
            disc(draw, float(x), float(y), float(rng.uniform(12, 46)), (c.ground, c.accent)[index % 2])
        else:
            leaf(draw, float(x), float(y), index * 0.9, 90, 40, c.ground, c.paper)
    body = turned(
        skin,
        smooth_profile([(0, 1), (0.9, 0.97), (1, 0.88)], 400),
        width=400,
        pitch=0.14,
        gloss=0.4,
        lid=mix(c.paper, "#5a4a3a", 0.7),
    )
    out, pen = clear_sheet(1100, 1000)
    pen.ellipse((640, 250, 1060, 760), outline=mix(c.paper, "#000000", 0.25), width=66)
    pen.ellipse((646, 256, 1054, 754), outline=c.paper, width=50)
    handle = out.reduce(2)
    handle.alpha_composite(body, (40, 10))
    return trimmed(handle)


def headphones(rng: Rng) -> Image.Image:
    """A pair of headphones seen from the front."""
    c = scheme(rng)
    image, draw = clear_sheet(1300, 1300)
    for width, tone in (
        (80, mix(c.ground, "#000000", 0.4)),
        (60, c.ground),
        (16, mix(c.ground, "#ffffff", 0.4)),
    ):
        draw.arc((200, 120, 1100, 1180), 185, 355, fill=tone, width=width)
    for x in (240, 1060):
        draw.rounded_rectangle((x - 130, 620, x + 130, 1060), 110, fill=c.ink)
        draw.rounded_rectangle((x - 100, 650, x + 100, 1030), 90, fill=c.ground)
        ring(draw, x, 840, 70, c.accent, 14)
        disc(draw, x, 840, 30, c.accent)
    return trimmed(image.reduce(2))


EVERYDAY: dict[str, tuple[Maker, bool]] = {  # what it is: how it is drawn, whether it stands upright
    "plate": (plate, False), "book": (book, True), "vase": (pottery, True), "house plant": (potted_plant, True),
    "table lamp": (lamp, True), "candles": (candle, True), "cable": (cable, False), "shoe": (shoe, True),
    "toy blocks": (blocks, True), "cushion": (cushion, False), "wall clock": (clock, False), "mug": (mug, True),
    "headphones": (headphones, False),
}  # fmt: skip


def house_label(rng: Rng, width: int, height: int) -> Image.Image:
    """A no-name label: a word, a grid of shapes and a line of small print, laid out unlike any brand here."""
    c = scheme(rng)
    image, draw = sheet(width, height, c.paper if rng.random() < 0.5 else c.accent)
    unit, kind = height / 10, int(rng.integers(3))
    for row in range(10):
        for column in range(round(width / unit) + 1):
            if rng.random() < 0.45:
                continue
            x, y, tone = (
                column * unit,
                row * unit,
                (c.ground, c.ink, mix(c.ground, c.accent, 0.5))[int(rng.integers(3))],
            )
            if kind == 0:
                draw.pieslice((x, y, x + unit * 2, y + unit * 2), 180, 270, fill=tone)
            elif kind == 1:
                draw.rectangle((x, y, x + unit * 0.8, y + unit * 0.25), fill=tone)
            else:
                draw.polygon([(x, y), (x + unit, y), (x, y + unit)], fill=tone)
    mid, wide = width / 2, min(width * 0.8, height * 0.62)
    draw.rectangle((mid - wide / 2, height * 0.34, mid + wide / 2, height * 0.7), fill=c.ground)
    light = c.paper if luminance(c.ground) < 0.6 else c.ink
    set_text(draw, (mid, height * 0.43), word(rng), height * 0.09, light, max_width=wide * 0.86, weight=0.03)
    set_text(
        draw,
        (mid, height * 0.53),
        "GOOD AND PLAIN",
        height * 0.035,
        light,
        tracking=0.1,
        max_width=wide * 0.86,
    )
    text = "Own label. Contents may settle. Store dry. Best before: see base."
    paragraph(
        draw,
        (mid - wide * 0.4, height * 0.57, mid + wide * 0.4, height * 0.68),
        text,
        height * 0.024,
        light,
        align="m",
    )
    return image


NO_NAME = DemoBrand("tamsivo", "Plain", "cup", "GOODS", "", SCHEMES[0], (), (), (), "EUR", ())
"""Stands in for a brand where a bag or garment carries none: its empty wordmark leaves the label off."""


def no_name(form: str, rng: Rng) -> Image.Image:
    """An unbranded thing of one of the brands' categories."""
    if form in ("tin", "jar", "bottle"):
        skin = house_label(rng, 2200, 900 if form != "jar" else 560)
        shape = {
            "tin": [(0.0, 1.0), (1.0, 1.0)],
            "jar": [(0.0, 0.9), (0.1, 1.0), (1.0, 0.95)],
            "bottle": [(0.0, 0.3), (0.2, 0.32), (0.34, 1.0), (1.0, 1.0)],
        }[form]
        rows, width = {"tin": (560, 480), "jar": (360, 560), "bottle": (760, 330)}[form]
        cap = mix(scheme(rng).ink, "#888888", 0.3)
        return turned(
            skin,
            smooth_profile(shape, rows),
            width=width,
            roll=float(rng.uniform(-0.3, 0.3)),
            gloss=0.3,
            lid=cap,
        )
    if form in ("teabox", "carton"):
        front = house_label(rng, 850, 1200)
        return box(
            front,
            house_label(rng, 420, 1200),
            house_label(rng, 850, 420),
            yaw=float(rng.uniform(-0.5, 0.5)),
            pitch=0.18,
            tall=760,
        )
    motif = ("plain", "stars", "bands")[int(rng.integers(3))] if form in ("tee", "hoodie") else "check"
    product = Product("XX-0", form, "Plain", "No brand", motif, scheme(rng), Decimal("1"), "", 0)
    return cut_out(Print(NO_NAME, product, ""))
