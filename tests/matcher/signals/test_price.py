"""A price far below that of the very reference is a sign; anything that cannot be compared is none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from matcher.records import Evidence
from matcher.signals import ReferenceFacts, Sighting
from matcher.signals.price import PriceSignal
from tests.matcher.signals.contract import SignalContract
from tests.matcher.signals.made import (
    BOOT,
    BRAND,
    FACTS,
    FAKE,
    SHOE,
    UNPRICED,
    MadeFacts,
    examination,
    image,
    photo,
    sighting,
)


def at(price: str | None, *seen: Sighting, currency: str = "EUR", facts: MadeFacts = FACTS) -> list[Evidence]:
    """What the signal says of a listing at `price` that shows `seen`, else the shoe of 80 EUR."""
    amount = None if price is None else Decimal(price)
    shown = photo(0, *(seen or (sighting(SHOE, 0.97),)))
    return PriceSignal().examine(examination(shown, price=amount, currency=currency, facts=facts))


class TestPrice(SignalContract):
    signal = PriceSignal()

    def test_it_says_both_prices(self) -> None:
        [found] = at("12.00")
        assert (found.brand, found.reference_id, found.score, found.photo) == (BRAND, "SKU-1", 1.0, None)
        assert found.detail == {"price": "12.00", "reference_price": "80", "currency": "EUR", "ratio": 0.15}

    @pytest.mark.parametrize(
        ("price", "score"),
        [("0.01", 1.0), ("24", 1.0), ("28", 0.833333), ("36", 0.5), ("47", 0.041667)],
    )
    def test_the_lower_the_surer(self, price: str, score: float) -> None:
        [found] = at(price)
        assert found.score == score

    @pytest.mark.parametrize("price", ["48", "79.99", "80", "800", "1e12", "0", "-1", None])
    def test_an_ordinary_price_or_none_says_nothing(self, price: str | None) -> None:
        assert at(price) == []

    @pytest.mark.parametrize("currency", ["USD", "", "  "])
    def test_another_currency_is_not_compared(self, currency: str) -> None:
        assert at("12", currency=currency) == []

    def test_a_currency_is_the_same_in_any_case(self) -> None:
        assert at("12", currency=" eur")[0].detail["currency"] == "EUR"

    def test_it_compares_with_the_surest_reference(self) -> None:
        assert at("60", sighting(SHOE, 0.96), sighting(BOOT, 0.8)) == []
        [found] = at("60", sighting(SHOE, 0.8), sighting(BOOT, 0.96))
        assert (found.reference_id, found.score) == ("SKU-2", 1.0)

    def test_a_reference_without_a_price_leaves_it_to_the_next_surest(self) -> None:
        assert at("12", sighting(UNPRICED, 0.9)) == []
        [found] = at("12", sighting(UNPRICED, 0.9), sighting(SHOE, 0.2, 0.95))
        assert found.reference_id == "SKU-1"

    def test_a_known_counterfeit_s_price_is_no_measure(self) -> None:
        assert at("1", sighting(FAKE, 0.99)) == []

    def test_a_brand_that_is_likelier_not_shown_is_not_compared(self) -> None:
        assert at("12", sighting(SHOE, 0.3, 0.49)) == []
        assert at("12", sighting(SHOE, 0.3, 0.5))

    @pytest.mark.parametrize("reference", ["NaN", "Infinity", "0", "-5", "1e-999999"])
    def test_an_absurd_reference_price_says_nothing(self, reference: str) -> None:
        assert at("12", facts=priced(reference)) == []

    def test_an_absurdly_high_reference_price_does_not_break(self) -> None:
        assert at("12", facts=priced("1e999999"))[0].score == 1.0


def priced(price: str) -> MadeFacts:
    shoe: ReferenceFacts = image(SHOE, "SKU-1", price=Decimal(price))
    return MadeFacts([shoe], list(FACTS.brands.values()))
