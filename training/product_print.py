"""What is printed on drawn products: a layout of a family, and in it the flavours that are its siblings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from PIL import Image

from matcher.models import Pixels
from training.augment import Rng, product_mask
from training.logos import distractors, lettering
from training.logos.artwork import Logo, Rgba
from training.logos.styles import ink

Colour = tuple[int, int, int]
HEIGHT = 460
"""Of a printed front, pixels."""


@dataclass(frozen=True)
class Face:
    """Print of one product: front, side and top, RGB."""

    front: Image.Image
    side: Image.Image
    top: Image.Image


@dataclass(frozen=True)
class Family:
    """Siblings of one layout; `kind`: box, can or bottle. `colour`: of a lid."""

    name: str
    kind: str
    colour: str
    faces: list[Face]


@dataclass(frozen=True)
class Layout:
    """What siblings share: sizes, colours, brand, and where things stand, as shares of the front."""

    width: int
    depth: int
    ground: Colour
    second: Colour
    brand: Rgba
    logo: Rgba | None
    brand_at: tuple[float, float]
    brand_wide: float
    flavour_at: float
    picture_at: tuple[float, float, float]
    bands: list[tuple[float, float, int]]
    small_print: Rgba
    changes_ground: bool
    upper: bool


def draw_family(name: str, logos: Sequence[Logo], pictures: Sequence[Pixels], rng: Rng) -> Family:
    """A family of two to four siblings from random print; `pictures` are cut into some of it."""
    kind = str(rng.choice(["box", "can", "bottle"], p=[0.6, 0.2, 0.2]))
    layout = _layout(logos, 1.0 if kind == "box" else 0.6, rng)
    faces = [_sibling(layout, pictures, rng) for _ in range(int(rng.integers(2, 5)))]
    red, green, blue = layout.second
    return Family(name, kind, f"#{red:02x}{green:02x}{blue:02x}", faces)


def _layout(logos: Sequence[Logo], widest: float, rng: Rng) -> Layout:
    width, depth = int(HEIGHT * rng.uniform(0.35, widest)), int(HEIGHT * rng.uniform(0.15, 0.5))
    logo = logos[int(rng.integers(len(logos)))].drawing() if rng.random() < 0.6 else None
    ground = (250, 250, 246) if rng.random() < 0.35 else ink(rng)
    bands = [
        (float(rng.uniform(0, 0.9)), float(rng.uniform(0.04, 0.4)), int(rng.integers(0, 3)))
        for _ in range(int(rng.integers(0, 4)))
    ]
    top = rng.random() < 0.75
    return Layout(
        width, depth, ground, ink(rng),
        lettering.written(lettering.invented_name(rng), rng, size=72, colour=_against(ground, rng)), logo,
        (float(rng.uniform(0.3, 0.7)), float(rng.uniform(0.1, 0.3) if top else rng.uniform(0.5, 0.85))),
        float(rng.uniform(0.5, 0.95)), float(rng.uniform(0.35, 0.9)),
        (float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.45, 0.85)), float(rng.uniform(0.3, 0.9))),
        bands, lettering.written(lettering.sentence(rng), rng, size=22, colour=_against(ground, rng)),
        bool(rng.random() < 0.4), bool(rng.random() < 0.5),
    )  # fmt: skip


def _against(ground: Colour, rng: Rng) -> Colour:
    """A colour that can be read on `ground`."""
    light = sum(ground) > 380
    for _ in range(20):
        colour = ink(rng)
        if (sum(colour) < 330) == light:
            return colour
    return (20, 20, 20) if light else (245, 245, 240)


def _sibling(layout: Layout, pictures: Sequence[Pixels], rng: Rng) -> Face:
    """One flavour: its own word, accent colour, picture and pattern in the family's layout."""
    accent = ink(rng)
    ground = accent if layout.changes_ground else layout.ground
    word = " ".join(str(part) for part in rng.choice(lettering.words(), int(rng.integers(1, 3))))
    flavour = lettering.written(
        word.upper() if layout.upper else word, rng, size=54, colour=_against(ground, rng)
    )
    pattern = distractors.pattern(rng, 220) if rng.random() < 0.5 else None
    picture = _picture(pictures, rng) if rng.random() < 0.7 else None
    front = _front(layout, (layout.width, HEIGHT), ground, accent, flavour, pattern, picture)
    if rng.random() < 0.45:
        side = front.resize((layout.depth, HEIGHT))
    else:
        side = _back(layout, (layout.depth, HEIGHT), ground, accent, flavour, rng)
    top = Image.new("RGB", (layout.width, layout.depth), accent if rng.random() < 0.5 else ground)
    _lay(top, layout.brand, (0.5, 0.5), 0.5)
    return Face(front, side, top)


def _front(
    layout: Layout, size: tuple[int, int], ground: Colour, accent: Colour, flavour: Rgba,
    pattern: Rgba | None, picture: Rgba | None,
) -> Image.Image:  # fmt: skip
    sheet = Image.new("RGB", size, ground)
    for start, tall, colour in layout.bands:
        fill = (accent, layout.second, layout.ground)[colour]
        sheet.paste(fill, (0, int(start * size[1]), size[0], int((start + tall) * size[1])))
    if pattern is not None:
        _lay(sheet, pattern, (0.5, layout.picture_at[1]), 0.9)
    if picture is not None:
        _lay(sheet, picture, layout.picture_at[:2], layout.picture_at[2])
    if layout.logo is not None:
        _lay(sheet, layout.logo, (layout.brand_at[0], layout.brand_at[1] + 0.16), 0.35)
    _lay(sheet, layout.brand, layout.brand_at, layout.brand_wide)
    _lay(sheet, flavour, (0.5, layout.flavour_at), 0.7)
    _lay(sheet, layout.small_print, (0.5, 0.95), 0.6)
    return sheet


def _back(
    layout: Layout, size: tuple[int, int], ground: Colour, accent: Colour, flavour: Rgba, rng: Rng
) -> Image.Image:
    """A face of small print, with the brand, the flavour and a bar code."""
    sheet = Image.new("RGB", size, ground if rng.random() < 0.7 else accent)
    _lay(sheet, layout.brand, (0.5, 0.12), 0.8)
    _lay(sheet, flavour, (0.5, 0.25), 0.7)
    for place in (0.42, 0.6):
        text = lettering.written(lettering.sentence(rng), rng, size=20, colour=_against(ground, rng))
        _lay(sheet, text, (0.5, place), 0.85)
    bars = np.repeat(np.repeat(rng.integers(0, 2, 48) * 255, 3)[None], 60, axis=0).astype(np.uint8)
    code = np.dstack([bars, bars, bars, np.full_like(bars, 255)])
    _lay(sheet, code, (0.5, 0.85), 0.7)
    return sheet


def _picture(pictures: Sequence[Pixels], rng: Rng) -> Rgba:
    """A photo as an oval or a square, or what a studio photo shows without its white paper."""
    photo = pictures[int(rng.integers(len(pictures)))]
    mask = product_mask(photo)
    if mask is not None:
        return np.dstack([photo, mask.astype(np.uint8) * 255])
    height, width = photo.shape[:2]
    cover = np.zeros((height, width), np.uint8)
    if rng.random() < 0.5:
        cv2.ellipse(
            cover,
            (width // 2, height // 2),
            (width // 2 - 2, height // 2 - 2),
            0,
            0,
            360,
            255,
            -1,
            cv2.LINE_AA,
        )
    else:
        cover[:] = 255
    return np.dstack([photo, cover])


def _lay(sheet: Image.Image, artwork: Rgba, middle: tuple[float, float], wide: float) -> None:
    """Lay artwork about `middle`, at most `wide` of the sheet's width and half of its height."""
    height, width = artwork.shape[:2]
    factor = min(wide * sheet.width / width, 0.5 * sheet.height / height)
    size = max(2, round(width * factor)), max(2, round(height * factor))
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    cut = Image.fromarray(cast(Rgba, cv2.resize(np.ascontiguousarray(artwork), size, interpolation=kind)))
    x, y = (round(at * room - side / 2) for at, room, side in zip(middle, sheet.size, size, strict=True))
    sheet.paste(cut, (x, y), cut)
