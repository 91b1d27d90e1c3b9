"""The state of a training run and one step of it."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from matcher.models.onnx_embedder import BUILTIN
from matcher.models.views import boxes
from training import losses
from training.descent import descend, follow
from training.network import TwoHeads, pool, start_heads
from training.pairs import Batch, Pairs
from training.recipe import OptimiserTable, Recipe
from training.trunks import CHANNELS, imagenet_trunk, load_graph

FIRST_LOOK = 12
"""Batches whose features set the heads' axes."""


class Memory:
    """Descriptors of the latest views with their labels: negatives beyond the batch (XBM, CVPR 2020)."""

    def __init__(self, length: int, dims: int) -> None:
        self.views, self.labels = torch.zeros(0, dims), torch.zeros(0, dtype=torch.long)
        self._length = length

    def add(self, views: Tensor, labels: Tensor) -> None:
        """Keep these views, and forget the oldest beyond the length."""
        self.views = torch.cat([self.views, views.detach()])[-self._length :]
        self.labels = torch.cat([self.labels, labels])[-self._length :]


class Trainer:
    """The state of a run: network, its average, optimiser, memories and the step it is at."""

    def __init__(self, recipe: Recipe, pairs: Pairs, start: Path | None = None) -> None:
        """`start`: the graph to go on from, instead of the recipe's own start."""
        torch.manual_seed(recipe.seed)
        self.recipe, self.pairs = recipe, pairs
        trunk = imagenet_trunk()
        self.teacher = TwoHeads(copy.deepcopy(trunk), CHANNELS, copy_dims=1, product_dims=1).eval()
        self.network = TwoHeads(trunk, CHANNELS, copy_dims=recipe.copy_dims, product_dims=recipe.product_dims)
        self.teacher.requires_grad_(False)
        self.tiles = boxes(recipe.mix.tiles)
        self.step = 0
        start_heads(self.network, self._first_features())
        if start or recipe.start == "builtin":
            load_graph(self.network.trunk, self.network.product_head, start or BUILTIN)
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.optimiser = torch.optim.AdamW(groups(self.network, recipe.optimiser), fused=True)
        self.rates = [group["lr"] for group in self.optimiser.param_groups]
        self.copies = Memory(recipe.loss.memory, recipe.copy_dims)
        self.products = Memory(recipe.loss.memory, recipe.product_dims)

    def _first_features(self) -> Tensor:
        found = []
        for number in range(FIRST_LOOK):
            batch = self.pairs.batch(2**31 + number, 224)
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
                features = self.teacher.features(torch.from_numpy(batch.left))
            found.append(pool(features, self.tiles, torch.zeros(len(features), dtype=torch.long)))
        return torch.cat(found).clone()

    def learn(self, batch: Batch) -> dict[str, float]:
        """One step; the terms of the loss by name."""
        recipe = self.recipe
        self.network.train()
        terms = self._terms(batch)
        total = (
            terms["copy"]
            + recipe.loss.product * terms["product"]
            + recipe.loss.spread * terms["spread"]
            + recipe.loss.remember * terms["remember"]
            + recipe.loss.relations * terms["relations"]
        )
        rate = schedule(self.step, recipe.steps, recipe.optimiser.warmup)
        clip, keep = recipe.optimiser.clip, recipe.optimiser.average
        norm = descend(self.network, self.optimiser, self.rates, rate=rate, clip=clip, loss=total)
        follow(self.average, self.network, keep=keep, step=self.step)
        self.step += 1
        every = {"loss": total, "norm": norm, **terms}
        return {name: value.item() for name, value in every.items()}

    def _terms(self, batch: Batch) -> dict[str, Tensor]:
        images = torch.from_numpy(np.concatenate([batch.left, batch.right]))
        count = len(batch.left)
        whole = torch.zeros(count, dtype=torch.long)
        with torch.autocast("cpu", torch.bfloat16):
            features = self.network.features(images)
            with torch.no_grad():
                known = self.teacher.features(images[:count])
        left = pool(features[:count], self.tiles, whole)
        right = pool(features[count:], self.tiles, torch.from_numpy(batch.window))
        taught = pool(known, self.tiles, whole)
        left_copy, left_product = self.network.heads(left)
        right_copy, right_product = self.network.heads(right)
        photo, product = torch.from_numpy(batch.photo), torch.from_numpy(batch.product)
        copied = torch.from_numpy(batch.copied)
        settings = self.recipe.loss
        terms = {
            "copy": losses.contrastive(
                left_copy[copied], right_copy[copied], photo[copied],
                self.copies.views, self.copies.labels, settings.temperature,
            ),
            "product": losses.contrastive(
                left_product, right_product, product,
                self.products.views, self.products.labels, settings.temperature,
            ),
            "spread": losses.spread(left_copy) + losses.spread(right_copy),
            "remember": losses.remembered(left, taught),
            "relations": losses.relations(left_product, taught, 0.1),
        }  # fmt: skip
        self.copies.add(left_copy, photo)
        self.products.add(left_product, product)
        return terms

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "memory": [self.copies.views, self.copies.labels, self.products.views, self.products.labels],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state()`."""
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.copies.views, self.copies.labels, self.products.views, self.products.labels = state["memory"]


def groups(network: TwoHeads, settings: OptimiserTable) -> list[dict[str, Any]]:
    """Parameters with their rates: heads fastest, the trunk's blocks slower the nearer to the image."""
    heads = [*network.copy_head.parameters(), *network.product_head.parameters()]
    found = [{"params": heads, "lr": settings.head_rate, "weight_decay": 0.0}]
    names = sorted({depth(name) for name, _ in network.trunk.named_parameters()})
    for place in names:
        members = [weights for name, weights in network.trunk.named_parameters() if depth(name) == place]
        rate = settings.trunk_rate * settings.decay ** (names[-1] - place)
        for flat in (False, True):
            chosen = [weights for weights in members if (weights.ndim == 1) == flat]
            decay = 0.0 if flat else settings.weight_decay
            if chosen:
                found.append({"params": chosen, "lr": rate, "weight_decay": decay})
    return found


def depth(name: str) -> int:
    """How far a parameter of a timm EfficientNet lies from the image: stem 0, blocks 1 to 7, the rest 8."""
    if name.startswith(("conv_stem", "bn1")):
        return 0
    return int(name.split(".")[1]) + 1 if name.startswith("blocks.") else 8


def schedule(step: int, steps: int, warmup: int) -> float:
    """Share of the full rate: a linear rise, then half a cosine down to 1 %."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.01 + 0.99 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2
