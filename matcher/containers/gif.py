"""Walks a GIF (GIF89a specification) block by block."""

from __future__ import annotations

from matcher.containers.essence import CHUNK_LIMIT, Essence, MalformedError

_SUB_BLOCK_LIMIT = 1_000_000
_EXTENSION, _FRAME, _TRAILER = 0x21, 0x2C, 0x3B


def gif_essence(blob: bytes) -> Essence:
    """Comments, plain text and application blocks go (with them the number of loops); every frame stays."""
    if len(blob) < 13:
        raise MalformedError("is truncated")
    view, at = memoryview(blob), 13 + _palette(blob[10])
    kept, size, blocks = [view[:at]], (0, 0), 0
    while at < len(blob) and blob[at] in (_EXTENSION, _FRAME):
        start, blocks = at, blocks + 1
        if blocks > CHUNK_LIMIT:
            raise MalformedError(f"has more than {CHUNK_LIMIT} GIF blocks")
        if blob[start] == _FRAME:
            size = size if any(size) else _canvas(blob, start)
            flags = blob[start + 9] if start + 9 < len(blob) else 0
            at = _after_sub_blocks(blob, start + 11 + _palette(flags))
            kept.append(view[start:at])
        else:
            at = _after_sub_blocks(blob, start + 2)
            if blob[start + 1 : start + 2] == b"\xf9":
                kept.append(view[start:at])
    complete = at < len(blob) and blob[at] == _TRAILER
    if complete:
        kept.append(view[at : at + 1])
    elif not any(size):
        raise MalformedError("is truncated" if at >= len(blob) else "is corrupt: an unknown GIF block")
    return Essence(b"".join(kept), size if any(size) else (_u16(blob, 6), _u16(blob, 8)), complete=complete)


def _canvas(blob: bytes, frame: int) -> tuple[int, int]:
    """The logical screen, enlarged to hold the frame that begins at `frame`."""
    left, top, width, height = (_u16(blob, frame + step) for step in (1, 3, 5, 7))
    return max(_u16(blob, 6), left + width), max(_u16(blob, 8), top + height)


def _u16(blob: bytes, at: int) -> int:
    return int.from_bytes(blob[at : at + 2], "little")


def _palette(flags: int) -> int:
    """Bytes of the colour table that `flags` announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_sub_blocks(blob: bytes, at: int) -> int:
    """Where the sub-blocks that begin at `at` end, at most the file's length."""
    for _ in range(_SUB_BLOCK_LIMIT):
        if at >= len(blob):
            return len(blob)
        length = blob[at]
        at += 1 + length
        if length == 0:
            return at
    raise MalformedError(f"has more than {_SUB_BLOCK_LIMIT} sub-blocks in one GIF block")
