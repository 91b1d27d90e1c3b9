"""Regions are compared with the catalog's logos brand by brand, and verified where a logo has texture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from indexes.gallery import Gallery
from matcher.assembly import build_keypoints
from matcher.config import Settings
from matcher.images import Picture
from matcher.logo_matching import NEIGHBOURS, LogoCandidate, LogoMatcher, LogoModels
from matcher.models import Keypoints, LogoBox, Pixels
from matcher.reading import LargePhoto
from matcher.records import Region
from matcher.signals import Sighting
from matcher.spotting import PhotoLogos
from tests.matcher import drawn
from tests.matcher.models.fixed_logos import FixedLogoDetector, FixedLogoEmbedder
from tests.matcher.shipped_logo_score import shipped_scorer

HERE, THERE = Region(10, 10, 110, 90), Region(200, 100, 260, 160)
BRANDS = {1: "Aurelio", 2: "Aurelio", 3: "Borealis", 4: "Cirrus"}
PHOTO: Pixels = np.full((200, 300, 3), 128, np.uint8)


def unit(*vector: float) -> list[float]:
    return list(np.array(vector) / np.linalg.norm(vector))


class KeptKeypoints:
    def __init__(self, known: Mapping[int, Keypoints] | None = None) -> None:
        self.known = known or {}

    def get(self, image_ids: Sequence[int]) -> Mapping[int, Keypoints]:
        return {one: self.known[one] for one in image_ids if one in self.known}


class Shelf:
    """A gallery of logos with vectors by id, and what looks for them."""

    def __init__(self, folder: Path, rows: Sequence[tuple[int, Sequence[float]]]) -> None:
        ids, vectors = [one for one, _ in rows], np.array([vector for _, vector in rows], np.float32)
        batches = [(ids, vectors)] if ids else []
        self.gallery = Gallery.rebuild(folder, batches, dims=3, fingerprint="embedder", position=1)
        self.count = len(set(ids))

    def matcher(
        self,
        regions: Mapping[Region, Sequence[float]],
        brands: Mapping[int, str] = BRANDS,
        keypoints: Mapping[int, Keypoints] | None = None,
    ) -> LogoMatcher:
        detector = FixedLogoDetector(*(LogoBox(region, 0.8) for region in regions))
        models = LogoModels("m", "f", detector, FixedLogoEmbedder(regions), shipped_scorer(3))
        found, verifier = build_keypoints(Settings())
        return LogoMatcher(
            models, gallery=self.gallery, logos=self.count, brand_of=brands.get,
            keypoints=KeptKeypoints(keypoints), detector=found, verifier=verifier,
        )  # fmt: skip


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    rows = [
        (1, unit(1, 0, 0)),
        (1, unit(1, 1, 0)),
        (2, unit(0.9, 0.1, 0)),
        (3, unit(0, 1, 0)),
        (4, unit(0, 0, 1)),
    ]
    return Shelf(tmp_path / "logos", rows)


def find(matcher: LogoMatcher) -> list[LogoCandidate]:
    (found,) = matcher.find([PHOTO])
    return found


def test_each_region_is_given_its_nearest_logo_and_the_best_other_brand(shelf: Shelf) -> None:
    found = find(shelf.matcher({HERE: unit(1, 0.05, 0), THERE: unit(0, 0.1, 1)}))
    assert [(one.image_id, one.region) for one in found[:2]] == [(1, HERE), (4, THERE)]
    first = found[0].comparison
    assert first.cosine == pytest.approx(0.9988, abs=1e-3)
    assert first.other == pytest.approx(0.05, abs=1e-2)  # Borealis: the brand's own second logo is no rival
    assert (first.logos, first.box, first.side) == (4, 0.8, 100)
    rivals = {one.image_id: one for one in found if one.region == HERE}
    assert set(rivals) == {1, 3}
    assert rivals[3].comparison.other == pytest.approx(first.cosine)


def test_a_region_between_two_brands_is_unsure_of_both(shelf: Shelf) -> None:
    clear = find(shelf.matcher({HERE: unit(0, 0, 1)}))[0]
    torn = find(shelf.matcher({HERE: unit(0, 1, 1)}))[0]
    assert torn.score < clear.score - 0.3


def test_where_one_brand_fills_the_list_another_is_at_most_as_near_as_its_last(tmp_path: Path) -> None:
    many = [(1, unit(1, 0.01 * step, 0)) for step in range(NEIGHBOURS + 5)]
    shelf = Shelf(tmp_path / "logos", [*many, (3, unit(0, 0, 1))])
    [found] = find(shelf.matcher({HERE: unit(1, 0, 0)}))
    assert found.comparison.other == pytest.approx(many[NEIGHBOURS - 1][1][0], abs=1e-4)


def test_the_only_brand_of_a_catalog_has_no_rival(tmp_path: Path) -> None:
    [found] = find(Shelf(tmp_path / "logos", [(1, unit(1, 0, 0))]).matcher({HERE: unit(1, 0.2, 0)}))
    assert (found.comparison.other, found.comparison.background) == (0.0, 0.0)


def test_logos_that_left_the_catalog_are_passed_over(shelf: Shelf) -> None:
    found = find(shelf.matcher({HERE: unit(1, 0, 0)}, brands={3: "Borealis"}))
    assert [one.image_id for one in found] == [3]


def test_without_a_logo_or_a_region_nothing_is_found(shelf: Shelf, tmp_path: Path) -> None:
    empty = Shelf(tmp_path / "empty", []).matcher({HERE: unit(1, 0, 0)})
    assert find(empty) == []
    assert empty.models.detector.shown == []  # type: ignore[attr-defined]
    blind = shelf.matcher({HERE: unit(1, 0, 0)})
    blind.models.detector.boxes = ()  # type: ignore[attr-defined]
    assert find(blind) == []
    assert shelf.matcher({HERE: unit(1, 0, 0)}).find([]) == []


def test_a_logo_with_texture_is_verified_by_its_keypoints(shelf: Shelf) -> None:
    label = drawn.pixels(drawn.product(1))
    detector, _ = build_keypoints(Settings())
    photo = np.full((400, 500, 3), 90, np.uint8)
    photo[50:290, 60:360] = label
    region = Region(60, 50, 360, 290)
    known = {1: detector.detect(label), 4: detector.detect(drawn.pixels(drawn.product(2)))}
    for vector, agrees in ((unit(1, 0, 0), True), (unit(0, 0, 1), False)):
        matcher = shelf.matcher({region: vector}, keypoints=known)
        (found,) = matcher.find([photo])
        inliers = {one.image_id: one.comparison.inliers for one in found}
        assert (inliers[1 if agrees else 4] > 30) == agrees
        assert found == sorted(found, key=lambda one: -one.score)


def large(side: int = 300) -> LargePhoto:
    return LargePhoto(b"", "p", Picture(PHOTO, side, side * 2 // 3, "hash", "PNG"), Settings().images)


def test_sightings_lie_in_shares_of_the_photo(shelf: Shelf) -> None:
    found = PhotoLogos(shelf.matcher({HERE: unit(1, 0.05, 0)})).sightings(large(), ())
    assert (found[0].image_id, found[0].found) == (1, 0.8)
    assert found[0].box == pytest.approx((10 / 300, 10 / 200, 110 / 300, 90 / 200), abs=1e-5)
    assert all(one.score == round(one.score, 6) for one in found)


def test_of_a_copy_of_a_reference_and_without_models_none_is_looked_for(shelf: Shelf) -> None:
    matcher = shelf.matcher({HERE: unit(1, 0, 0)})
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    copy = Sighting(image_id=9, copy_score=0.99, product_score=0.9, verified=True, cosine=0.9, quad=whole)
    assert PhotoLogos(matcher).sightings(large(), [copy]) == ()
    assert matcher.models.detector.shown == []  # type: ignore[attr-defined]
    assert PhotoLogos(None).sightings(large(), ()) == ()
