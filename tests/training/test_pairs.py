"""Batches of pairs: the same at every drawing, and their labels and windows tell the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from matcher.models.views import boxes
from tests.training.sets import PRODUCTS, tiny_recipe, write_set
from training.pairs import WHOLE_PHOTO, Pairs, overlap, siblings
from training.train_embedder import open_pairs


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    folder = tmp_path_factory.mktemp("sets")
    return open_pairs(tiny_recipe(), write_set(folder), folder / "store")


def test_a_batch_follows_from_its_number_alone(pairs: Pairs) -> None:
    first = pairs.batch(7, 64)
    pairs.batch(8, 64)
    again = pairs.batch(7, 64)
    for name, values in vars(first).items():
        assert np.array_equal(values, getattr(again, name)), name
    assert not np.array_equal(first.left, pairs.batch(8, 64).left)


def test_views_have_the_side_asked_for_and_copies_come_first(pairs: Pairs) -> None:
    batch = pairs.batch(0, 96)
    assert batch.left.shape == batch.right.shape == (5, 96, 96, 3)
    assert batch.copied.tolist() == [True] * 3 + [False] * 2


def test_two_photos_of_a_product_share_its_number(pairs: Pairs) -> None:
    numbers = [pairs.product_number(photo) for photo in range(len(pairs.photos))]
    assert len(pairs.photos) == 2 * PRODUCTS
    assert sorted(numbers) == sorted(list(range(PRODUCTS)) * 2)


def test_products_of_a_batch_are_all_different(pairs: Pairs) -> None:
    for number in range(20):
        batch = pairs.batch(number, 64)
        products = batch.product[~batch.copied]
        assert len(set(products.tolist())) == len(products)


def test_products_come_with_their_neighbours_by_name() -> None:
    group = [[number, number + 100] for number in range(7)]
    for seed in range(50):
        chosen = [members[0] for members in siblings(group, 4, np.random.default_rng(seed))]
        assert len(set(chosen)) == 4
        assert all((one + 1) % 7 == other for one, other in zip(chosen[::2], chosen[1::2], strict=True))
    assert siblings(group[:1], 4, np.random.default_rng(0)) == group[:1]


def test_only_pasted_tiled_and_staged_copies_are_read_from_a_window(pairs: Pairs) -> None:
    windows = np.concatenate([pairs.batch(number, 64).window for number in range(20)])
    assert set(windows.tolist()) > {WHOLE_PHOTO}
    assert windows.max() < len(boxes(((0.5, 2),)))
    assert all((pairs.batch(n, 64).window[3:] == WHOLE_PHOTO).all() for n in range(20))


def test_overlap_is_intersection_over_union() -> None:
    assert overlap((0, 0, 1, 1), (0, 0, 1, 1)) == pytest.approx(1)
    assert overlap((0, 0, 0.5, 1), (0.5, 0, 1, 1)) == 0
    assert overlap((0, 0, 0.5, 1), (0, 0, 1, 1)) == pytest.approx(0.5)


def test_the_store_decodes_once_and_leaves_out_what_cannot_be_read(tmp_path: Path) -> None:
    folder = write_set(tmp_path)
    (folder / "drawn" / "0-photo.png").write_bytes(b"no image")
    pairs = open_pairs(tiny_recipe(), folder, tmp_path / "store")
    assert len(pairs.photos) == 2 * PRODUCTS - 1
    (folder / "drawn" / "1-photo.png").unlink()
    assert len(open_pairs(tiny_recipe(), folder, tmp_path / "store").photos) == 2 * PRODUCTS - 1
