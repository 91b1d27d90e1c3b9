"""What the task `logos` is asked: photos with boxed logos, references a brand that no asked photo gave."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from benchmarks.datasets import Part, distinct, half_of, image_paths
from benchmarks.logo_sets import BoxPhoto, BoxSet, LogoBox
from matcher.colour import Ground
from matcher.config import ImageSettings
from matcher.errors import ImageError, UsageError
from matcher.images import decode
from matcher.models import Pixels
from matcher.models.logo_crops import within
from matcher.models.logo_variants import is_blank

MOST_SHOTS = 10
"""References a brand that are set aside, of which 1, 3 or all are shown."""
AROUND = 0.08
"""How much further than its box a reference is cut, as shares of its sides: people do not cut tightly."""
LARGE = 4_096
"""Longest side, pixels, in which references are cut out."""


@dataclass(frozen=True)
class Reference:
    """One image of a brand's logo."""

    brand: str
    pixels: Pixels


@dataclass(frozen=True)
class LogoCase:
    """One photo to ask about; boxes in pixels of the photo as stored, `boxed` where they are known."""

    name: str
    blob: Callable[[], bytes]
    brands: frozenset[str]
    boxes: tuple[LogoBox, ...] = ()
    boxed: bool = True


@dataclass(frozen=True)
class LogoCases:
    """Photos and, a list a brand, the references to show first to last; `extra` brands are in no photo.

    `detected`: more photos, whose boxes alone are asked for. `alarms`: no photo shows a catalogued logo.
    `wordmarks`: by brand, where it is not written as the set calls it.
    """

    name: str
    layout: str
    cases: tuple[LogoCase, ...]
    references: dict[str, list[Reference]]
    extra: tuple[Reference, ...] = ()
    detected: tuple[LogoCase, ...] = ()
    alarms: bool = False
    notes: tuple[str, ...] = ()
    wordmarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def shown(self, shots: int) -> list[Reference]:
        """The gallery with so many references a brand."""
        return [one for some in self.references.values() for one in some[:shots]] + list(self.extra)

    @property
    def most_shots(self) -> int:
        """How many references the best provided brand has."""
        return max((len(some) for some in self.references.values()), default=0)


def cases_of(
    found: BoxSet, settings: ImageSettings, *, part: Part = "all", shots: int = MOST_SHOTS
) -> LogoCases:
    """Photos and references of a set with boxes.

    Where the set has training and other photos, references are cut out of those and the others are asked
    about. Otherwise up to `shots` photos of each brand, at most half of them, are set aside for references
    and not asked about. Raises UsageError where nothing is left.
    """
    photos = [photo for photo in found.photos if part in ("all", half_of(photo.photo_id))]
    trained = [photo for photo in photos if photo.split == "train"]
    if trained and len(trained) < len(photos):
        aside = {brand: some[:shots] for brand, some in _by_brand(trained).items()}
        asked = [photo for photo in photos if photo.split != "train"]
    else:
        aside = {brand: some[: min(shots, len(some) // 2)] for brand, some in _by_brand(photos).items()}
        taken = {photo.photo_id for some in aside.values() for photo in some}
        asked = [photo for photo in photos if photo.photo_id not in taken]
    references = {brand: cut for brand, some in aside.items() if (cut := list(_cut(brand, some, settings)))}
    if not references or not asked:
        raise UsageError(f"{found.name}: no brand has photos enough for references and questions")
    known = frozenset(references)
    kept = {id(photo) for photo in asked}
    rest = tuple(_case(photo) for photo in photos if id(photo) not in kept and photo.boxed)
    asked_cases = tuple(replace(one, brands=one.brands & known) for one in map(_case, asked))
    return LogoCases(found.name, found.layout, asked_cases, references, detected=rest, notes=found.notes)


def without_logos(folder: Path, logos: Sequence[Reference], *, part: Part = "all") -> LogoCases:
    """Every photo of `folder`, none of which shows one of `logos`."""
    cases = tuple(
        LogoCase(path.relative_to(folder).as_posix(), path.read_bytes, frozenset(), boxed=False)
        for path in distinct(image_paths(folder))
        if part in ("all", half_of(path.name))
    )
    if not cases:
        raise UsageError(f"{folder}: holds no photo for part {part!r}")
    return LogoCases(folder.resolve().name, "folder", cases, {}, tuple(logos), alarms=True)


def spread(found: LogoCases, limit: int) -> LogoCases:
    """`limit` of the photos, chosen by hash; raises UsageError."""
    if limit < 1:
        raise UsageError("--limit: give at least 1 photo")
    chosen = sorted(found.cases, key=lambda case: _hashed(case.name))[:limit]
    return replace(found, cases=tuple(chosen), detected=found.detected[:limit])


def read_logos(folders: Sequence[Path], settings: ImageSettings, count: int | None = None) -> list[Reference]:
    """Images of logos, each a brand of its own by its name; `count` of them, spread by hash. UsageError."""
    paths = [path for folder in folders for path in image_paths(folder)]
    paths = sorted(paths, key=lambda path: _hashed(path.stem))
    found: dict[str, Reference] = {}
    for path in paths:
        if count is not None and len(found) == count:
            break
        pixels = _opened(path, settings)
        if pixels is not None and is_blank(pixels):  # white without a ground, as the catalog sees it
            pixels = _opened(path, settings, "black")
        if pixels is not None:
            found.setdefault(path.stem, Reference(path.stem, pixels))
    if not found or (count is not None and len(found) < count):
        wanted = "a logo" if count is None else f"{count} logos"
        raise UsageError(f"{', '.join(map(str, folders))}: hold {len(found)} images, not {wanted}")
    return list(found.values())


def part_of_logo(name: str, parts: int) -> int:
    """Which of so many parts a logo belongs to, by a hash of its name."""
    return int(_hashed(name), 16) % parts


def _opened(path: Path, settings: ImageSettings, ground: Ground = "white") -> Pixels | None:
    try:
        return decode(path.read_bytes(), str(path), settings, ground=ground).pixels
    except (ImageError, OSError):
        return None


def _by_brand(photos: Sequence[BoxPhoto]) -> dict[str, list[BoxPhoto]]:
    """Photos in which each brand is boxed, in an order that has nothing to do with their names."""
    found: dict[str, list[BoxPhoto]] = {}
    for photo in sorted(photos, key=lambda photo: _hashed(photo.photo_id)):
        for brand in {box.brand for box in photo.boxes}:
            found.setdefault(brand, []).append(photo)
    return dict(sorted(found.items()))


def _cut(brand: str, photos: Sequence[BoxPhoto], settings: ImageSettings) -> list[Reference]:
    """The largest box of the brand in each photo."""
    large = settings.model_copy(update={"working_side": LARGE})
    found = []
    for photo in photos:
        pixels = _opened(photo.path, large)
        boxes = [box for box in photo.boxes if box.brand == brand]
        if pixels is not None and boxes:
            box = max(boxes, key=lambda one: (one.x2 - one.x1) * (one.y2 - one.y1))
            height, width = pixels.shape[:2]
            across, down = (box.x2 - box.x1) * AROUND, (box.y2 - box.y1) * AROUND
            x1, x2 = within(box.x1 - across, box.x2 + across, width)
            y1, y2 = within(box.y1 - down, box.y2 + down, height)
            found.append(Reference(brand, np.ascontiguousarray(pixels[y1:y2, x1:x2])))
    return found


def _case(photo: BoxPhoto) -> LogoCase:
    return LogoCase(photo.photo_id, photo.path.read_bytes, photo.brands, photo.boxes, photo.boxed)


def _hashed(name: str) -> str:
    return hashlib.sha256(f"logo {name}".encode()).hexdigest()
