"""Training views: the right size, and where a product was put is said truly."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.models import Pixels
from tests.matcher import drawn
from training import augment

SIDE = 96


@pytest.fixture
def photo() -> Pixels:
    return drawn.pixels(drawn.product(5))


@pytest.fixture
def grey() -> Pixels:
    return np.full((SIDE, SIDE, 3), 128, np.uint8)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("geometry", [augment.PLAIN, augment.EDITED, augment.ANOTHER_PHOTO])
def test_a_view_is_square_and_shows_something(photo: Pixels, geometry: augment.Geometry, seed: int) -> None:
    seen = augment.view(photo, SIDE, geometry, np.random.default_rng(seed))
    assert seen.shape == (SIDE, SIDE, 3)
    assert seen.dtype == np.uint8
    assert seen.std() > 5


def test_the_whole_photo_unturned_is_only_squashed(photo: Pixels) -> None:
    seen = augment.warped(photo, np.array([(0, 0), (300, 0), (300, 240), (0, 240)], np.float32), SIDE,
                          np.random.default_rng(0))  # fmt: skip
    import cv2

    wanted = cv2.resize(photo, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    assert np.abs(seen.astype(int) - wanted.astype(int)).mean() < 12


@pytest.mark.parametrize("seed", range(6))
def test_what_is_pasted_lies_in_its_box_and_nowhere_else(grey: Pixels, seed: int) -> None:
    white = np.full((SIDE, SIDE, 3), 255, np.uint8)
    sheet, (x1, y1, x2, y2) = augment.pasted(white, grey, 0.5, np.random.default_rng(seed))
    left, top, right, bottom = (round(value * SIDE) for value in (x1, y1, x2, y2))
    assert (sheet[top:bottom, left:right] == 255).all()
    assert (sheet == 255).all(axis=2).sum() == (bottom - top) * (right - left)


@pytest.mark.parametrize("seed", range(6))
def test_a_tile_of_a_collage_lies_in_its_box(grey: Pixels, seed: int) -> None:
    white = np.full((SIDE, SIDE, 3), 255, np.uint8)
    sheet, (x1, y1, x2, y2) = augment.tiled(white, [grey] * 4, np.random.default_rng(seed))
    assert (sheet == 255).all(axis=2).mean() == pytest.approx((x2 - x1) * (y2 - y1), abs=0.01)


def test_a_studio_photo_has_a_mask_and_a_room_has_none() -> None:
    studio = np.full((120, 100, 3), 255, np.uint8)
    studio[30:90, 20:80] = (200, 30, 30)
    # White inside the product is part of it: only what the rim reaches is background.
    studio[50:60, 40:50] = 255
    mask = augment.product_mask(studio)
    assert mask is not None
    assert mask.sum() == 60 * 60
    assert augment.product_mask(np.full((120, 100, 3), 90, np.uint8)) is None
    assert augment.product_mask(np.full((120, 100, 3), 255, np.uint8)) is None


@pytest.mark.parametrize("seed", range(6))
def test_a_staged_product_stands_in_its_box(grey: Pixels, seed: int) -> None:
    studio = np.full((120, 100, 3), 255, np.uint8)
    studio[30:90, 20:80] = (200, 30, 30)
    mask = augment.product_mask(studio)
    assert mask is not None
    sheet, (x1, y1, x2, y2) = augment.staged(studio, mask, grey, np.random.default_rng(seed))
    changed = np.abs(sheet.astype(int) - 128).max(axis=2) > 20
    ys, xs = np.nonzero(changed)
    assert changed.any()
    assert xs.min() / SIDE >= x1 - 0.03
    assert xs.max() / SIDE <= x2 + 0.03
    assert ys.min() / SIDE >= y1 - 0.03
    assert ys.max() / SIDE <= y2 + 0.03


@pytest.mark.parametrize("seed", range(8))
def test_tones_and_letters_keep_the_size(photo: Pixels, seed: int) -> None:
    rng = np.random.default_rng(seed)
    seen = augment.lettered(augment.toned(augment.view(photo, SIDE, augment.PLAIN, rng), 1.0, rng), rng)
    assert seen.shape == (SIDE, SIDE, 3)
    assert seen.dtype == np.uint8
