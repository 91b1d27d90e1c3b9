"""Totes, satchels, backpacks and pouches as cut-outs: patterned canvas, leather, stitches and brass."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from matcher.demo.artwork import Print
from matcher.demo.lettering import Box, clear_sheet, luminance, mix, set_text
from matcher.demo.marks import Point, disc, draw_mark, draw_wordmark
from matcher.demo.patterns import REPEATS
from matcher.demo.solids import soft_noise, softened, trimmed

WIDTH, HEIGHT = 900, 940
BRASS, BRASS_DARK, BRASS_LIGHT = "#c39a4a", "#7a5a22", "#f0dca4"


def canvas(item: Print) -> Image.Image:
    """The bag's patterned cloth, twice the cut-out's size, RGB."""
    return REPEATS[item.product.motif](item, WIDTH * 2, HEIGHT * 2)


class Bag:
    """A bag under the needle: parts are laid at twice the size, then the light falls on the whole."""

    def __init__(self, item: Print) -> None:
        self.item = item
        self.sheet, self.draw = clear_sheet(WIDTH * 2, HEIGHT * 2)
        c = item.product.colours
        self.leather = mix(c.ground, c.ink, 0.62) if luminance(c.ground) > 0.12 else "#3a3436"
        self.thread = mix(self.leather, c.accent, 0.6)

    def part(self, outline: list[Point], cloth: Image.Image | str, relief: float = 0.45) -> None:
        """Lay a piece of cloth or leather with a soft edge and a little shadow under it."""
        edge = 44
        xs, ys = [x * 2 for x, _ in outline], [y * 2 for _, y in outline]
        left, top = max(0, round(min(xs)) - edge), max(0, round(min(ys)) - edge)
        right, low = min(WIDTH * 2, round(max(xs)) + edge), min(HEIGHT * 2, round(max(ys)) + edge)
        frame = (left, top, right, low)
        mask = Image.new("L", (right - left, low - top), 0)
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in zip(xs, ys, strict=True)], fill=255)
        below = self.sheet.crop(frame)
        shadow = softened(mask, 16).point(lambda value: value * 0.35)
        shadow = ImageChops.darker(shadow, below.getchannel("A"))
        below.paste((0, 0, 0, 255), (0, 0), shadow)
        fill = Image.new("RGB", mask.size, cloth) if isinstance(cloth, str) else cloth.crop(frame)
        inner = softened(mask, 26).point(lambda value: min(255, 255 * (1 - relief) + value * relief * 1.15))
        below.paste(ImageChops.multiply(fill, Image.merge("RGB", (inner, inner, inner))), (0, 0), mask)
        self.sheet.paste(below, (left, top))

    def seam(self, points: list[Point]) -> None:
        """A row of stitches."""
        for (x1, y1), (x2, y2) in pairwise(points):
            long = max(1.0, float(np.hypot(x2 - x1, y2 - y1)))
            for start in np.arange(0, long, 9).tolist():
                t1, t2 = start / long, min(1.0, (start + 5.5) / long)
                ends = [(x1 + (x2 - x1) * t, y1 + (y2 - y1) * t) for t in (t1, t2)]
                self.draw.line([(x * 2, y * 2) for x, y in ends], fill=self.thread, width=4)

    def strap(self, points: list[Point], width: float) -> None:
        """A leather strap along `points` with a lit middle."""
        line = [(x * 2, y * 2) for x, y in points]
        dark = mix(self.leather, "#000000", 0.35)
        for share, tone in ((1.0, dark), (0.86, self.leather), (0.4, mix(self.leather, "#ffffff", 0.1))):
            self.draw.line(line, fill=tone, width=round(width * 2 * share), joint="curve")
            for x, y in (line[0], line[-1]):
                disc(self.draw, x, y, width * share, tone)

    def rivet(self, x: float, y: float, r: float) -> None:
        """A brass rivet."""
        for share, shift, tone in ((1.0, 0.0, BRASS_DARK), (0.86, 0.0, BRASS), (0.4, -0.25, BRASS_LIGHT)):
            disc(self.draw, (x + shift * r) * 2, (y + shift * r) * 2, r * 2 * share, tone)

    def label(self, at: Box) -> None:
        """A leather patch with mark and wordmark, blind-stamped in the accent."""
        c, (x1, y1, x2, y2) = self.item.product.colours, at
        if not self.item.wordmark:
            return
        patch = c.paper if luminance(c.ground) < 0.55 else mix(c.ink, c.ground, 0.1)
        ink = c.ink if luminance(patch) > 0.5 else c.paper
        self.part([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], patch, 0.25)
        self.seam([(x1 + 5, y1 + 5), (x2 - 5, y1 + 5), (x2 - 5, y2 - 5), (x1 + 5, y2 - 5), (x1 + 5, y1 + 5)])
        x, high, wide = x1 + x2, y2 - y1, x2 - x1
        draw_mark(self.draw, self.item.brand, x, 2 * (y1 + high * 0.33), high * 0.36, ink, patch)
        draw_wordmark(
            self.draw, self.item.brand, self.item.wordmark, x, 2 * (y1 + high * 0.69), wide * 1.62, ink
        )
        place = f"{self.item.brand.tagline}  ·  {self.item.product.reference_id}"
        set_text(
            self.draw,
            (x, 2 * (y1 + high * 0.855)),
            place,
            high * 0.13,
            ink,
            tracking=0.1,
            max_width=wide * 1.5,
        )

    def finished(self, seed: int) -> Image.Image:
        """The cut-out, RGBA, light from the left and a little wear."""
        cut = self.sheet.reduce(2)
        rng = np.random.default_rng(seed)
        pixels = np.asarray(cut).astype(np.float32)
        slope = (
            np.linspace(1.08, 0.86, WIDTH, dtype=np.float32)[None, :]
            * np.linspace(1.04, 0.93, HEIGHT, dtype=np.float32)[:, None]
        )
        light = slope + 0.025 * soft_noise(rng, WIDTH, HEIGHT, 6)
        grain = soft_noise(rng, WIDTH, HEIGHT, 400)
        pixels[..., :3] = pixels[..., :3] * light[..., None] + 2.5 * grain[..., None]
        return trimmed(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)))


def rounded(x1: float, y1: float, x2: float, y2: float, r: float, taper: float = 0.0) -> list[Point]:
    """A round-cornered outline; `taper` draws its top corners in."""
    points: list[Point] = []
    corners = ((x2 - taper, y1, -90), (x2, y2, 0), (x1, y2, 90), (x1 + taper, y1, 180))
    for x, y, start in corners:
        cx, cy = (x - r if start in (-90, 0) else x + r), (y + r if start in (-90, 180) else y - r)
        for angle in np.radians(np.linspace(start, start + 90, 9)).tolist():
            points.append((cx + r * float(np.cos(angle)), cy + r * float(np.sin(angle))))
    return points


def arc(x: float, y: float, rx: float, ry: float, start: float, stop: float) -> list[Point]:
    """Points along an ellipse, degrees."""
    return [
        (x + rx * float(np.cos(a)), y + ry * float(np.sin(a)))
        for a in np.radians(np.linspace(start, stop, 40))
    ]


def tote(bag: Bag) -> None:
    """Two handles, a broad body, leather corners and a patch."""
    bag.strap(arc(450, 350, 160, 270, 180, 360), 15)
    body = rounded(110, 330, 790, 900, 46, 46)
    bag.part(body, canvas(bag.item))
    bag.part([(152, 326), (748, 326), (752, 372), (148, 372)], bag.leather)
    bag.seam([(160, 364), (740, 364)])
    for side in (-1, 1):
        x = 450 + side * 335
        bag.part([(x, 800), (x, 862), (450 + side * 300, 900), (450 + side * 200, 900)], bag.leather)
    bag.strap(arc(450, 360, 190, 310, 180, 360), 17)
    for side in (-1, 1):
        x = 450 + side * 190
        bag.part(rounded(x - 26, 350, x + 26, 450, 12), bag.leather)
        bag.seam([(x - 18, 440), (x + 18, 440), (x + 18, 380), (x - 18, 380), (x - 18, 440)])
        bag.rivet(x, 366, 8)
    bag.label((335, 560, 565, 720))


def satchel(bag: Bag) -> None:
    """A body under a patterned flap, closed by a brass turn lock."""
    bag.strap(arc(450, 330, 120, 130, 180, 360), 17)
    bag.part(rounded(90, 330, 810, 880, 60, 18), bag.leather)
    bag.seam([(120, 860), (780, 860)])
    flap = [
        *rounded(78, 300, 822, 640, 50)[:9],
        *arc(450, 600, 372, 150, 0, 180),
        *rounded(78, 300, 822, 640, 50)[27:],
    ]
    bag.part(flap, canvas(bag.item))
    bag.seam(arc(450, 594, 356, 142, 4, 176))
    bag.part(rounded(400, 690, 500, 800, 18), mix(bag.leather, "#000000", 0.2))
    bag.draw.rounded_rectangle((836, 1430, 964, 1530), 20, fill=BRASS, outline=BRASS_DARK, width=6)
    bag.draw.rounded_rectangle((850, 1442, 950, 1462), 8, fill=BRASS_LIGHT)
    draw_mark(bag.draw, bag.item.brand, 900, 1490, 26, BRASS_DARK, BRASS)
    for side in (-1, 1):
        bag.rivet(450 + side * 340, 336, 11)
    bag.label((330, 400, 570, 560))


def backpack(bag: Bag) -> None:
    """A tall body with a top handle, side pockets and a front pocket."""
    bag.strap(arc(450, 110, 70, 70, 180, 360), 14)
    for side in (-1, 1):
        bag.part(rounded(450 + side * 300 - 60, 560, 450 + side * 300 + 60, 860, 40), bag.leather)
    bag.part(rounded(160, 90, 740, 910, 150, 40), canvas(bag.item))
    zip_line = arc(450, 330, 250, 200, 190, 350)
    for width, tone in ((26, mix(bag.leather, "#000000", 0.2)), (8, BRASS)):
        bag.draw.line([(x * 2, y * 2) for x, y in zip_line], fill=tone, width=width, joint="curve")
    bag.part(rounded(230, 540, 670, 860, 60), bag.leather)
    bag.seam(rounded(242, 552, 658, 848, 52))
    bag.part(rounded(230, 540, 670, 640, 46), mix(bag.leather, "#ffffff", 0.07))
    bag.seam([(250, 632), (650, 632)])
    bag.draw.rounded_rectangle((880, 1268, 920, 1340), 12, fill=BRASS, outline=BRASS_DARK, width=5)
    for side in (-1, 1):
        bag.strap([(450 + side * 190, 330), (450 + side * 190, 540)], 15)
        bag.rivet(450 + side * 190, 350, 8)
        bag.rivet(450 + side * 190, 520, 8)
    bag.label((345, 370, 555, 515))


def pouch(bag: Bag) -> None:
    """A flat pouch with a brass zip, a wrist strap and a patch."""
    bag.strap([(790, 360), (852, 430), (858, 560), (830, 690), (800, 760)], 12)
    bag.part(rounded(70, 330, 800, 840, 44), canvas(bag.item))
    bag.part(rounded(70, 322, 800, 386, 28), bag.leather)
    for x in range(196, 1540, 15):
        bag.draw.rectangle((x, 702, x + 8, 716), fill=BRASS if x % 2 else BRASS_LIGHT)
    bag.draw.rounded_rectangle((250, 690, 300, 800), 16, fill=BRASS, outline=BRASS_DARK, width=6)
    bag.rivet(784, 354, 12)
    bag.seam(rounded(82, 394, 788, 828, 36))
    bag.label((320, 510, 550, 670))


SHAPES = {"tote": tote, "satchel": satchel, "backpack": backpack, "pouch": pouch}


def bag(item: Print) -> Image.Image:
    """A bag from the front, RGBA."""
    made = Bag(item)
    SHAPES[item.product.form](made)
    return made.finished(11)
