"""The first look at candidates: what it lets through, what it spares, and that it costs no verdict."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from matcher.glancing import AGREEING, CELLS, NEAREST, NEAREST_AGREEING, Glance, chosen, nearest, spread
from matcher.models import Correspondence, Keypoints, Pixels
from matcher.models.homography import HomographyMatcher
from matcher.models.rootsift import RootSift
from tests.matcher import drawn

DETECTOR = RootSift(side=400, count=500)


def found_in(number: int) -> Keypoints:
    return DETECTOR.detect(drawn.pixels(drawn.product(number)))


def grain(seed: int) -> Pixels:
    """A texture of blurred noise, like nothing that is drawn."""
    noise = np.random.default_rng(seed).integers(0, 256, (60, 75, 3), dtype=np.uint8)
    return np.array(Image.fromarray(noise).resize((300, 240), Image.Resampling.BICUBIC))


class CountingVerifier:
    """Says the same number of agreeing keypoints whatever it is shown, and keeps what it was shown."""

    name, fingerprint = "counting", "1"

    def __init__(self, count: int) -> None:
        self.count, self.shown = count, list[tuple[Keypoints, bool]]()

    def match(
        self, photo: Keypoints, pixels: Pixels, reference: Keypoints, *, mirrored: bool
    ) -> Correspondence | None:
        raise AssertionError("a first look compares nothing in full")

    def agreeing(self, photo: Keypoints, reference: Keypoints, *, mirrored: bool) -> int:
        self.shown.append((photo, mirrored))
        return self.count


@pytest.mark.parametrize(
    ("agree", "image_id", "mirrored", "worth"),
    [
        pytest.param(AGREEING, 9, False, True, id="enough"),
        pytest.param(AGREEING - 1, 9, False, False, id="one too few"),
        pytest.param(NEAREST_AGREEING, 4, False, True, id="enough for one of the nearest"),
        pytest.param(NEAREST_AGREEING - 1, 4, False, False, id="too few even for that"),
        pytest.param(NEAREST_AGREEING, 9, True, True, id="mirrored, which only the nearest are"),
    ],
)
def test_the_nearest_need_fewer_agreeing_keypoints(
    agree: int, image_id: int, mirrored: bool, worth: bool
) -> None:
    verifier = CountingVerifier(agree)
    glance = Glance(verifier, found_in(1), 20, {4})
    assert glance.is_worth(image_id, found_in(2), mirrored=mirrored) is worth
    ((shown, was_mirrored),) = verifier.shown
    assert (len(shown.points), was_mirrored) == (20, mirrored)


def test_without_a_first_look_every_candidate_is_worth_comparing() -> None:
    assert Glance(CountingVerifier(0), found_in(1), 0, ()).is_worth(1, found_in(2))


def test_nearest_are_those_by_votes_and_those_by_score_with_ties_to_the_older_image() -> None:
    votes = dict.fromkeys(range(20, 10, -1), 1.0)
    scores = {image_id: image_id / 100 for image_id in range(40)}
    assert nearest(votes, scores) == {*range(11, 11 + NEAREST), *range(40 - NEAREST, 40)}


def test_a_real_copy_is_worth_comparing_flipped_or_not_and_other_things_mostly_are_not() -> None:
    verifier = HomographyMatcher()
    copy = DETECTOR.detect(drawn.pixels(drawn.edited(drawn.product(3))))
    flipped = DETECTOR.detect(drawn.pixels(drawn.mirrored(drawn.product(7))))
    assert Glance(verifier, copy, 200, ()).is_worth(3, found_in(3))
    assert Glance(verifier, flipped, 200, ()).is_worth(7, found_in(7), mirrored=True)
    textures = [DETECTOR.detect(grain(seed)) for seed in range(12)]
    others = [Glance(verifier, copy, 200, ()).is_worth(seed, other) for seed, other in enumerate(textures)]
    assert sum(others) <= 2


def test_chosen_keypoints_keep_what_is_said_of_each_and_of_the_image() -> None:
    whole = found_in(5)
    places = spread(whole, 30)
    few = chosen(whole, places)
    assert np.array_equal(few.descriptors, whole.descriptors[places])
    assert np.array_equal(few.frames, whole.frames[places])
    assert (few.aspect, few.swatch is whole.swatch) == (whole.aspect, True)


def test_spread_takes_the_strongest_of_every_cell_first() -> None:
    rng = np.random.default_rng(0)
    crowded = rng.random((200, 2)) * 0.2
    elsewhere = np.array([[0.9, 0.9], [0.1, 0.9], [1.0, 0.0]])
    points = np.concatenate([crowded, elsewhere]).astype(np.float32)
    swatch = np.zeros((64, 64, 3), np.uint8)
    found = Keypoints(points, points, np.zeros((len(points), 128), np.uint8), 1.0, swatch)
    assert set(spread(found, 4).tolist()) == {0, 200, 201, 202}
    assert sorted(spread(found, 1000).tolist()) == list(range(203))
    assert CELLS == 4
