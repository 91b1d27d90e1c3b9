"""What every embedder promises; a test class inherits `EmbedderContract` and gives an `embedder` fixture."""

from __future__ import annotations

import re

import numpy as np
import pytest

from matcher.models import Embedder, Pixels


def photographs(count: int = 4, seed: int = 7) -> list[Pixels]:
    """Images of different shapes, with large and small structure, all different."""
    rng = np.random.default_rng(seed)
    shapes = [(96, 128), (140, 90), (64, 64), (33, 200), (200, 31), (17, 16)]
    images = []
    for number in range(count):
        height, width = shapes[number % len(shapes)]
        blocks = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        large = blocks.repeat(-(-height // 4), axis=0).repeat(-(-width // 4), axis=1)[:height, :width]
        grain = rng.integers(0, 40, (height, width, 3), dtype=np.uint8)
        images.append((large // 2 + grain).astype(np.uint8))
    return images


class EmbedderContract:
    """Inherit it, and define a fixture `embedder`."""

    def test_it_says_what_it_is(self, embedder: Embedder) -> None:
        assert embedder.name
        assert "\n" not in embedder.name
        assert re.fullmatch("[0-9a-f]{64}", embedder.fingerprint)
        assert min(embedder.dims, embedder.reference_views, embedder.photo_views) >= 1

    def test_every_view_is_a_unit_vector(self, embedder: Embedder) -> None:
        images = photographs()
        for vectors, views in (
            (embedder.embed_references(images), embedder.reference_views),
            (embedder.embed_photos(images), embedder.photo_views),
        ):
            assert vectors.shape == (len(images), views, embedder.dims)
            assert vectors.dtype == np.float32
            assert np.linalg.norm(vectors, axis=-1) == pytest.approx(1, abs=1e-5)

    def test_no_image_gives_no_vector(self, embedder: Embedder) -> None:
        assert embedder.embed_references([]).shape == (0, embedder.reference_views, embedder.dims)
        assert embedder.embed_photos([]).shape == (0, embedder.photo_views, embedder.dims)

    def test_an_image_gives_the_same_digits_in_any_batch(self, embedder: Embedder) -> None:
        images = photographs()
        together = embedder.embed_photos(images)
        alone = np.concatenate([embedder.embed_photos([image]) for image in images])
        backwards = embedder.embed_photos(images[::-1])[::-1]
        assert np.array_equal(together, alone)
        assert np.array_equal(together, backwards)

    def test_the_same_call_gives_the_same_digits_again(self, embedder: Embedder) -> None:
        images = photographs(2)
        first = embedder.embed_references(images)
        assert all(np.array_equal(first, embedder.embed_references(images)) for _ in range(3))

    def test_the_whole_photo_comes_first(self, embedder: Embedder) -> None:
        images = photographs(2)
        photo, reference = embedder.embed_photos(images)[:, 0], embedder.embed_references(images)[:, 0]
        assert np.abs(photo - reference).max() < 1e-4

    def test_different_images_differ_and_the_same_image_does_not(self, embedder: Embedder) -> None:
        first, second = photographs(2)
        vectors = embedder.embed_references([first, second, first.copy()])[:, 0]
        assert np.array_equal(vectors[0], vectors[2])
        assert not np.array_equal(vectors[0], vectors[1])

    def test_pixels_may_be_read_only_flipped_or_a_slice_and_stay_as_they_were(
        self, embedder: Embedder
    ) -> None:
        (image,) = photographs(1)
        expected = embedder.embed_references([image[:, ::-1].copy()])
        before = image.copy()
        image.setflags(write=False)
        assert np.array_equal(embedder.embed_references([image[:, ::-1]]), expected)
        assert np.array_equal(image, before)

    @pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 300), (300, 1), (2, 3), (16, 512)])
    def test_odd_shapes_have_descriptors_too(self, embedder: Embedder, height: int, width: int) -> None:
        image = np.full((height, width, 3), 90, np.uint8)
        image[0, 0] = (200, 30, 60)
        assert np.isfinite(embedder.embed_photos([image])).all()

    def test_blank_images_have_descriptors_too(self, embedder: Embedder) -> None:
        blank = [np.full((40, 40, 3), level, np.uint8) for level in (0, 128, 255)]
        assert np.isfinite(embedder.embed_photos(blank)).all()
