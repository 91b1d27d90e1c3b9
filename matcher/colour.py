"""Turns pixels of any Pillow mode and colour profile into sRGB on white."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_PROFILE_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}
_NO_CACHE = 0x0040
"""lcms2's cmsFLAGS_NOCACHE: a transform without its one-pixel cache may be shared by threads."""
Ground = Literal["white", "black"]
"""What shows through where a picture is transparent."""
_BAND_ROWS = 256
_PLAIN = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})


def plain(image: Image.Image) -> Image.Image:
    """The same pixels in mode L, LA, RGB, RGBA or CMYK, full size.

    16-bit grey keeps its high byte; 32-bit integer and float grey is stretched between its own least and
    greatest finite value; a palette or a transparent colour becomes RGB or RGBA.
    """
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        return Image.fromarray(_stretched(np.asarray(image)))
    if "transparency" in image.info and image.mode in ("1", "L", "P", "RGB"):
        return image.convert("RGBA")
    if image.mode in _PLAIN:
        return image
    return image.convert({"1": "L", "PA": "RGBA", "RGBa": "RGBA", "La": "LA"}.get(image.mode, "RGB"))


def _stretched(values: NDArray[np.float32] | NDArray[np.int32]) -> NDArray[np.uint8]:
    """By bands of rows: a large picture would else be held five times over as floats."""
    bands = [slice(start, start + _BAND_ROWS) for start in range(0, len(values), _BAND_ROWS)]
    ends = [(band.min(), band.max()) for rows in bands if (band := _finite(values[rows])).size]
    stretched: NDArray[np.uint8] = np.zeros(values.shape, np.uint8)
    if not ends:
        return stretched
    low, high = float(min(least for least, _ in ends)), float(max(most for _, most in ends))
    for rows in bands:
        shown = np.where(np.isfinite(values[rows]), values[rows], low).astype(np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = (shown - np.float32(low)) * np.float32(255.0 / max(high - low, 1e-12))
        stretched[rows] = np.nan_to_num(scaled).clip(0, 255)
    return stretched


def _finite(values: NDArray[np.float32] | NDArray[np.int32]) -> NDArray[np.float32] | NDArray[np.int32]:
    return values[np.isfinite(values)]


def to_srgb(image: Image.Image, profile: bytes | None, ground: Ground = "white") -> Image.Image:
    """Mode RGB, laid on `ground`, from one of `plain`'s modes.

    A usable ICC profile of the pixels' own colour space is applied (perceptual intent); one that is sRGB
    already, of another colour space, or broken is ignored.
    """
    if image.mode in ("LA", "RGBA"):
        alpha = image.getchannel("A")
        image = image.getchannel("L") if image.mode == "LA" else image.convert("RGB")
        image = Image.composite(image, Image.new(image.mode, image.size, ground), alpha)
    transform = _transform(profile, image.mode) if profile else None
    if transform is None:
        return image.convert("RGB")
    try:
        converted = ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, ValueError):
        converted = None
    return converted if converted is not None else image.convert("RGB")


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """None where the profile changes nothing or cannot be used."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if opened.profile.xcolor_space != _PROFILE_SPACES.get(mode):
            return None
        if mode == "RGB" and "sRGB" in (opened.profile.profile_description or ""):
            return None
        return ImageCms.buildTransform(
            opened, ImageCms.createProfile("sRGB"), mode, "RGB", flags=ImageCms.Flags(_NO_CACHE)
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None
