"""The training run of the text finder as a TOML file; unknown keys are refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from matcher.errors import UsageError
from training.logos.recipe import RatesTable
from training.recipe import SetTable, Table


class PagesTable(Table):
    """How a page is made. Shares are chances.

    `crop`: pixels a side that are learnt from at once. `scales`: how much larger or smaller than at run time.
    `drawn`: pages with words drawn on them. `words`: weights of 1, 2, 3 … words. `mosaic`: pages of four
    photos, as sharp as photos of many pixels are. `turned`: pages turned by a quarter.
    """

    crop: int
    scales: tuple[float, float]
    drawn: float
    words: tuple[float, ...]
    mosaic: float
    turned: float


class TextFinderRecipe(Table):
    """Everything that decides what the run learns; `sure`: score from which a line is learnt as writing."""

    seed: int
    threads: int
    store_side: int
    checkpoint_every: int
    measure_every: int
    measure_pages: int
    channels: int
    batch: int
    steps: int
    sure: float
    pages: PagesTable
    rates: RatesTable
    sets: tuple[SetTable, ...]


def read_text_finder_recipe(path: Path) -> TextFinderRecipe:
    """The recipe in `path`; raises UsageError, in one line, where it cannot be read or is wrong."""
    try:
        return TextFinderRecipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
