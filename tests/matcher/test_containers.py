"""Walking files as bytes: an essence is its own essence, and hostile bytes fail a walk only on purpose."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from matcher.config import ImageSettings
from matcher.containers import WALKS, MalformedError, sniff
from matcher.containers.essence import exif_orientation, minimal_exif
from matcher.errors import ImageError
from matcher.images import Picture, content_hash, decode, storable
from tests.matcher.malformed import drawn, encoded, exif_with, png_chunk

LIMITS = ImageSettings(max_side=2_000, max_pixels=1_000_000)
PHOTO = drawn(Random(1), (64, 48))
ICC = bytes(range(256)) * 600
SEEDS = [
    encoded(PHOTO, "JPEG", exif=exif_with(6), icc_profile=ICC, comment=b"note"),
    encoded(PHOTO, "JPEG", progressive=True),
    encoded(PHOTO.convert("CMYK"), "JPEG"),
    encoded(PHOTO, "PNG", exif=exif_with(8), icc_profile=ICC),
    encoded(PHOTO.quantize(16), "PNG", transparency=2),
    encoded(PHOTO, "WEBP", exif=exif_with(3), icc_profile=ICC, xmp=b"<x/>"),
    encoded(PHOTO, "WEBP", lossless=True),
    encoded(PHOTO, "WEBP", save_all=True, append_images=[PHOTO.rotate(9)]),
    encoded(PHOTO, "GIF", comment=b"note", save_all=True, append_images=[PHOTO.rotate(9)]),
]


def shown_or_refused(blob: bytes) -> Picture | None:
    """The picture, None when it was refused in one line; anything else fails the test."""
    refusal = ""
    try:
        return decode(blob, "photo", LIMITS)
    except ImageError as error:
        refusal = str(error)
    assert refusal.startswith("photo: ")
    assert "\n" not in refusal
    return None


@st.composite
def broken_files(draw: st.DrawFn) -> bytes:
    """A sound file with bytes changed, put in or taken out, at times cut off or with something behind it."""
    blob = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(blob) - 1) | st.integers(0, min(200, len(blob) - 1)))
        kind = draw(st.sampled_from(("change", "insert", "remove")))
        if kind == "change":
            blob[at] = draw(st.integers(0, 255))
        elif kind == "insert":
            blob[at:at] = draw(st.binary(min_size=1, max_size=12))
        elif len(blob) > 40:
            del blob[at : at + draw(st.integers(1, 20))]
    end = draw(st.none() | st.integers(1, len(blob)))
    return bytes(blob[:end]) + draw(st.binary(max_size=20))


@given(broken_files())
@settings(max_examples=600, deadline=None)
def test_an_essence_is_its_own_essence(blob: bytes) -> None:
    kind = sniff(blob)
    if kind not in WALKS:
        return
    try:
        found = WALKS[kind](blob)
    except MalformedError:
        return
    assert sniff(found.blob) == kind
    again = WALKS[kind](found.blob)
    assert again.blob == found.blob
    assert (again.size, again.orientation, again.profile) == (found.size, found.orientation, found.profile)


@given(broken_files())
@settings(max_examples=300, deadline=None)
def test_a_broken_file_is_refused_or_stored_and_shown_alike(blob: bytes) -> None:
    name = content_hash(blob)
    picture = shown_or_refused(blob)
    if picture is None:
        return
    assert picture.content_hash == name
    assert max(picture.pixels.shape) <= LIMITS.working_side
    kept = storable(blob, "photo", LIMITS)
    shown = decode(kept, "photo", LIMITS)
    assert shown.format == picture.format
    assert content_hash(kept) == name
    assert np.array_equal(shown.pixels, picture.pixels)


@given(
    st.binary(max_size=300), st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIC"])
)
@settings(max_examples=300, deadline=None)
def test_noise_behind_any_magic_is_one_refusal(noise: bytes, kind: str) -> None:
    magic = {
        "JPEG": b"\xff\xd8\xff",
        "PNG": b"\x89PNG\r\n\x1a\n",
        "WEBP": b"RIFF\xff\0\0\0WEBP",
        "GIF": b"GIF89a",
        "TIFF": b"II*\0",
        "BMP": b"BM",
        "AVIF": b"\0\0\0\x10ftypavif\0\0\0\0",
        "HEIC": b"\0\0\0\x10ftypheic\0\0\0\0",
    }[kind]
    shown_or_refused(magic + noise)


@given(st.binary(max_size=400), st.integers(0xE1, 0xEF), st.integers(1, 3))
def test_whatever_a_jpeg_carries_beside_the_picture_does_not_change_its_name(
    payload: bytes, code: int, times: int
) -> None:
    bare = encoded(PHOTO, "JPEG")
    segment = bytes([0xFF, code]) + (len(payload) + 12).to_bytes(2, "big") + b"invented:\0" + payload
    assert content_hash(bare[:20] + segment * times + bare[20:]) == content_hash(bare)


@given(
    st.binary(max_size=400), st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"tIME", b"prVt", b"acTL", b"fdAT"])
)
def test_whatever_a_png_carries_beside_the_picture_does_not_change_its_name(
    payload: bytes, name: bytes
) -> None:
    bare = encoded(PHOTO, "PNG")
    assert content_hash(bare[:33] + png_chunk(name, payload) + bare[33:]) == content_hash(bare)


@given(st.binary(max_size=200))
def test_orientation_is_read_or_upright(exif: bytes) -> None:
    assert 1 <= exif_orientation(exif) <= 8
    assert 1 <= exif_orientation(b"II*\0\x08\0\0\0" + exif) <= 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_found_in_either_byte_order(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    little = exif.tobytes()
    exif.endian = ">"
    assert exif_orientation(little) == exif_orientation(exif.tobytes()) == orientation
    assert exif_orientation(minimal_exif(orientation)) == orientation


def test_a_profile_of_several_segments_survives_storing() -> None:
    blob = encoded(PHOTO, "JPEG", icc_profile=ICC)
    assert WALKS["JPEG"](blob).profile == ICC
    assert WALKS["JPEG"](storable(blob, "photo", LIMITS)).profile == ICC
