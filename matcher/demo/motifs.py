"""Illustrations made of shapes: leaves, fruit, flowers and landscapes for labels and cartons."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL import ImageDraw

from matcher.demo.brands import Colours
from matcher.demo.lettering import Box, mix
from matcher.demo.marks import disc, leaf, ring, turn

Pen = ImageDraw.ImageDraw
Element = Callable[[Pen, float, float, float, float, Colours], None]


def sprig(draw: Pen, x: float, y: float, r: float, angle: float, c: Colours) -> None:
    """A stem with broad paired leaves."""
    start, end = turn([(-r, 0), (r * 0.5, 0)], angle, x, y)
    draw.line([start, end], fill=mix(c.ground, c.ink, 0.4), width=max(2, round(r / 16)))
    for index, t in enumerate((-0.62, -0.12, 0.32)):
        px, py = turn([(r * t, 0)], angle, x, y)[0]
        for side in (-1, 1):
            tone = mix(c.ground, c.accent, 0.12 + 0.12 * index + 0.16 * (side > 0))
            long = r * (0.78 - 0.14 * index)
            leaf(draw, px, py, angle + side * 1.0, long, long * 0.62, tone, mix(tone, c.paper, 0.35))
    leaf(draw, end[0], end[1], angle, r * 0.5, r * 0.34, mix(c.ground, c.accent, 0.45), c.paper)


def citrus(draw: Pen, x: float, y: float, r: float, angle: float, c: Colours) -> None:
    """A slice with ten segments, and a leaf."""
    leaf(draw, x, y, angle, r * 1.7, r * 0.6, mix("#4f7a3a", c.ink, 0.2), mix(c.ink, "#4f7a3a", 0.2))
    disc(draw, x, y, r, mix(c.ground, c.accent, 0.25))
    disc(draw, x, y, r * 0.9, c.paper)
    for index in range(10):
        start = angle + index * math.tau / 10
        wedge = [(r * 0.14, 0)] + [
            (r * 0.82 * math.cos(t), r * 0.82 * math.sin(t)) for t in np.linspace(-0.25, 0.25, 6).tolist()
        ]
        draw.polygon(turn(wedge, start, x, y), fill=mix(c.accent, c.ground, 0.3 + 0.14 * (index % 2)))
    disc(draw, x, y, r * 0.08, c.paper)


def berry(draw: Pen, x: float, y: float, r: float, angle: float, c: Colours) -> None:
    """A hanging cluster with two leaves."""
    for side in (-1, 1):
        leaf(
            draw, x, y - r * 0.5, angle - math.pi / 2 + side, r, r * 0.42, mix("#5d7d4a", c.ink, 0.25), c.ink
        )
    bunch = [(row, place) for row, count in enumerate((3, 4, 3, 2, 1)) for place in range(count)]
    for index, (row, place) in enumerate(bunch):
        count = (3, 4, 3, 2, 1)[row]
        px, py = turn([(r * 0.36 * (place - (count - 1) / 2), r * (0.3 * row - 0.35))], angle * 0.4, x, y)[0]
        tone = mix(c.ground, c.accent, 0.12 + 0.17 * (index % 3))
        disc(draw, px, py, r * 0.22, mix(tone, c.ink, 0.45))
        disc(draw, px - r * 0.015, py - r * 0.02, r * 0.19, tone)
        disc(draw, px - r * 0.07, py - r * 0.08, r * 0.05, c.paper)


def petals(
    draw: Pen, x: float, y: float, r: float, angle: float, count: int, width: float, fill: str, vein: str
) -> None:
    """`count` petals about (x, y)."""
    for index in range(count):
        leaf(draw, x, y, angle + index * math.tau / count, r, r * width, fill, vein)


def daisy(draw: Pen, x: float, y: float, r: float, angle: float, c: Colours) -> None:
    """A flower head with fourteen pale petals."""
    petals(draw, x, y, r, angle, 14, 0.34, mix(c.paper, c.ink, 0.22), "")
    petals(draw, x, y, r * 0.94, angle + 0.05, 14, 0.29, "#fffdf4", mix(c.paper, c.ink, 0.25))
    disc(draw, x, y, r * 0.3, mix(c.ground, c.ink, 0.25))
    disc(draw, x - r * 0.02, y - r * 0.03, r * 0.26, mix("#f2b632", c.accent, 0.2))
    for index in range(10):
        px, py = turn([(r * 0.15, 0)], angle + index * 0.63, x, y)[0]
        disc(draw, px, py, r * 0.025, c.ink)


def hibiscus(draw: Pen, x: float, y: float, r: float, angle: float, c: Colours) -> None:
    """Five broad petals and a long pistil."""
    petals(draw, x, y, r, angle, 5, 0.86, mix(c.ground, c.ink, 0.25), "")
    petals(draw, x, y, r * 0.94, angle, 5, 0.76, mix(c.accent, c.ground, 0.25), mix(c.ground, c.ink, 0.2))
    petals(draw, x, y, r * 0.45, angle, 5, 0.5, c.ground, "")
    tip = turn([(0, 0), (r * 0.72, r * 0.1)], angle + 0.5, x, y)
    draw.line(tip, fill=c.paper, width=max(2, round(r / 14)))
    disc(draw, *tip[1], r * 0.08, mix(c.paper, "#f2b632", 0.6))


def anise(draw: Pen, x: float, y: float, r: float, angle: float, c: Colours) -> None:
    """A star of eight pods, each with a seed."""
    petals(draw, x, y, r, angle, 8, 0.34, mix(c.accent, c.ink, 0.35), "")
    petals(draw, x, y, r * 0.92, angle, 8, 0.24, c.accent, "")
    for index in range(8):
        px, py = turn([(r * 0.56, 0)], angle + index * math.tau / 8, x, y)[0]
        disc(draw, px, py, r * 0.075, c.ink)
    disc(draw, x, y, r * 0.13, mix(c.accent, c.ink, 0.5))


def pine(draw: Pen, x: float, y: float, r: float, angle: float, c: Colours) -> None:
    """A standing fir of four tiers."""
    draw.rectangle((x - r * 0.07, y + r * 0.6, x + r * 0.07, y + r), fill=mix(c.ink, "#7a4a2a", 0.5))
    for index in range(4):
        top, half = y - r + index * r * 0.4, r * (0.28 + 0.11 * index)
        low = top + r * 0.62
        draw.polygon(
            [(x, top), (x - half, low), (x + half, low)], fill=mix(c.ground, c.ink, 0.1 + 0.16 * (index % 2))
        )
        draw.polygon([(x, top), (x, low), (x + half, low)], fill=mix(c.ground, c.accent, 0.16 + 0.06 * index))


def lavender(draw: Pen, x: float, y: float, r: float, angle: float, c: Colours) -> None:
    """Three stalks of small flowers."""
    for side in (-1, 0, 1):
        lean = angle * 0.3 - math.pi / 2 + side * 0.3
        draw.line(
            turn([(-r * 0.9, 0), (r * 0.7, 0)], lean, x, y),
            fill=mix("#6b7d52", c.ink, 0.3),
            width=max(2, round(r / 22)),
        )
        for index in range(8):
            px, py = turn([(r * (0.05 + 0.11 * index), 0)], lean, x, y)[0]
            for way in (-1, 1):
                tone = mix(c.accent, c.ground, 0.25 * (index % 3))
                leaf(draw, px, py, lean + way * 0.7, r * 0.24, r * 0.13, tone, mix(tone, c.ink, 0.4))


def olive(draw: Pen, x: float, y: float, r: float, angle: float, c: Colours) -> None:
    """A branch with slim leaves and three olives."""
    draw.line(
        turn([(-r, 0), (r, 0)], angle, x, y), fill=mix(c.ink, "#8a6a3a", 0.4), width=max(2, round(r / 18))
    )
    for index in range(6):
        px, py = turn([(r * (-0.85 + 0.3 * index), 0)], angle, x, y)[0]
        for side in (-1, 1):
            tone = mix(c.ground, c.accent, 0.2 + 0.25 * (side > 0))
            leaf(draw, px, py, angle + side * 0.6, r * 0.62, r * 0.17, tone, mix(tone, c.ink, 0.4))
    for t, side in ((-0.4, 1), (0.05, -1), (0.42, 1)):
        px, py = turn([(r * t, side * r * 0.24)], angle, x, y)[0]
        disc(draw, px, py, r * 0.16, mix(c.ground, c.ink, 0.45))
        disc(draw, px - r * 0.04, py - r * 0.05, r * 0.045, c.paper)


def fig(draw: Pen, x: float, y: float, r: float, angle: float, c: Colours) -> None:
    """Half a fig with its seeds, on a leaf."""
    for way in (-0.6, 0.0, 0.6):
        leaf(draw, x, y, angle + math.pi + way, r * 1.4, r * 0.55, mix(c.accent, c.ink, 0.2), c.ink)
    outline = [
        (r * 0.85 * math.cos(t), r * (0.95 * math.sin(t) + 0.28 * math.cos(t) ** 8))
        for t in np.linspace(0, 6.2, 30)
    ]
    draw.polygon(turn([*outline, (-r * 1.15, 0)], angle, x, y), fill=mix(c.ground, c.ink, 0.25))
    disc(draw, x, y, r * 0.72, c.paper)
    disc(draw, x, y, r * 0.58, mix("#c8574f", c.ground, 0.25))
    for index in range(22):
        px, py = turn([(r * (0.18 + 0.34 * (index * 0.618 % 1)), 0)], index * 2.4, x, y)[0]
        leaf(draw, px, py, index * 2.4, r * 0.11, r * 0.06, "#f6dca0")


def shell(draw: Pen, x: float, y: float, r: float, angle: float, c: Colours) -> None:
    """A ribbed scallop."""
    for index in range(9):
        way = angle - math.pi / 2 + (index - 4) * 0.24
        reach = r * (1 - 0.05 * abs(index - 4))
        tone = mix(c.accent, c.ground, 0.2 + 0.3 * (index % 2))
        wedge = [(0, 0), (reach * 0.93, -r * 0.13), (reach, 0), (reach * 0.93, r * 0.13)]
        draw.polygon(turn(wedge, way, x, y + r * 0.45), fill=tone)
    for k in (0.45, 0.65, 0.85):
        arc = [(r * k * math.cos(t), r * k * math.sin(t)) for t in np.linspace(-0.95, 0.95, 16).tolist()]
        draw.line(
            turn(arc, angle - math.pi / 2, x, y + r * 0.45),
            fill=mix(c.ground, c.ink, 0.3),
            width=max(1, round(r / 30)),
        )
    disc(draw, x, y + r * 0.45, r * 0.14, mix(c.accent, c.ink, 0.3))


ELEMENTS: dict[str, Element] = {
    "sprig": sprig, "citrus": citrus, "berry": berry, "daisy": daisy, "hibiscus": hibiscus, "anise": anise,
    "pine": pine, "lavender": lavender, "olive": olive, "fig": fig, "shell": shell,
}  # fmt: skip


def scatter(draw: Pen, motif: str, box: Box, r: float, c: Colours, rng: np.random.Generator) -> None:
    """The motif again and again over `box`, never twice at the same size and turn."""
    x1, y1, x2, y2 = box
    step = r * 2.1
    for row, y in enumerate(np.arange(y1, y2 + step, step * 0.86).tolist()):
        for x in np.arange(x1 - (row % 2) * step / 2, x2 + step, step).tolist():
            dx, dy, turned, scale = rng.uniform(-0.22, 0.22, 4).tolist()
            angle = turned * 14 if motif != "pine" else 0.0
            ELEMENTS[motif](draw, x + dx * step, y + dy * step, r * (0.92 + scale), angle, c)
            disc(draw, x + step * 0.5, y + dy * r, r * 0.07, c.accent)


def bouquet(
    draw: Pen, motif: str, x: float, y: float, r: float, c: Colours, rng: np.random.Generator
) -> None:
    """A wreath of small leaves and four small motifs about a large one: the hero of a label."""
    ring(draw, x, y, r * 0.86, mix(c.ground, c.paper, 0.45), max(2, r * 0.018))
    for index in range(28):
        angle = index * math.tau / 28
        px, py = x + r * 0.85 * math.cos(angle), y + r * 0.85 * math.sin(angle)
        lean = angle + math.pi / 2 + (0.65 if index % 2 else -0.65) + float(rng.uniform(-0.15, 0.15))
        tone = mix("#7a9160", c.ground, 0.25 + 0.3 * (index % 3 == 0))
        leaf(draw, px, py, lean, r * 0.27, r * 0.125, tone, mix(tone, c.ink, 0.35))
    for index in range(6):
        angle = index * math.tau / 6 + math.pi / 6
        px, py = x + r * 0.86 * math.cos(angle), y + r * 0.86 * math.sin(angle)
        disc(draw, px, py, r * 0.19, c.paper)
        ELEMENTS[motif](draw, px, py, r * 0.155, angle, c)
    upright = -math.pi / 2 if motif in ("sprig", "olive") else 0.0
    ELEMENTS[motif](draw, x, y, r * 0.6, upright + float(rng.uniform(-0.25, 0.25)), c)


def landscape(draw: Pen, motif: str, box: Box, c: Colours, rng: np.random.Generator) -> None:
    """A low sun over hills that come nearer, the motif growing in front."""
    x1, y1, x2, y2 = box
    width, height = x2 - x1, y2 - y1
    for index in range(24):
        tone = mix(mix(c.ground, c.accent, 0.35), c.paper, 0.25 + 0.65 * index / 23)
        draw.rectangle((x1, y1 + height * index / 24, x2, y1 + height * (index + 1) / 24), fill=tone)
    sun = x1 + width * float(rng.uniform(0.3, 0.7)), y1 + height * float(rng.uniform(0.3, 0.42))
    for k, tone in ((1.35, mix(c.paper, c.accent, 0.35)), (1.0, c.accent)):
        disc(draw, *sun, width * 0.17 * k, tone)
    ring(draw, *sun, width * 0.29, mix(c.accent, c.paper, 0.3), width / 160)
    for layer in range(5):
        waves = rng.uniform(0, 6, 3)
        level = y1 + height * (0.48 + 0.115 * layer)
        line = [
            (
                x1 + width * t / 40,
                level + height * (0.055 * math.sin(t / 5 + waves[0]) + 0.03 * math.sin(t / 2.1 + waves[1])),
            )
            for t in range(41)
        ]
        tone = mix(mix(c.ground, c.paper, 0.62), mix(c.ground, c.ink, 0.35), layer / 4)
        draw.polygon([*line, (x2, y2), (x1, y2)], fill=tone)
        if 0 < layer < 4:
            for t in range(3 + layer, 40, 9 - layer):
                pine(
                    draw,
                    *line[t],
                    height * (0.018 + 0.012 * layer),
                    0,
                    Colours(mix(tone, c.ink, 0.5), c.accent, c.paper, c.ink),
                )
    for x in np.linspace(x1 + width * 0.08, x2 - width * 0.08, 5).tolist():
        ELEMENTS[motif](
            draw,
            x,
            y2 - height * float(rng.uniform(0.06, 0.14)),
            width * 0.085,
            float(rng.uniform(-0.5, 0.5)),
            c,
        )
