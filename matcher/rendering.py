"""Has a reader turn an image file into pixels, upright and in sRGB; matcher/images.py alone calls it."""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import NamedTuple

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from matcher.colour import Ground, plain, to_srgb
from matcher.config import ImageSettings
from matcher.containers import SLIM, Essence, MalformedError
from matcher.errors import ImageError

_OPENERS: dict[str, Callable[[io.BytesIO], Image.Image]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
}
"""Pillow's readers, called directly: `Image.open` would try others and warn by a process-wide pixel limit."""

_DECODER_FAILURES = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    EOFError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Warning,
)
"""What Pillow's readers are known to raise on hostile files."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION_TAG = 0x0112
_quiet_lock = threading.Lock()


class _Size(NamedTuple):
    """How large an image is wanted: its longest side at most `side`, or, not `exact`, at least that."""

    side: int
    exact: bool

    def of(self, decoded: tuple[int, int], full: tuple[int, int]) -> tuple[int, int]:
        """The size to bring an image to that was decoded with `decoded` pixels of `full`."""
        if self.exact:
            return _fitted(full, self.side)
        times = max(1, max(decoded) // self.side)
        return max(1, decoded[0] // times), max(1, decoded[1] // times)


def check_size(size: tuple[int, int], source: str, settings: ImageSettings, kind: str = "") -> None:
    """Refuse a `size` (width, height) beyond the limits; raises `ImageError` naming the limit."""
    width, height = size
    # Pillow's WebP reader holds the canvas four times over, twice as much as the others at their worst.
    pixels = settings.max_pixels // 2 if kind == "WEBP" else settings.max_pixels
    if max(size) > settings.max_side:
        reason = f"the longest side allowed is {settings.max_side:,} pixels (images.max_side)"
    elif width * height > pixels:
        share = "half of images.max_pixels for WebP" if kind == "WEBP" else "images.max_pixels"
        reason = f"at most {pixels:,} pixels are allowed ({share})"
    elif min(size) < settings.min_side:
        reason = f"the shortest side allowed is {settings.min_side} pixels (images.min_side)"
    else:
        return
    raise ImageError(source, f"is {width:,} x {height:,} pixels; {reason}")


def render(
    blob: bytes,
    kind: str,
    essence: Essence | None,
    source: str,
    settings: ImageSettings,
    side: int,
    ground: Ground = "white",
    *,
    exact: bool = True,
) -> tuple[Image.Image, int, int]:
    """An upright sRGB image, longest side at most `side`, and the photo's full width and height.

    `essence`: of the kinds that have one, what is given to the reader. Without `exact` the longest side is at
    least `side`, where the photo has as many pixels, and less than twice that. Raises `ImageError`.
    """
    size = _Size(side, exact)
    try:
        if kind == "HEIC":
            return _render_heic(blob, source, settings, size, ground)
        if essence is None:
            slim = SLIM[kind](blob) if kind in SLIM else blob
            with _quiet():
                return _render_pillow(slim, kind, None, source, settings, size, ground)
        return _render_pillow(essence.blob, kind, essence, source, settings, size, ground)
    except MalformedError as error:
        raise ImageError(source, str(error)) from error
    except _DECODER_FAILURES as error:
        raise ImageError(source, _reason(error, kind, essence)) from error


def _render_pillow(
    blob: bytes,
    kind: str,
    essence: Essence | None,
    source: str,
    settings: ImageSettings,
    wanted: _Size,
    ground: Ground,
) -> tuple[Image.Image, int, int]:
    if kind == "JPEG" and settings.allow_truncated and essence and not essence.complete:
        blob += b"\xff\xd9"
    with _OPENERS[kind](io.BytesIO(blob)) as image:
        check_size(image.size, source, settings, kind)
        full = image.size
        if kind == "JPEG" and max(full) > wanted.side:
            image.draft(None, _fitted(full, wanted.side))
        orientation, profile = _look(image, kind, essence)
        _load(image, settings)
        upright = _finish(image, wanted.of(image.size, full), profile, orientation, ground)
    return upright, *(full[::-1] if orientation >= 5 else full)


def _look(image: Image.Image, kind: str, essence: Essence | None) -> tuple[int, bytes | None]:
    """Orientation and colour profile; Pillow turns a TIFF itself."""
    if essence is not None:
        return essence.orientation, essence.profile
    orientation = image.getexif().get(_ORIENTATION_TAG, 1) if kind == "AVIF" else 1
    return orientation if orientation in _TURNS else 1, image.info.get("icc_profile")


def _load(image: Image.Image, settings: ImageSettings) -> None:
    """Decode; of a cut-off file keep the rows that came where the settings allow it."""
    try:
        image.load()
    except OSError as error:
        if not settings.allow_truncated or "truncated" not in str(error):
            raise
        # Pillow's own switch for this is global; an emptied tile list keeps what was decoded without it.
        setattr(image, "tile", [])  # noqa: B010


def _finish(
    image: Image.Image, target: tuple[int, int], profile: bytes | None, orientation: int, ground: Ground
) -> Image.Image:
    """Scale before converting colours: the fewer pixels, the cheaper."""
    if image.mode in ("I", "F") and image.size != target:
        image = image.resize(target, Image.Resampling.BILINEAR)
    image = plain(image)
    if image.size != target:
        image = image.resize(target, Image.Resampling.BICUBIC, reducing_gap=2.0)
    image = to_srgb(image, profile, ground)
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def _render_heic(
    blob: bytes, source: str, settings: ImageSettings, wanted: _Size, ground: Ground
) -> tuple[Image.Image, int, int]:
    """HEIC by pi_heif (decoder only) or pillow_heif; libheif turns the picture itself."""
    reader = next((module for module in map(_optional, ("pi_heif", "pillow_heif")) if module), None)
    if reader is None:
        raise ImageError(source, "is HEIC, which needs: pip install 'counterfeit-image-matcher[heic]'")
    with _quiet():
        opened = reader.open_heif(io.BytesIO(blob), convert_hdr_to_8bit=True)
        primary = opened[opened.primary_index]
        check_size(primary.size, source, settings)
        image: Image.Image = primary.to_pillow()
    check_size(image.size, source, settings)
    width, height = image.size
    profile = image.info.get("icc_profile")
    target = wanted.of(image.size, image.size)
    return _finish(image, target, profile, 1, ground), width, height


def _optional(name: str) -> ModuleType | None:
    try:
        return import_module(name)
    except ImportError:
        return None


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """`size` shrunk so that its longest side is `side`, never enlarged, no side under 1."""
    longest = max(size)
    if longest <= side:
        return size
    return max(1, round(size[0] * side / longest)), max(1, round(size[1] * side / longest))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the readers' warnings about odd tags from the user; the lock keeps the warning filters whole."""
    with _quiet_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _reason(error: BaseException, kind: str, essence: Essence | None) -> str:
    """One short line; what Pillow says of a cut-off file differs by format and version."""
    said = " ".join(str(error).split())[:120]
    if isinstance(error, MemoryError):
        return f"needs too much memory to decode ({kind})"
    if (
        "truncated" in said.lower()
        or "Truncated" in type(error).__name__
        or (essence and not essence.complete)
    ):
        return f"is truncated ({kind})"
    return f"cannot be decoded as {kind}: {said or type(error).__name__}"
