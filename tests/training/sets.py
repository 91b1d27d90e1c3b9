"""A tiny set of drawn photos and a recipe that trains on it in seconds."""

from __future__ import annotations

import json
from pathlib import Path

from tests.matcher import drawn
from training.recipe import Recipe

PRODUCTS = 4


def write_set(folder: Path) -> Path:
    """`folder/drawn`: a shop image and an edited photo of each product, named in photos.csv."""
    made = folder / "drawn"
    made.mkdir(parents=True)
    rows = ["image,product,shop"]
    for number in range(PRODUCTS):
        drawn.product(number).save(made / f"{number}-shop.png")
        drawn.edited(drawn.product(number)).save(made / f"{number}-photo.png")
        rows += [f"{number}-shop.png,brand-{number},1", f"{number}-photo.png,brand-{number},0"]
    (made / "photos.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def tiny_recipe(**changes: object) -> Recipe:
    """Four steps of five pairs at 64 pixels."""
    table = {
        "seed": 1, "copy_dims": 8, "product_dims": 8, "store_side": 96, "threads": 1, "steps": 4,
        "checkpoint_every": 2, "measure_every": 100, "sides": [(0, 64)],
        "mix": {
            "copies": 3, "products": 2, "pasted": 0.3, "tiled": 0.2, "lettered": 0.3, "staged": 0.3,
            "tiles": [(0.5, 2)],
        },
        "loss": {
            "temperature": 0.1, "product": 1.0, "spread": 0.1, "remember": 1.0, "relations": 1.0,
            "memory": 16,
        },
        "optimiser": {
            "trunk_rate": 1e-4, "head_rate": 1e-3, "decay": 0.9, "weight_decay": 0.01, "warmup": 2,
            "clip": 5.0, "average": 0.9,
        },
        "sets": [{"layout": "csv", "folder": "drawn"}],
    }  # fmt: skip
    return Recipe.model_validate({**table, **changes})


def write_recipe(path: Path, **changes: object) -> Path:
    """`tiny_recipe(**changes)` as a TOML file."""
    table = tiny_recipe(**changes).model_dump(mode="json")
    parts: dict[str, list[str]] = {"": []}
    for key, value in table.items():
        if isinstance(value, dict):
            parts[f"[{key}]"] = _lines(value)
        elif key == "sets":
            for number, chosen in enumerate(value):
                parts[f"[[sets]]{' ' * number}"] = _lines(chosen)
        else:
            parts[""] += _lines({key: value})
    text = "\n".join(line for head, lines in parts.items() for line in (head, *lines))
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _lines(table: dict[str, object]) -> list[str]:
    """JSON writes numbers, texts and lists as TOML does."""
    return [f"{key} = {json.dumps(value)}" for key, value in table.items()]
