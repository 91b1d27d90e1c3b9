"""Where photos are taken: table tops, cloths, tiles, floors and walls, all made of numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from matcher.demo.lettering import rgb
from matcher.demo.solids import Floats, perspective, soft_noise

Rng = np.random.Generator
Scene = Callable[[Rng, int, int], Floats]
"""Makes a picture of the given width and height: float32 (height, width, 3), 0 to 255."""


def tint(colour: str, light: Floats) -> Floats:
    """`colour` times `light` (height, width)."""
    return np.asarray(np.array(rgb(colour), np.float32) * light[..., None], np.float32)


def blend(first: str, second: str, share: Floats) -> Floats:
    """From `first` to `second` where `share` (height, width) goes from 0 to 1."""
    a, b = np.array(rgb(first), np.float32), np.array(rgb(second), np.float32)
    return np.asarray(a + (b - a) * np.clip(share, 0, 1)[..., None], np.float32)


def pick(rng: Rng, *choices: str) -> list[str]:
    """One of several `a b` colour pairs."""
    return choices[int(rng.integers(len(choices)))].split()


def wood(rng: Rng, width: int, height: int) -> Floats:
    """Planks with grain."""
    dark, light = pick(
        rng, "#6b4628 #b98654", "#8a6a48 #d9bd92", "#4a3020 #86603e", "#a58a6a #e3d2b4", "#5c4a40 #94806f"
    )
    planks = int(rng.integers(3, 7))
    y = np.linspace(0, planks, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    plank = np.floor(y).astype(np.int32).repeat(width, 1)
    offsets, tones = rng.uniform(0, 40, planks + 1), rng.normal(0, 0.09, planks + 1)
    bend = soft_noise(rng, width, height, 4, 12)
    rings = 0.5 + 0.5 * np.sin((y * 17 + offsets[plank] + 2.2 * bend + np.sin(x * 5 + offsets[plank])) * 1.9)
    fine = soft_noise(rng, width, height, 14, height // 3)
    share = 0.5 + 0.26 * (rings - 0.5) + 0.13 * fine + tones[plank]
    seam = np.exp(-(((y - np.round(y)) * height / planks / 1.6) ** 2))
    return blend(dark, light, np.asarray(share - 0.7 * seam, np.float32))


def linen(rng: Rng, width: int, height: int) -> Floats:
    """Woven cloth with soft folds."""
    dark, light = pick(
        rng, "#8d9aa3 #d5dde0", "#a8957a #e9dcc3", "#56606b #98a5ad", "#a37f78 #e6cfc5", "#6f7f68 #c0ccb2"
    )
    x, y = np.arange(width, dtype=np.float32)[None, :], np.arange(height, dtype=np.float32)[:, None]
    threads = (
        0.06 * np.sin(x * 1.9)
        + 0.06 * np.sin(y * 1.9)
        + 0.05 * soft_noise(rng, width, height, width // 3, 40)
    )
    slub = 0.05 * soft_noise(rng, width, height, 30, height // 2)
    folds = 0.2 * np.abs(np.sin(2.1 * soft_noise(rng, width, height, 4, 3)))
    return blend(dark, light, np.asarray(0.72 + threads + slub - folds, np.float32))


def tiles(rng: Rng, width: int, height: int) -> Floats:
    """Square tiles with light grout."""
    dark, light = pick(rng, "#cfd6d6 #eef1ef", "#7d9aa0 #b4cccd", "#b9a58f #ddd0bd", "#8c8f94 #c2c5c8")
    step = width / float(rng.integers(4, 8))
    x, y = np.arange(width)[None, :] / step, np.arange(height)[:, None] / step
    tones = rng.uniform(0.2, 0.8, (64, 64)).astype(np.float32)
    share = tones[np.floor(y).astype(int) % 64, np.floor(x).astype(int) % 64] + 0.1 * soft_noise(
        rng, width, height, 20
    )
    edge = np.minimum(np.minimum(x % 1, 1 - x % 1), np.minimum(y % 1, 1 - y % 1))
    grout = np.exp(-((edge * step / 2.6) ** 2)).astype(np.float32)[..., None]
    return np.asarray(blend(dark, light, share) * (1 - grout * 0.55) + grout * 0.45 * 205, np.float32)


def carpet(rng: Rng, width: int, height: int) -> Floats:
    """A deep pile, rather even."""
    dark, light = pick(rng, "#5b5f66 #94989e", "#84735f #bfae97", "#3f4b5a #6f7f90", "#8f8378 #cfc6bb")
    pile = 0.22 * soft_noise(rng, width, height, width // 3) + 0.16 * soft_noise(
        rng, width, height, width // 9
    )
    return blend(dark, light, np.asarray(0.5 + pile + 0.1 * soft_noise(rng, width, height, 5), np.float32))


def marble(rng: Rng, width: int, height: int) -> Floats:
    """Pale stone with thin veins."""
    dark, light = pick(rng, "#8f9499 #f1f0ee", "#9c8c7c #f0e8dd", "#2f3a3a #5c6a68")
    slope = (
        np.linspace(-2.4, 2.4, width, dtype=np.float32)[None, :]
        + np.linspace(-1.6, 1.6, height, dtype=np.float32)[:, None]
    )
    drift = slope + 0.5 * soft_noise(rng, width, height, 4) + 0.16 * soft_noise(rng, width, height, 13)
    strength = np.clip(0.5 + 0.5 * soft_noise(rng, width, height, 5), 0, 1)
    veins = np.exp(-((np.sin(drift * 2.0) * 26) ** 2)) + 0.35 * np.exp(
        -((np.sin(drift * 2.0 + 0.2) * 6) ** 2)
    )
    clouds = 0.09 * np.abs(soft_noise(rng, width, height, 6))
    return blend(dark, light, np.asarray(0.96 - 0.45 * veins * strength - clouds, np.float32))


def concrete(rng: Rng, width: int, height: int) -> Floats:
    """A cast slab with pores."""
    light = (
        0.92 + 0.05 * soft_noise(rng, width, height, 6) + 0.03 * soft_noise(rng, width, height, width // 5)
    )
    pores = np.clip(soft_noise(rng, width, height, width // 14) - 1.9, 0, 1)
    return tint(
        pick(rng, "#a9a9a6 .", "#8c8f90 .", "#c4bfb6 .")[0], np.asarray(light - 0.5 * pores, np.float32)
    )


def bedding(rng: Rng, width: int, height: int) -> Floats:
    """A crumpled sheet or duvet."""
    base = pick(rng, "#e8e6e3 .", "#c9d4dc .", "#dcc9c2 .", "#9fa9a0 .")[0]
    hills = soft_noise(rng, width, height, 5, 4) + 0.6 * soft_noise(rng, width, height, 9, 7)
    slope = np.gradient(hills, axis=1) * width / 34 + np.gradient(hills, axis=0) * height / 60
    return tint(base, np.asarray(0.92 + 0.13 * np.tanh(slope), np.float32))


def gingham(rng: Rng, width: int, height: int) -> Floats:
    """A checked tablecloth."""
    dark, light = pick(rng, "#b5483f #f3ece3", "#3f6ea5 #eef1f2", "#5e8150 #f1f0e4", "#c99a3a #f6efdd")
    step = width / float(rng.integers(9, 16))
    across = (np.arange(width)[None, :] / step % 2 < 1).astype(np.float32)
    along = (np.arange(height)[:, None] / step % 2 < 1).astype(np.float32)
    x, y = np.arange(width, dtype=np.float32)[None, :], np.arange(height, dtype=np.float32)[:, None]
    threads = 0.05 * np.sin(x * 2.1) * np.sin(y * 2.1)
    return blend(
        dark,
        light,
        np.asarray(
            across * 0.48 + along * 0.48 + threads + 0.04 * soft_noise(rng, width, height, 5), np.float32
        ),
    )


FLAT: tuple[Scene, ...] = (wood, linen, tiles, carpet, marble, concrete, bedding, gingham)
TABLES: tuple[Scene, ...] = (wood, marble, linen, wood, concrete, gingham)


def flat_lay(rng: Rng, width: int, height: int) -> Floats:
    """A surface seen from above; textures are made at half the size, as a lens would soften them."""
    texture = FLAT[int(rng.integers(len(FLAT)))](rng, width // 2, height // 2)
    return enlarged(texture, width, height)


def enlarged(picture: Floats, width: int, height: int) -> Floats:
    """The picture at another size."""
    small = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR), np.float32)


def wall(rng: Rng, width: int, height: int) -> Floats:
    """A painted wall: a gradient, perhaps with a window's light, a picture or shelves out of focus."""
    base = pick(rng, "#d9d3c7 .", "#b9c4c4 .", "#cdb8a5 .", "#8fa3a0 .", "#e4e1dc .", "#7d7f8c .")[0]
    left, right = rng.uniform(0.82, 1.12, 2).tolist()
    slope = np.linspace(left, right, width, dtype=np.float32)[None, :]
    light = slope + 0.02 * soft_noise(rng, width, height, 3)
    picture = tint(
        base, np.asarray(light * np.linspace(1.04, 0.9, height, dtype=np.float32)[:, None], np.float32)
    )
    for _ in range(int(rng.integers(0, 4))):
        furnish(picture, rng)
    blurred = (
        Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
        .reduce(6)
        .resize((width, height), Image.Resampling.BICUBIC)
    )
    return np.asarray(blurred, np.float32)


def furnish(picture: Floats, rng: Rng) -> None:
    """A framed picture, a window pane or a row of books on the wall, in place and in muted colours."""
    height, width = picture.shape[:2]
    w, h = int(rng.integers(width // 9, width // 4)), int(rng.integers(height // 4, height // 2 + 2))
    x, y = int(rng.integers(0, width - w)), int(rng.integers(0, max(1, height - h)))
    kind, grey = int(rng.integers(3)), float(rng.uniform(60, 200))
    colour = (grey + rng.uniform(-28, 28, 3)).astype(np.float32)
    if kind == 0:
        picture[y : y + h, x : x + w] *= 0.5
        inner = picture[y + 6 : y + h - 6, x + 6 : x + w - 6]
        inner[:] = colour
        inner[: inner.shape[0] // 2] += 18
    elif kind == 1:
        picture[y : y + h, x : x + w] = picture[y : y + h, x : x + w] * 0.35 + 170
        picture[y : y + h, x + w // 2 - 3 : x + w // 2 + 3] *= 0.75
    else:
        for left in range(x, x + w, max(8, w // 7)):
            tone = (grey * 0.7 + rng.uniform(-40, 40, 3)).astype(np.float32)
            picture[-int(h * rng.uniform(0.55, 0.9)) :, left : left + max(7, w // 8)] = tone


def room(rng: Rng, width: int, height: int, horizon: float) -> Floats:
    """A wall above a table that runs away from the eye; they meet at `horizon`, in parts of the height."""
    edge = round(height * horizon)
    picture = np.empty((height, width, 3), np.float32)
    picture[:edge] = wall(rng, width, edge)
    texture = TABLES[int(rng.integers(len(TABLES)))](rng, width // 2, width // 2)
    plane = Image.fromarray(np.clip(texture, 0, 255).astype(np.uint8))
    w, h, side = width, height - edge, float(plane.width)
    quad = [(w * 0.0, 0.0), (w * 1.0, 0.0), (w * 1.75, float(h)), (-w * 0.75, float(h))]
    numbers = perspective([(0, 0), (side, 0), (side, side), (0, side)], quad)
    table = plane.transform((w, h), Image.Transform.PERSPECTIVE, numbers, Image.Resampling.BILINEAR)
    picture[edge:] = (
        np.asarray(table, np.float32) * np.linspace(0.84, 1.05, h, dtype=np.float32)[:, None, None]
    )
    # The far edge is out of focus.
    band = slice(max(0, edge - 5), edge + 6)
    strip = picture[band]
    picture[band] = (strip + np.roll(strip, 2, 0) + np.roll(strip, -2, 0) + strip.mean(0)) / 4
    return picture
