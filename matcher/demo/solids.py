"""Turning flat print into things: boxes in perspective, turned bodies (tins, bottles, pots), soft shading."""

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
    """The eight numbers with which Pillow's perspective transform carries `source` corners onto `target`."""
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
    """`image` drawn, smooth-edged, onto `quad` (clockwise from top left) of a clear sheet of `size`."""
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
    return image.resize((max(1, round(width * 1.1)), max(1, round(height * 1.1))), Image.Resampling.BICUBIC)


Corner = tuple[int, int, int]
FACES: dict[str, list[Corner]] = {  # corners of the unit box, clockwise as seen: x to the right, y up, z away
    "top": [(0, 1, 1), (1, 1, 1), (1, 1, 0), (0, 1, 0)],
    "right": [(1, 1, 0), (1, 1, 1), (1, 0, 1), (1, 0, 0)],
    "left": [(0, 1, 1), (0, 1, 0), (0, 0, 0), (0, 0, 1)],
    "front": [(0, 1, 0), (1, 1, 0), (1, 0, 0), (0, 0, 0)],
}
LIGHTS = {"front": 1.0, "right": 0.78, "left": 0.86, "top": 1.06}


def box(
    front: Image.Image, side: Image.Image, top: Image.Image, *, yaw: float, pitch: float, tall: int
) -> Image.Image:
    """A box as a cut-out, RGBA; `yaw` > 0 shows its right, < 0 its left, `pitch` > 0 its top (radians)."""
    prints = {"front": front}
    if abs(yaw) >= 0.04:
        prints["right" if yaw > 0 else "left"] = side
    if pitch >= 0.03:
        prints["top"] = top
    edges = front.width / front.height, 1.0, side.width / side.height
    flat = {name: [seen(corner, edges, yaw, pitch) for corner in FACES[name]] for name in prints}
    xs, ys = ([point[axis] for quad in flat.values() for point in quad] for axis in (0, 1))
    scale, margin = (tall - 8) / (max(ys) - min(ys)), 4
    size = math.ceil((max(xs) - min(xs)) * scale) + 2 * margin, tall
    out = Image.new("RGBA", size, (0, 0, 0, 0))
    under, middle = ImageDraw.Draw(out), (size[0] / 2, size[1] / 2)
    placed = {
        name: [((x - min(xs)) * scale + margin, (y - min(ys)) * scale + margin) for x, y in quad]
        for name, quad in flat.items()
    }
    for name, quad in placed.items():
        # Smooth edges leave a gap where faces meet; a slightly smaller box under them fills it.
        tone = prints[name].resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        inner = [(middle[0] + (x - middle[0]) * 0.993, middle[1] + (y - middle[1]) * 0.993) for x, y in quad]
        under.polygon(inner, fill=tone)
    for name, quad in placed.items():
        wide, long = math.dist(quad[0], quad[1]), math.dist(quad[1], quad[2])
        out.alpha_composite(warp(shaded(fit_scale(prints[name], wide, long), LIGHTS[name]), quad, size))
    return out


def seen(corner: Corner, edges: tuple[float, float, float], yaw: float, pitch: float) -> tuple[float, float]:
    """Where a corner of a box with these edge lengths appears, in parts of its height, y down."""
    x, y, z = ((at - 0.5) * edge for at, edge in zip(corner, edges, strict=True))
    x, z = x * math.cos(yaw) + z * math.sin(yaw), z * math.cos(yaw) - x * math.sin(yaw)
    y, z = y * math.cos(pitch) + z * math.sin(pitch), z * math.cos(pitch) - y * math.sin(pitch)
    near = 4.2 / (4.2 + z)
    return x * near, -y * near


def smooth_profile(points: Sequence[tuple[float, float]], rows: int) -> Floats:
    """Radii of `rows` rows from (height, radius) points, both in [0, 1]; corners are eased."""
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

    `paint` wraps the whole way round, its middle in front when `roll` (radians) is 0; `radii` (rows,)
    are in parts of half the `width`, one a row; `pitch` is how far the eye looks down; `lid` colours the top.
    """
    rows, half = len(radii), width  # drawn at twice the size, so half of it is `width`
    top = round(float(radii[: max(1, rows // 50)].max()) * pitch * half)
    across, v = unrolled(radii, width, pitch, top)
    texture = np.asarray(paint.convert("RGB"))
    at = ((np.clip(across, -1, 1) + 1) * (LOOKUPS / 2 - 0.5)).astype(np.int16)
    columns = turned_columns(texture.shape[1], roll)[at]
    lines = np.clip(v * (texture.shape[0] / rows / 2), 0, texture.shape[0] - 1).astype(np.int16)
    light, glint = round_light(), highlight() * np.float32(gloss * 150)
    colour = texture[lines, columns] * light[at][..., None] + glint[at][..., None]
    pixels = np.empty((*across.shape, 4), np.uint8)
    pixels[..., :3] = np.minimum(colour, 255)
    pixels[..., 3] = ((np.abs(across) < 1) & (v >= 0) & (v < rows * 2)) * np.uint8(255)
    cut = Image.fromarray(pixels)
    if lid:
        close(ImageDraw.Draw(cut), lid, half, top, float(radii[0]) * half, pitch)
    return cut.reduce(2)


def unrolled(radii: Floats, width: int, pitch: float, top: int) -> tuple[Floats, Floats]:
    """For each pixel at twice the size: how far across the body (-1 to 1), and which row, times 2."""
    rows, half = len(radii), width
    x = (np.arange(width * 2, dtype=np.float32) + 0.5 - half)[None, :]
    y = np.arange(rows * 2 + top + round(pitch * half), dtype=np.float32)[:, None] - top
    doubled = np.repeat(np.maximum(radii * half, 1).astype(np.float32), 2)
    r = doubled[np.clip(y, 0, rows * 2 - 1).astype(np.int32)]
    v = y - pitch * np.sqrt(np.maximum(r * r - x * x, 0))
    return x / doubled[np.clip(v, 0, rows * 2 - 1).astype(np.int32)], v


def close(draw: ImageDraw.ImageDraw, lid: str, x: float, y: float, rim: float, pitch: float) -> None:
    """The ellipse on top of a turned body, with a lit rim."""
    draw.ellipse((x - rim, y - rim * pitch, x + rim, y + rim * pitch), fill=lid)
    red, green, blue = (min(255, round(n * 1.18 + 8)) for n in rgb(lid))
    inner = rim * 0.94
    draw.ellipse(
        (x - inner, y - inner * pitch, x + inner, y + inner * pitch), outline=(red, green, blue), width=3
    )


LOOKUPS = 4096


def lookup_points() -> Floats:
    """The places across a turned body, -1 to 1, for which light and columns are tabled."""
    return np.linspace(-1, 1, LOOKUPS, dtype=np.float32)


def turned_columns(width: int, roll: float) -> NDArray[np.int16]:
    """Which column of a wrap of `width` pixels shows at each lookup point."""
    share = (np.arcsin(lookup_points()) + roll) / math.tau + 0.5
    return np.mod((share * width).astype(np.int32), width).astype(np.int16)


def round_light() -> Floats:
    """How bright a round body is at each lookup point: lit from the left, with a turned-away edge."""
    light = 0.55 + 0.5 * np.sqrt(np.clip(1 - (lookup_points() * 0.96 + 0.22) ** 2, 0, 1))
    return np.asarray(light, np.float32)


def highlight() -> Floats:
    """Two upright streaks of a studio lamp, at each lookup point."""
    across = lookup_points()
    streaks = np.exp(-(((across + 0.52) / 0.1) ** 2)) + 0.45 * np.exp(-(((across - 0.74) / 0.05) ** 2))
    return np.asarray(streaks, np.float32)


def soft_noise(rng: np.random.Generator, width: int, height: int, cells: int, rows: int = 0) -> Floats:
    """Smooth noise of about unit spread, (height, width), with `cells` bumps across (and `rows` down)."""
    grid = rng.standard_normal((rows or max(2, round(cells * height / width)), cells)).astype(np.float32)
    return np.asarray(Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC), np.float32)


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
