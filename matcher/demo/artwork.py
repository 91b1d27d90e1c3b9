"""What printed packaging has in common: the print itself, borders, arches, lids and small print."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from PIL import Image

from matcher.demo.brands import Colours, DemoBrand, Product
from matcher.demo.lettering import Box, luminance, mix, sheet
from matcher.demo.marks import Pen, disc, draw_mark, draw_wordmark, leaf


@dataclass(frozen=True)
class Print:
    """What is printed on one copy of a product; `wordmark` is the brand's name as it is spelt there."""

    brand: DemoBrand
    product: Product
    wordmark: str

    @property
    def rng(self) -> np.random.Generator:
        """Chance that belongs to the artwork, so that every copy of a product carries the same print."""
        return np.random.default_rng(crc32(self.product.reference_id.encode()))


@dataclass(frozen=True)
class Panels:
    """The three faces of a box that are ever seen."""

    front: Image.Image
    side: Image.Image
    top: Image.Image


def story(item: Print, template: str) -> str:
    """The small print of a product."""
    product = item.product
    return template.format(
        name=product.name, lower=product.note[0].lower() + product.note[1:], origin=item.brand.origin
    )


def light_on(colours: Colours) -> str:
    """A colour for letters on the ground: paper on dark grounds, ink on light ones."""
    return colours.paper if luminance(colours.ground) < 0.62 else colours.ink


def number_of(item: Print) -> str:
    """The number on the label."""
    return item.product.reference_id.split("-")[1]


def band(draw: Pen, box: Box, item: Print, first: str, second: str) -> None:
    """A border of leaning leaves and dots."""
    x1, y1, x2, y2 = box
    high = y2 - y1
    draw.rectangle(box, fill=first)
    for index, x in enumerate(np.arange(x1, x2, high * 0.62).tolist()):
        leaf(draw, x, y2 - high * 0.16, -1.1 if index % 2 else -2.04, high * 0.8, high * 0.34, second)
        disc(draw, x + high * 0.31, y1 + high * 0.28, high * 0.07, mix(second, first, 0.35))


def arch(draw: Pen, box: Box, fill: str, line: str, width: int = 0) -> None:
    """A panel with a round head."""
    x1, y1, x2, y2 = box
    radius = (x2 - x1) / 2
    draw.pieslice((x1, y1, x2, y1 + 2 * radius), 180, 360, fill=fill)
    draw.rectangle((x1, y1 + radius, x2, y2), fill=fill)
    if width:
        draw.arc((x1, y1, x2, y1 + 2 * radius), 180, 360, fill=line, width=width)
        for x in (x1 + width / 2, x2 - width / 2):
            draw.line((x, y1 + radius, x, y2), fill=line, width=width)
        draw.line((x1, y2 - width / 2, x2, y2 - width / 2), fill=line, width=width)


def fade(item: Print, share: float) -> Colours:
    """The product's colours drawn towards its ground: for patterns that stay behind."""
    c = item.product.colours
    return Colours(
        c.ground,
        mix(c.accent, c.ground, share),
        mix(c.paper, c.ground, share),
        mix(c.ink, c.ground, share * 0.6),
    )


def box_top(item: Print, width: int, height: int) -> Image.Image:
    """The lid: mark and wordmark on the ground colour."""
    c = item.product.colours
    light = light_on(c)
    image, draw = sheet(width, height, mix(c.ground, c.paper, 0.06))
    draw.rectangle((24, 24, width - 24, height - 24), outline=c.accent, width=5)
    draw_mark(draw, item.brand, width / 2, height * 0.38, height * 0.18, light, c.ground)
    draw_wordmark(draw, item.brand, item.wordmark, width / 2, height * 0.74, width * 0.42, light)
    return image
