"""Decoding: what a person would see comes out, whatever went in; the rest is refused in one line."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from matcher.config import ImageSettings
from matcher.errors import ImageError
from matcher.images import Picture, content_hash, decode, decode_legible, storable, thumbnail
from tests.matcher.malformed import drawn, encoded, exif_with, srgb_profile, write_malformed

SETTINGS = ImageSettings()
LOSSLESS: list[tuple[str, dict[str, Any]]] = [
    ("JPEG", {}),
    ("PNG", {}),
    ("WEBP", {"lossless": True}),
    ("GIF", {}),
]
MEMORY_BOUND_KB = 700 * 1024


def decoded(blob: bytes, **changes: Any) -> Picture:
    return decode(blob, "photo", SETTINGS.model_copy(update=changes))


def corners() -> Image.Image:
    """White, with a red square top left, green top right, blue bottom left."""
    image = Image.new("RGB", (96, 64), "white")
    draw = ImageDraw.Draw(image)
    for box, colour in (((0, 0, 31, 31), "red"), ((64, 0, 95, 31), "lime"), ((0, 32, 31, 63), "blue")):
        draw.rectangle(box, fill=colour)
    return image


def near(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any], tolerance: float) -> bool:
    difference = np.abs(left.astype(int) - right.astype(int)).mean()
    return left.shape == right.shape and bool(difference <= tolerance)


def test_a_large_jpeg_comes_out_small_with_its_true_size() -> None:
    photo = drawn(Random(1), (1_600, 1_200))
    picture = decoded(encoded(photo, "JPEG", quality=92))
    assert (picture.width, picture.height, picture.format) == (1_600, 1_200, "JPEG")
    assert picture.pixels.shape == (384, 512, 3)
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels.flags.writeable
    assert near(picture.pixels, np.asarray(photo.resize((512, 384), Image.Resampling.BICUBIC)), 4)


def test_a_small_photo_is_never_enlarged() -> None:
    photo = drawn(Random(1), (120, 90))
    picture = decoded(encoded(photo, "PNG"))
    assert np.array_equal(picture.pixels, np.asarray(photo))


def test_a_photo_as_narrow_as_a_ribbon_keeps_a_pixel_of_each_side() -> None:
    assert decoded(encoded(Image.new("RGB", (16_000, 16)), "PNG")).pixels.shape == (1, 512, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("size", [(90, 60), (300, 200), (599, 400), (601, 400), (2_000, 40), (900, 1_400)])
def test_to_be_read_a_photo_keeps_pixels_enough_and_not_many_more(kind: str, size: tuple[int, int]) -> None:
    photo = drawn(Random(2), size)
    settings = SETTINGS.model_copy(update={"working_side": 64, "reading_side": 300})
    picture = decode_legible(encoded(photo, kind, quality=95), "photo", settings)
    assert (picture.width, picture.height) == size
    height, width = picture.pixels.shape[:2]
    assert min(max(size), 300) <= max(width, height) < 600
    assert near(picture.pixels, np.asarray(photo.resize((width, height), Image.Resampling.BOX)), 16)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_every_kind_shows_the_same_picture(kind: str) -> None:
    picture = decoded(encoded(corners(), kind))
    assert picture.format == kind
    assert near(picture.pixels, np.asarray(corners()), 6)


def test_heic_is_read_where_its_plug_in_is_installed() -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="only this package can write HEIC for the test")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(corners()).save(buffer, quality=95)
    picture = decoded(buffer.getvalue())
    assert picture.format == "HEIC"
    assert near(picture.pixels, np.asarray(corners()), 6)
    with pytest.raises(ImageError, match=r"images\.max_side"):
        decoded(buffer.getvalue(), max_side=80)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_turned_photo_comes_out_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    blob = (
        encoded(corners(), kind, exif=exif.tobytes())
        if kind != "TIFF"
        else encoded(corners(), kind, exif=exif)
    )
    picture = decoded(blob)
    with Image.open(io.BytesIO(blob)) as opened:
        upright = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    assert (picture.height, picture.width) == upright.shape[:2] == picture.pixels.shape[:2]
    assert near(picture.pixels, upright, 3)


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (32, 32), (200, 0, 0, 0))
    clear.paste((0, 0, 200, 255), (0, 0, 16, 32))
    for kind in ("PNG", "WEBP", "TIFF"):
        pixels = decoded(encoded(clear, kind, **({"lossless": True} if kind == "WEBP" else {}))).pixels
        assert pixels[0, 0].tolist() == [0, 0, 200]
        assert pixels[0, 31].tolist() == [255, 255, 255]


def test_transparent_grey_palette_and_colour_key_are_laid_on_white() -> None:
    grey = Image.new("LA", (32, 32), (10, 0))
    palette = Image.new("P", (32, 32), 1)
    palette.putpalette([9, 9, 9, 0, 200, 0])
    keyed = Image.new("RGB", (32, 32), (1, 2, 3))
    for blob in (
        encoded(grey, "PNG"),
        encoded(palette, "PNG", transparency=1),
        encoded(palette, "GIF", transparency=1),
        encoded(keyed, "PNG", transparency=(1, 2, 3)),
    ):
        assert decoded(blob).pixels.min() == 255


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "I;16"), ("TIFF", "I;16"), ("TIFF", "I;16B")])
def test_sixteen_bit_grey_keeps_its_high_byte(kind: str, mode: str) -> None:
    values = (np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16).astype(np.uint16)
    image = Image.fromarray(values)
    if mode == "I;16B":
        image = Image.frombytes("I;16B", (64, 64), values.astype(">u2").tobytes())
    assert np.array_equal(decoded(encoded(image, kind)).pixels[..., 0], values >> 8)


def test_float_pixels_are_stretched_and_their_holes_are_harmless() -> None:
    values = np.linspace(-3, 5, 64 * 64, dtype=np.float32).reshape(64, 64)
    values[0, 0], values[5, 5] = np.nan, np.inf
    pixels = decoded(encoded(Image.fromarray(values), "TIFF")).pixels
    assert pixels[-1, -1].tolist() == [255, 255, 255]
    assert pixels[0, 1].max() <= 1


def test_cmyk_shows_its_colours_and_not_their_negative() -> None:
    assert near(decoded(encoded(corners().convert("CMYK"), "JPEG")).pixels, np.asarray(corners()), 8)


def test_a_colour_profile_is_converted_and_srgb_is_left_alone() -> None:
    photo = drawn(Random(3))
    plain = decoded(encoded(photo, "PNG")).pixels
    srgb = srgb_profile()
    assert np.array_equal(decoded(encoded(photo, "PNG", icc_profile=srgb)).pixels, plain)
    wide = decoded(encoded(photo, "PNG", icc_profile=_with_swapped_primaries(srgb))).pixels
    assert np.abs(wide.astype(int) - plain.astype(int)).mean() > 5


def _with_swapped_primaries(srgb: bytes) -> bytes:
    """An RGB profile unlike sRGB: red and blue primaries change places, and so does the name."""
    swapped = srgb.replace(b"rXYZ", b"tmpX").replace(b"bXYZ", b"rXYZ").replace(b"tmpX", b"bXYZ")
    return swapped.replace("sRGB".encode("utf-16-be"), "none".encode("utf-16-be")).replace(b"sRGB", b"none")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_bad_profile_never_costs_the_picture(kind: str) -> None:
    srgb = bytearray(srgb_profile())
    for profile in (b"x" * 200, bytes(srgb[:150]), bytes(srgb[:60] + b"\xff" * 200 + srgb[260:])):
        assert near(decoded(encoded(corners(), kind, icc_profile=profile)).pixels, np.asarray(corners()), 6)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_of_a_moving_picture_the_first_frame_is_taken(kind: str) -> None:
    frames = [corners().transpose(Image.Transpose.ROTATE_180), Image.new("RGB", (96, 64), "black")]
    blob = encoded(corners(), kind, save_all=True, append_images=frames)
    assert near(decoded(blob).pixels, np.asarray(corners()), 6)


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (b"", "is empty (0 bytes)"),
        (b"<!DOCTYPE html><html></html>", "is not an image: looks like HTML"),
        (b"\xef\xbb\xbf\n <html lang=en>", "is not an image: looks like HTML"),
        (b"<svg onload='alert(1)'/>", "is not an image: looks like SVG"),
        (b"<?xml version='1.0'?><svg/>", "is not an image: looks like SVG"),
        (b"PK\x03\x04....", "is not an image: looks like a ZIP archive"),
        (b"%PDF-1.7", "is not an image: looks like PDF"),
        (b"%!PS-Adobe", "is not an image: looks like PostScript"),
        (b"Not found", "is not an image: looks like text"),
        (b"\x00\x01\x02\x03" * 9, "is no known image"),
    ],
)
def test_what_is_no_image_is_told_by_its_looks(blob: bytes, reason: str) -> None:
    with pytest.raises(ImageError) as caught:
        decode(blob, "listing/7.jpg", SETTINGS)
    assert caught.value.source == "listing/7.jpg"
    assert caught.value.reason.startswith(reason)
    assert "\n" not in str(caught.value)


def test_limits_name_the_setting_that_moves_them() -> None:
    blob = encoded(drawn(Random(1), (300, 200)), "PNG")
    for change, setting in (
        ({"max_bytes": 100}, "images.max_bytes"),
        ({"max_pixels": 59_999}, "images.max_pixels"),
        ({"max_side": 299}, "images.max_side"),
        ({"min_side": 201}, "images.min_side"),
    ):
        with pytest.raises(ImageError, match=setting):
            decoded(blob, **change)
    assert decoded(blob, max_bytes=len(blob), max_pixels=60_000, max_side=300, min_side=200).width == 300


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "BMP"])
def test_a_cut_off_file_is_refused_unless_allowed(kind: str) -> None:
    photo = drawn(Random(2), (320, 240))
    blob = encoded(photo, kind, **({"interlace": False} if kind == "GIF" else {}))
    half = blob[: len(blob) // 2]
    with pytest.raises(ImageError, match="truncated"):
        decoded(half)
    rows = slice(-60, None) if kind == "BMP" else slice(0, 60)  # a BMP begins at the bottom
    assert near(decoded(half, allow_truncated=True).pixels[rows], np.asarray(photo)[rows], 8)


def test_a_cut_off_progressive_photo_is_shown_coarsely_where_allowed() -> None:
    photo = drawn(Random(2), (320, 240))
    blob = encoded(photo, "JPEG", progressive=True)
    assert near(decoded(blob[: len(blob) // 2], allow_truncated=True).pixels, np.asarray(photo), 40)


def test_threads_may_decode_at_once() -> None:
    blobs = [encoded(drawn(Random(n)), kind) for n in range(4) for kind in ("JPEG", "TIFF", "AVIF")]
    alone = [decoded(blob).pixels for blob in blobs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda blob: decoded(blob).pixels, blobs))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


@pytest.mark.parametrize(("kind", "options"), LOSSLESS)
def test_what_is_stored_shows_the_same_and_tells_nothing(kind: str, options: dict[str, Any]) -> None:
    exif = {} if kind == "GIF" else {"exif": exif_with(6, 500)}
    blob = (
        encoded(drawn(Random(4)), kind, comment=b"secret-note", **exif, **options) + b"PK\x03\x04 secret-tail"
    )
    kept = storable(blob, "photo", SETTINGS)
    assert b"secret" not in kept
    assert b"Camera" not in kept
    assert content_hash(kept) == content_hash(blob) == decoded(blob).content_hash
    assert storable(kept, "photo", SETTINGS) == kept
    before, after = decoded(blob), decoded(kept)
    assert np.array_equal(before.pixels, after.pixels)
    assert (before.width, before.height) == (after.width, after.height)
    with Image.open(io.BytesIO(kept)) as opened:
        assert dict(opened.getexif()) == ({} if kind == "GIF" else {0x0112: 6})
        assert not opened.getexif().get_ifd(0x8825)


def test_one_photo_too_large_to_be_kept_is_refused_as_that_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    buffer = io.BytesIO()
    Image.new("RGB", (40, 30)).save(buffer, "BMP")
    monkeypatch.setattr(Image.Image, "save", exhausted)
    with pytest.raises(ImageError, match=r"photo: needs too much memory to keep \(BMP\)"):
        storable(buffer.getvalue(), "photo", SETTINGS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_same_picture_with_other_metadata_is_the_same_image(kind: str) -> None:
    photo = drawn(Random(5))
    bare, turned = (content_hash(encoded(photo, kind, exif=exif_with(turn))) for turn in (1, 3))
    assert content_hash(encoded(photo, kind)) == bare
    assert content_hash(encoded(photo, kind, exif=exif_with(1, 900))) == bare
    assert turned != bare, "turned, it is another picture"
    assert content_hash(encoded(photo, kind, exif=exif_with(3, 70))) == turned


def test_a_thumbnail_inside_the_metadata_goes() -> None:
    inner = encoded(Image.new("RGB", (40, 30), "red"), "JPEG")
    jfxx = b"\xff\xe0" + struct.pack(">H", len(inner) + 8) + b"JFXX\0\x10" + inner
    blob = encoded(corners(), "JPEG")
    with_thumbnail = blob[:20] + jfxx + blob[20:]
    assert storable(with_thumbnail, "photo", SETTINGS) == storable(blob, "photo", SETTINGS)


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "AVIF"])
def test_other_kinds_are_stored_as_upright_png(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"
    blob = encoded(corners(), kind, **({} if kind == "BMP" else {"exif": exif}))
    kept = storable(blob, "photo", SETTINGS)
    assert kept.startswith(b"\x89PNG")
    assert b"Camera" not in kept
    assert np.array_equal(decoded(kept).pixels, decoded(blob).pixels)


def test_what_breaks_a_limit_is_not_stored() -> None:
    with pytest.raises(ImageError, match=r"images\.max_side"):
        storable(
            encoded(Image.new("L", (300, 20)), "PNG"), "photo", SETTINGS.model_copy(update={"max_side": 299})
        )
    with pytest.raises(ImageError, match="HTML"):
        storable(b"<html>", "photo", SETTINGS)


def test_a_broken_file_still_has_a_name() -> None:
    for blob in (b"", b"text", b"\xff\xd8\xff\xe0\x00\x00", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF1234WEBP"):
        assert len(content_hash(blob)) == 64


def test_a_thumbnail_is_small_and_upright() -> None:
    small = thumbnail(decoded(encoded(drawn(Random(6), (900, 600)), "JPEG", exif=exif_with(6))), 96)
    with Image.open(io.BytesIO(small)) as opened:
        assert (opened.format, opened.size) == ("WEBP", (64, 96))
        assert not opened.info.get("exif")
    assert len(small) < 6_000


def test_malformed_files_are_the_same_each_time(tmp_path: Path) -> None:
    first, again = write_malformed(tmp_path / "a"), write_malformed(tmp_path / "b")
    assert len(first) == 300
    assert [file.path.read_bytes() for file in first] == [file.path.read_bytes() for file in again]
    assert {"refused", "accepted", "either"} == {file.expectation for file in first}
    assert sum(file.path.stat().st_size for file in first) < 60 * 2**20


def test_malformed_files_are_refused_or_read_as_expected_in_little_memory(tmp_path: Path) -> None:
    files = write_malformed(tmp_path, 300, seed=7)
    outcome, peak_kb = _decode_all_elsewhere([file.path for file in files])
    wrong = [
        (file.path.name, outcome[str(file.path)])
        for file in files
        if file.expectation not in ("either", outcome[str(file.path)].partition(":")[0])
    ]
    assert not wrong
    assert peak_kb < MEMORY_BOUND_KB


_ELSEWHERE = """
import json, resource, sys, warnings
from pathlib import Path
from matcher.config import ImageSettings
from matcher.errors import ImageError
from matcher.images import decode

warnings.simplefilter("error")
outcome = {}
for path in json.load(sys.stdin):
    try:
        decode(Path(path).read_bytes(), path, ImageSettings())
        outcome[path] = "accepted"
    except ImageError as error:
        outcome[path] = f"refused: {error.reason}"
try:
    peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
json.dump([outcome, peak], sys.stdout)
"""
"""Linux counts a parent's pages in a child's `ru_maxrss`; the process's own high-water mark does not."""


def _decode_all_elsewhere(paths: list[Path]) -> tuple[dict[str, str], int]:
    names = json.dumps([str(path) for path in paths])
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE], input=names, capture_output=True, text=True, check=True, cwd=root
    )
    outcome, peak_kb = json.loads(done.stdout)
    return outcome, peak_kb
