"""A seller is licensed by a brand or not, and only brands that are shown are asked."""

from __future__ import annotations

import pytest

from matcher.signals import ReferenceFacts
from matcher.signals.seller import SellerSignal
from tests.matcher.signals.contract import SignalContract
from tests.matcher.signals.made import (
    BRAND,
    FAKE,
    LAMP,
    OTHER,
    SHOE,
    MadeFacts,
    examination,
    image,
    photo,
    sighting,
)


class TestSeller(SignalContract):
    signal = SellerSignal()

    def test_a_licensed_seller(self) -> None:
        [found] = self.signal.examine(examination(photo(0, sighting(SHOE, 0.95)), seller_id=" dealer-1 "))
        assert (found.brand, found.score) == (BRAND, 1.0)
        assert found.detail == {"licensed": True, "seller_id": "dealer-1"}

    @pytest.mark.parametrize("seller", ["someone", "dealer-2", "DEALER-1"])
    def test_anyone_else_is_not(self, seller: str) -> None:
        [found] = self.signal.examine(examination(photo(0, sighting(SHOE, 0.9)), seller_id=seller))
        assert found.detail == {"licensed": False, "seller_id": seller}

    @pytest.mark.parametrize("seller", ["", "  "])
    def test_without_a_seller_it_says_that_none_was_given(self, seller: str) -> None:
        [found] = self.signal.examine(examination(photo(0, sighting(SHOE, 0.9)), seller_id=seller))
        assert found.detail == {"licensed": False, "seller_given": False}

    def test_each_brand_shown_is_asked(self) -> None:
        shown = photo(0, sighting(SHOE, 0.9), sighting(LAMP, 0.1, 0.8))
        found = self.signal.examine(examination(shown, seller_id="dealer-2"))
        assert [(one.brand, one.detail["licensed"]) for one in found] == [(BRAND, False), (OTHER, True)]

    def test_a_known_counterfeit_asks_too(self) -> None:
        assert self.signal.examine(examination(photo(0, sighting(FAKE, 0.2, 0.9)), seller_id="s"))

    def test_a_brand_that_is_likelier_not_shown_is_not_asked(self) -> None:
        assert self.signal.examine(examination(photo(0, sighting(SHOE, 0.2, 0.49)), seller_id="s")) == []

    @pytest.mark.parametrize(("sure", "score"), [(0.5, 0.0), (0.77, 0.6), (0.95, 1.0), (1.0, 1.0)])
    def test_it_concerns_a_brand_as_far_as_the_brand_is_surely_shown(self, sure: float, score: float) -> None:
        [found] = self.signal.examine(examination(photo(0, sighting(SHOE, sure)), seller_id="s"))
        assert found.score == score

    def test_a_brand_that_is_gone_has_licensed_nobody(self) -> None:
        facts: list[ReferenceFacts] = [image(SHOE, "SKU-1", brand="Gone")]
        shown = photo(0, sighting(SHOE, 0.9))
        [found] = self.signal.examine(examination(shown, facts=MadeFacts(facts, []), seller_id="dealer-1"))
        assert found.detail["licensed"] is False
