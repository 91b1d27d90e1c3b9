"""Keypoints come out of the catalog's cache as they went in, but for a rounding nobody can feel."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.models import Keypoints
from matcher.models.homography import HomographyMatcher
from matcher.models.rootsift import RootSift
from matcher.models.stored_keypoints import pack, unpack
from tests.matcher import drawn

DETECTOR = RootSift(side=384, count=200)


def test_what_is_unpacked_is_what_was_packed() -> None:
    found = DETECTOR.detect(drawn.pixels(drawn.product(1)))
    back = unpack(pack(found))
    assert np.array_equal(back.descriptors, found.descriptors)
    assert np.array_equal(back.swatch, found.swatch)
    assert back.aspect == found.aspect
    assert np.abs(back.points - found.points).max() < 1 / 65_000
    assert np.abs(back.frames - found.frames).max() < 0.13
    assert (back.points.dtype, back.frames.dtype) == (np.float32, np.float32)
    assert pack(back) == pack(found)


def test_a_copy_is_verified_from_the_cache_as_from_the_image() -> None:
    image, photo = drawn.product(2), drawn.edited(drawn.product(2))
    reference, seen = DETECTOR.detect(drawn.pixels(image)), DETECTOR.detect(drawn.pixels(photo))
    matcher = HomographyMatcher()
    fresh = matcher.match(seen, drawn.pixels(photo), reference, mirrored=False)
    cached = matcher.match(seen, drawn.pixels(photo), unpack(pack(reference)), mirrored=False)
    assert fresh is not None
    assert cached is not None
    assert np.abs(fresh.quad - cached.quad).max() < 0.01


def test_an_image_without_keypoints_is_packed_too() -> None:
    blank = DETECTOR.detect(np.full((40, 80, 3), 9, np.uint8))
    back = unpack(pack(blank))
    assert len(back.points) == len(back.descriptors) == 0
    assert back.aspect == 2


@given(st.data())
def test_a_cut_or_longer_blob_is_refused(data: st.DataObject) -> None:
    blob = pack(Keypoints(*blank_parts(3)))
    size = data.draw(st.integers(0, len(blob) - 1))
    for broken in (blob[:size], blob + b"\0", b"X" + blob[1:]):
        with pytest.raises(ValueError, match="keypoints"):
            unpack(broken)


@given(st.binary(max_size=300))
def test_any_other_bytes_are_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match="keypoints"):
        unpack(blob)


@pytest.mark.parametrize("aspect", [0.0, -1.0, float("nan"), float("inf")])
def test_a_blob_whose_image_has_no_shape_is_refused(aspect: float) -> None:
    blob = bytearray(pack(Keypoints(*blank_parts(3))))
    struct.pack_into("<d", blob, 10, aspect)
    with pytest.raises(ValueError, match="keypoints"):
        unpack(bytes(blob))


@pytest.mark.parametrize("frame", [float("nan"), float("inf")])
def test_a_blob_with_a_frame_that_is_no_number_is_refused(frame: float) -> None:
    points, frames, *rest = blank_parts(3)
    frames[1, 0] = frame
    with pytest.raises(ValueError, match="keypoints"):
        unpack(pack(Keypoints(points, frames, *rest)))


def blank_parts(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, np.ndarray]:
    points, frames = np.zeros((count, 2), np.float32), np.zeros((count, 2), np.float32)
    return points, frames, np.zeros((count, 128), np.uint8), 1.5, np.zeros((64, 64, 3), np.uint8)
