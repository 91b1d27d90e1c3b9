"""A word printed on a photo as on a garment: in a font, faint or plain, turned, bent, folded and blurred."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.text.words import Random
from matcher.errors import UsageError
from matcher.models import Pixels

FONTS = Path("/usr/share/fonts")
"""Where Debian's fonts-noto-core and fonts-noto-cjk lie."""
FACES: dict[str, tuple[str, ...]] = {
    "Latin": (
        "NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSans-Italic.ttf", "NotoSans-BoldItalic.ttf",
        "NotoSerif-Regular.ttf", "NotoSerif-Bold.ttf", "NotoSerif-Italic.ttf", "NotoSansMono-Bold.ttf",
        "NotoSerifDisplay-Bold.ttf", "NotoSansDisplay-Bold.ttf", "NotoSansMono-Regular.ttf",
        "NotoSerifDisplay-Regular.ttf", "NotoSansDisplay-Regular.ttf",
    ),
    "Arabic": ("NotoSansArabic-Bold.ttf", "NotoKufiArabic-Bold.ttf", "NotoNaskhArabic-Regular.ttf"),
    "Thai": ("NotoSansThai-Bold.ttf", "NotoSerifThai-Regular.ttf", "NotoLoopedThai-Bold.ttf"),
    "Han": ("NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc", "NotoSerifCJK-Bold.ttc"),
}  # fmt: skip
"""File names of fonts by script; one of them is enough."""
FACES |= dict.fromkeys(("Cyrillic", "Greek"), FACES["Latin"][:7])
FACES |= dict.fromkeys(("Kana", "Hangul"), FACES["Han"])
LIGHTNESS = np.array([0.299, 0.587, 0.114])
BUSY = 0.45
"""Cloth whose lightness varies by more of the contrast (standard deviation) hides what is printed on it."""
PLACES = 5
"""Places that are tried: nobody prints a word across another print."""
INKED = 0.3
"""Coverage from which a pixel counts as inked."""
PRINT = 160
"""Pixels of a letter as it is first drawn."""
CONTRASTS = {"faint": (28, 45), "fair": (45, 90), "plain": (90, 190)}
"""How far the ink's lightness is from the ground's, of 255."""
SIZES = {"small": (0.035, 0.06), "medium": (0.06, 0.14), "large": (0.14, 0.3)}
"""Height of the letters as a share of the photo's height."""
TURNS = {"upright": 0.0, "quarter": 90.0, "upside down": 180.0}
TURNED = {"upright": 0.8, "quarter": 0.12, "upside down": 0.08}
"""How often a print is turned so."""


Ink = NDArray[np.floating]
"""How much of each pixel is inked, [0, 1]."""


@dataclass(frozen=True)
class Look:
    """How a word is printed: names of `SIZES`, `CONTRASTS` and `TURNS`, and the font's file."""

    size: str
    contrast: str
    turn: str
    face: Path


def look(script: str, rng: Random, folder: Path = FONTS) -> Look:
    """A look drawn at random, in a font for the script; raises UsageError where there is none."""
    known = faces(script, folder)
    size, contrast = (_draw(rng, tuple(names)) for names in (SIZES, CONTRASTS))
    turn = str(rng.choice(list(TURNED), p=list(TURNED.values())))
    return Look(size, contrast, turn, known[int(rng.integers(len(known)))])


def faces(script: str, folder: Path = FONTS) -> list[Path]:
    """The fonts for a script below `folder`; raises UsageError where there is none."""
    found = [one for name in FACES[script] for one in _fonts(folder).get(name, ())]
    if not found:
        raise UsageError(
            f"{folder}: holds no font for {script}; name a folder of fonts with --fonts "
            "(on Debian: apt install fonts-noto-core fonts-noto-cjk)"
        )
    return found


@lru_cache(maxsize=4)
def _fonts(folder: Path) -> dict[str, tuple[Path, ...]]:
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("Noto*.tt[fc]")):
        found.setdefault(path.name, []).append(path)
    return {name: tuple(paths) for name, paths in found.items()}


def printed(photo: Pixels, word: str, wanted: Look, rng: Random) -> Pixels:
    """A copy of `photo` with the word on it, about its middle, at the calmest of a few places."""
    ink = _bent(_letters(word, wanted.face, rng), rng)
    share, contrast = rng.uniform(*SIZES[wanted.size]), rng.uniform(*CONTRASTS[wanted.contrast])
    turn = TURNS[wanted.turn] * _sign(rng)
    places = [_corners(photo, ink, float(share), turn, rng) for _ in range(PLACES)]
    masks = [_laid(ink, corners, photo.shape[1], photo.shape[0]) for corners in places]
    mask = min(masks, key=lambda one: _unrest(photo, one > INKED))
    blur = float(rng.uniform(0.3, 1.1)) * max(photo.shape[:2]) / 800
    mask = cv2.GaussianBlur(mask, (0, 0), blur) * float(rng.uniform(0.85, 1.0))
    return _inked(photo, mask, float(contrast), rng)


def as_jpeg(pixels: Pixels, rng: Random) -> bytes:
    """The photo as sellers' phones and marketplaces keep it."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(62, 93))]
    kept, blob = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), quality)
    assert kept
    return blob.tobytes()


def _draw(rng: Random, names: tuple[str, ...]) -> str:
    return names[int(rng.integers(len(names)))]


def _sign(rng: Random) -> int:
    return 1 if rng.random() < 0.5 else -1


def _letters(word: str, face: Path, rng: Random) -> Ink:
    """The word as coverage in [0, 1], with room around it; every fifth spaced or drawn in outline."""
    font = ImageFont.truetype(str(face), PRINT)
    stroke = 4 if rng.random() < 0.1 else 0
    left, top, right, low = font.getbbox(word, stroke_width=stroke)
    room = PRINT // 3
    sheet = Image.new("L", (math.ceil(right - left) + 2 * room, math.ceil(low - top) + 2 * room))
    draw = ImageDraw.Draw(sheet)
    at = (room - left, room - top)
    draw.text(at, word, font=font, fill=255, stroke_width=stroke)
    if stroke:
        draw.text(at, word, font=font, fill=0)
    return np.asarray(sheet, np.float32) / 255


def _bent(ink: Ink, rng: Random) -> Ink:
    """Folds of cloth, and in every fifth word an arch: columns shifted up and down."""
    width = ink.shape[1]
    across = np.arange(width, dtype=np.float32)
    shift = np.zeros(width, np.float32)
    for _ in range(2):
        wave = float(rng.uniform(0.6, 2.5)) * width
        shift += float(rng.uniform(0, 0.05)) * PRINT * np.sin(2 * np.pi * across / wave + rng.uniform(0, 6))
    if rng.random() < 0.2:
        rise = float(rng.uniform(0.1, 0.35)) * PRINT * _sign(rng)
        shift += rise * (2 * across / width - 1) ** 2
    reach = math.ceil(float(np.abs(shift).max()))
    tall = cv2.copyMakeBorder(ink, reach, reach, 0, 0, cv2.BORDER_CONSTANT, value=0)
    rows = np.arange(tall.shape[0], dtype=np.float32)[:, None] + shift[None]
    columns = np.broadcast_to(across[None], rows.shape).astype(np.float32)
    return np.asarray(cv2.remap(tall, columns, rows.astype(np.float32), cv2.INTER_LINEAR))


def _corners(photo: Pixels, ink: Ink, share: float, turn: float, rng: Random) -> Ink:
    """Where the sheet's corners come to lie in the photo: turned, a little aslant, in perspective."""
    height, width = photo.shape[:2]
    scale = share * height / PRINT
    across, down = ink.shape[1] * scale, ink.shape[0] * scale
    angle = math.radians(turn + float(np.clip(rng.normal(0, 7), -18, 18)))
    box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (across / 2, down / 2)
    box += rng.uniform(-0.05, 0.05, (4, 2)) * (across, down)
    turned = box @ np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    reach = np.abs(turned).max(axis=0)
    turned *= min(1.0, float((0.46 * np.array([width, height]) / reach).min()))
    free = np.maximum(0, 0.48 * np.array([width, height]) - np.abs(turned).max(axis=0))
    middle = np.array([width, height]) / 2 + rng.uniform(-1, 1, 2) * np.minimum(
        free, 0.15 * np.array([width, height])
    )
    return np.asarray(turned + middle, np.float32)


def _laid(ink: Ink, corners: Ink, width: int, height: int) -> Ink:
    sheet = np.array([[0, 0], [ink.shape[1], 0], [ink.shape[1], ink.shape[0]], [0, ink.shape[0]]], np.float32)
    across = float(np.linalg.norm(corners[1] - corners[0])) / ink.shape[1]
    if across < 0.5:  # shrunk first, or thin strokes fall between pixels
        small = cv2.resize(ink, None, fx=2 * across, fy=2 * across, interpolation=cv2.INTER_AREA)
        sheet *= np.array([small.shape[1] / ink.shape[1], small.shape[0] / ink.shape[0]], np.float32)
        ink = np.asarray(small)
    flat = cv2.getPerspectiveTransform(sheet, corners)
    return np.asarray(cv2.warpPerspective(ink, flat, (width, height), flags=cv2.INTER_LINEAR))


def _inked(photo: Pixels, mask: Ink, contrast: float, rng: Random) -> Pixels:
    """Ink lighter or darker than the ground by `contrast`, with some of the cloth's light and shade in it.

    Where the cloth is so busy that a person could not read the word, it stands on a plain patch.
    """
    inked = mask > INKED
    ground = photo[inked] if inked.any() else photo.reshape(-1, 3)
    if _unrest(photo, inked) > BUSY * contrast:
        photo = _patched(photo, inked, rng)
        ground = photo[inked]
    mean = ground.mean(axis=0)
    lightness = float(mean @ LIGHTNESS)
    lighter = lightness + contrast <= 250 and (lightness < 110 or rng.random() < 0.3)
    wanted = lightness + contrast if lighter else max(4.0, lightness - contrast)
    tint = rng.normal(0, 0.35 * contrast, 3) if rng.random() < 0.6 else np.zeros(3)
    tint -= float(tint @ LIGHTNESS)
    ink = np.clip(mean + (wanted - lightness) + tint, 0, 255)
    shade = cv2.GaussianBlur(photo, (0, 0), 2).astype(np.float32) - mean
    shown = photo + mask[..., None] * (ink + 0.5 * shade - photo)
    return np.asarray(np.clip(shown, 0, 255), np.uint8)


def _unrest(photo: Pixels, inked: NDArray[np.bool_]) -> float:
    """How much the lightness varies where there will be ink: a standard deviation, of 255."""
    return float((photo[inked] @ LIGHTNESS).std()) if inked.any() else 0.0


def _patched(photo: Pixels, inked: NDArray[np.bool_], rng: Random) -> Pixels:
    """The photo with a patch of one colour, a little worn, around what will be inked."""
    hull = cv2.convexHull(np.argwhere(inked)[:, ::-1].astype(np.int32))
    patch = cv2.fillConvexPoly(np.zeros(inked.shape, np.float32), hull, 1.0)
    size = int(2 * round(0.02 * max(inked.shape)) + 1)
    patch = cv2.GaussianBlur(cv2.dilate(patch, np.ones((size, size), np.uint8)), (0, 0), 1.5)[..., None]
    colour = photo[inked].mean(axis=0)
    cloth = 0.12 * (photo - colour) + rng.normal(0, 2, photo.shape)
    return np.asarray(np.clip(photo + patch * (colour + cloth - photo), 0, 255), np.uint8)
