"""The brands' marks, their wordmarks, and the logo sheets made of both."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from matcher.demo.brands import DemoBrand
from matcher.demo.lettering import mix, set_text, sheet, width_of

Pen = ImageDraw.ImageDraw
Point = tuple[float, float]


def turn(points: Sequence[Point], angle: float, x: float = 0.0, y: float = 0.0) -> list[Point]:
    """`points` turned by `angle` radians about the origin, then moved to (x, y)."""
    cos, sin = math.cos(angle), math.sin(angle)
    return [(x + px * cos - py * sin, y + px * sin + py * cos) for px, py in points]


def leaf_outline(length: float, width: float) -> list[Point]:
    """A pointed leaf from the origin along +x."""
    steps = [i / 12 for i in range(13)]
    upper = [(length * t, -width * math.sin(math.pi * t**0.8) / 2) for t in steps]
    lower = [(length * t, width * math.sin(math.pi * t**0.8) / 2) for t in reversed(steps)]
    return upper + lower


def leaf(
    draw: Pen, x: float, y: float, angle: float, length: float, width: float, fill: str, vein: str = ""
) -> None:
    """A leaf that grows from (x, y) at `angle`, with a midrib when `vein` is a colour."""
    draw.polygon(turn(leaf_outline(length, width), angle, x, y), fill=fill)
    if vein:
        rib = turn([(length * 0.08, 0), (length * 0.88, 0)], angle, x, y)
        draw.line(rib, fill=vein, width=max(1, round(length / 28)))
        for t in (0.3, 0.48, 0.66):
            for side in (-1, 1):
                twig = [(length * t, 0), (length * (t + 0.13), side * width * 0.3)]
                draw.line(turn(twig, angle, x, y), fill=vein, width=max(1, round(length / 46)))


def disc(draw: Pen, x: float, y: float, r: float, fill: str) -> None:
    """A filled circle."""
    draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)


def ring(draw: Pen, x: float, y: float, r: float, colour: str, width: float) -> None:
    """A circle's outline, `width` pixels inwards."""
    draw.ellipse((x - r, y - r, x + r, y + r), outline=colour, width=max(1, round(width)))


def cup_mark(draw: Pen, x: float, y: float, r: float, colour: str, ground: str) -> None:
    """Tamsivo: three leaves that rise from a bowl, in a ring."""
    ring(draw, x, y, r, colour, r * 0.075)
    draw.pieslice((x - r * 0.52, y - r * 0.38, x + r * 0.52, y + r * 0.62), 0, 180, fill=colour)
    draw.rectangle((x - r * 0.3, y + r * 0.66, x + r * 0.3, y + r * 0.73), fill=colour)
    draw.rectangle((x - r * 0.58, y + r * 0.1, x + r * 0.58, y + r * 0.17), fill=ground)
    for angle, length in ((-math.pi / 2, 0.78), (-math.pi / 2 - 0.72, 0.6), (-math.pi / 2 + 0.72, 0.6)):
        leaf(draw, x, y + r * 0.06, angle, r * length, r * 0.27, colour)
        rib = turn([(r * 0.08, 0), (r * length * 0.75, 0)], angle, x, y + r * 0.06)
        draw.line(rib, fill=ground, width=max(1, round(r * 0.03)))


def shell_mark(draw: Pen, x: float, y: float, r: float, colour: str, ground: str) -> None:
    """Mareolle: a fan of seven ribs over two waves."""
    base = y + r * 0.42
    for index in range(7):
        angle = math.pi + math.pi * (index + 0.5) / 7
        reach = r * (1.12 + 0.12 * math.sin(math.pi * (index + 0.5) / 7))
        outline = [
            (r * 0.16, -r * 0.03),
            (reach, -r * 0.2),
            (reach + r * 0.1, 0),
            (reach, r * 0.2),
            (r * 0.16, r * 0.03),
        ]
        draw.polygon(turn(outline, angle, x, base), fill=colour)
    disc(draw, x, base, r * 0.15, colour)
    for row in range(2):
        wave = [
            (
                x + r * (t / 20 - 1),
                y + r * (0.72 + row * 0.22) + r * 0.06 * math.sin(t * math.pi / 5 + row * 2),
            )
            for t in range(41)
        ]
        draw.line(wave, fill=colour, width=max(2, round(r * 0.08)), joint="curve")


def kite_mark(draw: Pen, x: float, y: float, r: float, colour: str, ground: str) -> None:
    """Kestrova: a leaning kite of four facets with a cut tail."""
    top, right, foot, left, heart = (0.25, -1.0), (0.82, -0.18), (-0.42, 0.92), (-0.6, -0.42), (0.12, -0.28)
    facets = (
        (top, right, heart, 0.0),
        (right, foot, heart, 0.35),
        (foot, left, heart, 0.12),
        (left, top, heart, 0.55),
    )
    for a, b, c, shade in facets:
        points = [(x + px * r, y + py * r) for px, py in (a, b, c)]
        draw.polygon(points, fill=mix(colour, ground, shade))
    for step in range(3):
        px, py = x - r * (0.5 + 0.2 * step), y + r * (0.98 + 0.02 * step)
        draw.polygon([(px, py), (px - r * 0.16, py - r * 0.1), (px - r * 0.16, py + r * 0.1)], fill=colour)


def ring_mark(draw: Pen, x: float, y: float, r: float, colour: str, ground: str) -> None:
    """Corvanne: an open ring that a V hangs in."""
    wide = max(2, round(r * 0.17))
    draw.arc((x - r, y - r, x + r, y + r), 42, 318, fill=colour, width=wide)
    outer = [
        (-0.36, -0.5),
        (-0.14, -0.5),
        (0.25, 0.28),
        (0.64, -0.5),
        (0.86, -0.5),
        (0.34, 0.54),
        (0.16, 0.54),
    ]
    draw.polygon([(x + px * r, y + py * r) for px, py in outer], fill=colour)
    disc(draw, x + r * 0.25, y - r * 0.32, r * 0.1, colour)


MARKS = {"cup": cup_mark, "shell": shell_mark, "kite": kite_mark, "ring": ring_mark}
STYLES = {  # weight, tracking and case of each brand's lettering
    "tamsivo": (0.024, 0.1, True),
    "mareolle": (0.0, 0.3, True),
    "kestrova": (0.042, 0.035, True),
    "corvanne": (0.008, 0.22, True),
}


def draw_mark(draw: Pen, brand: DemoBrand, x: float, y: float, r: float, colour: str, ground: str) -> None:
    """The brand's mark with radius `r` about (x, y)."""
    MARKS[brand.mark](draw, x, y, r, colour, ground)


def draw_wordmark(
    draw: Pen, brand: DemoBrand, text: str, x: float, y: float, width: float, colour: str, align: str = "m"
) -> float:
    """`text` in the brand's lettering, `width` pixels wide; returns its size in pixels."""
    weight, tracking, upper = STYLES[brand.slug]
    text = text.upper() if upper else text
    size = 100 * width / width_of(text, 100, tracking)
    set_text(draw, (x, y), text, size, colour, weight=weight, tracking=tracking, align=align)
    return size


def logo_sheet(brand: DemoBrand) -> Image.Image:
    """The brand's logo: mark over wordmark on white, 800 x 600 pixels."""
    image, draw = sheet(1600, 1200, "#ffffff")
    draw_mark(draw, brand, 800, 430, 280, brand.colours.ground, "#ffffff")
    size = draw_wordmark(draw, brand, brand.name, 800, 890, 1080, brand.colours.ink)
    set_text(
        draw, (800, 900 + size), brand.tagline, 44, mix(brand.colours.ink, "#ffffff", 0.25), tracking=0.3
    )
    return image.reduce(2)
