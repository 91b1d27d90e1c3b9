"""Walks a JPEG (ITU T.81, annex B) segment by segment."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from matcher.containers.essence import (
    CHUNK_LIMIT,
    PROFILE_LIMIT,
    Essence,
    MalformedError,
    exif_orientation,
    minimal_exif,
)

_SCAN_LIMIT = 64
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_JFIF = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"


@dataclass
class _JpegParts:
    """What a walk over a JPEG has found so far; `body` holds all but APPn and COM segments, in order."""

    jfif: bool = False
    adobe: bytes = b""
    orientation: int | None = None
    icc: dict[int, memoryview] = field(default_factory=dict)
    icc_count: int = 0
    size: tuple[int, int] = (0, 0)
    scans: int = 0
    body: list[memoryview] = field(default_factory=list)

    def segment(self, code: int, payload: memoryview, whole: memoryview) -> None:
        if code == 0xFE or 0xE0 <= code <= 0xEF:
            self._application(code, payload)
            return
        if code in _FRAMES and len(payload) >= 5:
            height, width = int.from_bytes(payload[1:3], "big"), int.from_bytes(payload[3:5], "big")
            self.size = (max(self.size[0], width), max(self.size[1], height))
        self.body.append(whole)

    def _application(self, code: int, payload: memoryview) -> None:
        head = bytes(payload[:14])
        if code == 0xE0 and head.startswith(b"JFIF\0") and len(payload) >= 14:
            self.jfif = True
        elif code == 0xE1 and head.startswith(b"Exif\0\0") and self.orientation is None:
            self.orientation = exif_orientation(bytes(payload))
        elif code == 0xE2 and head.startswith(b"ICC_PROFILE\0") and len(head) == 14:
            self.icc.setdefault(head[12], payload[14:])
            self.icc_count = head[13]
        elif code == 0xEE and head.startswith(b"Adobe") and len(payload) >= 12:
            self.adobe = b"\xff\xee\x00\x0e" + bytes(payload[:12])

    def profile(self) -> bytes | None:
        if not self.icc or sorted(self.icc) != list(range(1, self.icc_count + 1)):
            return None
        profile = b"".join(self.icc[number] for number in sorted(self.icc))
        return profile if 0 < len(profile) <= PROFILE_LIMIT else None


def jpeg_essence(blob: bytes) -> Essence:
    """In order: JFIF header, orientation, profile, Adobe marker, then the other segments as they stood."""
    parts = _JpegParts()
    complete = _walk_jpeg(blob, parts)
    if not any(map(len, parts.body)):
        raise MalformedError("is truncated")
    orientation, profile = parts.orientation or 1, parts.profile()
    head = [b"\xff\xd8", _JFIF if parts.jfif else b""]
    if orientation != 1:
        head.append(_segment(0xE1, b"Exif\0\0" + minimal_exif(orientation)))
    head += [*_profile_segments(profile or b""), parts.adobe]
    return Essence(b"".join([*head, *parts.body]), parts.size, orientation, profile, complete)


def _walk_jpeg(blob: bytes, parts: _JpegParts) -> bool:
    """Fill `parts`; True when the walk ended at the end-of-image marker. Junk between segments is dropped."""
    view, at, steps = memoryview(blob), 2, 0
    while found := _MARKER.search(blob, at):
        start, at, code = found.start(), found.end(), blob[found.end() - 1]
        steps += 1
        if steps > CHUNK_LIMIT:
            raise MalformedError(f"has more than {CHUNK_LIMIT} JPEG segments")
        if code == 0xD9:
            parts.body.append(view[start:at])
            return True
        if code in (0x01, 0xD8):
            parts.body.append(view[start:at])
            continue
        length = int.from_bytes(blob[at : at + 2], "big")
        if len(blob) - at >= 2 and length < 2:
            raise MalformedError("is corrupt: a JPEG segment has an impossible length")
        end = at + length
        if end > len(blob) or length < 2:
            parts.body.append(view[start:] if code not in range(0xE0, 0xFF) else view[:0])
            return False
        if code == 0xDA:
            parts.scans += 1
            if parts.scans > _SCAN_LIMIT:
                raise MalformedError(f"has more than {_SCAN_LIMIT} JPEG scans")
            following = _MARKER.search(blob, end)
            at = following.start() if following else len(blob)
            parts.body.append(view[start:at])
        else:
            parts.segment(code, view[at + 2 : end], view[start:end])
            at = end
    return False


def _segment(code: int, payload: bytes) -> bytes:
    return bytes([0xFF, code]) + (len(payload) + 2).to_bytes(2, "big") + payload


def _profile_segments(profile: bytes) -> list[bytes]:
    step = 65_519
    pieces = [profile[at : at + step] for at in range(0, len(profile), step)]
    return [
        _segment(0xE2, b"ICC_PROFILE\0" + bytes([number, len(pieces)]) + piece)
        for number, piece in enumerate(pieces, 1)
    ]
