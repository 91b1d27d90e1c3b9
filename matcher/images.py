"""The only place that decodes an image: limits first, then pixels as a person sees them, in sRGB."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.colour import Ground
from matcher.config import ImageSettings
from matcher.containers import KINDS, WALKS, Essence, MalformedError, look_of, sniff
from matcher.errors import ImageError
from matcher.rendering import check_size, render


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
    return _decoded(blob, source, settings, settings.working_side, ground)


def decode_legible(blob: bytes, source: str, settings: ImageSettings) -> Picture:
    """Decode one image as `decode` does, but with pixels enough to read text in.

    The longest side has at least `settings.reading_side` pixels, where the photo has as many, and less than
    twice that: which of these is what costs least to decode.
    """
    return _decoded(blob, source, settings, settings.legible_side, "white", exact=False)


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
    image, _, _ = render(blob, kind, None, source, settings, settings.max_side)
    try:
        return _encoded(image, "PNG", compress_level=4)
    except MemoryError as error:  # it alone is this large: of other photos no full-sized pixels are made
        raise ImageError(source, f"needs too much memory to keep ({kind})") from error


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
        check_size(essence.size, source, settings, kind)
    elif not essence.complete:
        raise ImageError(source, "is truncated")
    return kind, essence


def _decoded(
    blob: bytes, source: str, settings: ImageSettings, side: int, ground: Ground, *, exact: bool = True
) -> Picture:
    kind, essence = _inspect(blob, source, settings)
    image, width, height = render(blob, kind, essence, source, settings, side, ground, exact=exact)
    digest = _digest(essence.blob if essence else blob)
    return Picture(np.array(image), width, height, digest, kind)


def _digest(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()


def _encoded(image: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.info.clear()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
