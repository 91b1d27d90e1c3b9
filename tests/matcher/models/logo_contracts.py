"""What every logo detector and every logo embedder promises; a test class inherits it and gives its model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.box_metrics import overlaps
from matcher.models import LogoDetector, LogoEmbedder, Pixels
from matcher.records import Region


def badge(number: int, size: int = 96) -> Image.Image:
    """A colourful mark on white that no other number gives."""
    chance = np.random.default_rng(number)
    image = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(image)
    for shape in (draw.ellipse, draw.rectangle, draw.ellipse, draw.rectangle):
        x, y = (int(one) for one in chance.integers(size // 12, size // 2, 2))
        extent = int(chance.integers(size // 6, size // 3))
        hue = [int(one) for one in chance.permutation([230, 30, int(chance.integers(0, 120))])]
        shape((x, y, x + extent, y + extent), fill=tuple(hue))
    return image


def goods(*badges: tuple[int, tuple[int, int]], size: tuple[int, int] = (480, 360), side: int = 96) -> Pixels:
    """A grey thing with the badges of these numbers on it, each at its top left corner."""
    image = Image.new("RGB", size, (118, 118, 118))
    ImageDraw.Draw(image).rectangle((20, 20, size[0] - 20, size[1] - 20), fill=(150, 150, 150))
    for number, place in badges:
        image.paste(badge(number, side), place)
    return np.array(image)


class LogoDetectorContract(ABC):
    """Inherit, and give a `detector`."""

    @pytest.fixture
    @abstractmethod
    def detector(self) -> LogoDetector: ...

    def test_a_logo_is_found_where_it_is(self, detector: LogoDetector) -> None:
        (boxes,) = detector.detect([goods((1, (120, 120)), side=120)])
        inked = np.argwhere((np.array(badge(1, 120)) != 255).any(axis=2))
        (top, left), (low, right) = 120 + inked.min(axis=0), 121 + inked.max(axis=0)
        # The white square may be taken for a plate that the logo stands on, or for a part of it.
        logo = np.array([[left, top, right, low], [120, 120, 240, 240]], np.float64)
        assert overlaps(np.array([boxes[0].region]), logo).max() > 0.5

    def test_boxes_come_best_first_lie_in_the_photo_and_differ(self, detector: LogoDetector) -> None:
        photo = goods((1, (0, 0)), (2, (240, 120)), (3, (360, 240)))
        (boxes,) = detector.detect([photo])
        scores = [box.score for box in boxes]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        for x1, y1, x2, y2 in (box.region for box in boxes):
            assert 0 <= x1 < x2 <= 480
            assert 0 <= y1 < y2 <= 360
        regions = np.array([box.region for box in boxes])
        assert all(overlaps(regions[[one]], regions[[two]])[0, 0] < 0.6 for one, two in _pairs(len(boxes)))

    @pytest.mark.parametrize("size", [(16, 16), (1, 400), (400, 1), (3, 2000)])
    def test_a_photo_of_odd_shape_gives_no_error(self, detector: LogoDetector, size: tuple[int, int]) -> None:
        (boxes,) = detector.detect([np.full((*size, 3), 90, np.uint8)])
        assert all(box.region.x2 <= size[1] and box.region.y2 <= size[0] for box in boxes)

    def test_photos_do_not_touch_each_other(self, detector: LogoDetector) -> None:
        one, two = goods((1, (0, 0))), goods((2, (200, 100)), size=(320, 400))
        assert detector.detect([one, two]) == [*detector.detect([one]), *detector.detect([two])]
        assert detector.detect([]) == []

    def test_it_has_a_name_and_a_fingerprint(self, detector: LogoDetector) -> None:
        assert detector.name
        assert len(detector.fingerprint) == 64


class LogoEmbedderContract(ABC):
    """Inherit, and give an `embedder`."""

    @pytest.fixture
    @abstractmethod
    def embedder(self) -> LogoEmbedder: ...

    def test_a_region_is_nearest_to_the_logo_in_it(self, embedder: LogoEmbedder) -> None:
        references = embedder.embed_references([np.array(badge(number)) for number in (1, 2, 3)])
        photo = goods((2, (120, 120)))
        ((found,),) = embedder.embed_regions([photo], [[Region(120, 120, 216, 216)]])
        assert max(range(3), key=lambda number: (references[number] @ found).max()) == 1

    def test_descriptors_are_unit_vectors_one_a_region(self, embedder: LogoEmbedder) -> None:
        photo = goods((1, (0, 0)), (2, (200, 120)))
        regions = [Region(0, 0, 96, 96), Region(200, 120, 296, 216), Region(470.2, 350.7, 480, 360)]
        one, none = embedder.embed_regions([photo, photo], [regions, []])
        assert one.shape == (3, embedder.dims)
        assert none.shape == (0, embedder.dims)
        assert one.dtype == np.float32
        assert np.linalg.norm(one, axis=1) == pytest.approx(1, abs=1e-4)

    def test_a_reference_has_several_variants_in_the_same_space(self, embedder: LogoEmbedder) -> None:
        plain, photo = embedder.embed_references([np.array(badge(1)), _noise()])
        assert len(plain) > len(photo) >= 1
        assert np.linalg.norm(np.concatenate([plain, photo]), axis=1) == pytest.approx(1, abs=1e-4)

    @pytest.mark.parametrize("level", [0, 127, 255])
    def test_nothing_at_all_has_a_descriptor_too(self, embedder: LogoEmbedder, level: int) -> None:
        blank = np.full((40, 60, 3), level, np.uint8)
        (found,) = embedder.embed_references([blank])
        assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-4)

    def test_what_else_is_asked_changes_no_digit(self, embedder: LogoEmbedder) -> None:
        photo, other = goods((1, (0, 0)), (2, (200, 120))), goods((3, (50, 50)), size=(300, 300))
        regions = [Region(0, 0, 96, 96), Region(200, 120, 296, 216)]
        both, _ = embedder.embed_regions([photo, other], [regions, [Region(50, 50, 146, 146)]])
        ((alone,),) = embedder.embed_regions([photo], [regions[1:]])
        assert np.array_equal(both[1], alone)
        assert embedder.embed_regions([], []) == []

    def test_it_has_a_name_and_a_fingerprint(self, embedder: LogoEmbedder) -> None:
        assert embedder.name
        assert len(embedder.fingerprint) == 64


def _noise() -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)


def _pairs(count: int) -> list[tuple[int, int]]:
    return list(combinations(range(count), 2))
