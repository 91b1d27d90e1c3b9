"""Held-out photos are looked up among the references, and what is pasted on is none of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.matcher import drawn
from training.held_out import Parted
from training.measure import Probe
from training.own_measure import BACKGROUNDS, first_photos, own_probes
from training.own_photos import OwnPhoto
from training.photo_store import PhotoStore, store_photos


def stored(folder: Path, photos: tuple[OwnPhoto, ...]) -> PhotoStore:
    paths = []
    for photo in photos:
        number = int(photo.content_hash.partition("-")[0])
        view = drawn.product(number) if photo.shop else drawn.edited(drawn.product(number))
        (folder / photo.content_hash).parent.mkdir(parents=True, exist_ok=True)
        (folder / photo.content_hash).write_bytes(drawn.jpeg(view))
        paths.append(folder / photo.content_hash)
    return store_photos(paths, folder / "store", side=96)


def probes(tmp_path: Path, *, held: int, trained: int, views: int = 2) -> dict[str, Probe]:
    sides = [
        tuple(
            OwnPhoto(f"{number}-{view}", f"Acme/R-{number}", view == 0)
            for number in numbers
            for view in range(views)
        )
        for numbers in (range(trained), range(trained, trained + held))
    ]
    parted = Parted(*sides)
    return own_probes(parted, stored(tmp_path / "a", sides[0]), stored(tmp_path / "b", sides[1]))


def test_views_and_copies_of_held_out_products_are_looked_up_among_all(tmp_path: Path) -> None:
    found = probes(tmp_path, held=4, trained=12)
    for probe in found.values():
        # Half of the twelve learnt products serve as backgrounds.
        assert len(probe.references) == 4 + 6
        assert probe.truth.tolist() == [0, 1, 2, 3]
    assert set(found["views"].kind) == {"views"}
    assert len(set(found["copies"].kind)) == 4
    for query, truth in zip(found["views"].queries, found["views"].truth, strict=True):
        view = drawn.pixels(drawn.edited(drawn.product(12 + int(truth))).resize(query.shape[1::-1]))
        assert np.abs(view.astype(int) - query).mean() < 12


def test_a_catalogue_of_single_photos_is_measured_by_copies(tmp_path: Path) -> None:
    found = probes(tmp_path, held=3, trained=4, views=1)
    assert set(found) == {"copies"}
    assert len(found["copies"].queries) == 3


def test_with_nothing_to_paste_on_there_are_no_copies(tmp_path: Path) -> None:
    assert set(probes(tmp_path, held=3, trained=1)) == {"views"}


def test_the_shops_image_stands_for_the_product() -> None:
    photos = [OwnPhoto("a", "P"), OwnPhoto("b", "P", True), OwnPhoto("c", "P", True), OwnPhoto("d")]
    assert first_photos(photos) == {"P": photos[1]}


def test_a_photo_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    photos = (OwnPhoto("1-0", "P", True), OwnPhoto("1-1", "P"))
    store = stored(tmp_path, photos)
    gone = (*photos, OwnPhoto("2-0", "Q", True))
    found = own_probes(Parted((), gone), store, store)
    assert len(found["views"].references) == 1


@pytest.mark.parametrize("trained", [2, 3 * BACKGROUNDS])
def test_some_references_always_stay(tmp_path: Path, trained: int) -> None:
    found = probes(tmp_path, held=1, trained=trained, views=1)
    assert len(found["copies"].references) == 1 + max(trained // 2, trained - BACKGROUNDS)
