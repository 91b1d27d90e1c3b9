"""Which of a workspace's photos a run is measured on and never learns from; decided once, and kept."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.errors import UsageError
from matcher.files import replacing
from matcher.labels import is_label_set, read_truth
from matcher.labels.folder import TRUTH
from matcher.tuning import LEFT_OUT, splits
from training.own_photos import OwnPhoto

TRAINED, HELD = "trained", "held out"
SHARES = {TRAINED: 0.8, HELD: 0.2}
FILE = "held-out.json"
NEARLY_THE_SAME = 0.85
"""Cosine of two whole photos' descriptors from which on the one gives the other away.

Stricter than what ties labelled listings, as photos of one brand's goods of one kind are all alike.
"""
_BLOCK = 1_024
REPORTING = "report"
"""The split of a labelled set that is kept from all tuning."""


@dataclass(frozen=True)
class Parted:
    """Photos to learn from and photos to measure on."""

    trained: tuple[OwnPhoto, ...]
    held: tuple[OwnPhoto, ...]


def part(photos: Sequence[OwnPhoto], kept: Mapping[str, str] | None = None) -> Parted:
    """Deal out whole products, those with several photos first, so that each side gets its share of them.

    `kept`: the side of photos (`photo:HASH`) and products (`product:NAME`) that stay where they were. A photo
    of no one product is only ever learnt.
    """
    several = {name for name, count in Counter(photo.product for photo in photos).items() if count > 1}
    named = [photo for photo in photos if photo.product]
    sides = splits(
        [{photo.product} for photo in named],
        SHARES,
        kept=[_before(photo, kept or {}) for photo in named],
        strata=[int(photo.product in several) for photo in named],
    )
    held = {photo for photo, side in zip(named, sides, strict=True) if side == HELD}
    return Parted(
        tuple(photo for photo in photos if photo not in held),
        tuple(photo for photo in photos if photo in held),
    )


def without_near(
    parted: Parted, names: Sequence[str], vectors: NDArray[np.float32], least: float = NEARLY_THE_SAME
) -> Parted:
    """The same without the photos to learn from that are nearly one held out: a leak, whatever they show.

    `names`: content hashes, `vectors`: the unit descriptors of these photos, (names, dims); photos of a
    cosine of `least` or more count as nearly the same.
    """
    place = {name: row for row, name in enumerate(names)}
    held = vectors[[place[photo.content_hash] for photo in parted.held if photo.content_hash in place]]
    nearest = np.full(len(vectors), -1.0, np.float32)
    for start in range(0, len(vectors), _BLOCK):
        block = slice(start, start + _BLOCK)
        nearest[block] = (vectors[block] @ held.T).max(axis=1, initial=-1.0)
    learnt = [
        photo
        for photo in parted.trained
        if photo.content_hash in place and nearest[place[photo.content_hash]] < least
    ]
    return Parted(tuple(learnt), parted.held)


def once(out: Path, make: Callable[[], Parted]) -> Parted:
    """The parting that the run in `out` was begun with, or else a new one, which is kept there.

    A run that goes on sees the photos that it began with, whatever became of the catalog since. Raises
    UsageError where the file is damaged.
    """
    file = out / FILE
    if file.exists():
        return read(file)
    parted = make()
    sides = {TRAINED: parted.trained, HELD: parted.held}
    facts = {side: [asdict(photo) for photo in photos] for side, photos in sides.items()}
    with replacing(file) as (written,):
        written.write(json.dumps(facts, indent=1).encode() + b"\n")
    return parted


def read(file: Path) -> Parted:
    """A parting as `once` wrote it; raises UsageError where it is damaged."""
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
        trained, held = (tuple(OwnPhoto(**photo) for photo in facts[side]) for side in SHARES)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{file}: is damaged; train into another folder") from error
    return Parted(trained, held)


def kept_like(folder: Path) -> dict[str, str]:
    """The sides that an earlier run gave to photos, or that a labelled set wants kept from tuning.

    `folder`: of a run, or a set of `matcher review export`, whose split `report` is held out here too. Raises
    UsageError where it is neither.
    """
    if is_label_set(folder):
        rows, _ = read_truth(folder / TRUTH)
        reported = [row for row in rows if row.split == REPORTING]
        return {key: HELD for row in reported for key in row.keys if not key.startswith("seller:")}
    if not (folder / FILE).is_file():
        raise UsageError(f"{folder}: is no run with {FILE}, and no set of `matcher review export`")
    parted = read(folder / FILE)
    sides = {TRAINED: parted.trained, HELD: parted.held}
    return {f"photo:{photo.content_hash}": side for side, photos in sides.items() for photo in photos}


def _before(photo: OwnPhoto, kept: Mapping[str, str]) -> str:
    for key in (f"photo:{photo.content_hash}", f"product:{photo.product}"):
        if key in kept:
            return kept[key]
    return LEFT_OUT
