"""The training runs of the logo detector and the logo embedder as a TOML file; unknown keys are refused."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from training.recipe import RatesTable, SetTable, Table, read_table


class ScenesTable(Table):
    """How scenes are made. Shares are chances; sizes are the longer side of a logo in pixels of the scene.

    `counts`: weights of a scene with 0, 1, 2 … logos. `flat`: scenes that are artwork on plain paper.
    `styles`: weights of brand colours, one colour, on a badge, outline. `wear`: of plain, embroidery, print.
    """

    side: int
    sizes: tuple[float, float]
    counts: tuple[float, ...]
    flat: float
    wordmarks: float
    companions: float
    altered: float
    covered: float
    writing: float
    patterns: float
    buttons: float
    styles: tuple[float, float, float, float]
    wear: tuple[float, float, float]


class DetectorTable(Table):
    """The detector's network and run: `side` in pixels, `top` boxes given before suppression."""

    side: int
    channels: int
    top: int
    batch: int
    steps: int
    box_weight: float
    frozen: int = Field(ge=0, le=4)
    rates: RatesTable


class EmbedderTable(Table):
    """The embedder's network and run; `margin`: how much a box is widened on each side, share of its size.

    `twins`: share of the items of a batch that stand beside an altered form of theirs. `jitter`: how far a
    side of the box may lie off, as a share of the box. `memory`: past views kept as further negatives; with
    fast rates they are stale, and then the descriptors fall together, so that few or none are kept.
    """

    side: int
    dims: int
    margin: float
    jitter: float
    items: int
    twins: float
    steps: int
    temperature: float
    memory: int
    frozen: int = Field(ge=0, le=4)
    rates: RatesTable


class LogoRecipe(Table):
    """Everything that decides what the two runs learn; `left_out`: brands that are never trained on."""

    seed: int
    threads: int
    store_side: int
    checkpoint_every: int
    measure_every: int
    measure_scenes: int
    left_out: frozenset[str]
    scenes: ScenesTable
    detector: DetectorTable
    embedder: EmbedderTable
    sets: tuple[SetTable, ...]


def read_logo_recipe(path: Path) -> LogoRecipe:
    """The recipe in `path`; raises UsageError as `read_table`."""
    return read_table(path, LogoRecipe)
