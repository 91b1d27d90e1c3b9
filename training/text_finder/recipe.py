"""The training run of the text finder as a TOML file; unknown keys are refused."""

from __future__ import annotations

from pathlib import Path

from training.recipe import RatesTable, SetTable, Table, read_table


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
    """The recipe in `path`; raises UsageError as `read_table`."""
    return read_table(path, TextFinderRecipe)
