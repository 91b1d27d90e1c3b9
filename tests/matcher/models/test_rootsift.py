"""Keypoints are the same each time; a flip can be had without looking again; a blank image has none."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.models import Keypoints
from matcher.models.rootsift import SWATCH_SIDE, RootSift, mirrored
from tests.matcher import drawn


@pytest.fixture(scope="module")
def detector() -> RootSift:
    return RootSift(side=384, count=300)


def test_the_same_image_gives_the_same_keypoints_whatever_came_before(detector: RootSift) -> None:
    image = drawn.pixels(drawn.product(1))
    first = detector.detect(image)
    detector.detect(drawn.pixels(drawn.product(2)))
    for again in (detector.detect(image), RootSift(side=384, count=300).detect(image)):
        assert again.points.tobytes() == first.points.tobytes()
        assert again.frames.tobytes() == first.frames.tobytes()
        assert again.descriptors.tobytes() == first.descriptors.tobytes()
        assert again.swatch.tobytes() == first.swatch.tobytes()


def test_keypoints_keep_their_contract(detector: RootSift) -> None:
    found = detector.detect(drawn.pixels(drawn.product(3)))
    count = len(found.points)
    assert 100 < count <= 300
    assert (found.points.shape, found.frames.shape) == ((count, 2), (count, 2))
    assert (found.points.dtype, found.descriptors.dtype) == (np.float32, np.uint8)
    assert found.descriptors.shape == (count, 128)
    assert found.points.min() >= 0
    assert found.points.max() <= 1
    lengths = np.linalg.norm(found.descriptors.astype(float), axis=1)
    assert np.abs(lengths - 512).max() < 8
    assert found.aspect == pytest.approx(300 / 240)
    assert found.swatch.shape == (SWATCH_SIDE, SWATCH_SIDE, 3)


@pytest.mark.parametrize("number", [4, 5, 6])
def test_mirroring_keypoints_is_as_good_as_detecting_in_the_flipped_image(
    detector: RootSift, number: int
) -> None:
    image = drawn.pixels(drawn.product(number))
    computed, seen = mirrored(detector.detect(image)), detector.detect(np.ascontiguousarray(image[:, ::-1]))
    apart = nearest_difference(computed, seen)
    # The pyramid samples a flipped image half a pixel off, so that a few weak keypoints come and go.
    assert np.mean(apart <= 24) > 0.8
    assert np.median(apart) <= 10
    assert np.abs(computed.swatch.astype(int) - seen.swatch.astype(int)).max() <= 1
    assert computed.aspect == seen.aspect


def nearest_difference(left: Keypoints, right: Keypoints) -> np.ndarray:
    """How far, in levels, each keypoint's descriptor is from that of the same keypoint of `right`."""
    place = np.abs(left.points[:, None] - right.points[None]).max(axis=2) < 0.01
    turn = np.abs((left.frames[:, None, 1] - right.frames[None, :, 1] + 180) % 360 - 180) < 8
    scale = np.abs(left.frames[:, None, 0] - right.frames[None, :, 0]) < 0.2
    levels = np.abs(left.descriptors[:, None].astype(np.int16) - right.descriptors[None]).max(axis=2)
    return np.where(place & turn & scale, levels, 255).min(axis=1)


def test_mirroring_twice_changes_nothing(detector: RootSift) -> None:
    found = detector.detect(drawn.pixels(drawn.product(7)))
    twice = mirrored(mirrored(found))
    assert np.array_equal(twice.descriptors, found.descriptors)
    assert np.allclose(twice.points, found.points, atol=1e-6)
    assert np.allclose((twice.frames - found.frames + 180) % 360, 180, atol=1e-3)
    assert np.array_equal(twice.swatch, found.swatch)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_image_has_no_keypoints(detector: RootSift, level: int) -> None:
    found = detector.detect(np.full((60, 90, 3), level, np.uint8))
    for kept in (found, mirrored(found)):
        assert kept.points.shape == kept.frames.shape == (0, 2)
        assert kept.descriptors.shape == (0, 128)
        assert kept.descriptors.dtype == np.uint8


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 384), (384, 1), (16, 20_000), (3, 7)])
def test_odd_shapes_are_taken(detector: RootSift, height: int, width: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert len(detector.detect(image).points) <= 300
