"""A training run as a TOML file; unknown keys are refused by name."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.errors import UsageError


class Table(BaseModel):
    """A table of a recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Mix(Table):
    """How a batch is made up: items that are copies, items that are two photos of a product.

    `pasted`, `tiled`, `lettered`, `staged`: chances of each kind of edit. `tiles`: the embedder's windows.
    """

    copies: int = Field(ge=2)
    products: int = Field(ge=0)
    pasted: float
    tiled: float
    lettered: float
    staged: float
    tiles: tuple[tuple[float, int], ...]


class LossTable(Table):
    """Temperature of the contrastive losses, weights of the other terms, length of the memory in views."""

    temperature: float
    product: float
    spread: float
    remember: float
    relations: float
    memory: int


class OptimiserTable(Table):
    """AdamW: rates a step, how fast they fall towards the image, and how weights are averaged over steps."""

    trunk_rate: float
    head_rate: float
    decay: float
    weight_decay: float
    warmup: int
    clip: float
    average: float


class RatesTable(Table):
    """AdamW: rates of trunk and head, averaging of weights over steps."""

    trunk: float
    head: float
    weight_decay: float
    warmup: int
    clip: float
    average: float


class SetTable(Table):
    """One set of photos; `left_out`: beginnings of product names that are never trained on."""

    layout: Literal["photos", "all photos", "grocery", "magento_luma", "csv"]
    folder: str
    left_out: frozenset[str] = frozenset()


class Recipe(Table):
    """Everything that decides what a run learns.

    `start`: the weights it goes on from, ImageNet's or those that ship.
    """

    start: Literal["imagenet", "builtin"] = "imagenet"
    seed: int
    copy_dims: int
    product_dims: int
    store_side: int
    threads: int
    steps: int
    checkpoint_every: int
    measure_every: int
    sides: tuple[tuple[int, int], ...]
    mix: Mix
    loss: LossTable
    optimiser: OptimiserTable
    sets: tuple[SetTable, ...]

    def side(self, step: int) -> int:
        """Side of the views at this step, pixels."""
        return max((start, side) for start, side in self.sides if start <= step)[1]


Read = TypeVar("Read", bound=Table)


def read_table(path: Path, kind: type[Read]) -> Read:
    """The recipe in `path`; raises UsageError, in one line, where it cannot be read or is wrong."""
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(f"{path}: {place}: {first['msg']}") from error


def read_recipe(path: Path) -> Recipe:
    """The embedder's recipe in `path`; raises UsageError as `read_table`."""
    return read_table(path, Recipe)
