"""Reads one listing's photos; fetches share its time, so that dead URLs leave some for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from matcher.config import ScanSettings
from matcher.errors import FetchError
from matcher.sources import ImageSource, is_url

FETCHING = 0.5
"""Of a listing's time what its fetches may take together; the photos that came are examined in the rest."""
LEAST = 1 / 16
"""Of that what a fetch may take at least, while there is as much: after a row of dead URLs too."""


class ListingPhotos:
    """Reads `images` from `source`, in their order, within the time that `settings` give a listing.

    A fetch may take half of the time that is left, the last one all of it: however many URLs are dead, those
    behind them have some, and all together never so much that the whole listing is given up.
    """

    def __init__(self, source: ImageSource, images: Sequence[str], settings: ScanSettings) -> None:
        self._source, self._seconds = source, settings.listing_timeout_seconds * FETCHING
        self._urls = sum(map(is_url, images[: settings.max_photos_per_listing]))
        self._left = self._seconds

    def read(self, image: str) -> bytes:
        """The bytes of `image`; raises `ImageError`, and `FetchError` also where no time is left for it."""
        if not is_url(image):
            return self._source.read(image)
        self._urls -= 1
        if self._left <= 0:
            took = f"those before it took the listing's {self._seconds:g} seconds"
            raise FetchError(image, f"was not fetched: {took} (half of scan.listing_timeout_seconds)")
        began = monotonic()
        try:
            return self._source.read(image, self._share())
        finally:
            self._left -= monotonic() - began

    def _share(self) -> float:
        if self._urls <= 0:
            return self._left
        return min(self._left, max(self._left / 2, self._seconds * LEAST))
