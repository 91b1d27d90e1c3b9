"""A text reader that keeps what it read in a file, so that matching can be tried again without reading."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from matcher.models import Pixels, TextLine, TextReader
from matcher.photo_cache import ScanCache

LINES = TypeAdapter(list[TextLine])


class KeptLines:
    """Asks `reader` only for photos, and lines to look at again, that it was not asked for before."""

    def __init__(self, reader: TextReader, path: Path) -> None:
        self._reader, self._kept = reader, ScanCache(path)
        self.name, self.fingerprint = reader.name, reader.fingerprint

    def read(self, images: Sequence[Pixels]) -> list[list[TextLine]]:
        """Lines an image, as `reader` gave or gives them."""
        return [self._lines(image) for image in images]

    def look_again(self, image: Pixels, line: TextLine) -> TextLine:
        """The line as `reader` saw or sees it at another look."""
        key = self._key(image, LINES.dump_json([line]))
        found = self._kept.get(key)
        if found is None:
            found = LINES.dump_json([self._reader.look_again(image, line)]).decode()
            self._kept.put(key, found)
        return LINES.validate_json(found)[0]

    def _lines(self, image: Pixels) -> list[TextLine]:
        key = self._key(image, b"")
        found = self._kept.get(key)
        if found is None:
            found = LINES.dump_json(self._reader.read([image])[0]).decode()
            self._kept.put(key, found)
        return LINES.validate_json(found)

    def _key(self, image: Pixels, rest: bytes) -> str:
        digest = hashlib.sha256(self.fingerprint.encode() + repr(image.shape).encode() + rest)
        digest.update(image.tobytes())
        return digest.hexdigest()
