"""Packages that are drawn to train on: the same for the same seed, siblings alike and yet told apart."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from matcher.config import ImageSettings
from matcher.images import decode
from matcher.models import Pixels
from tests.training.logos.tiny_stock import open_stock
from training.drawn_products import PHOTOS, SIDE, draw_all_products
from training.logos.artwork import Logo
from training.photos import READERS
from training.product_print import draw_family

FAMILIES = 3


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Logo], list[Pixels]]:
    stock = open_stock(tmp_path_factory.mktemp("stock"))
    return stock.logos("train"), list(stock.photos("train"))


@pytest.fixture(scope="module")
def folder(drawings: tuple[list[Logo], list[Pixels]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("drawn")
    draw_all_products(*drawings, out, families=FAMILIES, seed=5)
    return out


def test_every_product_has_one_shop_image_and_its_phone_photos(folder: Path) -> None:
    with (folder / "photos.csv").open(encoding="utf-8", newline="") as listed:
        rows = list(csv.DictReader(listed))
    products = {row["product"] for row in rows}
    assert {product.split("/")[0] for product in products} == {"0000", "0001", "0002"}
    assert all(sum(row["product"] == product for row in rows) == 1 + PHOTOS for product in products)
    assert sum(row["shop"] == "1" for row in rows) == len(products)
    for row in rows:
        pixels = decode((folder / row["image"]).read_bytes(), row["image"], ImageSettings()).pixels
        assert max(pixels.shape[:2]) <= SIDE
        assert pixels.std() > 5, "something is to be seen"


def test_a_recipe_reads_them_with_the_layout_csv(folder: Path) -> None:
    photos = READERS["csv"](folder, frozenset())
    assert {photo.product for photo in photos if photo.shop} == {photo.product for photo in photos}


def test_a_seed_draws_the_same_bytes_again(
    folder: Path, drawings: tuple[list[Logo], list[Pixels]], tmp_path: Path
) -> None:
    draw_all_products(*drawings, tmp_path, families=1, seed=5)
    for again in tmp_path.glob("0000-*.jpg"):
        assert again.read_bytes() == (folder / again.name).read_bytes()


def test_siblings_share_a_layout_and_differ_in_print(drawings: tuple[list[Logo], list[Pixels]]) -> None:
    for number in range(6):
        family = draw_family("x", *drawings, np.random.default_rng(number))
        fronts = [np.asarray(face.front) for face in family.faces]
        assert 2 <= len(fronts) <= 4
        assert len({front.shape for front in fronts}) == 1
        assert all((one != other).any() for one, other in pairwise(fronts))
