"""What sellers do to photos that are not theirs: crop, mirror, mark, tint, squeeze, paste."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from matcher.demo.lettering import clear_sheet, mix, set_text
from matcher.demo.scenes import Rng, flat_lay

Edit = Callable[[Image.Image, Rng], Image.Image]
SHOUTS = ("100% ORIGINAL", "HOT SALE", "FREE SHIPPING", "LAST PIECES", "BEST PRICE", "TOP QUALITY")
INKS = ("#c4302b", "#1d5fa8", "#1f8a4c", "#2a2a2a", "#d9822b")


def crop(image: Image.Image, rng: Rng) -> Image.Image:
    """Keep 62 to 85 % of each side."""
    wide, high = (rng.uniform(0.62, 0.85, 2) * image.size).tolist()
    x, y = (
        float(rng.uniform(0.2, 0.8)) * (image.width - wide),
        float(rng.uniform(0.2, 0.8)) * (image.height - high),
    )
    return image.crop((round(x), round(y), round(x + wide), round(y + high)))


def mirror(image: Image.Image, rng: Rng) -> Image.Image:
    """Left becomes right."""
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def watermark(image: Image.Image, rng: Rng) -> Image.Image:
    """A shop's name over and over, slanted and half transparent."""
    over, draw = clear_sheet(image.width * 2, image.height * 2)
    name = ("mega-outlet.example", "STYLE4LESS", "bargain cave", "daily finds")[int(rng.integers(4))]
    for row, y in enumerate(range(0, over.height, 190)):
        for x in range(-200 + (row % 2) * 260, over.width, 560):
            set_text(draw, (x, y), name, 52, "#ffffff" if row % 2 else "#4a4a4a", align="l", weight=0.02)
    over = over.rotate(28, Image.Resampling.BILINEAR, center=(over.width / 2, over.height / 2)).reduce(2)
    over.putalpha(over.getchannel("A").point(lambda value: value * 0.42))
    out = image.convert("RGBA")
    out.alpha_composite(over)
    return out.convert("RGB")


def banner(image: Image.Image, rng: Rng) -> Image.Image:
    """A coloured bar of shouting text, and a round price badge."""
    out = image.copy()
    draw = ImageDraw.Draw(out)
    w, h, ink = image.width, image.height, INKS[int(rng.integers(len(INKS)))]
    top = rng.random() < 0.5
    y1, y2 = (0, h * 0.13) if top else (h * 0.87, h)
    draw.rectangle((0, y1, w, y2), fill=ink)
    shout = SHOUTS[int(rng.integers(len(SHOUTS)))]
    set_text(draw, (w / 2, (y1 + y2) / 2), shout, h * 0.07, "#ffffff", weight=0.03, max_width=w * 0.9)
    x, y, r = w * 0.86, h * (0.8 if top else 0.17), w * 0.095
    draw.ellipse((x - r, y - r, x + r, y + r), fill="#f6d743", outline=ink, width=round(r * 0.08))
    set_text(draw, (x, y), f"-{int(rng.integers(3, 9))}0%", r * 0.62, ink, weight=0.04)
    return out


def tint(image: Image.Image, rng: Rng) -> Image.Image:
    """Other colour, contrast and brightness."""
    out = ImageEnhance.Color(image).enhance(float(rng.uniform(0.55, 1.5)))
    out = ImageEnhance.Contrast(out).enhance(float(rng.uniform(0.8, 1.25)))
    gains = rng.uniform(0.86, 1.12, 3).astype(np.float32)
    return Image.fromarray(np.clip(np.asarray(out, np.float32) * gains, 0, 255).astype(np.uint8))


def squeeze(image: Image.Image, rng: Rng) -> Image.Image:
    """Smaller, then saved as a poor JPEG."""
    share = float(rng.uniform(0.45, 0.7))
    small = image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.BILINEAR)
    out = BytesIO()
    small.save(out, "JPEG", quality=int(rng.integers(18, 36)))
    return Image.open(BytesIO(out.getvalue())).convert("RGB")


def screenshot(image: Image.Image, rng: Rng) -> Image.Image:
    """A phone's screen: status bar, shop bar, the photo, buttons."""
    dark = rng.random() < 0.4
    ground, ink = ("#17181b", "#f0f0f0") if dark else ("#ffffff", "#222326")
    w, h = 900, 1600
    out = Image.new("RGB", (w, h), ground)
    draw = ImageDraw.Draw(out)
    set_text(
        draw,
        (40, 42),
        f"{int(rng.integers(8, 23))}:{int(rng.integers(10, 59))}",
        30,
        ink,
        align="l",
        weight=0.02,
    )
    draw.rounded_rectangle((806, 28, 862, 56), 8, outline=ink, width=3)
    draw.rectangle((811, 33, 842, 51), fill=ink)
    draw.rounded_rectangle((40, 96, 860, 166), 35, fill=mix(ground, ink, 0.1))
    set_text(draw, (100, 131), "Search the shop", 30, mix(ground, ink, 0.5), align="l")
    out.paste(image.resize((w, w), Image.Resampling.LANCZOS), (0, 200))
    for index in range(5):
        x = 400 + index * 26
        draw.ellipse((x, 1126, x + 12, 1138), fill=ink if index == 0 else mix(ground, ink, 0.3))
    draw.rounded_rectangle((40, 1180, 720, 1214), 8, fill=mix(ground, ink, 0.25))
    draw.rounded_rectangle((40, 1240, 520, 1270), 8, fill=mix(ground, ink, 0.15))
    draw.rounded_rectangle((40, 1440, 860, 1530), 45, fill=INKS[int(rng.integers(len(INKS)))])
    set_text(draw, (450, 1485), "Add to basket", 36, "#ffffff", weight=0.02)
    return out


def pasted(image: Image.Image, rng: Rng) -> Image.Image:
    """The photo laid on another background at half its size or a little more."""
    side = 1000
    out = Image.fromarray(np.clip(flat_lay(rng, side, side), 0, 255).astype(np.uint8))
    out = out.filter(ImageFilter.BoxBlur(2))
    size = round(side * float(rng.uniform(0.48, 0.66)))
    x, y = rng.integers(30, side - size - 30, 2).tolist()
    framed = Image.new("RGB", (size, size), "#ffffff")
    framed.paste(image.resize((size - 16, size - 16), Image.Resampling.LANCZOS), (8, 8))
    out.paste(framed, (x, y))
    return out


def turned_frame(image: Image.Image, rng: Rng) -> Image.Image:
    """A few degrees of turn inside a coloured border."""
    ink = INKS[int(rng.integers(len(INKS)))]
    out = image.rotate(
        float(rng.choice([-1, 1])) * float(rng.uniform(4, 9)), Image.Resampling.BICUBIC, fillcolor=ink
    )
    draw = ImageDraw.Draw(out)
    draw.rectangle((0, 0, out.width - 1, out.height - 1), outline=ink, width=26)
    return out


def collage(images: list[Image.Image], rng: Rng) -> Image.Image:
    """Two to four photos on one sheet with white gaps."""
    side, gap = 560, 12
    columns, rows = 2, 1 if len(images) <= 2 else 2
    out = Image.new("RGB", (columns * side + (columns + 1) * gap, rows * side + (rows + 1) * gap), "#ffffff")
    for index, image in enumerate(images[:4]):
        at = gap + index % 2 * (side + gap), gap + index // 2 * (side + gap)
        out.paste(image.resize((side, side), Image.Resampling.LANCZOS), at)
    return out


EDITS: dict[str, Edit] = {
    "crop": crop, "mirror": mirror, "watermark": watermark, "banner": banner, "tint": tint,
    "squeeze": squeeze, "screenshot": screenshot, "pasted": pasted, "turned-frame": turned_frame,
}  # fmt: skip
