"""The camera: studio shots for the shop, phone photos with their light, lens, fingers and noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from matcher.demo.lettering import rgb
from matcher.demo.obstacles import in_the_way
from matcher.demo.scenes import Rng, flat_lay, room
from matcher.demo.solids import Floats, Quad, soft_noise, softened, warp

SIZES = (
    (1200, 900),
    (900, 1200),
    (1280, 960),
    (960, 1280),
    (1200, 1200),
    (1080, 1440),
    (1440, 1080),
    (1600, 1200),
)
SIZE_CHANCES = (0.24, 0.22, 0.15, 0.15, 0.12, 0.05, 0.04, 0.03)
STUDIO_SIDE = 800
GRAIN_SIDE = 2048
"""Photos are never larger than this less some room to move the window."""


@dataclass(frozen=True)
class Shot:
    """How a photo is taken.

    `upright`: the thing stands on a table; otherwise it lies flat. `strain` in [0, 1]: how much goes wrong.
    `size`: width and height, chosen when None.
    """

    upright: bool = False
    strain: float = 0.5
    size: tuple[int, int] | None = None


def jpeg(image: Image.Image, quality: int) -> bytes:
    """The image as JPEG bytes."""
    out = BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality, subsampling=2 if quality < 90 else 0)
    return out.getvalue()


def fitted(cut: Image.Image, width: float, height: float) -> Image.Image:
    """The cut-out scaled to fit into `width` x `height`, never more than 1.5 times its own size."""
    scale = min(width / cut.width, height / cut.height, 1.5)
    size = max(1, round(cut.width * scale)), max(1, round(cut.height * scale))
    return cut.convert("RGBa").resize(size, Image.Resampling.BICUBIC).convert("RGBA")


def studio(cut: Image.Image, *, upright: bool, backdrop: str = "#ffffff") -> Image.Image:
    """A tidy shop image: the cut-out on a pale sweep with a soft shadow, 800 pixels square."""
    side = STUDIO_SIDE
    column = np.linspace(1.0, 0.955, side, dtype=np.float32)[:, None].repeat(side, 1)
    x, y = np.meshgrid(np.linspace(-1, 1, side, dtype=np.float32), np.linspace(-1, 1, side, dtype=np.float32))
    ground = np.array(rgb(backdrop), np.float32) * (column - 0.035 * (x * x + y * y))[..., None]
    image = Image.fromarray(np.clip(ground + 6, 0, 255).astype(np.uint8))
    thing = fitted(cut, side * 0.8, side * 0.82)
    left, top = (side - thing.width) // 2, round((side - thing.height) * (0.56 if upright else 0.5))
    shadow = Image.new("L", (side, side), 0)
    if upright:
        draw, foot = ImageDraw.Draw(shadow), top + thing.height
        draw.ellipse((left - 8, foot - 32, left + thing.width + 30, foot + 18), fill=120)
        shadow = softened(shadow, 14)
        core = Image.new("L", (side, side), 0)
        ImageDraw.Draw(core).ellipse((left + 10, foot - 16, left + thing.width - 10, foot + 6), fill=120)
        shadow = Image.fromarray(np.maximum(np.asarray(shadow), np.asarray(softened(core, 5))))
    else:
        shadow.paste(96, (left + 6, top + 12), thing.getchannel("A"))
        shadow = softened(shadow, 12)
    image.paste((58, 54, 50), (0, 0), shadow)
    image.paste(thing, (left, top), thing)
    return image


def photograph(cut: Image.Image, rng: Rng, shot: Shot) -> Image.Image:
    """A phone photo of the cut-out in some room, RGB."""
    width, height = shot.size or SIZES[int(rng.choice(len(SIZES), p=SIZE_CHANCES))]
    horizon = float(rng.uniform(0.4, 0.58))
    picture = room(rng, width, height, horizon) if shot.upright else flat_lay(rng, width, height)
    quad = standing(cut, rng, width, height, shot) if shot.upright else lying(cut, rng, width, height, shot)
    cast_shadow(picture, cut, quad, rng, shot.upright)
    placed = warp(cut, quad, (width, height), Image.Resampling.BILINEAR)
    lay(picture, placed)
    if rng.random() < 0.3 + 0.5 * shot.strain:
        lay(picture, in_the_way(rng, quad, width, height))
    expose(picture, rng, shot.strain)
    return developed(picture, rng, shot.strain)


def lay(picture: Floats, cut: Image.Image) -> None:
    """Put a cut-out of the picture's size onto it, in place."""
    found = cut.getchannel("A").getbbox()
    if not found:
        return
    x1, y1, x2, y2 = found
    part = np.asarray(cut.crop(found), np.float32)
    alpha = part[..., 3:] / 255
    window = picture[y1:y2, x1:x2]
    window *= 1 - alpha
    window += part[..., :3] * alpha


def standing(cut: Image.Image, rng: Rng, width: int, height: int, shot: Shot) -> Quad:
    """Corners of an upright thing: a little keystone, hardly any turn."""
    scale = min(width * 0.66 / cut.width, height * 0.72 / cut.height) * float(rng.uniform(0.78, 1.0))
    w, h = cut.width * scale, cut.height * scale
    x, foot = width * float(rng.uniform(0.42, 0.58)), height * float(rng.uniform(0.86, 0.93))
    angle, keystone = (
        float(rng.normal(0, 0.02 + 0.02 * shot.strain)),
        float(rng.uniform(-0.02, 0.06)) * (1 + shot.strain),
    )
    corners = [(-w * (0.5 + keystone), -h), (w * (0.5 + keystone), -h), (w * 0.5, 0.0), (-w * 0.5, 0.0)]
    return [
        (x + px * math.cos(angle) - py * math.sin(angle), foot + px * math.sin(angle) + py * math.cos(angle))
        for px, py in corners
    ]


def lying(cut: Image.Image, rng: Rng, width: int, height: int, shot: Shot) -> Quad:
    """Corners of a thing that lies flat: turned, and seen at a slant."""
    scale = min(width * 0.8 / cut.width, height * 0.8 / cut.height) * float(rng.uniform(0.8, 1.0))
    angle = float(rng.normal(0, 0.08 + 0.13 * shot.strain))
    slant = rng.uniform(-0.09, 0.09, (4, 2)) * (0.4 + shot.strain)
    x, y = width * float(rng.uniform(0.45, 0.55)), height * float(rng.uniform(0.45, 0.55))
    corners = []
    for (sx, sy), (dx, dy) in zip(
        ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)), slant.tolist(), strict=True
    ):
        px, py = (sx + dx * 0.5) * cut.width * scale, (sy + dy * 0.5) * cut.height * scale
        corners.append(
            (x + px * math.cos(angle) - py * math.sin(angle), y + px * math.sin(angle) + py * math.cos(angle))
        )
    return corners


def cast_shadow(picture: Floats, cut: Image.Image, quad: Quad, rng: Rng, upright: bool) -> None:
    """Darken the scene where the thing keeps the light away, in place; computed at a quarter of the size."""
    height, width = picture.shape[:2]
    size = width // 4, height // 4
    small = cut.resize((max(1, cut.width // 4), max(1, cut.height // 4)))
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = [(x / 4, y / 4) for x, y in quad]
    way = float(rng.choice([-1.0, 1.0])) * float(rng.uniform(0.25, 0.6))
    if upright:
        tall = y4 - y1
        far = [
            (x4 + way * tall, y4 - tall * 0.3),
            (x3 + way * tall, y3 - tall * 0.3),
            (x3, y3 - 1),
            (x4, y4 - 1),
        ]
        mask = warp(small, far, size).getchannel("A")
        contact = Image.new("L", size, 0)
        left, right = sorted((x4, x3))
        top, bottom = sorted((y4 - 7, y3 + 4))
        ImageDraw.Draw(contact).ellipse((left - 3, top, right + 3, bottom), fill=200)
        shadow = (
            np.asarray(softened(mask, 5), np.float32) * 0.5
            + np.asarray(softened(contact, 3), np.float32) * 0.55
        )
    else:
        dx, dy = way * 12, float(rng.uniform(2, 6))
        mask = warp(
            small, [(x + dx, y + dy) for x, y in ((x1, y1), (x2, y2), (x3, y3), (x4, y4))], size
        ).getchannel("A")
        shadow = np.asarray(softened(mask, 4), np.float32) * 0.62
    soft = Image.fromarray(np.clip(shadow, 0, 255).astype(np.uint8)).resize(
        (width, height), Image.Resampling.BILINEAR
    )
    picture *= (1 - np.asarray(soft, np.float32) / 255 * 0.9)[..., None]


def expose(picture: Floats, rng: Rng, strain: float) -> None:
    """Uneven light, a lamp's glare, the white balance and the dark corners of a small lens, in place."""
    height, width = picture.shape[:2]
    x, y = np.meshgrid(
        np.linspace(-1, 1, width // 8, dtype=np.float32), np.linspace(-1, 1, height // 8, dtype=np.float32)
    )
    angle, slope = float(rng.uniform(0, math.tau)), float(rng.uniform(0.04, 0.1 + 0.14 * strain))
    light = (
        1
        + slope * (x * math.cos(angle) + y * math.sin(angle))
        - float(rng.uniform(0.04, 0.14)) * (x * x + y * y)
    )
    light = light + 0.02 * soft_noise(rng, width // 8, height // 8, 4)
    glare = np.zeros_like(light)
    for _ in range(int(rng.integers(0, 2 + round(2 * strain)))):
        cx, cy, sx, sy = rng.uniform((-0.6, -0.6, 0.05, 0.05), (0.6, 0.6, 0.28, 0.28)).tolist()
        glare += float(rng.uniform(20, 70)) * np.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2)
    warmth = float(rng.normal(0, 0.05))
    gains = np.array([1 + warmth, 1 + float(rng.normal(0, 0.012)), 1 - warmth], np.float32) * float(
        rng.uniform(0.86, 1.06)
    )
    picture *= upsized(light, width, height)[..., None] * gains
    if glare.any():
        picture += upsized(glare, width, height)[..., None]


def upsized(light: NDArray[np.floating], width: int, height: int) -> Floats:
    """A small map of light at the picture's size."""
    small = Image.fromarray(light.astype(np.float32))
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR), np.float32)


def developed(picture: Floats, rng: Rng, strain: float) -> Image.Image:
    """Focus, a shaking hand and the sensor's noise; from numbers to an image."""
    height, width = picture.shape[:2]
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    unit = max(width, height) / 1200
    image = image.filter(ImageFilter.BoxBlur(float(rng.uniform(0.25, 0.5 + 0.8 * strain)) * unit))
    if rng.random() < 0.35 * strain:
        image = image.filter(ImageFilter.BoxBlur((float(rng.uniform(0.5, 2.0)) * unit, 0.2)))
    level = float(rng.uniform(1.0, 2.5 + 3.5 * strain))
    x, y = rng.integers(0, GRAIN_SIDE - max(width, height), 2).tolist()
    noise = film()[y : y + height, x : x + width] * level
    blotches = film()[x : x + height // 6 + 1, y : y + width // 6 + 1] * (level * 0.4)
    chroma = blotches.repeat(6, 0)[:height].repeat(6, 1)[:, :width]
    pixels = np.asarray(image, np.float32) + noise[..., None]
    pixels[..., 0] += chroma
    pixels[..., 2] -= chroma
    return Image.fromarray(np.clip(pixels, 0, 255, out=pixels).astype(np.uint8))


@lru_cache(maxsize=1)
def film() -> Floats:
    """Sensor noise of about unit spread, a little clumped, `GRAIN_SIDE` square; photos take windows of it."""
    noise = np.random.default_rng(3).standard_normal((GRAIN_SIDE, GRAIN_SIDE), dtype=np.float32)
    return np.asarray((noise + np.roll(noise, 1, 0) + 0.5 * np.roll(noise, 1, 1)) * 0.62, np.float32)


def quality_of(rng: Rng) -> int:
    """The JPEG quality a phone or a marketplace picks, 60 to 90."""
    return int(rng.integers(60, 91))
