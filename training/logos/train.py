"""Trains the logo detector or the logo embedder on made scenes, from the start or from its checkpoint."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any, Literal

import cv2
import torch

from matcher.errors import MatcherError
from training.learner import Learner
from training.logos.artwork import Part
from training.logos.crops import CropPairs
from training.logos.evaluate import detection_figures, embedder, embedding_figures, finder
from training.logos.learners import DetectorLearner, EmbedderLearner, scene_batch
from training.logos.recipe import read_logo_recipe
from training.logos.stock import Stock
from training.loop import Batches, Figures, resume, train

Model = Literal["detector", "embedder"]


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
