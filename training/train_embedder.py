"""Trains the embedder that ships: copies and products on one trunk, remembering what the trunk knew."""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import torch
from torch.utils.data import DataLoader, Dataset

from matcher.errors import MatcherError, UsageError
from matcher.files import replacing
from training import board
from training.loading import end_with_parent
from training.measure import Measured, measure
from training.pairs import Batch, Pairs
from training.photo_store import store_photos
from training.photos import READERS, Labelled
from training.recipe import Recipe, read_recipe
from training.trainer import Trainer


class Batches(Dataset[Batch]):
    """Batch by step number, at the side the recipe wants there."""

    def __init__(self, pairs: Pairs, recipe: Recipe) -> None:
        self._pairs, self._recipe = pairs, recipe

    def __getitem__(self, step: int) -> Batch:
        cv2.setNumThreads(0)
        return self._pairs.batch(step, self._recipe.side(step))


def open_pairs(recipe: Recipe, photos: Path, store: Path) -> Pairs:
    """The photos of all sets, decoded into `store`, and how batches are drawn of them."""
    labelled = photos_of_sets(recipe, photos)
    if len(labelled) < recipe.mix.copies:
        raise UsageError(
            f"{photos}: the recipe's sets hold {len(labelled)} photos; a step takes {recipe.mix.copies}"
        )
    return pairs_of(labelled, recipe, store)


def photos_of_sets(recipe: Recipe, photos: Path) -> list[Labelled]:
    """What the recipe's sets, whose folders lie in `photos`, hold to train on."""
    return [
        photo
        for chosen in recipe.sets
        for photo in READERS[chosen.layout](photos / chosen.folder, chosen.left_out)
    ]


def pairs_of(labelled: Sequence[Labelled], recipe: Recipe, store: Path) -> Pairs:
    """The photos, decoded into `store`, and how batches are drawn of them."""
    decoded = store_photos([photo.path for photo in labelled], store, side=recipe.store_side)
    return Pairs(
        decoded,
        {str(photo.path): photo.product for photo in labelled if photo.product},
        frozenset(str(photo.path) for photo in labelled if photo.shop),
        mix=recipe.mix,
        seed=recipe.seed,
    )


def steps(trainer: Trainer, until: int) -> Iterator[Batch]:
    """Batches from the trainer's step on, made by another process while the network learns."""
    yield from DataLoader(
        Batches(trainer.pairs, trainer.recipe),
        sampler=range(trainer.step, until),
        batch_size=None,
        num_workers=1,
        prefetch_factor=6,
        multiprocessing_context="spawn",
        persistent_workers=False,
        worker_init_fn=end_with_parent,
    )


def save(trainer: Trainer, out: Path) -> None:
    """Checkpoint, on disk before it replaces the last one."""
    with replacing(out / "checkpoint.pt") as (file,):
        torch.save(trainer.state(), file)


def resume(trainer: Trainer, out: Path) -> None:
    """Go on from the checkpoint in `out`, if there is one; raises UsageError where it does not fit."""
    file = out / "checkpoint.pt"
    if not file.exists():
        return
    try:
        trainer.restore(torch.load(file, weights_only=True))
    except (RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as error:
        raise UsageError(f"{file}: is damaged or of another recipe; train into another folder") from error


def main(arguments: list[str] | None = None) -> int:
    """`python -m training.train_embedder --recipe FILE --photos DIR --out DIR`; run again to go on.

    Exit code 0, or 2 with one line on the error stream.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", type=Path, default=Path("configs/train_embedder.toml"))
    parser.add_argument("--photos", type=Path, required=True, help="folder that the recipe's sets lie in")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="exported graph to go on from, whatever the recipe says")
    parser.add_argument("--until", type=int, help="stop after this step; the schedule stays the recipe's")
    options = parser.parse_args(arguments)
    try:
        run(options.recipe, options.photos, options.out, options.until, options.start)
    except (MatcherError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def run(
    recipe_file: Path, photos: Path, out: Path, until: int | None = None, start: Path | None = None
) -> None:
    """Train as the recipe says, from the start or from the checkpoint in `out`."""
    recipe = read_recipe(recipe_file)
    torch.set_num_threads(recipe.threads)
    trainer = Trainer(recipe, open_pairs(recipe, photos, out / "photos"), start)
    resume(trainer, out)
    train(trainer, min(until or recipe.steps, recipe.steps), out, measure(photos, recipe))


def train(trainer: Trainer, until: int, out: Path, measured: Measured) -> None:
    """Learn up to step `until`, with a checkpoint, a line of the log and figures now and then."""
    recipe, started, first = trainer.recipe, time.monotonic(), trainer.step
    if first == 0:
        tell(out, {"step": 0, **measured(trainer.average)})
    for batch in steps(trainer, until):
        terms = trainer.learn(batch)
        done = trainer.step - first
        if trainer.step % 20 == 0:
            left = (time.monotonic() - started) / done * (until - trainer.step)
            tell(out, {"step": trainer.step, "minutes_left": round(left / 60, 1), **terms})
        if trainer.step % recipe.checkpoint_every == 0 or trainer.step == until:
            save(trainer, out)
        if trainer.step % recipe.measure_every == 0 or trainer.step == until:
            tell(out, {"step": trainer.step, **measured(trainer.average)})
    board.close(out)


def tell(out: Path, figures: dict[str, float]) -> None:
    """Print the figures of a step and add them to the log, and to TensorBoard's where that is installed."""
    line = json.dumps({name: round(value, 4) for name, value in figures.items()})
    print(line, flush=True)
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(line + "\n")
    board.show(out, figures)


if __name__ == "__main__":
    sys.exit(main())
