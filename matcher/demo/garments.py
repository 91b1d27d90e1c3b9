"""T-shirts and hoodies as cut-outs: cloth, seams, folds and the print on the chest."""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from matcher.demo.artwork import Print
from matcher.demo.lettering import clear_sheet, luminance, mix, set_text
from matcher.demo.marks import Pen, Point, draw_mark
from matcher.demo.prints import garment_print
from matcher.demo.solids import Floats, soft_noise, softened

WIDTH, HEIGHT = 900, 900


def bend(points: list[Point], steps: int = 8) -> list[Point]:
    """A smooth closed outline through `points` (a Catmull-Rom spline)."""
    corners = np.array(points)
    before, after, beyond = (np.roll(corners, shift, 0) for shift in (1, -1, -2))
    t = (np.arange(steps) / steps)[None, :, None]
    slope, square = after - before, 2 * before - 5 * corners + 4 * after - beyond
    cube = 3 * corners - before - 3 * after + beyond
    curve = corners[:, None] + 0.5 * (slope[:, None] * t + square[:, None] * t**2 + cube[:, None] * t**3)
    return [(float(x), float(y)) for x, y in curve.reshape(-1, 2)]


def both_sides(half: list[Point]) -> list[Point]:
    """An outline from its right half, which runs from the top middle down; x counts from the middle."""
    return [(450 + x, y) for x, y in half] + [(450 - x, y) for x, y in reversed(half)]


TEE = both_sides(
    [(95, 66), (150, 74), (255, 112), (300, 140), (350, 225), (408, 330), (410, 345), (330, 392), (318, 390),
     (262, 290), (258, 320), (262, 560), (266, 800), (262, 836), (240, 848), (120, 854)]
)  # fmt: skip
HOODIE = both_sides(
    [(80, 120), (150, 132), (240, 160), (290, 200), (330, 330), (372, 560), (398, 740), (396, 772),
     (330, 792), (318, 776), (284, 560), (252, 370), (254, 420), (262, 740), (262, 836),
     (240, 850), (110, 856)]
)  # fmt: skip
HOOD = both_sides([(40, 20), (110, 32), (158, 80), (172, 140), (150, 196), (96, 236), (30, 250)])


@lru_cache(maxsize=8)
def folds(form: str) -> Floats:
    """How light falls on the cloth, about 1, shape (HEIGHT, WIDTH)."""
    rng = np.random.default_rng(crc32(form.encode()))
    light = 1 + 0.035 * soft_noise(rng, WIDTH, HEIGHT, 7) + 0.02 * soft_noise(rng, WIDTH, HEIGHT, 18, 6)
    creases = Image.new("L", (WIDTH, HEIGHT), 128)
    draw = ImageDraw.Draw(creases)
    for side in (-1, 1):
        for start, stop, tone in (
            ((255, 300), (120, 420), 88), ((262, 330), (170, 540), 100), ((262, 280), (90, 330), 164),
            ((250, 700), (60, 790), 96), ((262, 610), (150, 740), 158), ((200, 130), (262, 290), 96),
        ):  # fmt: skip
            jitter = rng.uniform(-22, 22, 2)
            ends = (450 + side * start[0], start[1], 450 + side * (stop[0] + jitter[0]), stop[1] + jitter[1])
            draw.line(ends, fill=tone, width=20)
    soft = np.asarray(softened(creases, 20), np.float32)
    return np.asarray(light + (soft - 128) / 230, np.float32)


def cloth(outline: list[Point], colour: str, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Image.Image:
    """A flat piece of cloth as a smooth-edged cut-out, darker along its edge."""
    mask = Image.new("L", (size[0] * 2, size[1] * 2), 0)
    ImageDraw.Draw(mask).polygon([(x * 2, y * 2) for x, y in outline], fill=255)
    mask = mask.reduce(2)
    out = Image.new("RGBA", size, colour)
    edge = np.asarray(softened(mask, 11), np.float32) / 255
    pixels = np.asarray(out).copy()
    pixels[..., :3] = pixels[..., :3] * np.clip(0.62 + 0.45 * edge, 0, 1)[..., None]
    pixels[..., 3] = np.asarray(mask)
    return Image.fromarray(pixels)


def lay_within(body: Image.Image, details: Image.Image) -> None:
    """Lay `details` on the cloth, in place; what sticks out over its edge is cut off."""
    details.putalpha(ImageChops.darker(details.getchannel("A"), body.getchannel("A")))
    body.alpha_composite(details)


def stitches(draw: Pen, points: list[Point], colour: str) -> None:
    """A double seam along `points`, drawn at twice the size."""
    for shift in (0, 7):
        draw.line([(x * 2, y * 2 + shift) for x, y in points], fill=colour, width=2, joint="curve")


def tee(item: Print, back: bool) -> Image.Image:
    """A T-shirt; the back carries a small mark and a number."""
    c = item.product.colours
    body = cloth(bend(TEE), c.ground)
    details, draw = clear_sheet(WIDTH * 2, HEIGHT * 2)
    seam = mix(c.ground, "#000000" if luminance(c.ground) > 0.35 else "#ffffff", 0.22)
    rib = mix(c.ground, c.ink, 0.16)
    drop = 96 if back else 150
    draw.pieslice((700, 132 - drop * 1.6, 1100, 132 + drop * 1.5), 2, 178, fill=rib)
    if not back:
        inside = mix(c.ground, "#000000", 0.5)
        draw.pieslice((724, 120 - drop * 1.6, 1076, 122 + drop * 1.28), 0, 180, fill=inside)
        draw.pieslice((724, 84, 1076, 178), 0, 180, fill=rib)
        draw.rounded_rectangle((862, 164, 938, 216), 6, fill="#f4f2ee")
        draw_mark(draw, item.brand, 900, 190, 19, item.brand.colours.ground, "#f4f2ee")
    for side in (-1, 1):
        stitches(draw, [(450 + side * x, y) for x, y in ((322, 376), (402, 336))], seam)
        stitches(draw, [(450 + side * x, y) for x, y in ((250, 116), (262, 200), (258, 300))], seam)
    stitches(draw, [(190, 828), (450, 836), (710, 828)], seam)
    lay_within(body, details.reduce(2))
    return finish(item, body, (450, 420) if not back else (450, 300), 420 if not back else 0, "tee", back)


def hoodie(item: Print, back: bool) -> Image.Image:
    """A hoodie with hood, cords, cuffs and a pouch pocket."""
    c = item.product.colours
    body = cloth(bend(HOODIE), c.ground)
    rib = mix(c.ground, c.ink, 0.2) if luminance(c.ground) > 0.4 else mix(c.ground, "#000000", 0.25)
    body.alpha_composite(cloth(bend(HOOD), mix(c.ground, "#000000", 0.08)))
    details, draw = clear_sheet(WIDTH * 2, HEIGHT * 2)
    seam = mix(c.ground, "#000000" if luminance(c.ground) > 0.35 else "#ffffff", 0.2)
    if not back:
        hoodie_front(draw, item, seam)
    for x in range(388, 1412, 15):
        draw.line((x, 1640, x, 1704), fill=rib, width=5)
    for side in (-1, 1):
        stitches(draw, [(450 + side * x, y) for x, y in ((238, 160), (256, 260), (252, 372))], seam)
        for step in range(9):
            cuff = 450 + side * (326 + step * 8.5)
            draw.line((cuff * 2, 1480 - step * 5, cuff * 2 + side * 10, 1560 - step * 4), fill=rib, width=5)
    lay_within(body, details.reduce(2))
    return finish(item, body, (450, 462) if not back else (450, 420), 330 if not back else 0, "hoodie", back)


def hoodie_front(draw: Pen, item: Print, seam: str) -> None:
    """The hood's opening, its label and cords, and the pouch pocket, drawn at twice the size."""
    c = item.product.colours
    half = [(0, 62), (80, 84), (104, 140), (62, 196), (0, 222)]
    opening = half + [(-x, y) for x, y in reversed(half[1:-1])]
    draw.polygon(bend([(900 + x * 2, y * 2) for x, y in opening]), fill=mix(c.ground, "#000000", 0.55))
    draw.rounded_rectangle((860, 180, 940, 236), 6, fill="#f4f2ee")
    draw_mark(draw, item.brand, 900, 208, 20, item.brand.colours.ground, "#f4f2ee")
    for side in (-1, 1):
        cord = [(900 + side * 70, 440), (900 + side * 84, 600), (900 + side * 74, 700)]
        draw.line(cord, fill=c.paper, width=10, joint="curve")
        draw.ellipse((888 + side * 74, 692, 912 + side * 74, 730), fill=c.accent)
    pocket = [(640, 1620), (640, 1480), (740, 1330), (1060, 1330), (1160, 1480), (1160, 1620)]
    draw.polygon(pocket, fill=mix(c.ground, "#000000", 0.06))
    draw.line([*pocket, pocket[0]], fill=seam, width=5)


def finish(item: Print, body: Image.Image, at: Point, side: int, form: str, back: bool) -> Image.Image:
    """Put the print on the cloth and let light fall on both."""
    c = item.product.colours
    if back:
        laid, draw = clear_sheet(800, 500)
        draw_mark(draw, item.brand, 400, 100, 80, c.accent, c.paper if c.paper != c.ground else c.ink)
        set_text(draw, (400, 280), item.brand.tagline, 56, c.ink, tracking=0.1, max_width=760)
        draw.rectangle((180, 350, 620, 360), fill=c.accent)
        set_text(draw, (400, 420), item.product.name.upper(), 44, c.ink, tracking=0.2, max_width=700)
        laid = laid.reduce(2)
    else:
        laid = garment_print(item).resize((side, side), Image.Resampling.LANCZOS)
    body.alpha_composite(laid, (round(at[0] - laid.width / 2), round(at[1] - laid.height / 2)))
    pixels = np.asarray(body).astype(np.float32)
    grain = np.random.default_rng(5).standard_normal((HEIGHT, WIDTH)).astype(np.float32)
    pixels[..., :3] = pixels[..., :3] * folds(form)[..., None] + 2.2 * grain[..., None] + 3
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def garment(item: Print, back: bool) -> Image.Image:
    """A T-shirt or hoodie from the front or the back, RGBA."""
    return tee(item, back) if item.product.form == "tee" else hoodie(item, back)
