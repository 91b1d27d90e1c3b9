"""Trains the embedder that ships further, on a brand's own catalogue and its reviewed listings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from matcher.catalog.database import FILE_NAME
from matcher.errors import UsageError
from matcher.labels.near_photos import described
from matcher.models.views import boxes
from matcher.workspace import Workspace, workspace_settings
from training.held_out import Parted, kept_like, once, part, without_near
from training.measure import Probe, measure, measured_on
from training.network import TwoHeads
from training.own_measure import own_probes
from training.own_photos import OwnPhoto, own_photos
from training.pairs import Pairs
from training.photo_store import store_photos
from training.photos import Labelled
from training.recipe import Recipe, read_recipe
from training.train_embedder import pairs_of, photos_of_sets, resume, train
from training.trainer import Trainer

SET = "own"
LEAST_STEPS = 2
"""Photos to learn from, in steps' worth of copies: with fewer, every step would see the same ones."""
LEAST_HELD = 8
"""Held-out products: with fewer, one photo more or less would decide a figure."""
HEAD = "product head"
"""Whose figure counts: the copy head only teaches, and is not exported."""


@dataclass(frozen=True)
class FineTune:
    """What is asked for: see `python -m training embedder --help`, where `sets` is called `--photos`."""

    recipe: Path
    workspace: Path
    out: Path
    sets: Path | None = None
    like: Path | None = None
    start: Path | None = None
    until: int | None = None


@dataclass(frozen=True)
class Gain:
    """R@1 of so many held-out queries of one kind, with the weights that ship and with those learnt."""

    kind: str
    queries: int
    before: float
    after: float


def fine_tune(asked: FineTune) -> list[Gain]:
    """Learn from the workspace, from the weights that ship (or `start`) or the checkpoint in `out`.

    Photos are decoded into `out/photos`; nothing else of them leaves the workspace. Raises UsageError where
    there is no workspace, or too few photos in it.
    """
    recipe = read_recipe(asked.recipe).model_copy(update={"start": "builtin"})
    torch.set_num_threads(recipe.threads)
    pairs, probes = gathered(asked, recipe)
    own = measured_on(probes, boxes(recipe.mix.tiles))
    others = measure(asked.sets, recipe) if asked.sets else None

    def figures(network: TwoHeads) -> dict[str, float]:
        found = {f"own {name}": value for name, value in own(network).items()}
        return found | (others(network) if others else {})

    trainer = started(recipe, pairs, asked.start)
    resume(trainer, asked.out)
    train(trainer, min(asked.until or recipe.steps, recipe.steps), asked.out, figures)
    return gains(asked.out / "log.jsonl", probes)


def started(recipe: Recipe, pairs: Pairs, start: Path | None = None) -> Trainer:
    """A run at its first step, held to what the embedder it starts from knows, and not to ImageNet."""
    trainer = Trainer(recipe, pairs, start)
    trainer.teacher.trunk.load_state_dict(trainer.network.trunk.state_dict())
    return trainer


def gathered(asked: FineTune, recipe: Recipe) -> tuple[Pairs, dict[str, Probe]]:
    """What is learnt from and what is measured on, from the photos that the run was begun with."""
    with opened(asked.workspace) as workspace:
        parted = once(
            asked.out, lambda: parting(workspace, asked.like, least=LEAST_STEPS * recipe.mix.copies)
        )
        trained = labelled(workspace, parted.trained)
        held = [photo.path for photo in labelled(workspace, parted.held)]
    others = photos_of_sets(recipe, asked.sets) if asked.sets else []
    pairs = pairs_of([*trained, *others], recipe, asked.out / "photos" / "trained")
    store = store_photos(held, asked.out / "photos" / "held-out", side=recipe.store_side)
    return pairs, own_probes(parted, pairs.photos, store)


def opened(folder: Path) -> Workspace:
    """The workspace in `folder`; raises UsageError where there is none, and makes none."""
    if not folder.is_dir() or not ((folder / FILE_NAME).exists() or workspace_settings(folder).database.url):
        raise UsageError(f"{folder}: is no workspace; `matcher brand add` and `catalog import` fill one")
    return Workspace.open(folder)


def parting(workspace: Workspace, like: Path | None, *, least: int) -> Parted:
    """The workspace's photos, some held out; raises UsageError where under `least` are left to learn from."""
    photos = own_photos(workspace)
    kept = kept_like(like) if like else {}
    print(f"comparing {len(photos)} photos, to hold out none that is nearly one learnt", file=sys.stderr)
    parted = without_near(part(photos, kept), *described(workspace, [photo.content_hash for photo in photos]))
    products = len({photo.product for photo in parted.held if photo.product})
    if len(parted.trained) < least or products < LEAST_HELD:
        raise UsageError(
            f"{workspace.folder}: too few photos to learn from: {len(parted.trained)} where the recipe needs "
            f"{least}, and {products} of {LEAST_HELD} products to measure on; import more images"
        )
    return parted


def labelled(workspace: Workspace, photos: Sequence[OwnPhoto]) -> list[Labelled]:
    """Photos as training knows them, where the workspace keeps them."""
    return [
        Labelled(
            workspace.store.path(photo.content_hash),
            f"{SET}:{photo.product}" if photo.product else "",
            photo.shop,
        )
        for photo in photos
    ]


def gains(log: Path, probes: dict[str, Probe]) -> list[Gain]:
    """What the log says of each kind of held-out query, at its first and at its last figures."""
    lines = list(_whole_lines(log))
    found = []
    for kind, probe in probes.items():
        figures = [line[name] for line in lines if (name := f"own {kind} {HEAD}") in line]
        if figures:
            found.append(Gain(kind, len(probe.queries), figures[0], figures[-1]))
    return found


def _whole_lines(log: Path) -> Iterator[dict[str, float]]:
    """The log's lines but for what a kill cut off."""
    for line in log.read_text(encoding="utf-8").splitlines():
        with suppress(ValueError):
            yield json.loads(line)
