"""Trains the text finder on pages whose writing is known, from the start or from its checkpoint."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import cv2
import torch

from benchmarks.datasets import half_of
from benchmarks.text.words import listed_words
from matcher.assembly import build_text_reader
from matcher.config import ModelSettings
from matcher.errors import MatcherError, UsageError
from training.logos.artwork import part_of
from training.logos.stock import Chosen
from training.loop import Batches, resume, train
from training.photo_store import store_photos
from training.photos import READERS
from training.text_finder.labels import Outlines, read_outlines
from training.text_finder.learner import TextFinderLearner, averaged, figures, page_batch
from training.text_finder.pages import Pages
from training.text_finder.recipe import TextFinderRecipe, read_text_finder_recipe


def pages_of(recipe: TextFinderRecipe, photos: Path, out: Path) -> tuple[Pages, Pages]:
    """Pages to learn from, and pages to watch the run on: of other photos and words.

    Raises UsageError where there is nothing to learn from.
    """
    labelled = [
        photo for chosen in recipe.sets
        for photo in READERS[chosen.layout](photos / chosen.folder, chosen.left_out)
    ]  # fmt: skip
    if not labelled:
        raise UsageError(f"{photos}: the recipe's sets hold no photos")
    store = store_photos([photo.path for photo in labelled], out / "photos", side=recipe.store_side)
    reader = build_text_reader(ModelSettings(text="rapidocr", text_finder="none"))
    assert reader is not None
    outlines = list(read_outlines(store, reader, out / "lines.db", sure=recipe.sure))
    words = [word for word in listed_words() if half_of(word.folded) == "tune"]
    names = [part_of(Path(path).name) for path in store.paths]

    def made(part: str, chosen: Sequence[int], place: int) -> Pages:
        own = [word for word in words if (part_of(word.folded) == "train") == (part == "train")]
        known: list[Outlines] = [outlines[number] for number in chosen]
        return Pages(Chosen(store, chosen), known, own, recipe.pages, seed=(recipe.seed, place))

    learnt = [number for number, part in enumerate(names) if part == "train"]
    watched = [number for number, part in enumerate(names) if part != "train"]
    return made("train", learnt, 0), made("validation", watched, 1)


def run(recipe_file: Path, photos: Path, out: Path) -> None:
    """Train as the recipe says; `out` keeps decoded photos, what was read in them, checkpoint and log."""
    recipe = read_text_finder_recipe(recipe_file)
    torch.set_num_threads(recipe.threads)
    cv2.setNumThreads(recipe.threads)
    out.mkdir(parents=True, exist_ok=True)
    pages, others = pages_of(recipe, photos, out)
    learning = TextFinderLearner(recipe, pages)
    resume(learning, out)
    watch = lambda: figures(averaged(learning), others, recipe.measure_pages)  # noqa: E731
    train(learning, Batches(partial(page_batch, pages, size=recipe.batch)), watch, recipe, out, recipe.steps)


def main(arguments: list[str] | None = None) -> int:
    """`python -m training.text_finder.train --photos DIR --out DIR`; run again to go on.

    Exit code 0, or 2 with one line on the error stream.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", type=Path, default=Path("configs/train_text_finder.toml"))
    parser.add_argument("--photos", type=Path, required=True, help="folder that the recipe's sets lie in")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        run(options.recipe, options.photos, options.out)
    except (MatcherError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
