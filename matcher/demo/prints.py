"""Prints for the chest of garments."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL import Image

from matcher.demo.artwork import Print
from matcher.demo.lettering import clear_sheet, mix, set_text
from matcher.demo.marks import Pen, Point, disc, draw_mark, draw_wordmark, ring, turn
from matcher.demo.patterns import lozenge

Painter = Callable[[Pen, Print], None]
SIDE = 1000
"""A garment's print is drawn on a square of this many pixels."""


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
        bird = [(-1.0, -0.3), (-0.4, -0.6), (0.0, 0.0), (0.4, -0.6), (1.0, -0.3)]
        draw.line([(x + px * r, y + py * r) for px, py in bird], fill=c.ink, width=8, joint="curve")
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
    draw_wordmark(draw, item.brand, item.wordmark, 500, 840, 640, c.ink)
    set_text(draw, (500, 935), "TRACK AND FIELD  ·  1500 M", 36, c.accent, tracking=0.16)


def swell(x: float, y: float) -> Point:
    """A point of the flat flag where the swell carries it."""
    dx, dy = x - 0.5, y - 0.42
    push = 1 + 0.55 * math.exp(-(dx * dx + dy * dy) * 14)
    return 500 + dx * 880 * push + 26 * math.sin(y * 9), 345 + dy * 610 * push + 30 * math.sin(x * 8)


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
