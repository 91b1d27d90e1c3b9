"""What a workspace teaches: whose product each photo shows, as far as catalogue and reviews say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.workspace import Workspace
from tests.matcher import drawn
from tests.training.own_workspace import (
    BRAND,
    CONFIRMED,
    FAKE,
    REJECTED,
    UNSURE,
    again,
    bag,
    hash_of,
    known_fake,
    make,
    matched,
    review,
    seen,
)
from training.own_photos import own_photos

FAKE_NAME = f"known-counterfeit {BRAND}/{FAKE}"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    return make(tmp_path / "workspace", products=4)


def products(folder: Path) -> dict[str, str]:
    with Workspace.open(folder) as workspace:
        return {photo.content_hash: photo.product for photo in own_photos(workspace)}


def test_photos_of_one_reference_are_views_of_one_product(house: Path) -> None:
    found = products(house)
    for number in range(4):
        assert found[hash_of(bag(number))] == found[hash_of(again(number))] == f"{BRAND}/R-{number}"
    assert found[hash_of(seen(50))] == found[hash_of(seen(51))] == FAKE_NAME
    with Workspace.open(house) as workspace:
        shop = {photo.content_hash for photo in own_photos(workspace) if photo.shop}
    assert shop == {hash_of(image(number)) for number in range(4) for image in (bag, again)}


def test_reviewed_photos_show_what_verdict_and_answer_agree_on(house: Path) -> None:
    review(house, {
        "fake": ([seen(0)], [matched(1, score=0.7, verified=False)], [], CONFIRMED),
        "genuine": ([seen(1)], [matched(2)], [], REJECTED),
        "mistaken": ([seen(2)], [matched(2, verified=False)], [], REJECTED),
        "unlike": ([seen(3)], [matched(2, score=0.2)], [], CONFIRMED),
        "open": ([seen(4)], [matched(2)], [], UNSURE),
        "two": ([seen(5), seen(6)], [matched(0, photo=1), matched(3, photo=1, score=0.6)], [], CONFIRMED),
    })  # fmt: skip
    found = products(house)
    assert found[hash_of(seen(0))] == f"{BRAND}/R-1"
    assert found[hash_of(seen(1))] == f"{BRAND}/R-2"
    assert found[hash_of(seen(6))] == f"{BRAND}/R-0"
    assert not {hash_of(seen(number)) for number in (2, 3, 4, 5)} & found.keys()


def test_a_review_tells_which_reference_a_known_counterfeit_imitates(house: Path) -> None:
    review(house, {
        "again": ([seen(0)], [], [known_fake()], CONFIRMED),
        "both": ([seen(1)], [matched(3)], [known_fake()], CONFIRMED),
        "cleared": ([seen(2)], [], [known_fake()], REJECTED),
    })  # fmt: skip
    found = products(house)
    shown = {found[hash_of(seen(number))] for number in (0, 1, 50, 51)}
    assert shown == {f"{BRAND}/R-3"}
    assert hash_of(seen(2)) not in found


def test_a_confirmed_photo_that_became_a_known_counterfeit_stays_with_its_reference(house: Path) -> None:
    review(house, {"same": ([seen(50)], [matched(2)], [], CONFIRMED)})
    assert products(house)[hash_of(seen(51))] == f"{BRAND}/R-2"


def test_a_photo_that_products_share_is_no_products(house: Path) -> None:
    folder = house / "more"
    drawn.saved(bag(0), folder / "0.png")
    drawn.saved(bag(70), folder / "70.png")
    manifest = drawn.written(folder / "catalog.csv", ["reference_id,image", "R-0-XL,0.png|70.png"])
    with Workspace.open(house) as workspace:
        drawn.imported(workspace, manifest, BRAND)
    found = products(house)
    assert found[hash_of(bag(0))] == ""
    assert found[hash_of(bag(70))] == f"{BRAND}/R-0-XL"


def test_a_purged_photo_teaches_nothing(house: Path) -> None:
    with Workspace.open(house) as workspace:
        workspace.store.delete(hash_of(bag(1)))
    assert hash_of(bag(1)) not in products(house)
