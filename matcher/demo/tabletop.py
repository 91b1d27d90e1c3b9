"""Household things that stand: vases, plants, lamps, candles, books, mugs, shoes, toys."""

from __future__ import annotations

import math

from PIL import Image, ImageDraw

from matcher.demo.lettering import clear_sheet, mix, set_text, sheet
from matcher.demo.marks import disc, leaf, turn
from matcher.demo.scenes import Rng
from matcher.demo.schemes import scheme, word
from matcher.demo.solids import box, smooth_profile, stacked, trimmed, turned


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
    shape = smooth_profile([(0, 1), (0.16, 1), (0.17, 0.9), (1, 0.66)], 260)
    pot = turned(sheet(400, 300, clay)[0], shape, width=330, pitch=0.14, gloss=0.12, lid="#3a2a1e")
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
    waist, belly = rng.uniform(0.3, 0.9, 2).tolist()
    stem = [(0.0, 0.16), (0.1, 0.16), (0.3, waist), (0.7, belly), (0.85, 0.2), (0.9, 0.9), (1.0, 1.0)]
    foot = turned(sheet(300, 400, c.ground)[0], smooth_profile(stem, 400), width=240, pitch=0.12, gloss=0.5)
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


def book(rng: Rng) -> Image.Image:
    """A book with an abstract jacket."""
    c = scheme(rng)
    image, draw = sheet(800, 1150, c.ground)
    for _ in range(int(rng.integers(5, 12))):
        x, y, r = rng.uniform((0, 0, 60), (900, 900, 260)).tolist()
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
