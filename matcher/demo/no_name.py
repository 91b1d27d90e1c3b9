"""No-name goods of the brands' categories: the same kinds of thing with nothing of theirs on it."""

from __future__ import annotations

from decimal import Decimal

from PIL import Image, ImageDraw

from matcher.demo.artwork import Print
from matcher.demo.brands import Colours, DemoBrand, Product
from matcher.demo.lettering import luminance, mix, paragraph, set_text, sheet
from matcher.demo.products import cut_out
from matcher.demo.scenes import Rng
from matcher.demo.schemes import SCHEMES, scheme, word
from matcher.demo.solids import box, smooth_profile, turned


def house_label(rng: Rng, width: int, height: int) -> Image.Image:
    """A no-name label: a word, a grid of shapes and a line of small print, laid out unlike any brand here."""
    c = scheme(rng)
    image, draw = sheet(width, height, c.paper if rng.random() < 0.5 else c.accent)
    house_shapes(draw, rng, c, width, height)
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


def house_shapes(draw: ImageDraw.ImageDraw, rng: Rng, c: Colours, width: int, height: int) -> None:
    """A grid of one simple shape in three tones, about half of its cells left empty."""
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
