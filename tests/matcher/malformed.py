"""Writes a folder of hostile, broken and merely odd image files, the same for the same seed."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count as counting
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

Expectation = Literal["refused", "accepted", "either"]


@dataclass(frozen=True)
class Malformed:
    """One file: where it lies, what is odd about it, and whether `decode` with default settings takes it."""

    path: Path
    kind: str
    expectation: Expectation


_Case = tuple[str, str, Expectation, bytes]
"""Kind, suffix, expectation, bytes."""


def write_malformed(folder: Path, count: int = 300, seed: int = 0) -> list[Malformed]:
    """Write `count` files into `folder`: each fixed oddity once, then truncated and bit-flipped files."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Malformed] = []
    cases = _cases(random.Random(seed))
    for number, (kind, suffix, expectation, blob) in zip(range(count), cases, strict=False):
        path = folder / f"{number:04d}-{kind}{suffix}"
        path.write_bytes(blob)
        written.append(Malformed(path, kind, expectation))
    return written


def _cases(chance: random.Random) -> Iterator[_Case]:
    photo = drawn(chance)
    sound = {suffix: encoded(photo, kind, **options) for suffix, kind, options in _FORMATS}
    yield from _no_pictures(chance, sound[".jpg"])
    yield from _bombs()
    yield from _odd_but_sound(photo, sound)
    suffixes = list(sound)
    for step in counting():
        suffix = suffixes[step // 2 % len(suffixes)]
        blob = sound[suffix]
        if step % 2 == 0:
            yield "truncated", suffix, "refused", blob[: chance.randrange(1, int(len(blob) * 0.9))]
        else:
            yield "bit-flipped", suffix, "either", _flipped(blob, chance)


_FORMATS: list[tuple[str, str, dict[str, Any]]] = [
    (".jpg", "JPEG", {"quality": 85}),
    (".jpeg", "JPEG", {"progressive": True}),
    (".png", "PNG", {}),
    (".webp", "WEBP", {}),
    (".gif", "GIF", {}),
    (".tif", "TIFF", {"compression": "tiff_lzw"}),
    (".bmp", "BMP", {}),
    (".avif", "AVIF", {"speed": 10}),
]


def drawn(chance: random.Random, size: tuple[int, int] = (240, 180)) -> Image.Image:
    """A picture with edges and colours, and no two corners alike."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        colour = tuple(chance.randrange(256) for _ in range(3))
        draw.rectangle((x, y, x + chance.randrange(4, 60), y + chance.randrange(4, 40)), fill=colour)
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """`image` as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def exif_with(orientation: int, extra: int = 0) -> bytes:
    """EXIF with an orientation, a place (GPS), a camera's name and `extra` bytes of comment."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera of an invented maker"
    exif[0x9286] = "c" * extra
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.0), 3: "E", 4: (2.0, 17.0, 40.0)})
    return exif.tobytes()


def srgb_profile() -> bytes:
    """An ICC profile of sRGB, without the date at which it was made."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + bytes(12) + profile[36:]


def png_chunk(name: bytes, payload: bytes) -> bytes:
    """A PNG chunk with its length and checksum."""
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def png_claiming(width: int, height: int, *chunks: bytes, body: bytes = b"") -> bytes:
    """A PNG whose header claims a size, whatever its body holds."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    )


def _flipped(blob: bytes, chance: random.Random) -> bytes:
    broken = bytearray(blob)
    for _ in range(chance.randrange(1, 12)):
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
    return bytes(broken)


def _no_pictures(chance: random.Random, jpeg: bytes) -> Iterator[_Case]:
    script = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    texts = {
        "html": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        "svg": script,
        "xml-svg": b'<?xml version="1.0"?>' + script,
        "text": b"this is no picture\n" * 20,
        "json": b'{"error": "not found"}',
        "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n",
        "zip": b"PK\x03\x04" + bytes(200),
        "video": b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2" + bytes(300),
        "photoshop": b"8BPS\0\x01" + bytes(300),
        "ppm": b"P6 4 4 255\n" + bytes(48),
        "zeros": bytes(5_000),
        "empty": b"",
        "one-byte": b"\xff",
        "jpeg-magic-only": b"\xff\xd8\xff",
        "png-magic-only": b"\x89PNG\r\n\x1a\n",
        "webp-magic-only": b"RIFF\xff\xff\xff\xffWEBP",
        "gif-magic-only": b"GIF89a",
        "tiff-magic-only": b"II*\0\xff\xff\xff\xff",
        "bmp-magic-only": b"BM",
        "avif-magic-only": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf",
        "heic-magic-only": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "newline-before-jpeg": b"\n" + jpeg,
    }
    for name, blob in texts.items():
        yield name, ".jpg", "refused", blob
    for suffix in (".jpg", ".png", ".webp", ".gif", ".avif"):
        yield "random-bytes", suffix, "refused", b"\x00" + chance.randbytes(chance.randrange(1, 4_000))
    yield "random-behind-jpeg-magic", ".jpg", "refused", b"\xff\xd8\xff\xe0" + chance.randbytes(3_000)


def _bombs() -> Iterator[_Case]:
    """Small files that would be large: by header, by compression, by the number of parts."""
    yield "png-claims-4-gigapixels", ".png", "refused", png_claiming(65_535, 65_535)
    yield "png-50000-wide", ".png", "refused", encoded(Image.new("L", (50_000, 40)), "PNG")
    yield "jpeg-50000-wide", ".jpg", "refused", encoded(Image.new("L", (50_000, 40)), "JPEG")
    yield "png-claims-2-to-31", ".png", "refused", png_claiming(2**31 - 1, 2**31 - 1)
    yield "png-0-wide", ".png", "refused", png_claiming(0, 100)
    yield "png-solid-60-megapixels", ".png", "refused", encoded(Image.new("1", (8_000, 7_500)), "PNG")
    yield "png-solid-48-megapixels", ".png", "accepted", encoded(Image.new("L", (8_000, 6_000), 90), "PNG")
    yield "webp-16383-square", ".webp", "refused", _webp_claiming(16_383, 16_383)
    yield "gif-65535-square", ".gif", "refused", b"GIF89a\xff\xff\xff\xff\0\0\0" + _GIF_FRAME + b";"
    yield "gif-frame-65535-square", ".gif", "refused", b"GIF89a\x40\0\x40\0\0\0\0" + _GIF_LARGE_FRAME + b";"
    yield "bmp-claims-30000-square", ".bmp", "refused", _bmp_claiming(30_000, 30_000)
    yield "tiff-claims-60000-square", ".tif", "refused", _tiff_claiming(60_000, 60_000)
    yield "jpeg-claims-65535-square", ".jpg", "refused", _jpeg_claiming(65_535, 65_535)
    yield "jpeg-of-1000-scans", ".jpg", "refused", _jpeg_of_scans(1_000)
    yield "gif-of-a-million-comments", ".gif", "refused", b"GIF89a\x40\0\x40\0\0\0\0" + b"!\xfe\0" * 1_000_000
    zeros = zlib.compress(bytes(64 * 2**20), 9)
    pixels = zlib.compress((b"\0" + b"\x80" * 96) * 32)
    for name, payload in (
        ("iCCP", b"icc\0\0" + zeros),
        ("zTXt", b"Comment\0\0" + zeros),
        ("iTXt", b"Comment\0\1\0\0\0" + zeros),
    ):
        blob = png_claiming(32, 32, png_chunk(name.encode(), payload), body=pixels)
        yield f"png-{name}-bomb", ".png", "accepted", blob
    yield "png-IDAT-bomb", ".png", "either", png_claiming(32, 32, body=zeros)
    yield "tiff-of-a-million-strips", ".tif", "refused", tiff(64, 64, more={273: (3, [8] * 1_000_000)})
    large = zlib.compress(bytes(8_000 * 8_000))
    tiles = {259: (3, [8]), 322: (4, [8_000]), 323: (4, [8_000]), 324: (7, large), 325: (4, [len(large)])}
    yield "tiff-tile-of-64-megapixels", ".tif", "refused", tiff(64, 64, more=tiles)
    yield "tiff-exif-of-rationals", ".tif", "accepted", tiff(64, 64, exif=exif_of_rationals(50_000))
    told = encoded(Image.new("RGB", (64, 64)), "AVIF", exif=exif_of_rationals(20_000))
    yield "avif-exif-of-rationals", ".avif", "accepted", told
    yield "tiny-1-pixel", ".png", "refused", encoded(Image.new("RGB", (1, 1)), "PNG")


_GIF_FRAME = b",\0\0\0\0\x40\0\x40\0\0\x08\x02\x4c\x01\0"
_GIF_LARGE_FRAME = b",\0\0\0\0\xff\xff\xff\xff\0\x08\x02\x4c\x01\0"


def _webp_claiming(width: int, height: int) -> bytes:
    body = b"WEBPVP8L" + struct.pack("<I", 16) + b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14)
    body += bytes(11)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _bmp_claiming(width: int, height: int) -> bytes:
    header = struct.pack("<IHHIIiiHHIIiiII", 154, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + header + bytes(100)


def _tiff_claiming(width: int, height: int) -> bytes:
    tags = [
        (256, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 200),
        (277, 1),
        (278, height),
        (279, 100),
    ]
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + body + bytes(200)


def exif_of_rationals(count: int) -> bytes:
    """EXIF that turns the picture, with `count` fractions, each an object to a reader that looks at it."""
    entries = struct.pack("<HHII", 0x0112, 3, 1, 6) + struct.pack("<HHII", 0x9201, 5, count, 38)
    table = struct.pack("<H", 2) + entries + bytes(4)
    return b"Exif\0\0II*\0\x08\0\0\0" + table + struct.pack("<II", 7, 3) * count


def tiff(
    width: int, height: int, *, more: dict[int, tuple[int, Any]] | None = None, exif: bytes = b""
) -> bytes:
    """A grey TIFF of one strip; `more` tags: kind of number and values, or the bytes that one points at."""
    pixels = bytes(range(256)) * (width * height // 256)
    tags: dict[int, tuple[int, Any]] = {
        256: (4, [width]), 257: (4, [height]), 258: (3, [8]), 259: (3, [1]), 262: (3, [1]), 277: (3, [1]),
        278: (4, [height]), 279: (4, [len(pixels)]), 273: (7, pixels),
    }  # fmt: skip
    tags |= more or {}
    if 324 in tags:
        del tags[273], tags[278], tags[279]
    if exif:
        tags[34665] = (7, exif.removeprefix(b"Exif\0\0"))
    at = 8 + 2 + 12 * len(tags) + 4
    entries, behind = b"", b""
    for tag, (kind, values) in sorted(tags.items()):
        if isinstance(values, bytes):  # put behind; EXIF brings a header of its own, which is passed over
            number = at + len(behind) + (8 if tag == 34665 else 0)
            entries, behind = entries + struct.pack("<HHII", tag, 4, 1, number), behind + values
            continue
        packed = struct.pack(f"<{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(packed) > 4:
            packed, behind = struct.pack("<I", at + len(behind)), behind + packed
        entries += struct.pack("<HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4) + behind


def _jpeg_claiming(width: int, height: int) -> bytes:
    blob = encoded(Image.new("L", (64, 64)), "JPEG")
    at = blob.index(b"\xff\xc0") + 5
    return blob[:at] + struct.pack(">HH", height, width) + blob[at + 4 :]


def _jpeg_of_scans(scans: int) -> bytes:
    blob = encoded(Image.new("L", (64, 64), 60), "JPEG", progressive=True)
    scan = blob[blob.rindex(b"\xff\xda") : -2]
    return blob[:-2] + scan * scans + b"\xff\xd9"


def _odd_but_sound(photo: Image.Image, sound: dict[str, bytes]) -> Iterator[_Case]:
    """Files that a strict reader may stumble over and a person's viewer shows."""
    yield "jpeg-named-png", ".png", "accepted", sound[".jpg"]
    yield "webp-named-jpg", ".jpg", "accepted", sound[".webp"]
    yield "no-suffix", "", "accepted", sound[".png"]
    yield "jpeg-and-zip", ".jpg", "accepted", sound[".jpg"] + b"PK\x03\x04" + bytes(2_000)
    yield "png-and-html", ".png", "accepted", sound[".png"] + b"<html><script>alert(1)</script></html>"
    yield "gif-and-script", ".gif", "accepted", sound[".gif"] + b"/*alert(1)*/"
    for orientation in range(1, 9):
        yield (
            f"orientation-{orientation}",
            ".jpg",
            "accepted",
            encoded(photo, "JPEG", exif=exif_with(orientation)),
        )
    yield "huge-exif", ".jpg", "accepted", encoded(photo, "JPEG", exif=exif_with(6, 60_000))
    yield (
        "broken-exif",
        ".jpg",
        "accepted",
        encoded(photo, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f" + bytes(20)),
    )
    for suffix, kind in ((".jpg", "JPEG"), (".png", "PNG"), (".webp", "WEBP")):
        yield "broken-icc", suffix, "accepted", encoded(photo, kind, icc_profile=b"no profile at all" * 20)
    srgb = srgb_profile()
    yield "icc-of-other-space", ".jpg", "accepted", encoded(photo.convert("L"), "JPEG", icc_profile=srgb)
    for mode, suffix, kind in _MODES:
        yield f"mode-{mode.replace(';', '')}", suffix, "accepted", encoded(_in_mode(photo, mode), kind)
    palette = photo.quantize(32)
    yield "palette-alpha", ".png", "accepted", encoded(palette, "PNG", transparency=bytes(range(0, 256, 8)))
    yield "palette-transparent", ".gif", "accepted", encoded(palette, "GIF", transparency=3)
    yield "rgb-transparent-colour", ".png", "accepted", encoded(photo, "PNG", transparency=(0, 0, 0))
    frames = [photo.rotate(step) for step in (20, 40, 60)]
    for suffix, kind in (
        (".gif", "GIF"),
        (".png", "PNG"),
        (".webp", "WEBP"),
        (".tif", "TIFF"),
        (".avif", "AVIF"),
    ):
        moving = encoded(photo, kind, save_all=True, append_images=frames)
        yield "animated", suffix, "accepted", _timeless(moving) if kind == "AVIF" else moving
    notes = PngImagePlugin.PngInfo()
    for number in range(200):
        notes.add_text(f"key{number}", "value" * 50, zip=bool(number % 2))
    yield "png-200-texts", ".png", "accepted", encoded(photo, "PNG", pnginfo=notes)
    yield "very-flat", ".png", "accepted", encoded(Image.new("RGB", (16_000, 16), "red"), "PNG")


def _timeless(avif: bytes) -> bytes:
    """The same file without the times at which its tracks were made."""
    for box in (b"mvhd", b"tkhd", b"mdhd"):
        before, found, after = avif.partition(box)
        avif = before + found + after[:4] + bytes(16) + after[20:]
    return avif


_MODES = [
    *((mode, ".png", "PNG") for mode in ("1", "L", "LA", "P", "RGBA", "I;16")),
    *((mode, ".jpg", "JPEG") for mode in ("L", "CMYK", "YCbCr")),
    *((mode, ".tif", "TIFF") for mode in ("1", "CMYK", "I;16", "I", "F", "RGBA", "YCbCr")),
    ("RGBA", ".webp", "WEBP"),
    ("RGBA", ".avif", "AVIF"),
]


def _in_mode(photo: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16":
        return photo.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    if mode in ("LA", "RGBA"):
        turned = photo.convert(mode)
        turned.putalpha(Image.linear_gradient("L").resize(photo.size))
        return turned
    return photo.convert(mode)
