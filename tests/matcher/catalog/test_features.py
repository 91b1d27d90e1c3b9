"""Descriptors come back rounded to float16, keypoints as bytes, for the model that was asked for only."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from sqlalchemy import update

from matcher.catalog import (
    Database,
    as_stored,
    get_descriptors,
    get_keypoints,
    missing_descriptors,
    missing_keypoints,
    put_descriptors,
    put_keypoints,
    put_product,
    remove_product,
    sweep_features,
)
from matcher.catalog.tables import descriptors
from tests.matcher.catalog.made import hash_of, image, row


def unit(seed: int, views: int = 3, dims: int = 64) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(views, dims)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_descriptors_come_back_as_stored(database: Database) -> None:
    given_vectors = {hash_of(f"{seed}"): unit(seed) for seed in range(1203)}
    with database.write() as connection:
        put_descriptors(connection, given_vectors, "model@1")
    with database.read() as connection:
        found = get_descriptors(connection, [*given_vectors, hash_of("never seen")], "model@1")
    assert found.keys() == given_vectors.keys()
    for name, vectors in found.items():
        assert vectors.dtype == np.float32
        np.testing.assert_array_equal(vectors, as_stored(given_vectors[name]))


@given(arrays.arrays(np.float32, (2, 16), elements=st.floats(-1, 1, width=32)))
def test_rounding_moves_a_component_by_at_most_two_to_the_minus_twelve(vectors: NDArray[np.float32]) -> None:
    assert np.abs(as_stored(vectors) - vectors).max() <= 2**-12
    np.testing.assert_array_equal(as_stored(as_stored(vectors)), as_stored(vectors))


def test_rounding_moves_a_cosine_by_less_than_half_a_thousandth() -> None:
    vectors = unit(1, views=200, dims=256)
    exact, rounded = vectors @ vectors.T, as_stored(vectors) @ as_stored(vectors).T
    assert np.abs(exact - rounded).max() < 0.0005


def test_models_and_view_sets_are_kept_apart(database: Database) -> None:
    name = hash_of("a")
    with database.write() as connection:
        put_descriptors(connection, {name: unit(1)}, "model@1")
        put_descriptors(connection, {name: unit(2, views=5)}, "model@1", "photo")
        put_keypoints(connection, {name: b"points"}, "sift@1")
        assert get_descriptors(connection, [name], "model@1", "photo")[name].shape == (5, 64)
        assert get_descriptors(connection, [name], "model@1")[name].shape == (3, 64)
        assert get_descriptors(connection, [name], "model@2") == {}
        assert get_keypoints(connection, [name, hash_of("b")], "sift@1") == {name: b"points"}
        assert missing_descriptors(connection, [name, hash_of("b"), hash_of("b")], "model@1") == [
            hash_of("b")
        ]
        assert missing_keypoints(connection, [name], "sift@2") == [name]


def test_putting_again_replaces(database: Database) -> None:
    with database.write() as connection:
        for seed in (1, 2):
            put_descriptors(connection, {hash_of("a"): unit(seed)}, "model@1")
        put_keypoints(connection, {}, "sift@1")
        found = get_descriptors(connection, [hash_of("a")], "model@1")
    np.testing.assert_array_equal(found[hash_of("a")], as_stored(unit(2)))


def test_a_damaged_descriptor_counts_as_missing(database: Database) -> None:
    with database.write() as connection:
        put_descriptors(connection, {hash_of("a"): unit(1)}, "model@1")
        connection.execute(update(descriptors).values(vectors=b"short"))
        assert get_descriptors(connection, [hash_of("a")], "model@1") == {}
        assert missing_descriptors(connection, [hash_of("a")], "model@1") == [hash_of("a")]


def test_features_of_images_that_are_gone_can_be_swept(database: Database, acme: str) -> None:
    with database.write() as connection:
        put_product(connection, acme, row("R-1"), [image("a")])
        put_product(connection, acme, row("R-2"), [image("b")])
        put_descriptors(connection, {hash_of("a"): unit(1), hash_of("b"): unit(2)}, "model@1")
        put_keypoints(connection, {hash_of("a"): b"points"}, "sift@1")
        remove_product(connection, acme, "R-1")
    assert sweep_features(database) == 2
    with database.read() as connection:
        assert missing_descriptors(connection, [hash_of("a"), hash_of("b")], "model@1") == [hash_of("a")]
