"""What the apothecary prints: labels for bottles and jars, the panels of a perfume carton."""

from __future__ import annotations

import math

from PIL import Image

from matcher.demo.artwork import Panels, Print, box_top, light_on, number_of, story
from matcher.demo.lettering import barcode, mix, paragraph, set_text, sheet
from matcher.demo.marks import Pen, disc, draw_mark, draw_wordmark, ring
from matcher.demo.motifs import bouquet, scatter

CARE_STORY = (
    "{name}: {lower}. {origin}. Rinsed with spring water, pressed without heat, rested for nine weeks. Use "
    "morning and evening on damp skin. For outer use. Keep out of the eyes and out of the sun."
)


CONTENTS = (
    "Aqua, glycerin, sea fennel water, coco glucoside, betaine, olive leaf extract, linseed mucilage, "
    "citric acid, mineral salts, natural fragrance, linalool, limonene, geraniol."
)


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
    light = light_on(c)
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
    light = light_on(c)
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
    draw_wordmark(draw, item.brand, item.wordmark, 260, 76, 340, light_on(c))
    set_text(draw, (60, 230), item.product.name, 54, c.ground, align="l")
    paragraph(draw, (60, 280, 460, 620), story(item, CARE_STORY), 27, c.ink)
    draw.line((60, 640, 460, 640), fill=c.accent, width=5)
    paragraph(draw, (60, 670, 460, 960), CONTENTS, 24, c.ink)
    barcode(draw, (90, 1010, 430, 1200), item.product.gtin)
    ring(draw, 430, 225, 34, c.accent, 5)
    set_text(draw, (430, 225), "12M", 20, c.ink)
    return image
