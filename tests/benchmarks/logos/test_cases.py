"""References come from photos that are not asked about, and scenes know where their logos are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.adapters import read_boxes
from benchmarks.logo_sets import BoxPhoto, BoxSet
from benchmarks.logos.cases import cases_of, read_logos, spread, without_logos
from benchmarks.logos.scenes import made_scenes
from matcher.config import ImageSettings
from matcher.errors import UsageError
from matcher.images import decode
from matcher.models.logo_variants import ink
from tests.benchmarks.logos import made

IMAGES = ImageSettings()


@pytest.fixture
def box_set(tmp_path: Path) -> BoxSet:
    return read_boxes(made.write_set(tmp_path / "set"))


def test_references_are_cut_from_photos_that_are_not_asked_about(box_set: BoxSet) -> None:
    found = cases_of(box_set, IMAGES)
    assert {brand: len(some) for brand, some in found.references.items()} == dict.fromkeys(made.BRANDS, 3)
    assert len(found.cases) == len(found.detected) == 9
    assert not {case.name for case in found.cases} & {case.name for case in found.detected}
    assert all(120 <= one.pixels.shape[0] <= 140 for some in found.references.values() for one in some)
    assert len(found.shown(1)) == 3
    assert found.most_shots == 3


def test_one_reference_is_the_first_of_three(box_set: BoxSet) -> None:
    found = cases_of(box_set, IMAGES)
    for one, several in zip(found.shown(1), found.references.values(), strict=True):
        assert np.array_equal(one.pixels, several[0].pixels)


def test_where_a_set_has_training_photos_references_come_from_those(box_set: BoxSet) -> None:
    split = [
        BoxPhoto(one.photo_id, one.path, one.brands, one.boxes, "train" if "-0" in one.photo_id else "test")
        for one in box_set.photos
    ]
    stranger = BoxPhoto("none", split[0].path, frozenset(), (), "test", boxed=False)
    found = cases_of(BoxSet("set", "boxes", (*split, stranger)), IMAGES)
    assert {brand: len(some) for brand, some in found.references.items()} == dict.fromkeys(made.BRANDS, 1)
    assert len(found.cases) == 16
    assert [case.name for case in found.cases if not case.brands] == ["none"]


def test_halves_share_no_photo_and_few_photos_are_spread(box_set: BoxSet) -> None:
    halves = [cases_of(box_set, IMAGES, part=part) for part in ("tune", "report")]
    names = [{one.name for one in (*half.cases, *half.detected)} for half in halves]
    assert not names[0] & names[1]
    assert len(names[0] | names[1]) == 18
    assert len(spread(halves[0], 2).cases) == 2
    with pytest.raises(UsageError, match="at least 1"):
        spread(halves[0], 0)


def test_a_set_without_photos_enough_is_refused(box_set: BoxSet) -> None:
    with pytest.raises(UsageError, match="no brand has photos enough"):
        cases_of(BoxSet("set", "boxes", box_set.photos[:1]), IMAGES)


def test_logos_are_brands_of_their_own_by_their_names(tmp_path: Path) -> None:
    folder = made.write_logos(tmp_path / "logos", 1, 2, 3)
    (folder / "broken.png").write_bytes(b"no image")
    found = read_logos([folder], IMAGES)
    assert {one.brand for one in found} == {"badge-1", "badge-2", "badge-3"}
    assert len(read_logos([folder], IMAGES, 2)) == 2
    with pytest.raises(UsageError, match="hold 3 images, not 9 logos"):
        read_logos([folder], IMAGES, 9)


def test_photos_without_a_logo_show_none(tmp_path: Path) -> None:
    logos = read_logos([made.write_logos(tmp_path / "logos", 1)], IMAGES)
    found = without_logos(made.write_photos(tmp_path / "photos"), logos)
    assert [one.brands for one in found.cases] == [frozenset()] * 4
    assert [one.brand for one in found.shown(1)] == ["badge-1"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no photo"):
        without_logos(tmp_path / "empty", logos)


def test_scenes_are_the_same_again_and_know_where_their_logos_are(tmp_path: Path) -> None:
    photos = made.write_photos(tmp_path / "photos")
    logos = read_logos([made.write_logos(tmp_path / "logos", 1, 2, 3)], IMAGES)
    found = made_scenes(photos, logos, IMAGES, count=12, seed=3)
    again = made_scenes(photos, logos, IMAGES, count=12, seed=3)
    assert [case.blob() for case in found.cases] == [case.blob() for case in again.cases]
    assert found.cases[0].blob() != made_scenes(photos, logos, IMAGES, count=1, seed=4).cases[0].blob()
    assert {len(case.boxes) for case in found.cases} == {0, 1, 2}
    for case in found.cases:
        pixels = decode(case.blob(), case.name, ImageSettings(working_side=4096)).pixels
        plain = np.median(pixels.reshape(-1, 3), axis=0)
        assert case.brands == {box.brand for box in case.boxes}
        for box in case.boxes:
            inside = pixels[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)]
            assert 0 <= box.x1 < box.x2 <= pixels.shape[1]
            assert 0 <= box.y1 < box.y2 <= pixels.shape[0]
            assert float(np.abs(inside - plain).max()) > 40


def test_scenes_need_a_photo_and_a_logo_on_a_plain_ground(tmp_path: Path) -> None:
    logos = read_logos([made.write_logos(tmp_path / "logos", 1)], IMAGES)
    assert ink(logos[0].pixels) is not None
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no photo"):
        made_scenes(tmp_path / "empty", logos, IMAGES, count=1)
