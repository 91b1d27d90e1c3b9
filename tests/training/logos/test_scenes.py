"""Made scenes: the same seed gives the same scene, no brand is in two parts, and boxes lie where ink is."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest

from matcher.errors import UsageError
from matcher.models import Pixels
from tests.training.logos.tiny_stock import tiny_recipe, write_artwork, write_photos
from training.logos.artwork import Logo, Part, brand_of, draw_all, part_of, trimmed
from training.logos.crops import CropPairs
from training.logos.recipe import read_logo_recipe
from training.logos.stock import Stock
from training.logos.styles import ALTERATIONS, LEAST_DIFFERENCE, altered, difference, styled
from training.logos.surface import FLAT, Folds, laid

PARTS: tuple[Part, ...] = ("train", "validation", "test")


def test_the_same_number_gives_the_same_scene_and_another_number_another(stock: Stock) -> None:
    one, again, other = stock.scenes("train")[3], stock.scenes("train")[3], stock.scenes("train")[4]
    assert np.array_equal(one.pixels, again.pixels)
    assert np.array_equal(one.boxes, again.boxes)
    assert one.keys == again.keys
    assert not np.array_equal(one.pixels, other.pixels)


def test_no_brand_and_no_photo_is_in_two_parts(stock: Stock) -> None:
    brands = [{logo.brand for logo in stock.logos(part)} for part in PARTS]
    photos = [
        {stock.photos(part)[place].tobytes() for place in range(len(stock.photos(part)))} for part in PARTS
    ]
    for sets in (brands, photos):
        assert all(sets)
        assert sum(map(len, sets)) == len(set.union(*sets))
    assert sum(len(stock.logos(part)) for part in PARTS) == len(
        {logo.key for p in PARTS for logo in stock.logos(p)}
    )


def test_a_brand_left_out_is_never_trained_on(stock: Stock) -> None:
    assert part_of("brand1") == "train"
    assert "brand1" in {logo.brand for logo in stock.logos("test")}
    trained = {key.rstrip("~") for number in range(30) for key in stock.scenes("train")[number].keys}
    assert trained - {""} <= {logo.key for logo in stock.logos("train")}


def test_relatives_of_a_brand_share_its_part() -> None:
    assert brand_of("Google Chrome") == brand_of("google-drive") == "google"
    assert brand_of("&") == "&"


def test_artwork_with_a_licence_of_its_own_is_left_out(stock: Stock) -> None:
    keys = {logo.key for part in PARTS for logo in stock.logos(part)}
    assert "simple-brand0" in keys
    assert "logos-brand0-wide" in keys
    assert "car-alfa-example" in keys
    assert "simple-kept" not in keys


def test_paper_around_artwork_is_taken_off() -> None:
    sheet = np.full((60, 80, 4), 255, np.uint8)
    sheet[20:40, 30:70, :3] = 10
    found = trimmed(sheet)
    assert found is not None
    assert found.shape == (20, 40, 4)
    assert trimmed(np.full((60, 80, 4), 255, np.uint8)) is None


@pytest.mark.parametrize("number", range(12))
def test_boxes_lie_within_the_scene_and_on_what_the_logo_changed(stock: Stock, number: int) -> None:
    scene = stock.scenes("train")[number]
    assert scene.pixels.shape == (128, 128, 3)
    assert len(scene.keys) == len(scene.boxes)
    if len(scene.boxes):
        assert scene.boxes.min() >= -0.5
        assert scene.boxes.max() <= 128.5
        assert (scene.boxes[:, 2:] > scene.boxes[:, :2]).all()


@pytest.mark.parametrize("folds", [FLAT, Folds(turn=20, lean=0.1, wave=0.08, covered=0.5)])
def test_the_box_is_where_the_photo_changed(stock: Stock, folds: Folds) -> None:
    rng = np.random.default_rng(4)
    photo = cast(Pixels, np.full((160, 200, 3), 90, np.uint8))
    drawing = styled(stock.logos("train")[0].drawing(), rng, (0, 1, 0, 0))
    drawing[..., :3] = 255
    together, box = laid(photo, drawing, (60, 50), (70, 70), folds, rng)
    assert box is not None
    rows, columns = np.nonzero(np.abs(together.astype(int) - photo).max(axis=2) > 30)
    changed = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    assert np.abs(np.array(changed) - box).max() <= 3


def test_what_cannot_be_seen_has_no_box(stock: Stock) -> None:
    rng = np.random.default_rng(0)
    photo = cast(Pixels, np.full((160, 200, 3), 255, np.uint8))
    white = stock.logos("train")[0].drawing().copy()
    white[..., :3] = 255
    for corner in ((60.0, 50.0), (400.0, 50.0)):
        together, box = laid(photo, white, corner, (70, 70), FLAT, rng)
        assert box is None
        assert np.array_equal(together, photo)


def test_an_altered_logo_differs_and_stays_a_logo_of_its_own(stock: Stock) -> None:
    rng = np.random.default_rng(2)
    made = 0
    for logo in stock.logos("train")[:8]:
        for kind in ALTERATIONS:
            other = altered(logo.drawing(), rng, kind)
            if other is not None:
                assert difference(logo.drawing(), other) > LEAST_DIFFERENCE, kind
                made += 1
    assert made > 8
    batch = pairs(stock).batch(0)
    labels = batch.label % (1 + len(ALTERATIONS))
    assert (labels == 0).any()


def test_a_symmetric_logo_has_no_mirrored_form(stock: Stock) -> None:
    disc = next(logo for logo in stock.logos("train") if logo.key == "simple-brand0")
    assert altered(disc.drawing(), np.random.default_rng(0), "mirrored") is None


def test_crops_repeat_and_show_each_logo_twice(stock: Stock) -> None:
    one, again = pairs(stock).batch(5), pairs(stock).batch(5)
    assert np.array_equal(one.left, again.left)
    assert np.array_equal(one.right, again.right)
    assert one.left.shape == one.right.shape == (6, 64, 64, 3)
    assert len(set(one.label.tolist())) == 6


def test_wrong_recipes_and_empty_folders_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    text = Path("configs/train_logos.toml").read_text(encoding="utf-8")
    file.write_text(text.replace("jitter", "shake", 1), encoding="utf-8")
    with pytest.raises(UsageError, match=r"embedder\.jitter"):
        read_logo_recipe(file)
    with pytest.raises(UsageError, match="cannot be read"):
        read_logo_recipe(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="holds no artwork"):
        draw_all(tmp_path, tmp_path / "drawn")
    photos = write_photos(tmp_path / "photos", count=1)
    short = Stock(tiny_recipe(), write_artwork(tmp_path / "artwork"), photos, tmp_path / "cache")
    lacking = next(part for part in PARTS if not len(short.photos(part)))
    with pytest.raises(UsageError, match="none is left for the part"):
        short.scenes(lacking)


def test_a_logo_names_its_part() -> None:
    assert Logo("k", "brand1", Path("k.png")).part == part_of("brand1")


def pairs(stock: Stock) -> CropPairs:
    recipe = stock.recipe
    return CropPairs(
        stock.logos("train"), stock.photos("train"), recipe.scenes, recipe.embedder, seed=1, part="train"
    )
