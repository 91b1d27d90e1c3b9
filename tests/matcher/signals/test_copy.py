"""A photo that reuses a reference image is found, with where and how."""

from __future__ import annotations

from matcher.records import Region
from matcher.signals.copy import CopySignal
from tests.matcher.signals.contract import SignalContract
from tests.matcher.signals.made import (
    BOOT,
    BRAND,
    FAKE,
    LAMP,
    LOGO,
    OTHER,
    SHOE,
    examination,
    photo,
    sighting,
)

QUAD = ((0.1, 0.25), (0.5, 0.25), (0.5, 1.25), (0.1, 1.25))


class TestCopy(SignalContract):
    signal = CopySignal()

    def test_a_reused_photo_names_photo_reference_and_place(self) -> None:
        [found] = self.signal.examine(examination(photo(0), photo(1, sighting(SHOE, 0.97, quad=QUAD))))
        assert (found.brand, found.photo, found.reference_id, found.score) == (BRAND, 1, "SKU-1", 0.97)
        assert found.region == Region(40, 50, 200, 200)
        assert found.detail == {
            "quad": [[40.0, 50.0], [200.0, 50.0], [200.0, 250.0], [40.0, 250.0]],
            "cosine": 0.9124,
            "inliers": 40,
            "mirrored": False,
        }

    def test_an_unverified_copy_lies_in_the_view_that_matched(self) -> None:
        seen = sighting(SHOE, 0.8, verified=False, box=(0.5, 0.0, 1.0, 0.5), inliers=0)
        [found] = self.signal.examine(examination(photo(0, seen)))
        assert found.region == Region(200, 0, 400, 100)
        assert found.detail == {"cosine": 0.9124, "mirrored": False}

    def test_an_outline_outside_the_photo_falls_back_to_the_view(self) -> None:
        outside = tuple((x + 3, y) for x, y in QUAD)
        [found] = self.signal.examine(examination(photo(0, sighting(SHOE, 0.9, quad=outside))))
        assert found.region == Region(0, 0, 400, 200)

    def test_a_mirrored_copy_says_so(self) -> None:
        [found] = self.signal.examine(examination(photo(0, sighting(SHOE, 0.9, mirrored=True))))
        assert found.detail["mirrored"] is True

    def test_the_surest_photo_of_a_brand_speaks_for_it(self) -> None:
        photos = photo(0, sighting(SHOE, 0.7), sighting(LAMP, 0.6)), photo(1, sighting(BOOT, 0.9))
        found = self.signal.examine(examination(*photos))
        assert [(one.brand, one.photo, one.reference_id) for one in found] == [
            (BRAND, 1, "SKU-2"),
            (OTHER, 0, "SKU-1"),
        ]

    def test_every_other_photo_that_likely_reuses_the_brands_images_is_told(self) -> None:
        photos = (
            photo(4, sighting(SHOE, 0.5)),
            photo(0, sighting(SHOE, 0.7), sighting(BOOT, 0.8)),
            photo(1, sighting(BOOT, 0.9)),
            photo(2, sighting(SHOE, 0.49, 0.99), sighting(FAKE, 0.99)),
            photo(3, sighting(LAMP, 0.9)),
        )
        found = self.signal.examine(examination(*photos))
        assert [(one.photo, one.detail.get("also")) for one in found] == [(1, [0, 4]), (3, None)]

    def test_ties_go_to_the_earlier_photo_then_the_older_image(self) -> None:
        photos = photo(2, sighting(SHOE, 0.9)), photo(1, sighting(BOOT, 0.9), sighting(SHOE, 0.9))
        [found] = self.signal.examine(examination(*photos))
        assert (found.photo, found.reference_id) == (1, "SKU-1")

    def test_what_is_barely_alike_is_no_evidence(self) -> None:
        assert self.signal.examine(examination(photo(0, sighting(SHOE, 0.29)))) == []
        assert self.signal.examine(examination(photo(0, sighting(SHOE, 0.3))))

    def test_fakes_and_logos_are_not_references(self) -> None:
        assert self.signal.examine(examination(photo(0, sighting(FAKE, 1.0), sighting(LOGO, 1.0)))) == []
