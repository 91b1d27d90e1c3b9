"""Fourteen kinds of edit that turn a photo into the copy a dishonest seller would upload."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Others = Callable[[], Image.Image]
"""Gives another photo, RGB, each time it is called."""
Edit = Callable[[Image.Image, np.random.Generator, Others], Image.Image]
"""RGB in, RGB out; all chance comes from the generator."""

Corners = NDArray[np.float64]

WORDS = (
    "SALE",
    "NEW",
    "-50%",
    "FREE SHIPPING",
    "100% ORIGINAL",
    "BEST PRICE",
    "ONLY TODAY",
    "2 FOR 1",
    "TOP QUALITY",
)
SITES = ("www.shop-4-less.example", "© best.deals.example", "outlet.example", "SAMPLE", "do not copy")


def jpeg(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """Save as JPEG of quality 10 to 40."""
    return _recompressed(image, int(rng.integers(10, 41)))


def resize(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """Shrink to 30 to 60 % of the sides."""
    return _scaled(image, rng.uniform(0.3, 0.6))


def mirror(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """Swap left and right."""
    return ImageOps.mirror(image)


def rotate(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """Turn by 5 to 30 degrees either way, corners filled or cropped away; one in four by 90, 180 or 270."""
    if rng.random() < 0.25:
        return image.rotate(90 * int(rng.integers(1, 4)), expand=True)
    return _turned(image, rng, rng.uniform(5, 30))


def crop(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """Keep 45 to 60 % of the area, anywhere, at up to 1.25 times the aspect."""
    return _cropped(image, rng, rng.uniform(0.45, 0.6))


def colour(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """Change brightness, contrast, saturation (0.6 to 1.5 times) and hue (up to 20 degrees)."""
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhance(image).enhance(_away_from_one(rng, 0.6, 1.5))
    hue, saturation, value = image.convert("HSV").split()
    shift = int(rng.integers(-14, 15))
    hue = hue.point([(level + shift) % 256 for level in range(256)])
    return Image.merge("HSV", (hue, saturation, value)).convert("RGB")


def grey(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """Take the colours away and change the contrast."""
    return ImageEnhance.Contrast(ImageOps.grayscale(image).convert("RGB")).enhance(
        _away_from_one(rng, 0.7, 1.5)
    )


def blur(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """Gaussian blur with a radius of 0.5 to 1.5 % of the longest side."""
    return image.filter(ImageFilter.GaussianBlur(max(1.0, max(image.size) * rng.uniform(0.005, 0.015))))


def watermark(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """Half-transparent text across the photo, once or as a pattern."""
    text = str(rng.choice(SITES))
    shade = (255, 255, 255) if rng.random() < 0.7 else (0, 0, 0)
    ink = (*shade, int(rng.integers(90, 170)))
    side = max(image.size)
    layer = Image.new("RGBA", (2 * side, 2 * side), (*shade, 0))
    draw = ImageDraw.Draw(layer)
    rows = int(rng.integers(3, 7)) if rng.random() < 0.5 else 1
    font = ImageFont.load_default(max(8.0, side / (6 if rows == 1 else 12)))
    for row in range(rows):
        middle = side + (row - (rows - 1) / 2) * side / rows
        draw.text((side, middle), text, fill=ink, font=font, anchor="mm")
    layer = layer.rotate(rng.uniform(-45, 45))
    left, top = side - image.width // 2, side - image.height // 2
    layer = layer.crop((left, top, left + image.width, top + image.height))
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def banner(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """Price and promotion banners with text that cover up to a quarter of the photo."""
    edited = image.copy()
    draw = ImageDraw.Draw(edited)
    share = rng.uniform(0.1, 0.25)
    strips = int(rng.integers(1, 3))
    for top in (rng.permutation([True, False]))[:strips]:
        height = max(2, int(image.height * share / strips))
        y = 0 if top else image.height - height
        _label(draw, (0, y, image.width, y + height), rng)
    if strips == 1 and share < 0.18:
        side = int(math.sqrt(0.06 * image.width * image.height))
        x = int(rng.integers(0, max(1, image.width - side)))
        y = int(rng.integers(0, max(1, image.height - side)))
        _label(draw, (x, y, min(x + side, image.width), min(y + side, image.height)), rng)
    return edited


def perspective(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """Seen from aside: each corner moves in by up to 20 % of the sides."""
    width, height = image.size
    moves = rng.uniform(0.02, 0.2, (4, 2)) * (width, height)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    corners += moves * [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    return image.transform(
        image.size,
        Image.Transform.PERSPECTIVE,
        _homography(corners, np.array([(0, 0), (width, 0), (width, height), (0, height)], float)),
        Image.Resampling.BICUBIC,
        fillcolor=_fill(image, rng),
    )


def collage(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """A tile among other photos: side by side, one above the other, two by two; about as large as before."""
    columns, rows = [(2, 1), (1, 2), (2, 2)][int(rng.integers(3))]
    width, height = max(16, image.width), max(16, image.height)
    sheet = Image.new("RGB", (columns * width, rows * height), "white")
    place = int(rng.integers(columns * rows))
    for tile in range(columns * rows):
        photo = image if tile == place else others()
        sheet.paste(
            ImageOps.fit(photo, (width, height), Image.Resampling.BICUBIC),
            (tile % columns * width, tile // columns * height),
        )
    return _scaled(sheet, 1 / max(columns, rows))


def pasted(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """On another photo, at 40 to 60 % of its side, at a random place."""
    background = others().copy()
    share = rng.uniform(0.4, 0.6)
    factor = min(background.width * share / image.width, background.height * share / image.height)
    photo = _scaled(image, factor)
    x = int(rng.integers(0, background.width - photo.width + 1))
    y = int(rng.integers(0, background.height - photo.height + 1))
    background.paste(photo, (x, y))
    return background


def combination(image: Image.Image, rng: np.random.Generator, others: Others) -> Image.Image:
    """Three different mild edits in random order, then JPEG of quality 30 to 60."""
    for index in rng.choice(len(MILD_EDITS), 3, replace=False):
        image = MILD_EDITS[int(index)](image, rng, others)
    return _recompressed(image, int(rng.integers(30, 61)))


EDITS: dict[str, Edit] = {
    edit.__name__: edit
    for edit in (
        jpeg, resize, mirror, rotate, crop, colour, grey,
        blur, watermark, banner, perspective, collage, pasted, combination,
    )
}  # fmt: skip
"""The fourteen kinds, by name."""

MILD_EDITS: tuple[Edit, ...] = (
    lambda image, rng, _: _scaled(image, rng.uniform(0.5, 0.8)),
    lambda image, rng, _: _turned(image, rng, rng.uniform(2, 10)),
    lambda image, rng, _: _cropped(image, rng, rng.uniform(0.7, 0.9)),
    mirror,
    colour,
    grey,
    watermark,
    banner,
)


def seeded(seed: int, name: str) -> np.random.Generator:
    """A generator that depends on the seed and a name, and on nothing else."""
    return np.random.default_rng([seed, int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])])


def uploaded(image: Image.Image, rng: np.random.Generator) -> bytes:
    """The bytes a marketplace would hold: JPEG of quality 75 to 90."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=int(rng.integers(75, 91)))
    return file.getvalue()


def _recompressed(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def _scaled(image: Image.Image, factor: float) -> Image.Image:
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    return image.resize(size, Image.Resampling.BICUBIC)


def _cropped(image: Image.Image, rng: np.random.Generator, share: float) -> Image.Image:
    stretch = math.exp(rng.uniform(-0.11, 0.11))
    width = min(image.width, max(1, round(image.width * math.sqrt(share) * stretch)))
    height = min(image.height, max(1, round(image.height * math.sqrt(share) / stretch)))
    x = int(rng.integers(0, image.width - width + 1))
    y = int(rng.integers(0, image.height - height + 1))
    return image.crop((x, y, x + width, y + height))


def _turned(image: Image.Image, rng: np.random.Generator, degrees: float) -> Image.Image:
    angle = degrees * float(rng.choice([-1, 1]))
    if rng.random() < 0.5:
        return image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=_fill(image, rng))
    return _without_corners(image.rotate(angle, Image.Resampling.BICUBIC), degrees)


def _without_corners(image: Image.Image, degrees: float) -> Image.Image:
    """The largest middle part, of the same aspect, that the turned photo covers."""
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    width, height = image.size
    factor = min(width / (width * cosine + height * sine), height / (width * sine + height * cosine))
    left, top = round(width * (1 - factor) / 2), round(height * (1 - factor) / 2)
    return image.crop((left, top, max(left + 1, width - left), max(top + 1, height - top)))


def _away_from_one(rng: np.random.Generator, low: float, high: float) -> float:
    """A factor that can be seen: not within 10 % of 1."""
    return float(rng.uniform(low, 0.9) if rng.random() < 0.5 else rng.uniform(1.1, high))


def _fill(image: Image.Image, rng: np.random.Generator) -> tuple[int, int, int]:
    """White, black or the photo's mean colour."""
    mean = np.asarray(image.resize((1, 1), Image.Resampling.BOX))[0, 0]
    red, green, blue = [(255, 255, 255), (0, 0, 0), tuple(int(level) for level in mean)][int(rng.integers(3))]
    return red, green, blue


def _label(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    """A box of one strong colour with a price or a slogan in it."""
    hue = int(rng.integers(360))
    draw.rectangle(
        (box[0], box[1], max(box[0], box[2] - 1), max(box[1], box[3] - 1)), fill=f"hsl({hue}, 85%, 45%)"
    )
    text = f"${rng.integers(5, 200)}.99" if rng.random() < 0.4 else str(rng.choice(WORDS))
    width, height = box[2] - box[0], box[3] - box[1]
    font = ImageFont.load_default(max(6.0, min(height * 0.7, width * 1.4 / len(text))))
    draw.text(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), text, fill="white", font=font, anchor="mm")


def _homography(source: Corners, target: Corners) -> list[float]:
    """The eight numbers, as Pillow's transform wants them, that carry `source` corners (4, 2) to `target`."""
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return [float(number) for number in np.linalg.solve(np.array(rows), np.array(right))]
