"""Verification finds where a reference lies in a photo, and says nothing where nothing believable fits."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from matcher.models import Correspondence, Keypoints, Pixels
from matcher.models.homography import HomographyMatcher, believable, canvas, mutual_matches
from matcher.models.rootsift import RootSift
from tests.matcher import drawn

DETECTOR = RootSift(side=400, count=500)
MATCHER = HomographyMatcher()
SIZE = np.array([300, 240])
CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


def verified(photo: Pixels, reference: Pixels, *, mirrored: bool = False) -> Correspondence | None:
    return MATCHER.match(DETECTOR.detect(photo), photo, DETECTOR.detect(reference), mirrored=mirrored)


def warped(reference: Pixels, outline: list[tuple[float, float]], ground: Pixels) -> Pixels:
    """The reference laid over `ground` so that its corners come to `outline`, in pixels."""
    height, width = ground.shape[:2]
    change = cv2.getPerspectiveTransform(
        (CORNERS * reference.shape[1::-1]).astype(np.float32), np.array(outline, np.float32)
    )
    laid = cv2.warpPerspective(reference, change, (width, height))
    mask = cv2.warpPerspective(np.full(reference.shape[:2], 255, np.uint8), change, (width, height))
    return np.where(mask[..., None] > 127, laid, ground).astype(np.uint8)


@pytest.mark.parametrize(
    "outline",
    [
        pytest.param([(40, 60), (330, 20), (360, 250), (70, 290)], id="turned"),
        pytest.param([(100, 30), (330, 70), (320, 220), (80, 290)], id="perspective"),
        pytest.param([(300, 240), (60, 230), (70, 40), (310, 50)], id="upside-down"),
        pytest.param([(110, 80), (290, 80), (290, 224), (110, 224)], id="pasted-at-45-percent"),
        pytest.param([(-60, -40), (330, -20), (320, 300), (-50, 310)], id="cut-off"),
    ],
)
def test_it_finds_where_the_reference_lies(outline: list[tuple[float, float]]) -> None:
    reference = drawn.pixels(drawn.product(1))
    ground = drawn.pixels(drawn.product(50, (400, 320)))
    found = verified(warped(reference, outline, ground), reference)
    assert found is not None
    assert np.abs(found.quad * (400, 320) - np.array(outline)).max() < 4
    assert found.inliers > 25
    assert found.likeness.grey > 0.8
    assert not found.mirrored
    assert verified(warped(reference, outline, ground)[:, ::-1].copy(), reference, mirrored=True) is not None


def test_a_mirrored_copy_has_its_outline_in_the_photo_as_it_is() -> None:
    reference = drawn.pixels(drawn.product(2))
    found = verified(np.ascontiguousarray(reference[:, ::-1]), reference, mirrored=True)
    assert found is not None
    assert found.mirrored
    assert found.inliers > 100
    # The reference's top left lies at the photo's top right.
    assert np.abs(found.quad * SIZE - np.array([[1, 0], [0, 0], [0, 1], [1, 1]]) * SIZE).max() < 3


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_points_that_agree_lie_where_the_outline_says(mirrored: bool) -> None:
    reference = drawn.pixels(drawn.product(1))
    outline = np.array([(100, 30), (330, 70), (320, 220), (80, 290)], np.float32)
    photo = warped(
        reference, [tuple(one) for one in outline.tolist()], drawn.pixels(drawn.product(50, (400, 320)))
    )
    photo = np.ascontiguousarray(photo[:, ::-1]) if mirrored else photo
    outline = outline * (-1, 1) + (400, 0) if mirrored else outline
    keypoints = DETECTOR.detect(photo), DETECTOR.detect(reference)
    pairs = MATCHER.pairs(*keypoints, mirrored=mirrored)
    assert len(pairs) > 25
    assert (pairs >= 0).all()
    assert (pairs <= 1).all()
    change = cv2.getPerspectiveTransform(CORNERS, outline.astype(np.float32))
    expected = cv2.perspectiveTransform(pairs[None, :, 1], change)[0]
    assert np.abs(expected - pairs[:, 0] * (400, 320)).max() < 8
    assert len(np.unique(np.rint(pairs.reshape(-1, 4) * 400 / 3), axis=0)) == len(pairs), "each spot once"
    assert len(MATCHER.pairs(*keypoints, mirrored=not mirrored)) == 0


def test_the_same_pair_gives_the_same_digits() -> None:
    photo, reference = (drawn.pixels(image) for image in (drawn.edited(drawn.product(3)), drawn.product(3)))
    first, again = verified(photo, reference), verified(photo, reference)
    assert first is not None
    assert again is not None
    assert first.quad.tobytes() == again.quad.tobytes()
    assert (first.inliers, first.coverage, first.likeness) == (again.inliers, again.coverage, again.likeness)


def grain(seed: int) -> Pixels:
    """A texture of blurred noise."""
    noise = np.random.default_rng(seed).integers(0, 256, (60, 75, 3), dtype=np.uint8)
    return np.array(Image.fromarray(noise).resize((300, 240), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("seed", range(6))
def test_unrelated_textures_are_not_matched(seed: int) -> None:
    photo, reference = grain(2 * seed), grain(2 * seed + 1)
    assert verified(photo, reference) is None
    assert verified(photo, reference, mirrored=True) is None


def test_a_blank_photo_or_reference_is_not_matched() -> None:
    blank, image = np.full((100, 100, 3), 200, np.uint8), drawn.pixels(drawn.product(1))
    for photo, reference in ((blank, image), (image, blank), (blank, blank)):
        assert verified(photo, reference) is None
        assert verified(photo, reference, mirrored=True) is None


def placed(points: np.ndarray, descriptors: np.ndarray) -> Keypoints:
    """Keypoints at `points` (shares of the sides), all of one size and angle."""
    frames = np.tile(np.array([[-5.0, 90.0]], np.float32), (len(points), 1))
    swatch = np.zeros((64, 64, 3), np.uint8)
    return Keypoints(points.astype(np.float32), frames, descriptors, 1.25, swatch)


def distinct_descriptors(count: int) -> np.ndarray:
    raw = np.random.default_rng(5).random((count, 128)) ** 4
    return np.rint(512 * raw / np.linalg.norm(raw, axis=1, keepdims=True)).clip(0, 255).astype(np.uint8)


SPREAD = np.random.default_rng(1).random((40, 2))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        pytest.param(SPREAD, SPREAD * 0 + 0.5, id="all-on-one-spot-of-the-photo"),
        pytest.param(SPREAD * 0 + 0.5, SPREAD, id="all-on-one-spot-of-the-reference"),
        pytest.param(SPREAD * (1, 0) + (0, 0.5), SPREAD * (1, 0) + (0, 0.5), id="on-one-line"),
        pytest.param(SPREAD, SPREAD * (-1, 1) + (1, 0), id="flipped"),
        pytest.param(SPREAD, SPREAD * (0.04, 0.04) + 0.5, id="absurdly-small"),
        pytest.param(SPREAD, SPREAD * (1, 0.05) + (0, 0.5), id="absurdly-squeezed"),
    ],
)
def test_what_cannot_be_is_refused(source: np.ndarray, target: np.ndarray) -> None:
    descriptors = distinct_descriptors(len(source))
    photo = np.zeros((240, 300, 3), np.uint8)
    sound = MATCHER.match(placed(SPREAD, descriptors), photo, placed(SPREAD, descriptors), mirrored=False)
    assert sound is not None
    found = MATCHER.match(placed(target, descriptors), photo, placed(source, descriptors), mirrored=False)
    assert found is None


@pytest.mark.parametrize("count", range(4))
def test_too_few_keypoints_verify_nothing(count: int) -> None:
    few, many = distinct_descriptors(40)[:count], distinct_descriptors(40)
    photo = np.zeros((240, 300, 3), np.uint8)
    for left, right in ((few, many), (many, few), (few, few)):
        points = SPREAD[: len(left)], SPREAD[: len(right)]
        assert MATCHER.match(placed(points[0], left), photo, placed(points[1], right), mirrored=False) is None


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32 - 1),
    counts=st.tuples(st.integers(0, 40), st.integers(0, 40)),
    shared=st.integers(0, 40),
    aspect=st.floats(0.001, 1000),
    cells=st.sampled_from([1, 2, 3, 50]),
    mirrored=st.booleans(),
)
def test_random_keypoints_never_raise(
    seed: int, counts: tuple[int, int], shared: int, aspect: float, cells: int, mirrored: bool
) -> None:
    rng = np.random.default_rng(seed)
    made = []
    for count in counts:
        points = np.rint(rng.random((count, 2)) * cells) / cells
        frames = np.stack([rng.uniform(-9, 0, count), rng.uniform(0, 360, count)], axis=1).astype(np.float32)
        descriptors = rng.integers(0, 256, (count, 128), dtype=np.uint8)
        descriptors[:shared] = distinct_descriptors(40)[: min(shared, count)]
        swatch = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        made.append(Keypoints(points.astype(np.float32), frames, descriptors, aspect, swatch))
    photo = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    found = MATCHER.match(made[0], photo, made[1], mirrored=mirrored)
    if found is not None:
        assert found.inliers >= MATCHER.least
        assert np.isfinite(found.quad).all()
        assert -1 <= found.likeness.grey <= 1.001
        assert 0 <= found.likeness.agreement <= 1


def test_matches_are_mutual_and_each_keypoint_is_matched_once() -> None:
    left, right = distinct_descriptors(40), distinct_descriptors(40)[::-1]
    pairs = mutual_matches(left, right, 0.85)
    assert sorted(map(tuple, pairs.tolist())) == [(i, 39 - i) for i in range(40)]
    doubled = np.concatenate([right, right])
    assert len(mutual_matches(left, doubled, 0.85)) == 0


def test_the_identity_is_believable_and_its_flip_is_not() -> None:
    assert believable(np.eye(3), 1.5)
    width = float(canvas(1.5)[0])
    assert not believable(np.array([[-1, 0, width], [0, 1, 0], [0, 0, 1]]), 1.5)
