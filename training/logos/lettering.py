"""Text as artwork: invented names that are wordmarks, and ordinary writing that is no logo."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from wordfreq import top_n_list

from training.augment import Rng
from training.logos.artwork import Rgba
from training.logos.styles import ink

FONT_FOLDERS = (Path("/usr/share/fonts/truetype"), Path("/usr/share/fonts/opentype"))
LATIN = (
    "NotoSans-", "NotoSerif-", "NotoSansDisplay-", "NotoSerifDisplay-", "NotoSansMono-", "LiberationSans",
    "LiberationSerif", "LiberationMono", "DejaVuSans", "DejaVuSerif",
)  # fmt: skip
"""Beginnings of the files of fonts that hold Latin letters."""
ONSETS = (
    "b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "br", "ch", "cl",
    "dr", "fl", "gr", "kr", "pl", "st", "tr",
)  # fmt: skip
VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "io", "ou")
SIGNS = (
    "100% cotton",
    "size M",
    "L",
    "XL",
    "EUR 42",
    "40 °C",
    "made in",
    "$19.99",
    "-30%",
    "No. 7",
    "2 for 1",
    "NEW",
)


@lru_cache(maxsize=1)
def fonts() -> tuple[str, ...]:
    """Files of the system's Latin fonts, by name; without any, the one that comes with Pillow is used."""
    files = [file for folder in FONT_FOLDERS for file in folder.rglob("*.tt[fc]")]
    return tuple(sorted(str(file) for file in files if file.name.startswith(LATIN)))


@lru_cache(maxsize=256)
def _font(file: str | None, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.truetype(file, size) if file else ImageFont.load_default(size)


@lru_cache(maxsize=1)
def words() -> list[str]:
    """Ordinary English words, commonest first."""
    return [word for word in top_n_list("en", 4000) if word.isalpha()]


def invented_name(rng: Rng) -> str:
    """A name that no dictionary holds, in small, large or mixed letters."""
    parts = [
        f"{ONSETS[int(rng.integers(len(ONSETS)))]}{VOWELS[int(rng.integers(len(VOWELS)))]}"
        for _ in range(int(rng.integers(1, 4)))
    ]
    name = "".join(parts) + str(rng.choice(["", "n", "s", "x", "r", "l"]))
    return str(rng.choice([name, name.upper(), name.title()], p=[0.25, 0.45, 0.3]))


def sentence(rng: Rng) -> str:
    """One to six lines of ordinary words, or a size, a price, a care sign."""
    if rng.random() < 0.3:
        return str(rng.choice(SIGNS))
    lines = [
        " ".join(str(word) for word in rng.choice(words(), int(rng.integers(2, 7))))
        for _ in range(int(rng.integers(1, 7)))
    ]
    text = "\n".join(lines)
    return text.upper() if rng.random() < 0.3 else text


def written(text: str, rng: Rng, *, size: int = 64, colour: tuple[int, int, int] | None = None) -> Rgba:
    """The text as artwork (height, width, 4), trimmed, in one ink and a font of the system."""
    file = fonts()[int(rng.integers(len(fonts())))] if fonts() else None
    font = _font(file, size)
    scratch = ImageDraw.Draw(Image.new("L", (1, 1)))
    spacing = int(size * rng.uniform(0.05, 0.4))
    left, top, right, bottom = scratch.multiline_textbbox((0, 0), text, font=font, spacing=spacing)
    image = Image.new("L", (max(1, int(right - left)) + 4, max(1, int(bottom - top)) + 4))
    align = str(rng.choice(["left", "center"]))
    ImageDraw.Draw(image).multiline_text((2 - left, 2 - top), text, 255, font, spacing=spacing, align=align)
    drawn = np.empty((image.height, image.width, 4), np.uint8)
    drawn[..., :3] = ink(rng) if colour is None else colour
    drawn[..., 3] = np.asarray(image)
    return drawn
