"""Repeats for bags and prints for garments."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL import Image

from matcher.demo.artwork import Print
from matcher.demo.lettering import clear_sheet, mix, set_text, sheet
from matcher.demo.marks import Pen, Point, disc, draw_mark, draw_wordmark, ring, turn

Painter = Callable[[Pen, Print], None]
SIDE = 1000
"""A garment's print is drawn on a square of this many pixels."""


def lozenge(draw: Pen, x: float, y: float, r: float, colour: str) -> None:
    """A star of four hollow sides."""
    points = [(r, 0), (r * 0.22, r * 0.22), (0, r), (-r * 0.22, r * 0.22), (-r, 0), (-r * 0.22, -r * 0.22)]
    points += [(0, -r), (r * 0.22, -r * 0.22)]
    draw.polygon([(x + px, y + py) for px, py in points], fill=colour)


def monogram(item: Print, width: int, height: int) -> Image.Image:
    """The mark in a diagonal lattice, with small stars between."""
    c = item.product.colours
    image, draw = sheet(width, height, c.ground)
    step = 118
    faint = mix(c.ground, c.accent, 0.28)
    for offset in range(-height - step, width + height, step):
        draw.line((offset, 0, offset + height, height), fill=faint, width=3)
        draw.line((offset, height, offset + height, 0), fill=faint, width=3)
    for row in range(-1, height // (step // 2) + 2):
        for column in range(-1, width // step + 2):
            x, y = column * step + (row % 2) * step / 2, row * step / 2 + step / 4
            if row % 2:
                draw_mark(draw, item.brand, x, y, 25, c.accent, c.ground)
            else:
                lozenge(draw, x, y, 17, mix(c.accent, c.ground, 0.15))
                disc(draw, x, y, 3, c.ground)
    return image


def arches(item: Print, width: int, height: int) -> Image.Image:
    """Rows of standing arches, every third with the mark."""
    c = item.product.colours
    image, draw = sheet(width, height, c.ground)
    wide, tall = 106, 138
    tones = (c.accent, mix(c.ground, c.accent, 0.35), c.paper)
    for row in range(-1, height // tall + 2):
        for column in range(-1, width // wide + 2):
            x, y = column * wide + (row % 2) * wide / 2, row * tall
            for ring_number, share in enumerate((0.92, 0.66, 0.4)):
                r = wide * share / 2
                tone = tones[(column + row + ring_number) % 3] if ring_number != 1 else c.ground
                draw.pieslice((x - r, y - r + wide / 2, x + r, y + r + wide / 2), 180, 360, fill=tone)
                draw.rectangle((x - r, y + wide / 2, x + r, y + tall - 8), fill=tone)
            if (column + row) % 3 == 0:
                draw_mark(draw, item.brand, x, y + wide * 0.82, 15, c.ink, c.accent)
    return image


def weave(item: Print, width: int, height: int) -> Image.Image:
    """A basket weave of leather straps with a light edge."""
    c = item.product.colours
    image, draw = sheet(width, height, mix(c.ground, c.ink, 0.75))
    step = 62
    for row in range(height // step + 1):
        for column in range(width // step + 1):
            x, y = column * step, row * step
            flat = (row + column) % 2 == 0
            pad = (1, 7) if flat else (7, 1)
            shape = (x + pad[0], y + pad[1], x + step - pad[0], y + step - pad[1])
            tone = mix(c.ground, c.accent, 0.1 + 0.3 * ((row * 3 + column * 5) % 7 == 0) + 0.1 * flat)
            draw.rounded_rectangle(shape, 7, fill=tone, outline=mix(tone, c.ink, 0.35), width=2)
            if flat:
                draw.line((x + 8, y + 13, x + step - 8, y + 13), fill=mix(tone, c.paper, 0.3), width=3)
            else:
                draw.line((x + 13, y + 8, x + 13, y + step - 8), fill=mix(tone, c.paper, 0.3), width=3)
    return image


def check(item: Print, width: int, height: int) -> Image.Image:
    """Gingham: two translucent stripes, a darker square where they cross."""
    c = item.product.colours
    image, draw = sheet(width, height, c.paper)
    step = 84
    for x in range(0, width, 2 * step):
        draw.rectangle((x, 0, x + step, height), fill=mix(c.paper, c.ground, 0.5))
    for y in range(0, height, 2 * step):
        draw.rectangle((0, y, width, y + step), fill=mix(c.paper, c.ground, 0.5))
        for x in range(0, width, 2 * step):
            draw.rectangle((x, y, x + step, y + step), fill=c.ground)
    return image


def stripe(item: Print, width: int, height: int) -> Image.Image:
    """Awning stripes, narrow ones between, tiny marks on the broad ones."""
    c = item.product.colours
    image, draw = sheet(width, height, c.accent)
    step = 168
    for index, x in enumerate(range(0, width + step, step)):
        draw.rectangle((x, 0, x + 92, height), fill=c.ground)
        draw.rectangle((x + 124, 0, x + 132, height), fill=mix(c.ground, c.accent, 0.25))
        for y in range(60 + (index % 2) * 70, height, 140):
            draw_mark(draw, item.brand, x + 46, y, 21, mix(c.accent, c.ground, 0.12), c.ground)
    return image


REPEATS = {"monogram": monogram, "arches": arches, "weave": weave, "stripe": stripe, "check": check}


def curve(cx: float, cy: float, r: float, wobble: list[float]) -> list[Point]:
    """A closed wobbly ring."""
    points = []
    for t in np.linspace(0, math.tau, 90).tolist():
        k = (
            1
            + 0.13 * math.sin(2 * t + wobble[0])
            + 0.07 * math.sin(3 * t + wobble[1])
            + 0.04 * math.sin(5 * t + wobble[2])
        )
        points.append((cx + r * k * math.cos(t), cy + r * k * 0.78 * math.sin(t)))
    return points


def ridge(draw: Pen, item: Print) -> None:
    """Height lines of two hills, a summit flag and the map's legend."""
    c, rng = item.product.colours, item.rng
    wobble = rng.uniform(0, 6, (2, 3)).tolist()
    for index in range(11):
        tone = c.accent if index % 3 else c.ink
        for hill, (x, y, reach) in enumerate(((400, 400, 400), (690, 520, 250))):
            r = reach * (1 - index / 11.5)
            shape = curve(x + index * 6, y - index * 5, r, [w + index * 0.07 for w in wobble[hill]])
            if index == 0:
                draw.polygon(shape, fill=mix(c.ground, c.accent, 0.12))
            draw.line(shape, fill=tone, width=9 if index % 3 == 0 else 6, joint="curve")
    for x, y, text in ((440, 352, "1 284 m"), (742, 478, "962 m")):
        draw.polygon([(x, y - 34), (x - 26, y + 14), (x + 26, y + 14)], fill=c.ink)
        set_text(draw, (x + 40, y - 4), text, 38, c.ink, align="l", weight=0.02)
    draw_wordmark(draw, item.brand, item.wordmark, 500, 850, 700, c.ink)
    set_text(draw, (500, 945), "CONTOUR SERIES  ·  61.4 N  ·  TRAIL CLUB", 34, c.accent, tracking=0.08)


def sun(draw: Pen, item: Print) -> None:
    """A low sun cut into slices over a row of waves."""
    c = item.product.colours
    for index in range(46):
        y = 60 + index * 12
        reach = math.sqrt(max(0.0, 300**2 - (y - 360) ** 2))
        if index < 22 or index % 4 < 3 - (index - 22) // 10:
            draw.rectangle((500 - reach, y, 500 + reach, y + 11), fill=mix(c.accent, c.paper, index / 60))
    for row in range(4):
        wave = [(80 + t * 14, 600 + row * 38 + 15 * math.sin(t / 2.6 + row * 1.3)) for t in range(61)]
        draw.line(wave, fill=mix(c.paper, c.accent, row / 5), width=15, joint="curve")
    for x, y, r in ((240, 190, 30), (300, 150, 22), (760, 235, 34), (820, 205, 24)):
        draw.line([(x - r, y - r * 0.3), (x - r * 0.4, y - r * 0.6), (x, y), (x + r * 0.4, y - r * 0.6), (x + r, y - r * 0.3)],
                  fill=c.ink, width=8, joint="curve")  # fmt: skip
    draw_wordmark(draw, item.brand, item.wordmark, 500, 830, 760, c.ink)
    set_text(draw, (500, 930), "DAWN PATROL  ·  SUMMER MEETING", 38, c.accent, tracking=0.12)


def number(draw: Pen, item: Print) -> None:
    """A team number with inlines, the club's name over it."""
    c, digits = item.product.colours, {"Eighty-Seven": "87", "Forty-Two": "42"}.get(item.product.name, "10")
    draw_wordmark(draw, item.brand, item.wordmark, 500, 110, 860, c.ink)
    for weight, tone in ((0.06, c.ink), (0.03, c.ground), (0.012, c.accent)):
        set_text(draw, (500, 480), digits, 640, tone, weight=weight)
    for y in range(250, 730, 34):
        draw.line((80, y, 920, y), fill=c.ground, width=7)
    draw.rectangle((110, 800, 890, 812), fill=c.accent)
    set_text(draw, (500, 862), "OPEN COUNTRY SPORTS CLUB", 46, c.ink, tracking=0.07)
    for x in (210, 790):
        draw_mark(draw, item.brand, x, 934, 30, c.accent, c.ground)
    set_text(draw, (500, 934), "SEASON XIV  ·  HOME", 34, c.accent, tracking=0.2)


def wave(draw: Pen, item: Print) -> None:
    """A chequered flag that swells in the middle."""
    c = item.product.colours
    for row in range(14):
        for column in range(14):
            if (row + column) % 2:
                continue
            corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
            shape = [swell(x / 14, y / 14) for x, y in corners]
            draw.polygon(shape, fill=(c.accent, mix(c.accent, c.paper, 0.6), c.ink)[(row + column * 2) % 3])
    draw.rectangle((120, 770, 880, 900), fill=c.ground)
    draw_wordmark(draw, item.brand, item.wordmark, 500, 818, 640, c.ink)
    set_text(draw, (500, 878), "TRACK AND FIELD  ·  1500 M", 34, c.accent, tracking=0.16)


def swell(x: float, y: float) -> Point:
    """A point of the flat flag where the swell carries it."""
    dx, dy = x - 0.5, y - 0.42
    push = 1 + 0.55 * math.exp(-(dx * dx + dy * dy) * 14)
    return 500 + dx * 880 * push + 26 * math.sin(y * 9), 375 + dy * 650 * push + 30 * math.sin(x * 8)


def kite(draw: Pen, item: Print) -> None:
    """The mark, large, with guy lines and bearings."""
    c = item.product.colours
    for index in range(13):
        y = 70 + index * 52
        tone = mix(c.ground, c.paper, 0.18)
        draw.line((120, y, 880, y), fill=tone, width=4)
        set_text(draw, (84, y), f"{index * 15:02d}", 22, mix(c.ground, c.paper, 0.45))
    draw_mark(draw, item.brand, 500, 390, 320, c.accent, c.paper)
    draw.line([(440, 640), (360, 700), (470, 730), (380, 770)], fill=c.paper, width=8, joint="curve")
    draw_wordmark(draw, item.brand, item.wordmark, 520, 850, 760, c.ink)
    set_text(draw, (520, 945), "WIND SCHOOL  ·  FORCE 6 AND RISING", 36, c.accent, tracking=0.1)


def burst(draw: Pen, item: Print) -> None:
    """Rays from a disc that carries the mark."""
    c = item.product.colours
    for index in range(36):
        length = 390 if index % 3 else 330
        ray = [(150, -9), (length, -26), (length, 26), (150, 9)]
        draw.polygon(turn(ray, index * math.tau / 36, 500, 410), fill=(c.accent, c.paper, c.ink)[index % 3])
    disc(draw, 500, 410, 190, c.ink)
    disc(draw, 500, 410, 174, c.ground)
    draw_mark(draw, item.brand, 505, 410, 120, c.paper if c.paper != c.ground else c.accent, c.accent)
    draw_wordmark(draw, item.brand, item.wordmark, 500, 868, 740, c.ink)
    set_text(draw, (500, 955), "SUNDAY LEAGUE  ·  ALL WEATHER", 36, c.accent, tracking=0.14)


def orbit(draw: Pen, item: Print) -> None:
    """Six lanes of a running track with starting marks."""
    c = item.product.colours
    for lane in range(6):
        inset = lane * 44
        shape = (90 + inset, 120 + inset, 910 - inset, 720 - inset)
        tone = (c.accent, c.paper)[lane % 2]
        draw.rounded_rectangle(shape, 300 - inset, outline=tone, width=14)
        set_text(draw, (330 + lane * 40, 120 + inset + 22), str(lane + 1), 28, c.paper)
        draw.line((620 + lane * 22, 120 + inset, 620 + lane * 22, 164 + inset), fill=c.ink, width=8)
    ring(draw, 500, 420, 32, c.paper, 6)
    draw_wordmark(draw, item.brand, item.wordmark, 500, 840, 780, c.ink)
    set_text(draw, (500, 940), "400 METRES  ·  SIX LANES  ·  ONE WIND", 35, c.accent, tracking=0.1)


def plain(draw: Pen, item: Print) -> None:
    """Nothing at all."""


def stars(draw: Pen, item: Print) -> None:
    """Rows of stars that grow downwards, of no brand."""
    c = item.product.colours
    for row in range(7):
        for column in range(7):
            lozenge(
                draw, 90 + column * 136, 90 + row * 128, 16 + row * 7, (c.accent, c.ink)[(row + column) % 2]
            )


def bands(draw: Pen, item: Print) -> None:
    """Broad bands across the chest and a date, of no brand."""
    c = item.product.colours
    for index, tone in enumerate((c.accent, c.paper, c.ink, c.accent)):
        draw.rectangle((0, 180 + index * 110, 1000, 250 + index * 110), fill=tone)
    set_text(draw, (500, 740), "SUMMER 1998", 96, c.ink, tracking=0.1)


PRINTS: dict[str, Painter] = {
    "ridge": ridge, "sun": sun, "number": number, "wave": wave, "kite": kite, "burst": burst, "orbit": orbit,
    "plain": plain, "stars": stars, "bands": bands,
}  # fmt: skip


def garment_print(item: Print) -> Image.Image:
    """What is printed on a garment's chest, RGBA, `SIDE` pixels square."""
    image, draw = clear_sheet(SIDE, SIDE)
    PRINTS[item.product.motif](draw, item)
    return image
