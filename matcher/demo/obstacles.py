"""What gets between the camera and the thing: fingers, a pen, a twig, a price sticker."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from matcher.demo.lettering import clear_sheet, mix, rgb, set_text
from matcher.demo.marks import leaf
from matcher.demo.scenes import Rng
from matcher.demo.solids import Quad, softened


def in_the_way(rng: Rng, quad: Quad, width: int, height: int) -> Image.Image:
    """Something before the thing: fingers, a pen, a twig or a price sticker, RGBA of the picture's size."""
    out, draw = clear_sheet(width, height)
    (x1, y1), (x2, y2), (x3, y3), _ = quad
    wide = math.dist((x1, y1), (x2, y2))
    kind = int(rng.integers(4))
    if kind == 0:
        fingers(out, rng, (x3, y3 + (y2 - y3) * float(rng.uniform(0.15, 0.5))), wide * 0.1)
    elif kind == 1:
        x, y, angle = (
            x1 + wide * float(rng.uniform(-0.1, 0.25)),
            y3 - wide * float(rng.uniform(-0.05, 0.1)),
            float(rng.uniform(-0.6, 0.5)),
        )
        pen(draw, x, y, angle, wide * 0.5, mix("#22314d", "#b3312c", float(rng.random())))
    elif kind == 2:
        for index in range(5):
            twig = x3 - wide * 0.08 * index, y3 + wide * 0.03 * index
            leaf(draw, *twig, -2.2 + (index % 2) * 1.5, wide * 0.15, wide * 0.06, "#5d7d4a", "#3c5732")
    else:
        x, y, r = x2 - wide * 0.14, y2 + wide * float(rng.uniform(0.1, 0.3)), wide * 0.075
        draw.ellipse(
            (x - r, y - r, x + r, y + r), fill=("#f5e15a", "#f08a3c", "#9be05a")[int(rng.integers(3))]
        )
        set_text(draw, (x, y), str(int(rng.integers(3, 60))), r * 1.1, "#2a2a2a", weight=0.03)
    return out


def fingers(out: Image.Image, rng: Rng, at: tuple[float, float], thick: float) -> None:
    """Three fingertips that hold the thing from the right, and the hand they grow from."""
    skin = ("#e2b393", "#c58c66", "#8d5a3c", "#f0c9ae", "#6f4630")[int(rng.integers(5))]
    long, wide = round(thick * 4.2), round(thick * 1.25)
    hand, draw = clear_sheet(long * 3, long * 2)
    draw.ellipse((long * 0.86, long * 0.25, long * 3.6, long * 1.75), fill=mix(skin, "#000000", 0.1))
    for index in range(3):
        finger = fingertip(skin, long, wide - index * wide // 12)
        tilted = finger.rotate(9 - 10 * index, Image.Resampling.BICUBIC, expand=True)
        reach = (0.12, 0.0, 0.1)[index] * long
        hand.alpha_composite(tilted, (round(reach), round(long * (0.34 + 0.31 * index))))
    shadow = Image.new("RGBA", hand.size, (20, 14, 10, 0))
    shadow.putalpha(softened(hand.getchannel("A"), thick * 0.25).point(lambda value: value * 0.45))
    shadow.alpha_composite(hand)
    out.paste(shadow, (round(at[0] - long * 0.45), round(at[1] - long * 0.4)), shadow)


def fingertip(skin: str, long: int, high: int) -> Image.Image:
    """One finger that points left, round-lit, with its nail and two creases."""
    mask = Image.new("L", (long * 2, high * 2), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, long * 4, high * 2 - 1), high, fill=255)
    rows = np.linspace(-1, 1, high, dtype=np.float32)[:, None]
    light = np.clip(1.05 - 0.3 * (rows + 0.3) ** 2, 0.5, 1.1).repeat(long, 1)
    finger = Image.fromarray(
        np.clip(np.array(rgb(skin), np.float32) * light[..., None], 0, 255).astype(np.uint8)
    )
    draw = ImageDraw.Draw(finger)
    nail = (high * 0.1, high * 0.24, high * 0.78, high * 0.76)
    draw.rounded_rectangle(
        nail, high * 0.25, fill=mix(skin, "#ffe3d8", 0.5), outline=mix(skin, "#7a4a3a", 0.25), width=2
    )
    for t in (0.36, 0.4):
        draw.arc(
            (long * t, high * 0.1, long * t + high * 0.25, high * 0.9),
            100,
            260,
            fill=mix(skin, "#5a3020", 0.3),
            width=2,
        )
    finger.putalpha(mask.reduce(2))
    return finger


def pen(draw: ImageDraw.ImageDraw, x: float, y: float, angle: float, long: float, colour: str) -> None:
    """A ballpoint pen."""
    cos, sin = math.cos(angle), math.sin(angle)
    for start, stop, width, tone in (
        (0.0, 0.86, 0.05, colour),
        (0.0, 0.8, 0.016, mix(colour, "#ffffff", 0.45)),
        (0.86, 1.0, 0.026, "#b9bcc0"),
    ):
        ends = [(x + cos * long * t, y + sin * long * t) for t in (start, stop)]
        draw.line(ends, fill=tone, width=max(2, round(long * width)))
