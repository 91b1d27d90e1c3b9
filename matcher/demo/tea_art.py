"""What the tea brand prints: the wrap of a tin, the panels of a box of tea bags."""

from __future__ import annotations

from PIL import Image

from matcher.demo.artwork import Panels, Print, arch, band, box_top, fade, light_on, number_of, story
from matcher.demo.lettering import Box, barcode, mix, paragraph, set_text, sheet
from matcher.demo.marks import Pen, draw_mark, draw_wordmark
from matcher.demo.motifs import bouquet, landscape, scatter

STORY = (
    "{name} is {lower}. {origin}. Picked by hand, dried in slow air and rested for a season, so that every "
    "cup tastes of the place it grew in. Keep closed, cool and dry, away from light and strong smells."
)


def tin_wrap(item: Print, width: int, height: int) -> Image.Image:
    """The print around a tin, front in the middle; `width` is the whole way round."""
    c, product = item.product.colours, item.product
    image, draw = sheet(width, height, c.ground)
    deep, w, h = mix(c.ground, c.ink, 0.35), width, height
    scatter(draw, product.motif, (0, h * 0.14, w, h * 0.86), h * 0.085, fade(item, 0.62), item.rng)
    for y, way in ((0.0, 1), (0.895, -1)):
        band(draw, (0, h * y, w, h * (y + 0.105)), item, deep, c.accent)
        edge = h * (y + 0.105 if way > 0 else y)
        draw.line((0, edge, w, edge), fill=c.accent, width=round(h * 0.008))
    tin_front(draw, item, w / 2, h)
    for side in (-1, 1):
        tin_back(draw, item, w / 2 + side * h * 0.78, h, side)
    return image


def tin_front(draw: Pen, item: Print, mid: float, h: float) -> None:
    """The arch on a tin's front: mark, wordmark, wreath, name."""
    c, brand, product, half = item.product.colours, item.brand, item.product, h * 0.4
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
    light = light_on(c)
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
    light = light_on(c)
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
