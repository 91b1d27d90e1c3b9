"""The camera: studio shots for the shop, phone photos with their light, lens, fingers and noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from matcher.demo.lettering import clear_sheet, mix, rgb, set_text
from matcher.demo.marks import leaf
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
SIZE_CHANCES = (0.2, 0.18, 0.15, 0.15, 0.12, 0.08, 0.07, 0.05)
STUDIO_SIDE = 800
GRAIN_SIDE = 1600


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
    return cut.convert("RGBa").resize(size, Image.Resampling.LANCZOS).convert("RGBA")


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
        ImageDraw.Draw(contact).ellipse((x4 - 3, y4 - 7, x3 + 3, y3 + 4), fill=200)
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


def in_the_way(rng: Rng, quad: Quad, width: int, height: int) -> Image.Image:
    """Something before the thing: fingers, a pen, a twig or a price sticker, RGBA of the picture's size."""
    out, draw = clear_sheet(width, height)
    (x1, y1), (x2, y2), (x3, y3), _ = quad
    wide = math.dist((x1, y1), (x2, y2))
    kind = int(rng.integers(4))
    if kind == 0:
        fingers(out, rng, (x3, y3 + (y2 - y3) * float(rng.uniform(0.15, 0.5))), wide * 0.1)
    elif kind == 1:
        x, y, angle = (
            x1 + wide * float(rng.uniform(-0.1, 0.25)),
            y3 - wide * float(rng.uniform(-0.05, 0.1)),
            float(rng.uniform(-0.6, 0.5)),
        )
        pen(draw, x, y, angle, wide * 0.5, mix("#22314d", "#b3312c", float(rng.random())))
    elif kind == 2:
        for index in range(5):
            twig = x3 - wide * 0.08 * index, y3 + wide * 0.03 * index
            leaf(draw, *twig, -2.2 + (index % 2) * 1.5, wide * 0.15, wide * 0.06, "#5d7d4a", "#3c5732")
    else:
        x, y, r = x2 - wide * 0.14, y2 + wide * float(rng.uniform(0.1, 0.3)), wide * 0.075
        draw.ellipse(
            (x - r, y - r, x + r, y + r), fill=("#f5e15a", "#f08a3c", "#9be05a")[int(rng.integers(3))]
        )
        set_text(draw, (x, y), str(int(rng.integers(3, 60))), r * 1.1, "#2a2a2a", weight=0.03)
    return out


def fingers(out: Image.Image, rng: Rng, at: tuple[float, float], thick: float) -> None:
    """Three fingertips that hold the thing from the right, and the hand they grow from."""
    skin = ("#e2b393", "#c58c66", "#8d5a3c", "#f0c9ae", "#6f4630")[int(rng.integers(5))]
    long, wide = round(thick * 4.2), round(thick * 1.25)
    hand, draw = clear_sheet(long * 3, long * 2)
    draw.ellipse((long * 0.86, long * 0.25, long * 3.6, long * 1.75), fill=mix(skin, "#000000", 0.1))
    for index in range(3):
        finger = fingertip(skin, long, wide - index * wide // 12)
        tilted = finger.rotate(9 - 10 * index, Image.Resampling.BICUBIC, expand=True)
        reach = (0.12, 0.0, 0.1)[index] * long
        hand.alpha_composite(tilted, (round(reach), round(long * (0.34 + 0.31 * index))))
    shadow = Image.new("RGBA", hand.size, (20, 14, 10, 0))
    shadow.putalpha(softened(hand.getchannel("A"), thick * 0.25).point(lambda value: value * 0.45))
    shadow.alpha_composite(hand)
    out.paste(shadow, (round(at[0] - long * 0.45), round(at[1] - long * 0.4)), shadow)


def fingertip(skin: str, long: int, high: int) -> Image.Image:
    """One finger that points left, round-lit, with its nail and two creases."""
    mask = Image.new("L", (long * 2, high * 2), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, long * 4, high * 2 - 1), high, fill=255)
    rows = np.linspace(-1, 1, high, dtype=np.float32)[:, None]
    light = np.clip(1.05 - 0.3 * (rows + 0.3) ** 2, 0.5, 1.1).repeat(long, 1)
    finger = Image.fromarray(
        np.clip(np.array(rgb(skin), np.float32) * light[..., None], 0, 255).astype(np.uint8)
    )
    draw = ImageDraw.Draw(finger)
    nail = (high * 0.1, high * 0.24, high * 0.78, high * 0.76)
    draw.rounded_rectangle(
        nail, high * 0.25, fill=mix(skin, "#ffe3d8", 0.5), outline=mix(skin, "#7a4a3a", 0.25), width=2
    )
    for t in (0.36, 0.4):
        draw.arc(
            (long * t, high * 0.1, long * t + high * 0.25, high * 0.9),
            100,
            260,
            fill=mix(skin, "#5a3020", 0.3),
            width=2,
        )
    finger.putalpha(mask.reduce(2))
    return finger


def pen(draw: ImageDraw.ImageDraw, x: float, y: float, angle: float, long: float, colour: str) -> None:
    """A ballpoint pen."""
    cos, sin = math.cos(angle), math.sin(angle)
    for start, stop, width, tone in (
        (0.0, 0.86, 0.05, colour),
        (0.0, 0.8, 0.016, mix(colour, "#ffffff", 0.45)),
        (0.86, 1.0, 0.026, "#b9bcc0"),
    ):
        ends = [(x + cos * long * t, y + sin * long * t) for t in (start, stop)]
        draw.line(ends, fill=tone, width=max(2, round(long * width)))


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
        cx, cy, sx, sy = *rng.uniform(-0.6, 0.6, 2).tolist(), *rng.uniform(0.05, 0.28, 2).tolist()
        glare += float(rng.uniform(20, 70)) * np.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2)
    warmth = float(rng.normal(0, 0.05))
    gains = np.array([1 + warmth, 1 + float(rng.normal(0, 0.012)), 1 - warmth], np.float32) * float(
        rng.uniform(0.86, 1.06)
    )
    full = [
        np.asarray(
            Image.fromarray(part.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
        )
        for part in (light, glare)
    ]
    picture *= full[0][..., None]
    picture *= gains
    picture += full[1][..., None]


def developed(picture: Floats, rng: Rng, strain: float) -> Image.Image:
    """Focus, a shaking hand and the sensor's noise; from numbers to an image."""
    height, width = picture.shape[:2]
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    unit = max(width, height) / 1200
    image = image.filter(ImageFilter.BoxBlur(float(rng.uniform(0.25, 0.5 + 0.8 * strain)) * unit))
    if rng.random() < 0.35 * strain:
        image = image.filter(ImageFilter.BoxBlur((float(rng.uniform(0.5, 2.0)) * unit, 0.2)))
    level = float(rng.uniform(1.0, 2.5 + 3.5 * strain))
    x, y = rng.integers(0, GRAIN_SIDE, 2).tolist()
    noise = np.roll(film(), (y, x), (0, 1))[:height, :width] * level
    chroma = soft_noise(rng, width, height, width // 6) * (level * 0.5)
    pixels = np.asarray(image, np.float32) + noise[..., None]
    pixels[..., 0] += chroma
    pixels[..., 2] -= chroma
    return Image.fromarray(np.clip(pixels, 0, 255, out=pixels).astype(np.uint8))


@lru_cache(maxsize=1)
def film() -> Floats:
    """Sensor noise of about unit spread with a little clumping, `GRAIN_SIDE` square; photos take a window of it."""
    noise = np.random.default_rng(3).standard_normal((GRAIN_SIDE, GRAIN_SIDE), dtype=np.float32)
    return np.asarray((noise + np.roll(noise, 1, 0) + 0.5 * np.roll(noise, 1, 1)) * 0.62, np.float32)


def quality_of(rng: Rng) -> int:
    """The JPEG quality a phone or a marketplace picks, 60 to 90."""
    return int(rng.integers(60, 91))


def heap(cuts: Sequence[Image.Image]) -> Image.Image:
    """Several things side by side as one cut-out, feet on one line."""
    tall = max(cut.height for cut in cuts)
    out = Image.new("RGBA", (sum(cut.width for cut in cuts) + 24 * (len(cuts) - 1), tall), (0, 0, 0, 0))
    x = 0
    for cut in cuts:
        out.alpha_composite(cut, (x, tall - cut.height))
        x += cut.width + 24
    return out
