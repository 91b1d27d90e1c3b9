"""PDQ, the perceptual hash that platforms exchange: of the catalog's images, and found again within 31 bits.

Source: Facebook's "PDQ & TMK+PDQF" (2019); computed by the package pdqhash.
"""

from __future__ import annotations

import importlib.util
import threading
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.catalog import (
    count_owner_hashes,
    images_without_hash,
    newest_change,
    owner_hashes,
    put_image_hashes,
)
from matcher.config import ImageSettings
from matcher.errors import CatalogError, ImageError
from matcher.images import decode
from matcher.workspace import Workspace

KIND = "pdq"
MOST_BITS = 31
"""Hashes that differ in at most so many of their 256 bits are taken to be of one picture, as others do."""
BATCH, OPEN_OWNERS = 16, 8
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, np.newaxis], axis=1).sum(axis=1, dtype=np.uint8)
"""How many bits are set in each byte."""


class Near(NamedTuple):
    """An image whose hash differs in `bits`."""

    image_id: int
    bits: int


def is_available() -> bool:
    """Whether the extra that computes it is installed."""
    return importlib.util.find_spec("pdqhash") is not None


def pdq_of(blob: bytes, source: str, settings: ImageSettings) -> str:
    """The hash in 64 hex digits, of the picture at its full size, as other programs take it.

    Raises `ImageError` for what is no image.
    """
    import pdqhash

    whole = settings.model_copy(update={"working_side": settings.max_side})
    bits, _quality = pdqhash.compute(np.ascontiguousarray(decode(blob, source, whole).pixels))
    return np.packbits(np.asarray(bits, np.uint8)).tobytes().hex()


def hash_some(workspace: Workspace, limit: int = BATCH) -> int:
    """Hash some images that have no hash yet; how many."""
    if not is_available():
        return 0
    with workspace.database.read() as connection:
        waiting = images_without_hash(connection, KIND, limit)
    values = {}
    for name in waiting:
        try:
            values[name] = pdq_of(workspace.store.get(name), name, workspace.settings.images)
        except (ImageError, CatalogError):
            values[name] = ""
    if values:
        with workspace.database.write() as connection:
            put_image_hashes(connection, KIND, values)
    return len(values)


class _Hashes(NamedTuple):
    standing: tuple[int, int]
    ids: NDArray[np.int64]
    hashes: NDArray[np.uint8]


class PdqIndex:
    """The hashes of a few owners' images, read again where they changed; safe to share by threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._open: OrderedDict[int, _Hashes] = OrderedDict()

    def near(self, owner_id: int, value: str) -> list[Near]:
        """The owner's images whose hash differs from `value` (64 hex digits) in few bits, nearest first."""
        found = self._of(owner_id)
        asked = np.frombuffer(bytes.fromhex(value), np.uint8)
        bits = _BITS[found.hashes ^ asked].sum(axis=1, dtype=np.int64)
        rows = np.flatnonzero(bits <= MOST_BITS)
        near = [Near(int(found.ids[row]), int(bits[row])) for row in rows]
        return sorted(near, key=lambda one: (one.bits, one.image_id))

    def _of(self, owner_id: int) -> _Hashes:
        with self._workspace.database.read() as connection:
            standing = newest_change(connection, owner_id), count_owner_hashes(connection, owner_id, KIND)
            with self._lock:
                found = self._open.get(owner_id)
            if found is None or found.standing != standing:
                rows = owner_hashes(connection, owner_id, KIND)
                blob = bytes.fromhex("".join(value for _, value in rows))
                ids = np.array([image_id for image_id, _ in rows], np.int64)
                found = _Hashes(standing, ids, np.frombuffer(blob, np.uint8).reshape(len(rows), 32))
        with self._lock:
            self._open[owner_id] = found
            self._open.move_to_end(owner_id)
            while len(self._open) > OPEN_OWNERS:
                self._open.popitem(last=False)
        return found
