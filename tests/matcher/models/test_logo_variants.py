"""A logo on a plain ground is trimmed and drawn in one colour; a crop of a photo is left as it is."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.models import Pixels
from matcher.models.logo_crops import FILL, cut_square, letterboxed
from matcher.models.logo_variants import ink, is_blank, variants
from matcher.records import Region


def bar(ground: int = 255, mark: tuple[int, int, int] = (200, 30, 40)) -> Pixels:
    """A bar of 60 by 20 pixels in the middle of 200 by 100."""
    image = np.full((100, 200, 3), ground, np.uint8)
    image[40:60, 70:130] = mark
    return image


def test_a_mark_on_a_plain_ground_is_trimmed_inverted_and_drawn_in_black_and_in_white() -> None:
    whole, trimmed, inverted, dark, light = variants(bar())
    assert np.array_equal(whole, bar())
    assert trimmed.shape == inverted.shape == dark.shape == light.shape
    assert 20 <= trimmed.shape[0] <= 30
    assert 60 <= trimmed.shape[1] <= 70
    assert np.array_equal(inverted, 255 - trimmed)
    middle = trimmed.shape[0] // 2, trimmed.shape[1] // 2
    assert (dark[0, 0].tolist(), dark[middle].tolist()) == ([255] * 3, [0] * 3)
    assert np.array_equal(light, 255 - dark)


def test_room_is_left_around_what_is_trimmed() -> None:
    tight, roomy = variants(bar())[1], variants(bar(), room=0.1)[1]
    assert (roomy.shape[0] - tight.shape[0], roomy.shape[1] - tight.shape[1]) == (4, 12)


@pytest.mark.parametrize("ground", [0, 90, 255])
def test_the_ground_may_have_any_one_colour(ground: int) -> None:
    found = ink(bar(ground))
    assert found is not None
    assert (found > 0.5).sum() == 60 * 20


def test_what_would_come_twice_comes_once() -> None:
    black_on_white = variants(bar(255, (0, 0, 0)))
    assert len(black_on_white) == 3
    assert not any(np.array_equal(one, black_on_white[0]) for one in black_on_white[1:])


def test_a_crop_of_a_photo_has_no_ground() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    assert ink(noise) is None
    assert len(variants(noise)) == 2


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (2, 3)])
def test_the_smallest_images_have_variants(size: tuple[int, int]) -> None:
    assert variants(np.full((*size, 3), 7, np.uint8))


def test_nothing_is_blank_but_one_colour() -> None:
    assert is_blank(np.full((9, 9, 3), 250, np.uint8))
    assert not is_blank(bar())


def test_a_letterbox_keeps_the_shape_and_says_its_scale() -> None:
    planes, scale = letterboxed(bar(), 50)
    assert (planes.shape, scale) == ((3, 50, 50), 0.25)
    assert planes[:, 30:].ravel() == pytest.approx(FILL / 255)
    assert planes[:, 12, 25] == pytest.approx(np.array([200, 30, 40]) / 255, abs=0.02)


def test_a_region_is_cut_with_its_margin_and_not_from_outside() -> None:
    square = cut_square(bar(), Region(70, 40, 130, 60), side=66, margin=0.05)
    assert square[:, 33, 33] == pytest.approx(np.array([200, 30, 40]) / 255, abs=0.02)
    assert square[:, 33, 1] == pytest.approx(1, abs=0.1)
    assert square[:, 5, 33] == pytest.approx(FILL / 255)
    corner = cut_square(bar(), Region(190, 95, 400, 300), side=32, margin=0.5)
    assert corner.shape == (3, 32, 32)
