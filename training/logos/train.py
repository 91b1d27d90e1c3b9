"""Trains the logo detector or the logo embedder on made scenes, from the start or from its checkpoint."""

from __future__ import annotations

import argparse
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import torch
from torch.utils.data import DataLoader, Dataset

from matcher.errors import MatcherError, UsageError
from matcher.files import replacing
from training.logos.artwork import Part
from training.logos.crops import CropPairs
from training.logos.evaluate import detection_figures, embedder, embedding_figures, finder
from training.logos.learners import DetectorLearner, EmbedderLearner, Learner, scene_batch
from training.logos.recipe import read_logo_recipe
from training.logos.stock import Stock
from training.train_embedder import tell

Model = Literal["detector", "embedder"]
Figures = Callable[[], dict[str, float]]
TOLD_EVERY = 10


class Pace(Protocol):
    """What a recipe says of a run: after how many steps it is kept, and after how many it is measured."""

    @property
    def checkpoint_every(self) -> int:
        """Steps."""
        ...

    @property
    def measure_every(self) -> int:
        """Steps."""
        ...


class Batches(Dataset[Any]):
    """Batch by step number, as `made` gives it; another process makes them."""

    def __init__(self, made: Callable[[int], Any]) -> None:
        self._made = made

    def __getitem__(self, step: int) -> Any:
        cv2.setNumThreads(0)
        torch.set_num_threads(1)
        return self._made(step)


def crop_pairs(stock: Stock, part: Part) -> CropPairs:
    """Crops of one part of the stock."""
    recipe = stock.recipe
    return CropPairs(
        stock.logos(part), stock.photos(part), recipe.scenes, recipe.embedder, seed=recipe.seed, part=part
    )


def learner(model: Model, stock: Stock) -> tuple[Learner[Any], Batches, Figures]:
    """A run at its start, what it learns from, and its figures on the validation part."""
    recipe = stock.recipe
    if model == "detector":
        scenes, unseen = stock.scenes("train"), stock.scenes("validation")
        detector = DetectorLearner(recipe, scenes)
        find = finder(detector.average, recipe.detector.side, recipe.detector.top)  # type: ignore[arg-type]
        numbers = range(recipe.measure_scenes)
        return (
            detector,
            Batches(partial(scene_batch, scenes, size=recipe.detector.batch)),
            lambda: detection_figures((unseen[number] for number in numbers), find),
        )
    pairs, others = crop_pairs(stock, "train"), crop_pairs(stock, "validation")
    learning = EmbedderLearner(recipe, pairs)
    embed = embedder(learning.average)  # type: ignore[arg-type]
    return (
        learning,
        Batches(pairs.batch),
        lambda: embedding_figures(others, embed, recipe.measure_scenes),
    )


def batches(learning: Learner[Any], source: Batches, until: int) -> Iterator[Any]:
    """Batches from the learner's step on, made by another process while the network learns."""
    yield from DataLoader(
        source,
        sampler=range(learning.step, until),
        batch_size=None,
        num_workers=1,
        prefetch_factor=4,
        multiprocessing_context="spawn",
    )


def save(learning: Learner[Any], out: Path) -> None:
    """Checkpoint, on disk before it replaces the last one."""
    with replacing(out / "checkpoint.pt") as (file,):
        torch.save(learning.state(), file)


def resume(learning: Learner[Any], out: Path) -> None:
    """Go on from the checkpoint in `out`, if there is one; raises UsageError where it does not fit."""
    file = out / "checkpoint.pt"
    if not file.exists():
        return
    try:
        learning.restore(torch.load(file, weights_only=True))
    except (RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as error:
        raise UsageError(f"{file}: is damaged or of another recipe; train into another folder") from error


def train(
    learning: Learner[Any], source: Batches, figures: Figures, recipe: Pace, out: Path, until: int
) -> None:
    """Learn up to step `until`, with a checkpoint, a line of the log and figures now and then."""
    started, first = time.monotonic(), learning.step
    for batch in batches(learning, source, until):
        terms = learning.learn(batch)
        if learning.step % TOLD_EVERY == 0:
            pace = (time.monotonic() - started) / (learning.step - first)
            tell(out, {"step": learning.step, "minutes_left": pace * (until - learning.step) / 60, **terms})
        if learning.step % recipe.checkpoint_every == 0 or learning.step == until:
            save(learning, out)
        if learning.step % recipe.measure_every == 0 or learning.step == until:
            tell(out, {"step": learning.step, **figures()})


def run(model: Model, recipe_file: Path, artwork: Path, photos: Path, out: Path, until: int | None) -> None:
    """Train one model as the recipe says; `out` keeps what is drawn and decoded, and a folder a model."""
    recipe = read_logo_recipe(recipe_file)
    torch.set_num_threads(recipe.threads)
    cv2.setNumThreads(recipe.threads)
    learning, source, figures = learner(model, Stock(recipe, artwork, photos, out))
    folder = out / model
    folder.mkdir(parents=True, exist_ok=True)
    resume(learning, folder)
    train(learning, source, figures, recipe, folder, min(until or learning.steps, learning.steps))


def main(arguments: list[str] | None = None) -> int:
    """`python -m training.logos.train MODEL --artwork DIR --photos DIR --out DIR`; run again to go on.

    Exit code 0, or 2 with one line on the error stream.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=("detector", "embedder"))
    parser.add_argument("--recipe", type=Path, default=Path("configs/train_logos.toml"))
    parser.add_argument("--artwork", type=Path, required=True, help="folder of the packages with logos")
    parser.add_argument("--photos", type=Path, required=True, help="folder that the recipe's sets lie in")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--until", type=int, help="stop after this step; the schedule stays the recipe's")
    options = parser.parse_args(arguments)
    try:
        run(options.model, options.recipe, options.artwork, options.photos, options.out, options.until)
    except (MatcherError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
