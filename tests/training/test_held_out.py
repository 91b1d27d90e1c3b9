"""What a run is measured on: nothing of it is learnt, and a run that goes on keeps to it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from matcher.errors import UsageError
from training import held_out
from training.held_out import HELD, Parted, kept_like, once, part, without_near
from training.own_photos import OwnPhoto


def catalogue(products: int = 40, views: int = 3) -> list[OwnPhoto]:
    return [
        OwnPhoto(f"{product:02d}-{view}", f"Acme/R-{product}", view == 0)
        for product in range(products)
        for view in range(views)
    ]


def test_no_product_stands_on_both_sides() -> None:
    photos = catalogue()
    parted = part(photos)
    assert {*parted.trained, *parted.held} == set(photos)
    assert 0.1 < len(parted.held) / len(photos) < 0.3
    assert not {photo.product for photo in parted.trained} & {photo.product for photo in parted.held}


def test_a_photo_that_products_share_is_not_measured_on() -> None:
    shared = [OwnPhoto(f"x{number}", "", True) for number in range(30)]
    assert set(shared) <= set(part([*shared, *catalogue()]).trained)


def test_what_is_nearly_a_photo_held_out_is_not_learnt() -> None:
    learnt, near, held = (OwnPhoto(name, f"Acme/{name}") for name in ("learnt", "near", "held"))
    vectors = np.array([[1, 0], [0.28, 0.96], [0, 1]], np.float32)
    parted = without_near(Parted((learnt, near), (held,)), ["learnt", "near", "held"], vectors)
    assert parted == Parted((learnt,), (held,))
    alone = without_near(Parted((learnt, near), ()), ["learnt", "near", "held"], vectors)
    assert alone.trained == (learnt, near)
    unread = without_near(Parted((learnt, near), (held,)), ["near"], vectors[1:2])
    assert unread.trained == (near,)


def test_products_with_several_photos_are_on_both_sides() -> None:
    singles = [OwnPhoto(f"s{number}", f"Acme/S-{number}", True) for number in range(200)]
    parted = part([*singles, *catalogue(products=10, views=2)])
    for side in (parted.trained, parted.held):
        assert any(not photo.shop for photo in side)


def test_a_run_that_goes_on_keeps_what_it_began_with(tmp_path: Path) -> None:
    first = once(tmp_path, lambda: part(catalogue()))
    again = once(tmp_path, lambda: pytest.fail("the photos were parted anew"))
    assert again == first
    (tmp_path / held_out.FILE).write_text('{"trained": [{"name": 1}]}')
    with pytest.raises(UsageError, match="is damaged"):
        once(tmp_path, lambda: Parted((), ()))


def test_a_later_run_on_more_photos_holds_out_what_an_earlier_one_did(tmp_path: Path) -> None:
    first = once(tmp_path, lambda: part(catalogue()))
    later = part(catalogue(products=60, views=4), kept_like(tmp_path))
    assert {photo.product for photo in first.held} <= {photo.product for photo in later.held}
    assert {photo.product for photo in first.trained} <= {photo.product for photo in later.trained}


def test_what_a_labelled_set_reports_on_is_never_learnt(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(
        "listing_id,verdict,split,seller,product,photo\n"
        "L-1,counterfeit,report,shop-1,Acme/R-5,\n"
        "L-2,clear,report,shop-2,,09-2\n"
        "L-3,clear,tune,shop-3,Acme/R-6,\n"
    )
    (tmp_path / "verdicts.jsonl").write_text("")
    kept = kept_like(tmp_path)
    assert kept == {"product:Acme/R-5": HELD, "photo:09-2": HELD}
    held = {photo.product for photo in part(catalogue(), kept).held}
    assert {"Acme/R-5", "Acme/R-9"} <= held


def test_what_is_neither_run_nor_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no run"):
        kept_like(tmp_path)


def test_what_is_kept_can_be_read_by_a_person(tmp_path: Path) -> None:
    once(tmp_path, lambda: part(catalogue(products=10)))
    facts = json.loads((tmp_path / held_out.FILE).read_text())
    assert facts["held out"][0].keys() == {"content_hash", "product", "shop"}
