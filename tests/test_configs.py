"""The presets and recipes in configs/ load, and default.toml says what the code does without any."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from matcher.config import Settings, load_settings
from matcher.errors import ConfigError
from training.logos.recipe import read_logo_recipe
from training.recipe import read_recipe
from training.text_finder.recipe import read_text_finder_recipe

CONFIGS = Path(__file__).parents[1] / "configs"


RECIPES = {
    "train_embedder.toml": read_recipe,
    "train_embedder_further.toml": read_recipe,
    "train_embedder_own.toml": read_recipe,
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


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    path = tmp_path / "matcher.toml"
    path.write_text("[service]\nkeep_days = 3.0\npoll_seconds = 2.0\n", encoding="utf-8")
    environment = {
        "MATCHER__SERVICE__KEEP_DAYS": "9",
        "MATCHER__DATABASE__URL": "postgresql:///x",
        "MATCHER__FETCH__ALLOW_HOSTS": '["a.example"]',
        "MATCHER_WORKSPACE": "elsewhere",
    }
    settings = load_settings(path, environment)
    assert (settings.service.keep_days, settings.service.poll_seconds) == (9.0, 2.0)
    assert (settings.database.url, settings.fetch.allow_hosts) == ("postgresql:///x", ("a.example",))
    for wrong in ("MATCHER__SERVICE__NOTHING", "MATCHER__SERVICE__KEEP_DAYS__X", "MATCHER__NOWHERE__X"):
        with pytest.raises(ConfigError):
            load_settings(path, {wrong: "1"})
    with pytest.raises(ConfigError, match=r"MATCHER__SERVICE__KEEP_DAYS: service\.keep_days"):
        load_settings(path, {"MATCHER__SERVICE__KEEP_DAYS": "-1"})


@pytest.mark.parametrize("key", ["photo_tiles", "reference_tiles"])
@pytest.mark.parametrize(
    ("tiles", "said"),
    [
        ("[[0.5, 3], [0.0, 2]]", "1: [0.0, 2] is no tile"),
        ("[[-0.5, 2]]", "0: [-0.5, 2] is no tile"),
        ("[[1.5, 2]]", "0: [1.5, 2] is no tile"),
        ("[[nan, 2]]", "0: [nan, 2] is no tile"),
        ("[[0.5, -1]]", "0: [0.5, -1] is no tile"),
        ("[[0.5, 0]]", "0: [0.5, 0] is no tile"),
        ("[[0.5, 11]]", "0: [0.5, 11] is no tile"),
    ],
)
def test_tiles_that_are_no_part_of_a_photo_are_refused(
    tmp_path: Path, key: str, tiles: str, said: str
) -> None:
    path = tmp_path / "matcher.toml"
    path.write_text(f"[models]\n{key} = [[1.0, 1], [0.01, 10]]\n", encoding="utf-8")
    load_settings(path, {})
    path.write_text(f"[models]\n{key} = {tiles}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert str(caught.value) == (
        f"{path}: models.{key}.{said}: its share is above 0, at most 1, its steps 1 to 10"
    )
