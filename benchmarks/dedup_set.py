"""imagededup's own test: each photo with five transformed ones, all of which are duplicates of each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from benchmarks.datasets import Part, distinct, half_of, image_paths, open_photo, relative_id
from benchmarks.edits import seeded
from matcher.errors import ImageError, UsageError

LONGEST_SIDE = 640
"""As the photos of UKBench have it, which imagededup's published tables stand on (640 x 480)."""
QUALITY = 95
CROP = 7 / 8
"""Of each side: 560 x 420 of 640 x 480."""
DEGREES = 25
ORIGINAL = "original"
Transform = Callable[[Image.Image, np.random.Generator], Image.Image]


def crop(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A random part of the same aspect, 7/8 of each side."""
    width, height = max(1, round(photo.width * CROP)), max(1, round(photo.height * CROP))
    x, y = (int(rng.integers(0, room + 1)) for room in (photo.width - width, photo.height - height))
    return photo.crop((x, y, x + width, y + height))


def mirror(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Left and right swapped."""
    return ImageOps.mirror(photo)


def upside_down(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Top and bottom swapped."""
    return ImageOps.flip(photo)


def rotate(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Turned by 25 degrees in a frame of the same size, the corners black."""
    return photo.rotate(DEGREES, Image.Resampling.BICUBIC)


def square(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Squeezed to an aspect of 1:1, as high as it was."""
    return photo.resize((photo.height, photo.height), Image.Resampling.BICUBIC)


TRANSFORMS: dict[str, Transform] = {
    each.__name__.replace("_", "-"): each for each in (crop, mirror, upside_down, rotate, square)
}
"""The five transforms, by name."""


@dataclass(frozen=True)
class DedupImage:
    """A file of the set: which group it belongs to, and how it was made (`original` or a transform)."""

    path: Path
    group: int
    kind: str


@dataclass(frozen=True)
class DedupSet:
    """`images`, six to a group, in the order of the groups; `photos` are the groups' names."""

    name: str
    images: tuple[DedupImage, ...]
    photos: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def true_pairs(self) -> int:
        """Unordered pairs of images of one group."""
        each = len(TRANSFORMS) + 1
        return len(self.photos) * each * (each - 1) // 2


def dedup_from_folder(
    folder: Path, into: Path, *, groups: int = 300, seed: int = 0, part: Part = "all"
) -> DedupSet:
    """Make the set of distinct photos anywhere under `folder`, as JPEGs in `into`.

    Source: imagededup's user guide, "Benchmarks", transformed dataset: 1,800 photos of UKBench, of which each
    gives a random crop, both flips, a turn by 25 degrees and a change of aspect. What it leaves open was
    chosen here: the corners of a turned photo are black, and files are JPEG of quality 95. With fewer photos
    than `groups` all are used, and a note says so. Raises UsageError below 2 photos.
    """
    paths = [path for path in image_paths(folder) if part in ("all", half_of(relative_id(path, folder)))]
    np.random.default_rng(seed).shuffle(paths)
    images: list[DedupImage] = []
    photos: list[str] = []
    for path in distinct(paths, groups):
        try:
            photo = open_photo(path)
        except ImageError:
            continue
        images += _group(photo, relative_id(path, folder), len(photos), into, seed)
        photos.append(relative_id(path, folder))
    if len(photos) < 2:
        raise UsageError(
            f"{folder}: {len(photos)} readable photos in part '{part}'; duplicates need 2 or more"
        )
    notes = () if len(photos) == groups else (f"{len(photos)} photos where {groups} are wanted",)
    return DedupSet(folder.resolve().name, tuple(images), tuple(photos), notes)


def _group(photo: Image.Image, name: str, number: int, into: Path, seed: int) -> Sequence[DedupImage]:
    photo.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    made = [DedupImage(into / f"{number:05d}-{kind}.jpg", number, kind) for kind in (ORIGINAL, *TRANSFORMS)]
    for image in made:
        rng = seeded(seed, f"{name}#{image.kind}")
        changed = photo if image.kind == ORIGINAL else TRANSFORMS[image.kind](photo, rng)
        changed.save(image.path, "JPEG", quality=QUALITY)
    return made
