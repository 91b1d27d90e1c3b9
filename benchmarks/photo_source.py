"""Where the photos of speed runs come from: made for the purpose, or real ones out of folders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from PIL import Image

from benchmarks.datasets import image_paths
from benchmarks.edits import seeded, uploaded
from benchmarks.made_photos import SIZE, PhotoMaker
from matcher.config import ImageSettings
from matcher.errors import ImageError, UsageError
from matcher.images import decode_legible


class Series(Protocol):
    """Photos by number, the same for the same number."""

    def blob(self, number: int) -> bytes:
        """Photo `number` as a user would send it, a JPEG."""
        ...

    def copy_of(self, blob: bytes, number: int) -> bytes:
        """An edited copy of the photo in `blob`; `number` chooses the edit."""
        ...


@dataclass(frozen=True)
class PhotoSource:
    """Photos of `size` (width, height): made ones, or those of the folders `of`, as large as fit into it."""

    size: tuple[int, int] = SIZE
    of: tuple[Path, ...] = ()

    def references(self) -> Series:
        """Photos that a catalog holds."""
        return self._series("reference", 0)

    def listings(self, references: int) -> Series:
        """Others, where so many are references."""
        return self._series("listing", references)

    def samples(self) -> Series:
        """Photos that single stages are timed on."""
        return self._series("stage", 0)

    def keep_in(self, folder: Path, references: int) -> None:
        """Mark `folder` as holding these photos; raises UsageError where it holds others."""
        told: dict[str, object] = {"size": self.size, "of": [str(one.resolve()) for one in self.of]}
        if self.of:  # the listings are those after the references
            told["references"] = references
        written, mark = json.dumps(told), folder / "photos.json"
        if mark.exists() and mark.read_text(encoding="utf-8") != written:
            raise UsageError(f"{folder}: holds other photos; remove them or name another folder")
        folder.mkdir(parents=True, exist_ok=True)
        mark.write_text(written, encoding="utf-8")

    def check(self, count: int) -> None:
        """Raise UsageError where the folders hold fewer than `count` photos."""
        if self.of and len(found := _shuffled(self.of)) < count:
            raise UsageError(f"{len(found)} photos in the folders of --of, {count} needed; name more folders")

    def _series(self, name: str, first: int) -> Series:
        if not self.of:
            return PhotoMaker(name, size=self.size)
        return RealPhotos(_shuffled(self.of)[first:], name, self.size)


MADE = PhotoSource()


class RealPhotos:
    """The photos `paths`, each brought to the largest size that fits into `size`; copies are made of them.

    Small ones are enlarged: the matcher looks at a photo in fewer pixels than a phone takes, so what it sees
    is what the photo holds, while decoding costs what it does for a phone's.
    """

    def __init__(self, paths: Sequence[Path], series: str, size: tuple[int, int]) -> None:
        self._paths, self._series, self._size = paths, series, size
        self._copies = PhotoMaker(series, size=size)

    def blob(self, number: int) -> bytes:
        """A JPEG of quality 75 to 90; raises UsageError for a file that is no photo."""
        path = self._paths[number]
        try:
            picture = decode_legible(path.read_bytes(), str(path), ImageSettings())
        except (OSError, ImageError) as error:
            raise UsageError(f"{path}: cannot be read; take it out of the folder ({error})") from error
        image = Image.fromarray(picture.pixels)
        scale = min(one / other for one, other in zip(self._size, image.size, strict=True))
        size = [max(1, round(side * scale)) for side in image.size]
        return uploaded(
            image.resize((size[0], size[1]), Image.Resampling.BICUBIC), seeded(0, f"{self._series} {number}")
        )

    def copy_of(self, blob: bytes, number: int) -> bytes:
        """As of made photos."""
        return self._copies.copy_of(blob, number)


@lru_cache(maxsize=4)
def _shuffled(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """Their photos in an order that follows from their names alone."""
    found = [path for folder in dict.fromkeys(folders) for path in image_paths(folder)]
    order = seeded(0, "photos of folders").permutation(len(found))
    return tuple(found[at] for at in order)
