"""Copies made from any folder of photos, with their truth; and what a data set with truth is."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from benchmarks.edits import EDITS, seeded, uploaded
from matcher.errors import ImageError, UsageError

Part = Literal["tune", "report", "all"]

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff", ".heic"}
)
UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning)
EDITED_SIDE = 1600
"""Longer photos are shrunk to this side before they are edited, as marketplaces do."""
BACKGROUNDS = 60
"""Photos kept apart to paste on and to fill collages with."""


@dataclass(frozen=True)
class ReferenceImage:
    """One image of a reference; several images may share the id."""

    reference_id: str
    path: Path


@dataclass(frozen=True)
class Query:
    """One photo that is looked up.

    `truth`: ids of the references it shows, empty for a distractor. `kind`: what the metrics are split by.
    `blob`: makes its encoded bytes, the same at every call (picklable); raises ImageError or OSError.
    `left_out`: index of the reference image that is this very photo, and so is struck from the answers.
    """

    query_id: str
    truth: frozenset[str]
    kind: str
    blob: Callable[[], bytes]
    left_out: int | None = None


@dataclass(frozen=True)
class TruthSet:
    """References, queries and what is true; `notes` say what was shrunk or left out.

    `training`: photos that show no query and no reference, for score normalisation; most sets have none.
    """

    name: str
    layout: str
    references: tuple[ReferenceImage, ...]
    queries: tuple[Query, ...]
    notes: tuple[str, ...] = ()
    training: tuple[ReferenceImage, ...] = ()

    @property
    def distractors(self) -> int:
        """How many queries have no true reference."""
        return sum(not query.truth for query in self.queries)


def copies_from_folder(
    folder: Path,
    *,
    references: int = 1000,
    edited: int = 500,
    distractors: int = 500,
    seed: int = 0,
    part: Part = "all",
    kinds: Sequence[str] = tuple(EDITS),
) -> TruthSet:
    """Make a copy-detection set of the photos anywhere under `folder`, as DISC21 (arXiv 2106.09672) is made.

    References, distractors and the backgrounds of collages and pastes are different photos; byte-identical
    photos count once. The first `edited` references give one query each, the `kinds` of `benchmarks.edits`
    taking turns. Every second distractor is edited in the same way, the rest are photos as they lie there.
    `part` halves the photos by a hash of their path, so that what was tuned on one half is reported on photos
    never seen. In a folder with too few photos all sizes shrink alike, and a note says so. Raises UsageError
    below 8 photos.
    """
    paths = [path for path in image_paths(folder) if part in ("all", half_of(relative_id(path, folder)))]
    np.random.default_rng(seed).shuffle(paths)
    paths = distinct(paths, references + distractors + BACKGROUNDS)
    if len(paths) < 8:
        raise UsageError(f"{folder}: {len(paths)} distinct photos in part '{part}'; copies need at least 8")
    sizes, notes = _shrunk(len(paths), references, edited, distractors)
    references, edited, distractors = sizes
    known, unknown = paths[:references], paths[references : references + distractors]
    backgrounds = tuple(paths[references + distractors :])
    queries = [
        _edited_query(path, folder, kinds[turn % len(kinds)], seed, backgrounds, copied=True)
        for turn, path in enumerate(known[:edited])
    ]
    for turn, path in enumerate(unknown):
        if turn % 2:
            queries.append(
                _edited_query(path, folder, kinds[turn // 2 % len(kinds)], seed, backgrounds, copied=False)
            )
        else:
            queries.append(file_query(path, folder, frozenset(), "distractor"))
    found = tuple(ReferenceImage(relative_id(path, folder), path) for path in known)
    return TruthSet(folder.resolve().name, "copies", found, tuple(queries), notes)


def image_paths(folder: Path) -> list[Path]:
    """All files under `folder` that are named like images, by path; raises UsageError if it is no folder."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; name one that holds photos")
    return sorted(path for path in folder.rglob("*") if is_image(path))


def is_image(path: Path) -> bool:
    """Whether it is a file that is named like an image."""
    return path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()


def relative_id(path: Path, folder: Path) -> str:
    """The path below `folder` with forward slashes: the same on every machine."""
    return path.relative_to(folder).as_posix()


def half_of(name: str) -> Part:
    """Which half a photo belongs to, by a hash of its relative path."""
    return "tune" if hashlib.sha256(name.encode()).digest()[0] % 2 == 0 else "report"


def distinct(paths: Iterable[Path], limit: int | None = None) -> list[Path]:
    """The first `limit` of `paths` whose bytes differ; an unreadable one stays, to be counted when read."""
    seen: set[bytes] = set()
    kept: list[Path] = []
    for path in paths:
        if limit is not None and len(kept) == limit:
            break
        try:
            key = hashlib.sha256(path.read_bytes()).digest()
        except OSError:
            key = str(path).encode()
        if key not in seen:
            seen.add(key)
            kept.append(path)
    return kept


def file_query(
    path: Path, folder: Path, truth: frozenset[str], kind: str, left_out: int | None = None
) -> Query:
    """A query that is a photo as it lies on the disk."""
    return Query(relative_id(path, folder), truth, kind, path.read_bytes, left_out)


def open_photo(path: Path) -> Image.Image:
    """The photo upright, RGB, at most `EDITED_SIDE` long; raises ImageError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            file = Image.open(io.BytesIO(path.read_bytes()))
            file.draft("RGB", (EDITED_SIDE, EDITED_SIDE))
            photo = ImageOps.exif_transpose(file).convert("RGB")
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise ImageError(str(path), f"cannot be edited: {error}") from error
    photo.thumbnail((EDITED_SIDE, EDITED_SIDE))
    return photo


def edited_blob(path: Path, kind: str, seed: int, name: str, backgrounds: Sequence[Path]) -> bytes:
    """JPEG bytes of the photo at `path` after an edit of `kind`; the same for the same arguments."""
    rng = seeded(seed, name)

    def other() -> Image.Image:
        return open_photo(backgrounds[int(rng.integers(len(backgrounds)))])

    return uploaded(EDITS[kind](open_photo(path), rng, other), rng)


def _edited_query(
    path: Path, folder: Path, kind: str, seed: int, backgrounds: tuple[Path, ...], *, copied: bool
) -> Query:
    name = f"{relative_id(path, folder)}#{kind}"
    truth = frozenset({relative_id(path, folder)}) if copied else frozenset[str]()
    blob = partial(edited_blob, path, kind, seed, name, backgrounds)
    return Query(name, truth, kind if copied else "distractor", blob)


def _shrunk(
    photos: int, references: int, edited: int, distractors: int
) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    """Sizes that `photos` suffice for, and a note where they are smaller than asked for."""
    if references < 1 or distractors < 0 or edited < 1:
        raise UsageError("copies need at least one reference and one edited query, and no negative size")
    edited = min(edited, references)
    wanted = references + distractors + BACKGROUNDS
    if photos >= wanted:
        return (references, edited, distractors), ()
    share = photos / wanted
    sizes = max(1, int(references * share)), max(1, int(edited * share)), int(distractors * share)
    made = "{} references, {} edited, {} distractors".format(*sizes)
    note = f"{photos} distinct photos where {wanted} are wanted: {made}"
    return sizes, (note,)
