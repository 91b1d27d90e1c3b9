"""The only place that decodes an image: limits first, then pixels as a person sees them, in sRGB."""

from __future__ import annotations

import hashlib
import io
import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
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
from matcher.containers import KINDS, WALKS, Essence, MalformedError, look_of, sniff
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


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded photo.

    `pixels`: uint8 (height, width, 3), sRGB, longest side at most `settings.working_side`, never enlarged.
    `width`, `height`: of the photo as a person sees it (orientation applied), full resolution.
    `content_hash`: see `content_hash`. `format`: one of JPEG, PNG, WEBP, GIF, TIFF, BMP, AVIF, HEIC.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    content_hash: str
    format: str


def decode(blob: bytes, source: str, settings: ImageSettings, *, ground: Ground = "white") -> Picture:
    """Decode one image; `source` only names it in errors. Raises `ImageError`.

    The first frame or page is taken (of an animated PNG its default image); EXIF orientation is applied;
    transparency is laid on `ground`; a usable embedded ICC profile is converted to sRGB, a broken one is
    ignored. Bytes, claimed pixels and sides are checked before any pixel is decoded. Thread-safe, but reading
    TIFF, AVIF and HEIC silences Python warnings for the whole process for the moment it takes.
    """
    kind, essence = _inspect(blob, source, settings)
    image, width, height = _render(blob, kind, essence, source, settings, settings.working_side, ground)
    digest = _digest(essence.blob if essence else blob)
    return Picture(np.array(image), width, height, digest, kind)


def content_hash(blob: bytes) -> str:
    """Hex SHA-256 that names a picture: the same for copies of a file that differ in metadata only.

    For JPEG, PNG, WebP and GIF it is taken over the bytes that `storable` keeps, so orientation and colour
    profile count and nothing else beside the picture does; for other kinds and broken files, over the raw
    bytes. Never raises.
    """
    walk = WALKS.get(sniff(blob) or "")
    try:
        return _digest(walk(blob).blob if walk else blob)
    except MalformedError:
        return _digest(blob)


def storable(blob: bytes, source: str, settings: ImageSettings) -> bytes:
    """What may be kept on disk of an image; raises `ImageError`.

    JPEG, PNG, WebP and GIF lose all metadata (EXIF, GPS, XMP, IPTC, comments, thumbnails) and whatever lies
    behind the picture's end, without being re-encoded; orientation, colour profile and the Adobe marker stay.
    Their pixels are not decoded, only their header is checked. Other kinds become PNG, upright and in sRGB.
    """
    kind, essence = _inspect(blob, source, settings)
    if essence is not None:
        return essence.blob
    image, _, _ = _render(blob, kind, None, source, settings, settings.max_side)
    return _encoded(image, "PNG", compress_level=4)


def thumbnail(picture: Picture, side: int = 160) -> bytes:
    """A WebP file of `picture`, longest side at most `side` pixels, without metadata."""
    image = Image.fromarray(picture.pixels)
    image.thumbnail((side, side), Image.Resampling.BICUBIC)
    return _encoded(image, "WEBP", quality=78, method=4)


def _inspect(blob: bytes, source: str, settings: ImageSettings) -> tuple[str, Essence | None]:
    """The kind and, where the kind has one, the essence; refuses by what can be known without a decoder."""
    if not blob:
        raise ImageError(source, "is empty (0 bytes)")
    if len(blob) > settings.max_bytes:
        raise ImageError(
            source, f"is {len(blob):,} bytes, the limit is {settings.max_bytes:,} (images.max_bytes)"
        )
    kind = sniff(blob)
    if kind is None:
        look = look_of(blob)
        known = f"is no known image; readable are {', '.join(KINDS)}"
        raise ImageError(source, f"is not an image: looks like {look}" if look else known)
    if kind not in WALKS:
        return kind, None
    try:
        essence = WALKS[kind](blob)
    except MalformedError as error:
        raise ImageError(source, str(error)) from error
    if any(essence.size):
        _check_size(essence.size, source, settings, kind)
    elif not essence.complete:
        raise ImageError(source, "is truncated")
    return kind, essence


def _check_size(size: tuple[int, int], source: str, settings: ImageSettings, kind: str = "") -> None:
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


def _render(
    blob: bytes,
    kind: str,
    essence: Essence | None,
    source: str,
    settings: ImageSettings,
    side: int,
    ground: Ground = "white",
) -> tuple[Image.Image, int, int]:
    """An upright sRGB image, longest side at most `side`, and the photo's full width and height."""
    try:
        if kind == "HEIC":
            return _render_heic(blob, source, settings, side, ground)
        if essence is None:
            with _quiet():
                return _render_pillow(blob, kind, None, source, settings, side, ground)
        return _render_pillow(essence.blob, kind, essence, source, settings, side, ground)
    except _DECODER_FAILURES as error:
        raise ImageError(source, _reason(error, kind, essence)) from error


def _render_pillow(
    blob: bytes,
    kind: str,
    essence: Essence | None,
    source: str,
    settings: ImageSettings,
    side: int,
    ground: Ground,
) -> tuple[Image.Image, int, int]:
    if kind == "JPEG" and settings.allow_truncated and essence and not essence.complete:
        blob += b"\xff\xd9"
    with _OPENERS[kind](io.BytesIO(blob)) as image:
        _check_size(image.size, source, settings, kind)
        full = image.size
        target = _fitted(full, side)
        if kind == "JPEG" and target != full:
            image.draft(None, target)
        orientation, profile = _look(image, kind, essence)
        _load(image, settings)
        upright = _finish(image, target, profile, orientation, ground)
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
    blob: bytes, source: str, settings: ImageSettings, side: int, ground: Ground
) -> tuple[Image.Image, int, int]:
    """HEIC by pi_heif (decoder only) or pillow_heif; libheif turns the picture itself."""
    reader = next((module for module in map(_optional, ("pi_heif", "pillow_heif")) if module), None)
    if reader is None:
        raise ImageError(source, "is HEIC, which needs: pip install 'counterfeit-image-matcher[heic]'")
    with _quiet():
        opened = reader.open_heif(io.BytesIO(blob), convert_hdr_to_8bit=True)
        primary = opened[opened.primary_index]
        _check_size(primary.size, source, settings)
        image: Image.Image = primary.to_pillow()
    _check_size(image.size, source, settings)
    width, height = image.size
    profile = image.info.get("icc_profile")
    return _finish(image, _fitted(image.size, side), profile, 1, ground), width, height


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


def _digest(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()


def _encoded(image: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.info.clear()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
