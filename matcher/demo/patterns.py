"""Repeats for the canvas of bags."""

from __future__ import annotations

from PIL import Image

from matcher.demo.artwork import Print
from matcher.demo.lettering import mix, sheet
from matcher.demo.marks import Pen, disc, draw_mark


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
