"""Household things that have nothing to do with the brands, and the list of them all."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from matcher.demo.lettering import clear_sheet, mix, set_text, sheet
from matcher.demo.marks import disc, leaf, ring, turn
from matcher.demo.scenes import Rng
from matcher.demo.schemes import scheme
from matcher.demo.solids import trimmed
from matcher.demo.tabletop import blocks, book, candle, lamp, mug, potted_plant, pottery, shoe

Maker = Callable[[Rng], Image.Image]


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
    across = np.linspace(-1, 1, 1300, dtype=np.float32)
    light = np.clip(
        1.08 - 0.4 * (across[None, :] ** 4 + across[:, None] ** 4) - 0.08 * across[None, :], 0.3, 1.2
    )
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
    "plate": (plate, False),
    "book": (book, True),
    "vase": (pottery, True),
    "house plant": (potted_plant, True),
    "table lamp": (lamp, True),
    "candles": (candle, True),
    "cable": (cable, False),
    "shoe": (shoe, True),
    "toy blocks": (blocks, True),
    "cushion": (cushion, False),
    "wall clock": (clock, False),
    "mug": (mug, True),
    "headphones": (headphones, False),
}
