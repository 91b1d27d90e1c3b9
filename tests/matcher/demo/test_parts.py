"""What the demo is drawn with: the camera, the edits and the print keep their promises."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image, ImageChops

from matcher.demo.artwork import Print
from matcher.demo.brands import BRANDS
from matcher.demo.edits import EDITS, collage
from matcher.demo.everyday import EVERYDAY
from matcher.demo.lettering import mix
from matcher.demo.photography import Shot, photograph, studio
from matcher.demo.products import View, cut_out
from matcher.demo.solids import perspective

TEA = BRANDS[0]


@pytest.fixture(scope="module")
def shop_image() -> Image.Image:
    return studio(cut_out(Print(TEA, TEA.products[0], TEA.name)), upright=True)


def test_colours_mix_in_equal_steps() -> None:
    assert mix("#000000", "#ffffff", 0.0) == "#000000"
    assert mix("#000000", "#204060", 0.5) == "#102030"
    assert mix("#000000", "#ffffff", 1.0) == "#ffffff"


def test_a_perspective_carries_corners_onto_corners() -> None:
    source = [(0.0, 0.0), (100.0, 0.0), (100.0, 80.0), (0.0, 80.0)]
    target = [(12.0, 9.0), (140.0, 20.0), (120.0, 130.0), (5.0, 100.0)]
    a, b, c, d, e, f, g, h = perspective(source, target)
    for (u, v), (x, y) in zip(source, target, strict=True):
        w = g * x + h * y + 1
        assert ((a * x + b * y + c) / w, (d * x + e * y + f) / w) == pytest.approx((u, v), abs=1e-6)


@pytest.mark.parametrize("form", sorted({p.form for brand in BRANDS for p in brand.products}))
def test_every_form_is_a_cut_out_that_shows_its_wordmark(form: str) -> None:
    brand, product = next((b, p) for b in BRANDS for p in b.products if p.form == form)
    right = cut_out(Print(brand, product, brand.name), View())
    wrong = cut_out(Print(brand, product, brand.misspelt[0]), View())
    assert right.mode == "RGBA"
    assert right.getchannel("A").getextrema() == (0, 255)
    assert right.size == wrong.size
    assert ImageChops.difference(right.convert("RGB"), wrong.convert("RGB")).getbbox()


def test_siblings_share_their_layout_and_differ_in_print() -> None:
    first, second = (cut_out(Print(TEA, product, TEA.name)) for product in TEA.products[:2])
    assert first.size == second.size
    difference = np.asarray(ImageChops.difference(first.convert("RGB"), second.convert("RGB")))
    assert difference.mean() > 10


@pytest.mark.parametrize("upright", [True, False])
def test_a_photo_differs_each_time_but_not_for_the_same_chance(upright: bool) -> None:
    cut = Image.new("RGBA", (300, 400), "#b04030")
    shot = Shot(upright=upright, size=(480, 360))
    first, again, other = (photograph(cut, np.random.default_rng(seed), shot) for seed in (1, 1, 2))
    assert first.size == (480, 360)
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_changes_the_picture_and_leaves_its_source_alone(name: str, shop_image: Image.Image) -> None:
    before = shop_image.tobytes()
    edited = EDITS[name](shop_image, np.random.default_rng(3))
    assert edited.mode == "RGB"
    assert (edited.size, edited.tobytes()) != (shop_image.size, before)
    assert shop_image.tobytes() == before


@pytest.mark.parametrize(("count", "size"), [(2, (1156, 584)), (4, (1156, 1156))])
def test_a_collage_holds_two_or_four(count: int, size: tuple[int, int], shop_image: Image.Image) -> None:
    assert collage([shop_image] * count, np.random.default_rng(3)).size == size


@pytest.mark.parametrize("name", EVERYDAY)
def test_every_household_thing_can_be_cut_out(name: str) -> None:
    thing = EVERYDAY[name][0](np.random.default_rng(4))
    assert thing.mode == "RGBA"
    assert thing.getchannel("A").getbbox()


def test_brands_cannot_be_changed_by_accident() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        TEA.name = "Other"  # type: ignore[misc]
