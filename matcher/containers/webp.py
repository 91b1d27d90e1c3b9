"""Walks a WebP (RFC 9649) chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matcher.containers.essence import (
    CHUNK_LIMIT,
    PROFILE_LIMIT,
    Essence,
    MalformedError,
    exif_orientation,
    minimal_exif,
)

_ICC_FLAG, _EXIF_FLAG, _XMP_FLAG = 0x20, 0x08, 0x04
_PICTURE = (b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")


class _Chunk(NamedTuple):
    name: bytes
    payload: bytes


def webp_essence(blob: bytes) -> Essence:
    """EXIF but the orientation, XMP and unknown chunks go; a file cut off inside its picture is refused."""
    chunks = _chunks(blob)
    head = chunks[0] if chunks else _Chunk(b"", b"")
    size = (max((_size(c)[0] for c in chunks), default=0), max((_size(c)[1] for c in chunks), default=0))
    if head.name in (b"VP8 ", b"VP8L"):
        return Essence(_riff([head]), _size(head))
    if head.name != b"VP8X" or len(head.payload) < 10:
        raise MalformedError("is corrupt: a WebP without a picture")
    flags = head.payload[0]
    orientation, profile = _orientation_and_profile(chunks, flags)
    kept = [chunk for chunk in chunks if chunk.name in _PICTURE]
    flags &= ~(_EXIF_FLAG | _XMP_FLAG | _ICC_FLAG)
    if profile is not None:
        flags |= _ICC_FLAG
        kept.insert(0, _Chunk(b"ICCP", profile))
    if orientation != 1:
        flags |= _EXIF_FLAG
        kept.append(_Chunk(b"EXIF", minimal_exif(orientation)))
    header = _Chunk(b"VP8X", bytes([flags]) + head.payload[1:10])
    if len(kept) == 1 and _size(kept[0]) == _size(head) and kept[0].name in (b"VP8 ", b"VP8L"):
        return Essence(
            _riff(kept), size
        )  # without metadata the header adds nothing, and most files have none
    return Essence(_riff([header, *kept]), size, orientation, profile)


def _orientation_and_profile(chunks: Sequence[_Chunk], flags: int) -> tuple[int, bytes | None]:
    found = {chunk.name: chunk.payload for chunk in reversed(chunks) if chunk.name in (b"EXIF", b"ICCP")}
    orientation = exif_orientation(found.get(b"EXIF", b"")) if flags & _EXIF_FLAG else 1
    profile = found.get(b"ICCP", b"") if flags & _ICC_FLAG else b""
    return orientation, profile if 0 < len(profile) <= PROFILE_LIMIT else None


def _riff(chunks: Sequence[_Chunk]) -> bytes:
    pieces: list[bytes] = []
    for name, payload in chunks:
        pieces += [name, len(payload).to_bytes(4, "little"), payload, b"\0" * (len(payload) & 1)]
    body = b"".join(pieces)
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


def _chunks(blob: bytes) -> list[_Chunk]:
    limit, at = min(len(blob), 8 + int.from_bytes(blob[4:8], "little")), 12
    chunks: list[_Chunk] = []
    while at + 8 <= limit:
        name, length = blob[at : at + 4], int.from_bytes(blob[at + 4 : at + 8], "little")
        at += 8
        if at + length > limit:
            if name in _PICTURE or not chunks:
                raise MalformedError("is truncated")
            break
        chunks.append(_Chunk(name, blob[at : at + length]))
        at += length + (length & 1)
        if len(chunks) > CHUNK_LIMIT:
            raise MalformedError(f"has more than {CHUNK_LIMIT} WebP chunks")
    if not chunks:
        raise MalformedError("is truncated")
    return chunks


def _size(chunk: _Chunk) -> tuple[int, int]:
    """Width and height that a chunk claims, (0, 0) for a chunk that claims none."""
    head = chunk.payload[:16]

    def number(at: int, size: int) -> int:
        return int.from_bytes(head[at : at + size], "little")

    if chunk.name == b"VP8X":
        return number(4, 3) + 1, number(7, 3) + 1
    if chunk.name == b"VP8 ":
        return number(6, 2) & 0x3FFF, number(8, 2) & 0x3FFF
    if chunk.name == b"VP8L":
        return (number(1, 4) & 0x3FFF) + 1, (number(1, 4) >> 14 & 0x3FFF) + 1
    if chunk.name == b"ANMF":
        return number(6, 3) + 1, number(9, 3) + 1
    return 0, 0
