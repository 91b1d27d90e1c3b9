"""The bytes that make a picture, and the little metadata that changes how it looks."""

from __future__ import annotations

from dataclasses import dataclass

PROFILE_LIMIT = 4 * 2**20
"""Bytes of an ICC profile beyond which it is dropped; press profiles reach 3 MiB."""
CHUNK_LIMIT = 100_000
"""Chunks of one file beyond which it is refused."""


class MalformedError(ValueError):
    """The file's structure is broken; `str()` continues the sentence 'this file …'."""


@dataclass(frozen=True)
class Essence:
    """What makes the picture.

    `blob`: the same picture in the same format, without metadata but `orientation` (EXIF, 1 to 8) and
    `profile` (ICC), and nothing behind the picture's end. The essence of an essence is itself, byte for byte.
    `size`: width and height in pixels as the header claims, before orientation.
    `complete`: the file ends where its format says a file ends.
    """

    blob: bytes
    size: tuple[int, int]
    orientation: int = 1
    profile: bytes | None = None
    complete: bool = True


def exif_orientation(exif: bytes) -> int:
    """Orientation 1 to 8 of a TIFF-headed EXIF block (EXIF 2.32, 4.6.4), 1 where it is absent or nonsense."""
    exif = exif.removeprefix(b"Exif\0\0")
    order: str | None = {b"II*\0": "little", b"MM\0*": "big"}.get(exif[:4])
    if order is None:
        return 1
    little = order == "little"

    def number(at: int, size: int) -> int:
        return int.from_bytes(exif[at : at + size], "little" if little else "big")

    start = number(4, 4)
    for entry in range(start + 2, start + 2 + 12 * min(number(start, 2), 512), 12):
        if number(entry, 2) == 0x0112 and len(exif) >= entry + 12:
            value = number(entry + 8, 4 if number(entry + 2, 2) == 4 else 2)
            return value if 1 <= value <= 8 else 1
    return 1


def minimal_exif(orientation: int) -> bytes:
    """A TIFF-headed EXIF block of 26 bytes that holds the orientation alone."""
    return b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([orientation, 0, 0, 0]) + bytes(4)
