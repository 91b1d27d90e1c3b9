"""Printed packaging: tin wraps, bottle and jar labels, the panels of boxes and cartons."""

from __future__ import annotations

import math
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from PIL import Image

from matcher.demo.brands import Colours, DemoBrand, Product
from matcher.demo.lettering import Box, barcode, luminance, mix, paragraph, set_text, sheet
from matcher.demo.marks import Pen, disc, draw_mark, draw_wordmark, leaf, ring
from matcher.demo.motifs import bouquet, landscape, scatter


@dataclass(frozen=True)
class Print:
    """What is printed on one product: its brand, the product, and the wordmark as it is spelt on this copy."""

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


STORY = (
    "{name} is {lower}. {origin}. Picked by hand, dried in slow air and rested for a season, so that every cup "
    "tastes of the place it grew in. Keep closed, cool and dry, away from light and strong smells."
)
CARE_STORY = (
    "{name}: {lower}. {origin}. Rinsed with spring water, pressed without heat, rested for nine weeks. Use "
    "morning and evening on damp skin. For outer use. Keep out of the eyes and out of the sun."
)
CONTENTS = (
    "Aqua, glycerin, sea fennel water, coco glucoside, betaine, olive leaf extract, linseed mucilage, citric acid, "
    "mineral salts, natural fragrance, linalool, limonene, geraniol."
)


def story(item: Print, template: str) -> str:
    """The small print of a product."""
    product = item.product
    return template.format(
        name=product.name, lower=product.note[0].lower() + product.note[1:], origin=item.brand.origin
    )


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


def tin_wrap(item: Print, width: int, height: int) -> Image.Image:
    """The print around a tin, front in the middle; `width` is the whole way round."""
    c, brand, product = item.product.colours, item.brand, item.product
    image, draw = sheet(width, height, c.ground)
    deep, w, h = mix(c.ground, c.ink, 0.35), width, height
    scatter(draw, product.motif, (0, h * 0.14, w, h * 0.86), h * 0.085, fade(item, 0.62), item.rng)
    for y, way in ((0.0, 1), (0.895, -1)):
        band(draw, (0, h * y, w, h * (y + 0.105)), item, deep, c.accent)
        edge = h * (y + 0.105 if way > 0 else y)
        draw.line((0, edge, w, edge), fill=c.accent, width=round(h * 0.008))
    half, mid = h * 0.4, w / 2
    arch(draw, (mid - half, h * 0.075, mid + half, h * 0.93), c.paper, c.accent, round(h * 0.012))
    arch(
        draw,
        (mid - half * 0.94, h * 0.099, mid + half * 0.94, h * 0.913),
        c.paper,
        mix(c.accent, c.paper, 0.3),
        3,
    )
    draw_mark(draw, brand, mid, h * 0.2, h * 0.075, c.ground, c.paper)
    draw_wordmark(draw, brand, item.wordmark, mid, h * 0.338, half * 1.4, c.ink)
    set_text(draw, (mid, h * 0.402), brand.tagline, h * 0.024, c.ground, tracking=0.32)
    bouquet(draw, product.motif, mid, h * 0.58, h * 0.15, c, item.rng)
    draw.rectangle((mid - half * 0.94, h * 0.745, mid + half * 0.94, h * 0.84), fill=c.ground)
    light = c.paper if luminance(c.ground) < 0.62 else c.ink
    set_text(
        draw,
        (mid, h * 0.79),
        product.name.upper(),
        h * 0.056,
        light,
        tracking=0.06,
        weight=0.012,
        max_width=half * 1.7,
    )
    set_text(draw, (mid, h * 0.866), product.note, h * 0.028, c.ink, max_width=half * 1.7)
    set_text(
        draw,
        (mid, h * 0.897),
        f"No {number_of(item)}  ·  100 g  ·  Loose leaf",
        h * 0.019,
        c.ground,
        tracking=0.08,
    )
    for side in (-1, 1):
        tin_back(draw, item, mid + side * h * 0.78, h, side)
    return image


def tin_back(draw: Pen, item: Print, x: float, h: float, side: int) -> None:
    """A panel of small print beside a tin's front."""
    c, half = item.product.colours, h * 0.25
    draw.rectangle((x - half, h * 0.16, x + half, h * 0.84), fill=c.paper, outline=c.accent, width=6)
    title = "HOW TO BREW" if side > 0 else "OUR STORY"
    set_text(draw, (x, h * 0.21), title, h * 0.034, c.ground, tracking=0.14, weight=0.015)
    draw.line((x - half * 0.4, h * 0.245, x + half * 0.4, h * 0.245), fill=c.accent, width=5)
    box = (x - half * 0.86, h * 0.265, x + half * 0.86, h * 0.62)
    if side < 0:
        paragraph(draw, box, story(item, STORY), h * 0.026, c.ink)
    else:
        brew_table(draw, item, box, h * 0.03)
    barcode(draw, (x - half * 0.72, h * 0.66, x + half * 0.72, h * 0.81), item.product.gtin)


def brew_table(draw: Pen, item: Print, box: Box, size: float) -> None:
    """Grams, water, heat and minutes, ruled."""
    c, (x1, y1, x2, _) = item.product.colours, box
    heat = 70 + int(number_of(item)) * 7 % 30
    rows = (
        ("Leaf", "3 g"),
        ("Water", "200 ml"),
        ("Heat", f"{heat} °C"),
        ("Time", f"{heat % 4 + 2} min"),
        ("Cups", "3"),
    )
    for index, (left, right) in enumerate(rows):
        y = y1 + size * (1 + 2 * index)
        set_text(draw, (x1, y), left, size, c.ink, align="l")
        set_text(draw, (x2, y), right, size, c.ground, align="r", weight=0.02)
        draw.line((x1, y + size, x2, y + size), fill=mix(c.accent, c.paper, 0.4), width=3)


def fade(item: Print, share: float) -> Colours:
    """The product's colours drawn towards its ground: for patterns that stay behind."""
    c = item.product.colours
    return Colours(
        c.ground,
        mix(c.accent, c.ground, share),
        mix(c.paper, c.ground, share),
        mix(c.ink, c.ground, share * 0.6),
    )


def teabox_panels(item: Print) -> Panels:
    """A carton of tea bags: a landscape above, paper below."""
    c, brand, product = item.product.colours, item.brand, item.product
    image, draw = sheet(1000, 1300, c.paper)
    landscape(draw, product.motif, (0, 0, 1000, 770), c, item.rng)
    draw.rectangle((0, 742, 1000, 1300), fill=c.paper)
    draw.rectangle((0, 742, 1000, 772), fill=c.accent)
    arch(draw, (330, 560, 670, 770), c.paper, c.accent, 10)
    draw.rectangle((320, 772, 680, 784), fill=c.paper)
    draw_mark(draw, brand, 500, 690, 88, c.ground, c.paper)
    draw_wordmark(draw, brand, item.wordmark, 500, 858, 600, c.ink)
    set_text(draw, (500, 932), brand.tagline, 27, c.ground, tracking=0.32)
    draw.rectangle((0, 976, 1000, 1090), fill=c.ground)
    light = c.paper if luminance(c.ground) < 0.62 else c.ink
    set_text(draw, (500, 1032), product.name.upper(), 66, light, tracking=0.06, weight=0.012, max_width=900)
    set_text(draw, (500, 1130), product.note, 36, c.ink)
    for index, text in enumerate(("20 BAGS", "NET 40 g", f"No {number_of(item)}")):
        x = 230 + index * 270
        draw.rounded_rectangle((x - 105, 1180, x + 105, 1240), 30, outline=c.ground, width=4)
        set_text(draw, (x, 1209), text, 26, c.ground, tracking=0.1)
    band(draw, (0, 1264, 1000, 1300), item, c.ground, c.accent)
    return Panels(image, teabox_side(item), box_top(item, 1000, 480))


def teabox_side(item: Print) -> Image.Image:
    """Story, table and barcode on the ground colour."""
    c = item.product.colours
    image, draw = sheet(480, 1300, c.ground)
    scatter(draw, item.product.motif, (0, 0, 480, 1300), 70, fade(item, 0.7), item.rng)
    draw.rectangle((44, 60, 436, 1240), fill=c.paper, outline=c.accent, width=6)
    draw_wordmark(draw, item.brand, item.wordmark, 240, 130, 300, c.ink)
    paragraph(draw, (76, 190, 404, 640), story(item, STORY), 28, c.ink)
    brew_table(draw, item, (76, 660, 404, 0), 30)
    barcode(draw, (90, 1040, 390, 1200), item.product.gtin)
    return image


def box_top(item: Print, width: int, height: int) -> Image.Image:
    """The lid: mark and wordmark on the ground colour."""
    c = item.product.colours
    light = c.paper if luminance(c.ground) < 0.62 else c.ink
    image, draw = sheet(width, height, mix(c.ground, c.paper, 0.06))
    draw.rectangle((24, 24, width - 24, height - 24), outline=c.accent, width=5)
    draw_mark(draw, item.brand, width / 2, height * 0.38, height * 0.18, light, c.ground)
    draw_wordmark(draw, item.brand, item.wordmark, width / 2, height * 0.74, width * 0.42, light)
    return image


def care_wrap(item: Print, width: int, height: int, glass: str) -> Image.Image:
    """A bottle's or jar's label around its glass, front in the middle."""
    c, brand, product = item.product.colours, item.brand, item.product
    image, draw = sheet(width, height, glass)
    w, h, mid = width, height, width / 2
    half = w * (0.145 if product.form == "bottle" else 0.13)
    draw.rectangle((mid - w * 0.41, 0, mid + w * 0.41, h), fill=c.paper)
    top, foot = h * 0.035, h * 0.965
    for y in (top, foot):
        draw.line((mid - w * 0.41, y, mid + w * 0.41, y), fill=c.ground, width=max(3, round(h * 0.006)))
    unit = min(h, half * 2.4)
    draw_mark(draw, brand, mid, h * 0.105, unit * 0.07, c.ground, c.paper)
    draw_wordmark(
        draw, brand, item.wordmark, mid, h * 0.235, half * (1.66 if product.form == "bottle" else 1.4), c.ink
    )
    set_text(
        draw, (mid, h * 0.302), brand.tagline, unit * 0.026, c.ground, tracking=0.22, max_width=half * 1.5
    )
    draw.rectangle(
        (mid - half * 0.92, h * 0.335, mid + half * 0.92, h * 0.665), fill=mix(c.ground, c.paper, 0.84)
    )
    bouquet(draw, product.motif, mid, h * 0.5, h * 0.145, c, item.rng)
    draw.rectangle((mid - half * 0.92, h * 0.665, mid + half * 0.92, h * 0.775), fill=c.ground)
    light = c.paper if luminance(c.ground) < 0.62 else c.ink
    set_text(draw, (mid, h * 0.72), product.name, unit * 0.072, light, weight=0.01, max_width=half * 1.66)
    set_text(draw, (mid, h * 0.817), product.note, unit * 0.036, c.ink, max_width=half * 1.78)
    volume = "250 ml  8.4 fl oz" if product.form == "bottle" else "200 ml  6.7 fl oz"
    size = unit * 0.028
    set_text(
        draw, (mid - half * 0.9, h * 0.9), f"BATCH {number_of(item)}", size, c.ink, align="l", tracking=0.06
    )
    set_text(draw, (mid + half * 0.9, h * 0.9), volume, size, c.ink, align="r", tracking=0.02)
    care_sides(draw, item, w, h)
    return image


def care_sides(draw: Pen, item: Print, w: float, h: float) -> None:
    """Small print left and right of the front."""
    c, size = item.product.colours, w * 0.0108
    for side in (-1, 1):
        x1, x2 = sorted((w / 2 + side * w * 0.19, w / 2 + side * w * 0.37))
        draw.line(
            (w / 2 + side * w * 0.17, h * 0.1, w / 2 + side * w * 0.17, h * 0.9), fill=c.accent, width=4
        )
        set_text(
            draw,
            (x1, h * 0.12),
            "USE" if side < 0 else "CONTENTS",
            size * 1.25,
            c.ground,
            align="l",
            tracking=0.15,
        )
        text = story(item, CARE_STORY) if side < 0 else CONTENTS
        paragraph(draw, (x1, h * 0.17, x2, h * 0.66), text, size, c.ink)
        if side > 0:
            barcode(draw, (x1, h * 0.72, x1 + w * 0.15, h * 0.9), item.product.gtin)


def carton_panels(item: Print) -> Panels:
    """A perfume carton: a framed pattern, a paper label across it."""
    c, brand, product = item.product.colours, item.brand, item.product
    image, draw = sheet(860, 1300, c.ground)
    sunrise(draw, item, 860, 1300)
    draw.rectangle((36, 36, 824, 1264), outline=c.accent, width=8)
    draw.rectangle((130, 360, 730, 960), fill=c.paper)
    draw.rectangle((150, 380, 710, 940), outline=c.ground, width=4)
    draw_mark(draw, brand, 430, 480, 66, c.ground, c.paper)
    draw_wordmark(draw, brand, item.wordmark, 430, 605, 460, c.ink)
    draw.line((330, 655, 530, 655), fill=c.accent, width=5)
    set_text(draw, (430, 730), product.name, 92, c.ground, max_width=500)
    set_text(draw, (430, 805), product.note, 30, c.ink, max_width=520)
    set_text(draw, (430, 865), "EAU DE TOILETTE", 24, c.ink, tracking=0.25)
    set_text(draw, (430, 908), f"No {number_of(item)}  ·  50 ml", 22, c.ground, tracking=0.12)
    light = c.paper if luminance(c.ground) < 0.62 else c.ink
    set_text(draw, (430, 1222), brand.tagline, 26, light, tracking=0.24)
    return Panels(image, carton_side(item), box_top(item, 860, 520))


def sunrise(draw: Pen, item: Print, width: int, height: int) -> None:
    """Rings of scallops with the motif in every other one."""
    c, r = item.product.colours, width / 9
    tones = (
        mix(c.ground, c.accent, 0.3),
        mix(c.ground, c.paper, 0.12),
        mix(c.ground, c.accent, 0.55),
        c.ground,
    )
    for row in range(math.ceil(height / r) + 2):
        for column in range(-1, 6):
            x, y = (column + 0.5 * (row % 2)) * 2 * r, row * r * 0.9
            for k, tone in zip((1.0, 0.76, 0.52, 0.28), tones, strict=True):
                disc(draw, x, y, r * k, tone)
    scatter(draw, item.product.motif, (80, 1010, width - 80, 1150), r * 0.62, c, item.rng)
    scatter(draw, item.product.motif, (80, 130, width - 80, 290), r * 0.62, c, item.rng)


def carton_side(item: Print) -> Image.Image:
    """Contents and barcode of a perfume carton."""
    c = item.product.colours
    image, draw = sheet(520, 1300, mix(c.ground, c.paper, 0.86))
    draw.rectangle((0, 0, 520, 150), fill=c.ground)
    draw_wordmark(
        draw, item.brand, item.wordmark, 260, 76, 340, c.paper if luminance(c.ground) < 0.62 else c.ink
    )
    set_text(draw, (60, 230), item.product.name, 54, c.ground, align="l")
    paragraph(draw, (60, 280, 460, 620), story(item, CARE_STORY), 27, c.ink)
    draw.line((60, 640, 460, 640), fill=c.accent, width=5)
    paragraph(draw, (60, 670, 460, 960), CONTENTS, 24, c.ink)
    barcode(draw, (90, 1010, 430, 1200), item.product.gtin)
    ring(draw, 430, 225, 34, c.accent, 5)
    set_text(draw, (430, 225), "12M", 20, c.ink)
    return image
