"""Sets of drawn photos for a plan, the same for the same entry: nothing in them is real."""

from __future__ import annotations

import shutil
from pathlib import Path

from PIL import Image

from benchmarks.edits import EDITS, seeded, uploaded
from benchmarks.made_photos import PhotoMaker
from benchmarks.plan import MadeEntry

VIEWS = ("colour", "perspective", "pasted")
"""Edits that turn a drawn product into a photo of it, one after the other."""
UNKNOWN_EVERY = 4
"""One product in this many is in no catalogue: its photos are distractors."""


def make_set(folder: Path, task: str, made: MadeEntry, seed: int) -> None:
    """Write the photos under `folder`, unless they are there: whole or not at all.

    For `products`, `references/ID` holds a photo of each product and `queries/ID` others of it, on other
    grounds; for any other task `photos` distinct photos lie side by side.
    """
    if folder.is_dir():
        return
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    maker = PhotoMaker(folder.name, seed=seed, size=made.size)
    if task == "products":
        _products(part, maker, made, seed)
    else:
        for number in range(made.photos):
            (part / f"{number:05d}.jpg").write_bytes(maker.blob(number))
    part.rename(folder)


def _products(folder: Path, maker: PhotoMaker, made: MadeEntry, seed: int) -> None:
    grounds = PhotoMaker(f"{folder.name} ground", seed=seed, size=made.size)
    for number in range(made.photos):
        name, product = f"product-{number:05d}", maker.photo(number)
        if number % UNKNOWN_EVERY != UNKNOWN_EVERY - 1:
            (folder / "references" / name).mkdir(parents=True)
            (folder / "references" / name / "shop.jpg").write_bytes(maker.blob(number))
        (folder / "queries" / name).mkdir(parents=True)
        for turn in range(made.queries_each):
            ground = grounds.photo(number * made.queries_each + turn)
            blob = _view(product, ground, seed, f"{name} view {turn}")
            (folder / "queries" / name / f"photo-{turn}.jpg").write_bytes(blob)


def _view(product: Image.Image, ground: Image.Image, seed: int, name: str) -> bytes:
    rng = seeded(seed, name)
    for edit in VIEWS:
        product = EDITS[edit](product, rng, lambda: ground)
    return uploaded(product, rng)
