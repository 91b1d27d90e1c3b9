"""Turning flat print into things: boxes in perspective, turned bodies (tins, bottles, pots) and soft shading."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from matcher.demo.lettering import rgb

Floats = NDArray[np.float32]
Quad = Sequence[tuple[float, float]]


def perspective(source: Quad, target: Quad) -> tuple[float, ...]:
    """The eight numbers Pillow's perspective transform needs to carry `source` corners onto `target` corners."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    wanted = [number for corner in source for number in corner]
    return tuple(float(n) for n in np.linalg.solve(np.array(rows), np.array(wanted)))


def warp(
    image: Image.Image,
    quad: Quad,
    size: tuple[int, int],
    resample: Image.Resampling = Image.Resampling.BICUBIC,
) -> Image.Image:
    """`image` drawn onto `quad` (clockwise from its top left) of a transparent sheet of `size`; edges are smooth."""
    pad = 2
    framed = Image.new("RGBA", (image.width + 2 * pad, image.height + 2 * pad), (0, 0, 0, 0))
    framed.paste(image, (pad, pad))
    x2, y2 = image.width + pad, image.height + pad
    numbers = perspective([(pad, pad), (x2, pad), (x2, y2), (pad, y2)], quad)
    # Only the part of the sheet that the quad covers is computed.
    left, top = (
        max(0, math.floor(min(x for x, _ in quad)) - 2),
        max(0, math.floor(min(y for _, y in quad)) - 2),
    )
    right = min(size[0], math.ceil(max(x for x, _ in quad)) + 2)
    low = min(size[1], math.ceil(max(y for _, y in quad)) + 2)
    a, b, c, d, e, f, g, h = numbers
    scale = g * left + h * top + 1
    moved = [a, b, a * left + b * top + c, d, e, d * left + e * top + f, g, h]
    part = framed.convert("RGBa").transform(
        (max(1, right - left), max(1, low - top)),
        Image.Transform.PERSPECTIVE,
        [number / scale for number in moved],
        resample,
    )
    out = Image.new("RGBA", size, (0, 0, 0, 0))
    out.paste(part.convert("RGBA"), (left, top))
    return out


def shaded(image: Image.Image, light: float) -> Image.Image:
    """`image` with its brightness times `light`."""
    return image.point(lambda value: min(255, value * light)) if light != 1 else image


def fit_scale(image: Image.Image, width: float, height: float) -> Image.Image:
    """`image` made smaller to about `width` x `height`, so that the warp need not skip pixels."""
    if image.width <= width * 1.15:
        return image
    return image.resize(
        (max(1, round(width * 1.1)), max(1, round(height * 1.1))), Image.Resampling.LANCZOS, reducing_gap=2.0
    )


def box(
    front: Image.Image, side: Image.Image, top: Image.Image, *, yaw: float, pitch: float, tall: int
) -> Image.Image:
    """A box of three printed faces as a cut-out, RGBA; `yaw` > 0 shows its right side, `pitch` > 0 its top (radians)."""
    w, h, d = front.width / front.height, 1.0, side.width / side.height
    faces = {
        "top": [(0, 1, 1), (1, 1, 1), (1, 1, 0), (0, 1, 0)],
        "front": [(0, 1, 0), (1, 1, 0), (1, 0, 0), (0, 0, 0)],
    }
    faces["side"] = [(1, 1, 0), (1, 1, 1), (1, 0, 1), (1, 0, 0)]
    if yaw < 0:
        faces["side"] = [(0, 1, 1), (0, 1, 0), (0, 0, 0), (0, 0, 1)]

    def seen(corner: tuple[int, int, int]) -> tuple[float, float]:
        x, y, z = (corner[0] - 0.5) * w, (corner[1] - 0.5) * h, (corner[2] - 0.5) * d
        x, z = x * math.cos(yaw) + z * math.sin(yaw), z * math.cos(yaw) - x * math.sin(yaw)
        y, z = y * math.cos(pitch) + z * math.sin(pitch), z * math.cos(pitch) - y * math.sin(pitch)
        depth = 4.2 / (4.2 + z)
        return x * depth, -y * depth

    flat = {name: [seen(corner) for corner in corners] for name, corners in faces.items()}
    points = [point for quad in flat.values() for point in quad]
    left, high = min(x for x, _ in points), min(y for _, y in points)
    scale = (tall - 8) / (max(y for _, y in points) - high)
    size = math.ceil((max(x for x, _ in points) - left) * scale) + 8, tall
    out = Image.new("RGBA", size, (0, 0, 0, 0))
    lights = {"front": 1.0, "side": 0.78 if yaw > 0 else 0.86, "top": 1.06}
    prints = {"front": front, "side": side, "top": top}
    for name, quad in flat.items():
        if (name == "side" and abs(yaw) < 0.04) or (name == "top" and pitch < 0.03):
            continue
        placed = [((x - left) * scale + 4, (y - high) * scale + 4) for x, y in quad]
        wide, long = math.dist(placed[0], placed[1]), math.dist(placed[1], placed[2])
        face = shaded(fit_scale(prints[name], wide, long), lights[name]).convert("RGBA")
        under = face.resize((1, 1)).resize(face.size)
        out.alpha_composite(warp(under, placed, size))
        out.alpha_composite(warp(face, placed, size))
    return out


def smooth_profile(points: Sequence[tuple[float, float]], rows: int) -> Floats:
    """Radii of `rows` rows from (height, radius) points, both in [0, 1]; straight between them, corners eased."""
    at = np.linspace(0, 1, rows)
    radii = np.interp(at, [p[0] for p in points], [p[1] for p in points])
    ease = max(3, rows // 90)
    padded = np.pad(radii, ease, mode="edge")
    window = np.ones(2 * ease + 1) / (2 * ease + 1)
    return np.convolve(padded, window, mode="valid").astype(np.float32)


def turned(
    paint: Image.Image,
    radii: Floats,
    *,
    width: int,
    roll: float = 0.0,
    pitch: float = 0.12,
    gloss: float = 0.35,
    lid: str = "",
) -> Image.Image:
    """A body of revolution as a cut-out, RGBA.

    `paint` wraps the whole way round, its middle in front when `roll` (radians) is 0; `radii` (rows,) in parts of
    half the `width`, one a row of the cut-out; `pitch` is how far the eye looks down; `lid` colours the top's ellipse.
    """
    over, half = 2, width
    rows = len(radii)
    sag = pitch * half
    top = round(float(radii[: max(1, rows // 50)].max()) * sag)
    tall = rows * over + top + round(sag)
    x = (np.arange(width * over, dtype=np.float32) + 0.5 - half)[None, :]
    y = np.arange(tall, dtype=np.float32)[:, None] - top
    r = radii[np.clip(y / over, 0, rows - 1).astype(np.int32)] * half
    bow = np.sqrt(np.clip(1 - (x / np.maximum(r, 1)) ** 2, 0, 1))
    v = y - pitch * r * bow
    r = radii[np.clip(v / over, 0, rows - 1).astype(np.int32)] * half
    across = x / np.maximum(r, 1)
    inside = (np.abs(across) < 1) & (v >= 0) & (v < rows * over)
    across = np.clip(across, -1, 1)
    texture = np.asarray(paint.convert("RGB"))
    u = (np.arcsin(across) + roll) / math.tau + 0.5
    columns = np.mod((u * texture.shape[1]).astype(np.int32), texture.shape[1])
    lines = np.clip(v / (rows * over) * texture.shape[0], 0, texture.shape[0] - 1).astype(np.int32)
    colour = texture[lines, columns].astype(np.float32)
    colour = colour * (round_light(across))[..., None] + (gloss * 150 * highlight(across))[..., None]
    pixels = np.zeros((tall, width * over, 4), np.uint8)
    pixels[..., :3] = np.clip(colour, 0, 255)
    pixels[..., 3] = inside * np.uint8(255)
    cut = Image.fromarray(pixels)
    if lid:
        rim = float(radii[0]) * half
        shape = (half - rim, top - rim * pitch, half + rim, top + rim * pitch)
        draw = ImageDraw.Draw(cut)
        draw.ellipse(shape, fill=lid)
        inset = rim * 0.06
        outline = tuple(min(255, round(n * 1.18 + 8)) for n in rgb(lid))
        draw.ellipse(
            (shape[0] + inset, shape[1] + inset * pitch, shape[2] - inset, shape[3] - inset * pitch),
            outline=outline,
            width=3,
        )
    return cut.reduce(over)


def round_light(across: Floats) -> Floats:
    """How bright a round body is at `across` in [-1, 1]: lit from the left, with a turned-away edge."""
    light = 0.55 + 0.5 * np.sqrt(np.clip(1 - (across * 0.96 + 0.22) ** 2, 0, 1))
    return np.asarray(light, np.float32)


def highlight(across: Floats) -> Floats:
    """Two upright streaks of a studio lamp."""
    streaks = np.exp(-(((across + 0.52) / 0.1) ** 2)) + 0.45 * np.exp(-(((across - 0.74) / 0.05) ** 2))
    return np.asarray(streaks, np.float32)


def soft_noise(rng: np.random.Generator, width: int, height: int, cells: int, rows: int = 0) -> Floats:
    """Smooth noise of about unit spread, (height, width), with `cells` bumps across (and `rows` down)."""
    grid = rng.standard_normal((rows or max(2, round(cells * height / width)), cells)).astype(np.float32)
    return np.asarray(Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC), np.float32)


def shade(cut: Image.Image, light: Floats) -> Image.Image:
    """An RGBA cut-out with its colours times `light` (height, width)."""
    pixels = np.asarray(cut).astype(np.float32)
    pixels[..., :3] = np.clip(pixels[..., :3] * light[..., None], 0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def stacked(size: tuple[int, int], parts: Sequence[tuple[Image.Image, tuple[int, int]]]) -> Image.Image:
    """Cut-outs laid over one another on a transparent sheet."""
    out = Image.new("RGBA", size, (0, 0, 0, 0))
    for part, at in parts:
        out.alpha_composite(part, at)
    return out


def trimmed(cut: Image.Image) -> Image.Image:
    """The cut-out without its empty margin."""
    found = cut.getchannel("A").getbbox()
    return cut.crop(found) if found else cut


def softened(mask: Image.Image, radius: float) -> Image.Image:
    """A blurred mask; large radii are computed small."""
    step = max(1, int(radius // 4))
    small = mask.resize((max(1, mask.width // step), max(1, mask.height // step)), Image.Resampling.BILINEAR)
    return small.filter(ImageFilter.GaussianBlur(radius / step)).resize(mask.size, Image.Resampling.BILINEAR)
