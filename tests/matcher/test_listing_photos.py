"""What one listing's photos may take to fetch: a dead address costs its own photo, not those beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from matcher.config import FetchSettings, Settings
from matcher.errors import FetchError
from matcher.fetch import Fetcher
from matcher.listing_photos import ListingPhotos
from matcher.sources import ImageSource

SECONDS = {
    "http://dead.example/a.jpg": 1e9,
    "http://slow.example/a.jpg": 6.0,
    "http://quick.example/a.jpg": 0.1,
}
DEAD, SLOW, QUICK = SECONDS


class ClockedFetcher(Fetcher):
    """Never leaves the test: an exchange takes what `SECONDS` says, on a clock that only it moves."""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        super().__init__(FetchSettings(timeout_seconds=15.0), 1_000)
        self._seconds, self.now = seconds, 100.0

    def fetch(self, url: str, within: float | None = None) -> bytes:
        """The URL, where it comes in time."""
        limit = min(15.0, within if within is not None else 15.0)
        self.now += min(self._seconds[url], limit)
        if self._seconds[url] > limit:
            raise FetchError(url, f"took over {limit:g} seconds")
        return url.encode()


@pytest.fixture
def fetcher(monkeypatch: pytest.MonkeyPatch) -> Iterator[ClockedFetcher]:
    with ClockedFetcher(SECONDS) as made:
        monkeypatch.setattr("matcher.listing_photos.monotonic", lambda: made.now)
        yield made


def read(fetcher: ClockedFetcher, folder: Path, images: list[str]) -> list[str]:
    """Of each image `read`, or why not; in no more than half of the 30 seconds that a listing has."""
    answers, began = [], fetcher.now
    with ImageSource(folder, Settings(), fetcher) as source:
        photos = ListingPhotos(source, images, Settings().scan)
        for image in images:
            try:
                photos.read(image)
                answers.append("read")
            except FetchError as error:
                answers.append(error.reason)
    assert fetcher.now - began <= 15.0 + 1e-6
    return answers


def test_dead_addresses_leave_time_for_the_photos_behind_them(
    fetcher: ClockedFetcher, tmp_path: Path
) -> None:
    (tmp_path / "b.jpg").write_bytes(b"photo")
    answers = read(fetcher, tmp_path, [DEAD, "b.jpg", DEAD, DEAD, QUICK])
    assert [answer == "read" for answer in answers] == [False, True, False, False, True]


def test_one_photo_alone_and_the_last_have_all_the_time_that_is_left(
    fetcher: ClockedFetcher, tmp_path: Path
) -> None:
    assert read(fetcher, tmp_path, [DEAD]) == ["took over 15 seconds"]
    assert read(fetcher, tmp_path, [DEAD, SLOW]) == ["took over 7.5 seconds", "read"]
    assert read(fetcher, tmp_path, [SLOW, SLOW]) == ["read", "read"]


def test_what_there_is_no_time_for_is_not_fetched_and_says_which_setting(
    fetcher: ClockedFetcher, tmp_path: Path
) -> None:
    (tmp_path / "b.jpg").write_bytes(b"photo")
    answers = read(fetcher, tmp_path, [DEAD] * 20 + ["b.jpg"])
    assert answers[-1] == "read"
    took = "those before it took the listing's 15 seconds"
    assert answers[-2] == f"was not fetched: {took} (half of scan.listing_timeout_seconds)"
