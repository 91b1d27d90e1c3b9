"""Walks a PNG (W3C PNG, third edition) chunk by chunk."""

from __future__ import annotations

import zlib

from matcher.containers.essence import (
    CHUNK_LIMIT,
    PROFILE_LIMIT,
    Essence,
    MalformedError,
    exif_orientation,
    minimal_exif,
)

_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"cHRM", b"gAMA", b"sBIT", b"sRGB", b"cICP"}


def png_essence(blob: bytes) -> Essence:
    """Text, times, EXIF but the orientation and animation frames go; the default image, its colours stay."""
    if blob[12:16] != b"IHDR" or int.from_bytes(blob[8:12], "big") != 13:
        raise MalformedError(
            "is corrupt: a PNG must begin with its header chunk" if len(blob) > 16 else "is truncated"
        )
    view, at, orientation, profile, complete = memoryview(blob), 33, 1, None, False
    kept: list[memoryview] = []
    for _ in range(CHUNK_LIMIT):
        name, end = blob[at + 4 : at + 8], at + 12 + int.from_bytes(blob[at : at + 4], "big")
        if len(name) < 4 or end > len(blob):
            kept.append(view[at:] if name == b"IDAT" else view[:0])
            break
        if name == b"IHDR":
            raise MalformedError("is corrupt: a PNG with two headers")
        if name == b"IEND":
            kept.append(memoryview(_chunk(b"IEND", b"")))
            complete = True
            break
        if name == b"eXIf":
            orientation = exif_orientation(blob[at + 8 : end - 4])
        elif name == b"iCCP" and profile is None:
            profile = _inflated_profile(blob[at + 8 : end - 4])
            kept.append(view[at:end] if profile else view[:0])
        elif name in _KEPT:
            kept.append(view[at:end])
        at = end
    else:
        raise MalformedError(f"has more than {CHUNK_LIMIT} PNG chunks")
    exif = _chunk(b"eXIf", minimal_exif(orientation)) if orientation != 1 else b""
    size = (int.from_bytes(blob[16:20], "big"), int.from_bytes(blob[20:24], "big"))
    return Essence(b"".join([view[:33], exif, *kept]), size, orientation, profile, complete)


def _chunk(name: bytes, payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + name + payload + zlib.crc32(name + payload).to_bytes(4, "big")


def _inflated_profile(payload: bytes) -> bytes | None:
    """The profile of an iCCP chunk; None when it is broken or inflates beyond `PROFILE_LIMIT`."""
    _, _, rest = payload.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(rest[1:], PROFILE_LIMIT + 1)
    except zlib.error:
        return None
    return profile if inflater.eof and 0 < len(profile) <= PROFILE_LIMIT else None
