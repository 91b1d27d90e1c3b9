"""Leaves of a TIFF (TIFF 6.0, section 2; BigTIFF) the first page and the tags that make its picture."""

from __future__ import annotations

from typing import Literal, NamedTuple

from matcher.containers.essence import CHUNK_LIMIT, PROFILE_LIMIT, MalformedError

_WIDTH, _LENGTH, _TILE_WIDTH, _TILE_LENGTH, _PROFILE = 256, 257, 322, 323, 34675
_PIECES = frozenset({273, 279, 324, 325})
"""Where strips and tiles lie, and how many bytes each has."""
_KEPT = _PIECES | {
    _WIDTH, _LENGTH, _TILE_WIDTH, _TILE_LENGTH, _PROFILE,
    258, 259, 262, 266, 274, 277, 278, 284, 292, 293, 317, 320, 332, 334, 338, 339, 347,
    512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 50674,
}  # fmt: skip
"""Everything else tells of the picture: EXIF, GPS, XMP, resolution, thumbnails, notes of editors."""
_MOST_VALUES = 3 * 2**16
"""Values of a tag beside those of pieces and profile: a colour map of 16 bits has so many."""
_TILE_SIDE = 4096
"""A tile may be larger than a small picture; beyond this side it must not be."""


class _Form(NamedTuple):
    """How numbers of a file are written: TIFF with 4 bytes of offset, BigTIFF with 8."""

    order: Literal["little", "big"]
    wide: int

    @property
    def entry(self) -> int:
        return 4 + 2 * self.wide

    def number(self, blob: bytes, at: int, size: int) -> int:
        return int.from_bytes(blob[at : at + size], self.order)


def slim_tiff(blob: bytes) -> bytes:
    """The same picture with a directory of its own at the end, which alone is named in the header.

    Pillow makes objects of every strip, tile and EXIF value before it can be told to stop, and libtiff holds
    whole tiles: raises `MalformedError` for more than `CHUNK_LIMIT` strips or tiles, and for tiles far larger
    than the picture. A profile of more than `PROFILE_LIMIT` bytes is left out. What has no directory is
    returned as it is.
    """
    big = blob[2:4] in (b"+\0", b"\0+")
    form = _Form("little" if blob[:2] == b"II" else "big", 8 if big else 4)
    kept = {tag: entry for tag, entry in _entries(blob, form).items() if _counts(tag, entry, form)}
    if not kept:
        return blob
    _check_tiles(kept, form)
    padded = blob + bytes(-len(blob) % 8)
    header = blob[: form.wide] + len(padded).to_bytes(form.wide, form.order)
    count = len(kept).to_bytes(8 if big else 2, form.order)
    table = b"".join(kept[tag] for tag in sorted(kept))
    return b"".join([header, padded[2 * form.wide :], count, table, bytes(form.wide)])


def _entries(blob: bytes, form: _Form) -> dict[int, bytes]:
    """The entries of the first directory as they stand; of several with one tag the first."""
    start, count_size = form.number(blob, form.wide, form.wide), 8 if form.wide == 8 else 2
    first = start + count_size
    fit = max(0, len(blob) - first) // form.entry
    found: dict[int, bytes] = {}
    for at in range(
        first,
        first + form.entry * min(form.number(blob, start, count_size), fit, CHUNK_LIMIT),
        form.entry,
    ):
        found.setdefault(form.number(blob, at, 2), blob[at : at + form.entry])
    return found


def _counts(tag: int, entry: bytes, form: _Form) -> bool:
    """Whether the tag stays; raises `MalformedError` where it holds more than a picture can need."""
    if tag not in _KEPT:
        return False
    values = form.number(entry, 4, form.wide)
    if tag == _PROFILE:
        return values <= PROFILE_LIMIT
    if tag in _PIECES and values > CHUNK_LIMIT:
        raise MalformedError(f"has more than {CHUNK_LIMIT} TIFF strips or tiles")
    if values > _MOST_VALUES:
        raise MalformedError(f"is corrupt: its TIFF tag {tag} has {values:,} values")
    return True


def _check_tiles(kept: dict[int, bytes], form: _Form) -> None:
    for tile, side in ((_TILE_WIDTH, _WIDTH), (_TILE_LENGTH, _LENGTH)):
        wanted, whole = (_value(kept.get(tag, b""), form) for tag in (tile, side))
        if wanted > max(_TILE_SIDE, whole + 16):  # tiles end at multiples of 16
            raise MalformedError(f"is corrupt: its TIFF tiles have a side of {wanted:,} pixels")


def _value(entry: bytes, form: _Form) -> int:
    """The one number that an entry holds, 0 where there is none."""
    return form.number(entry, 4 + form.wide, {3: 2, 16: 8}.get(form.number(entry, 2, 2), 4))
