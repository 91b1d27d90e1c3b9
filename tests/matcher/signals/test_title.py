"""A brand's name is misused in a title, or honestly used."""

from __future__ import annotations

import pytest

from matcher.signals.title import TitleSignal
from tests.matcher.signals.contract import SignalContract
from tests.matcher.signals.shop import BAG, SNEAKER, listing, shows


class TestTitle(SignalContract):
    signal = TitleSignal()

    def told(self, title: str, **more: object) -> list[tuple[str, object]]:
        found = self.signal.examine(listing(title=title, **more))  # type: ignore[arg-type]
        return [(one.brand, one.detail["kind"]) for one in found]

    @pytest.mark.parametrize(
        "title",
        [
            "Nike running shoes", "Case for iPhone 15", "Laces compatible with Adidas", "Gucci x Adidas bag",
            "Bundle Nike Adidas Puma socks", "Mango dress", "Mango juice", "bag, not Gucci", "", "👟" * 80,
            "Sneakers (Nike)", "Apple pie dish",
        ],
    )  # fmt: skip
    def test_honest_use_is_let_be(self, title: str) -> None:
        assert self.told(title) == []

    def test_a_list_of_brands_is_bait_but_for_the_brand_shown(self) -> None:
        title = "Bag Gucci Prada Nike"
        assert self.told(title) == [("Gucci", "bait"), ("Nike", "bait"), ("Prada", "bait")]
        assert self.told(title, seen=(shows(BAG, 0.9),)) == [("Nike", "bait"), ("Prada", "bait")]

    @pytest.mark.parametrize("title", ["Bag like Gucci", "Gucci style bag", "inspired by Gucci"])
    def test_likening_is_misuse(self, title: str) -> None:
        assert self.told(title) == [("Gucci", "likened")]

    @pytest.mark.parametrize("title", ["GUCC1 belt", "Guссi belt", "G U C C I belt", "Gu¢¢i belt"])
    def test_a_name_in_disguise_is_misuse(self, title: str) -> None:
        assert self.told(title) == [("Gucci", "disguised")]

    def test_the_photos_show_another_brand(self) -> None:
        [found] = self.signal.examine(listing(title="Adidas sneakers", seen=(shows(SNEAKER, 0.9),)))
        assert (found.brand, found.score, found.detail["other"]) == ("Adidas", 0.9, ["Nike"])
        assert self.told("Adidas sneakers", seen=(shows(SNEAKER, 0.8),)) == []
        assert self.told("Adidas Nike sneakers", seen=(shows(SNEAKER, 0.9),)) == []
        assert self.told("Laces for Adidas", seen=(shows(SNEAKER, 0.9),)) == []

    def test_a_misspelling_is_hardly_a_sign(self) -> None:
        [found] = self.signal.examine(listing(title="addidas shoes"))
        assert (found.detail["kind"], found.score) == ("misspelt", 0.2)
