"""A plan says what meets what; what it misspells is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.plan import PlannedPart, load_plan, parts_of
from matcher.errors import ConfigError

PLAN = """
name = "trial"
seed = 3

[models.builtin]
[models.deep]
verify = false
settings = { matching = { by_descriptor = 50 } }
[models.pdq]
finder = "peer:pdq"

[sets.clothes]
path = "clothing/photos"
limit = 10
[sets.drawn]
made = { photos = 40 }

[settings.large]
models = { embed_side = 480 }

[[run]]
tasks = ["copies"]
models = ["builtin", "pdq"]
sets = ["clothes", "drawn"]

[[run]]
tasks = ["products"]
models = ["deep"]
sets = ["drawn"]
settings = ["default", "large"]
"""


def planned(folder: Path, text: str = PLAN, *, photos: Path = Path("photos")) -> list[PlannedPart]:
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return list(parts_of(load_plan(path), str(path), photos, Path("made")))


def test_every_model_meets_every_set_under_every_setting(tmp_path: Path) -> None:
    assert [part.name for part in planned(tmp_path)] == [
        "copies-clothes-builtin",
        "copies-clothes-pdq",
        "copies-drawn-builtin",
        "copies-drawn-pdq",
        "products-drawn-deep",
        "products-drawn-deep-large",
    ]


def test_a_part_has_the_settings_of_its_model_and_its_setting(tmp_path: Path) -> None:
    parts = {part.name: part for part in planned(tmp_path)}
    large = parts["products-drawn-deep-large"]
    assert (large.settings.models.embed_side, large.settings.matching.by_descriptor) == (480, 50)
    assert (large.model.verify, large.seed, large.label) == (False, 3, "deep, large")
    assert parts["products-drawn-deep"].settings.models.embed_side == 320
    assert parts["copies-clothes-pdq"].model.finder == "peer:pdq"


def test_paths_begin_where_the_photos_lie(tmp_path: Path) -> None:
    folders = {part.name: part.folder for part in planned(tmp_path)}
    assert folders["copies-clothes-builtin"] == Path("photos/clothing/photos")
    assert folders["copies-drawn-builtin"] == Path("made/drawn-copies")


def test_a_part_is_another_when_anything_that_decides_its_figures_is(tmp_path: Path) -> None:
    def of(text: str, photos: Path = Path("photos")) -> str:
        return planned(tmp_path, text, photos=photos)[0].sha256

    known = of(PLAN)
    assert of(PLAN.replace("[[run]]", "# a remark\n[[run]]")) == known
    assert of(PLAN, Path("elsewhere")) == known
    for old, new in (
        ("seed = 3", "seed = 4"),
        ("limit = 10", "limit = 11"),
        ("[models.builtin]", "[models.builtin]\nverify = false"),
        ("[models.builtin]", "[models.builtin]\nsettings = { matching = { by_vote = 3 } }"),
    ):
        assert of(PLAN.replace(old, new, 1)) != known


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("seed = 3", "sed = 3", "sed: is not a known key"),
        ("verify = false", "verified = false", "models.deep.verified: is not a known key"),
        ("limit = 10", "limits = 10", "sets.clothes.limits: is not a known key"),
        ("photos = 40", "photo = 40", "sets.drawn.made.photo: is not a known key"),
        ("by_descriptor", "by_descriptors", "deep.settings.matching.by_descriptors: is not a known key"),
        ("embed_side", "side", "settings.large.models.side: is not a known key"),
        ('tasks = ["products"]', 'tasks = ["flights"]', "run.1.tasks: no 'flights' is known; there"),
        ('models = ["deep"]', 'models = ["shallow"]', "run.1.models: no 'shallow' is known; there"),
        ('["default", "large"]', '["small"]', "run.1.settings: no 'small' is known; there are"),
        ('made = { photos = 40 }', "", "sets.drawn: give it a path, made photos, or its task"),
        ('models = ["builtin", "pdq"]', 'models = ["pdq", "pdq"]', "copies-clothes-pdq is planned twice"),
        ("[models.pdq]", '[models."../pdq"]', "models.../pdq: string should match"),
        ('name = "trial"', "name = [", "is not TOML"),
        ("[[run]]", "[[runs]]", "run: field required"),
    ],
)  # fmt: skip
def test_what_is_misspelt_is_named(old: str, new: str, complaint: str, tmp_path: Path) -> None:
    assert old in PLAN
    with pytest.raises(ConfigError) as raised:
        planned(tmp_path, PLAN.replace(old, new))
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_plan_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml.*cannot be read"):
        load_plan(tmp_path / "absent.toml")
