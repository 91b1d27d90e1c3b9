"""The presets and recipes in configs/ load, and default.toml says what the code does without any."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from matcher.config import Settings, load_settings
from training.logos.recipe import read_logo_recipe
from training.recipe import read_recipe
from training.text_finder.recipe import read_text_finder_recipe

CONFIGS = Path(__file__).parents[1] / "configs"


RECIPES = {
    "train_embedder.toml": read_recipe,
    "train_logos.toml": read_logo_recipe,
    "train_text_finder.toml": read_text_finder_recipe,
}


@pytest.mark.parametrize(
    "preset",
    sorted(path for path in CONFIGS.glob("*.toml") if path.name not in RECIPES),
    ids=lambda path: path.name,
)
def test_a_preset_loads(preset: Path) -> None:
    load_settings(preset)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_loads(name: str) -> None:
    RECIPES[name](CONFIGS / name)


def test_every_recipe_is_loaded() -> None:
    assert {path.name for path in CONFIGS.glob("train_*.toml")} == set(RECIPES)


def test_default_toml_holds_the_defaults() -> None:
    assert load_settings(CONFIGS / "default.toml") == Settings(), "run `make generate`"


def test_default_toml_leaves_no_setting_out() -> None:
    said = names(tomllib.loads((CONFIGS / "default.toml").read_text(encoding="utf-8")))
    assert said == names(Settings().model_dump(exclude_none=True)), "run `make generate`"


def names(table: dict[str, object], above: str = "") -> set[str]:
    """Every setting by its full name; an empty table is a setting too."""
    found: set[str] = set()
    for name, value in table.items():
        found |= names(value, f"{above}{name}.") if isinstance(value, dict) and value else {f"{above}{name}"}
    return found
