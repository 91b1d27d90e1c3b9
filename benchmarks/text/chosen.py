"""Which words and photos the task `text` is measured on, by what was asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from benchmarks.datasets import Part
from benchmarks.text.cases import TextSet, all_photos, drawn_set, real_set
from benchmarks.text.lettering import FONTS
from benchmarks.text.words import read_brands
from matcher.errors import UsageError


def chosen_set(
    photos: Path,
    *,
    brands: Sequence[Path] = (),
    truth: Path | None = None,
    alarms_only: bool = False,
    drawn: int = 1000,
    seed: int = 0,
    part: Part = "all",
    fonts: Path = FONTS,
    limit: int | None = None,
) -> TextSet:
    """Words drawn on `photos` or, with a table of `truth` or `alarms_only`, the photos as they are.

    `brands`: tables of the lexicon. `limit`: only so many, the same ones each time. Raises UsageError.
    """
    if (truth or alarms_only) and not brands:
        raise UsageError("--brands: name a CSV file with the columns brand and wordmarks")
    named = tuple({brand.name: brand for path in brands for brand in read_brands(path)}.values())
    if truth:
        found = real_set(photos, truth, named, part=part)
    elif alarms_only:
        found = all_photos(photos, named, part=part)
    else:
        found = drawn_set(photos, count=drawn, seed=seed, part=part, fonts=fonts, brands=named)
    if limit is None or limit >= len(found.cases):
        return found
    spread = sorted(found.cases, key=lambda case: _scattered(case.name))[:limit]
    return TextSet(found.name, found.brands, spread)


def _scattered(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
