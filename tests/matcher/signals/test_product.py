"""A product photographed anew is found; what is only a copy is not counted twice."""

from __future__ import annotations

import pytest

from matcher.signals.product import ProductSignal
from tests.matcher.signals.contract import SignalContract
from tests.matcher.signals.made import BOOT, BRAND, LAMP, OTHER, SHOE, examination, photo, sighting


class TestProduct(SignalContract):
    signal = ProductSignal()

    def test_a_product_photographed_anew_is_found(self) -> None:
        [found] = self.signal.examine(examination(photo(0, sighting(SHOE, 0.1, 0.9))))
        assert (found.brand, found.reference_id, found.score) == (BRAND, "SKU-1", 0.9)
        assert "mirrored" not in found.detail

    @pytest.mark.parametrize(("copy", "product"), [(0.97, 0.99), (0.99, 0.98), (0.5, 0.5), (0.1, 0.29)])
    def test_a_copy_implies_the_product(self, copy: float, product: float) -> None:
        assert self.signal.examine(examination(photo(0, sighting(SHOE, copy, product)))) == []

    def test_a_doubtful_copy_leaves_the_product_what_it_does_not_say(self) -> None:
        [found] = self.signal.examine(examination(photo(0, sighting(SHOE, 0.35, 0.95))))
        assert found.score == 0.6

    def test_a_copy_elsewhere_implies_the_brand_s_products_too(self) -> None:
        photos = photo(0, sighting(SHOE, 0.98)), photo(1, sighting(BOOT, 0.0, 0.9))
        assert self.signal.examine(examination(*photos)) == []

    def test_a_copy_of_one_brand_says_nothing_of_another(self) -> None:
        [found] = self.signal.examine(examination(photo(0, sighting(SHOE, 0.98), sighting(LAMP, 0.0, 0.8))))
        assert found.brand == OTHER
