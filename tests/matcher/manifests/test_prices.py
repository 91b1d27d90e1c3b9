"""Prices as people and machines write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.manifests.currencies import ISO_CODES
from matcher.manifests.prices import MAX_AMOUNT, Price, parse_currency, parse_price
from matcher.manifests.rows import BadCellError, Numeral


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("19.99", "19.99", ""),
        ("19,99", "19.99", ""),
        ("1.234,56", "1234.56", ""),
        ("1,234.56", "1234.56", ""),
        ("¥1,200", "1200", ""),
        ("19.99 USD", "19.99", "USD"),
        ("USD 19.99", "19.99", "USD"),
        ("usd19.99", "19.99", "USD"),
        ("€ 19", "19", "EUR"),
        ("1 234,50", "1234.50", ""),
        ("1\u00a0234,50\u00a0€", "1234.50", "EUR"),
        ("1\u202f234,50 zł", "1234.50", "PLN"),
        ("1'234.50", "1234.50", ""),
        ("CHF 1’234.50", "1234.50", "CHF"),
        ("Rs. 1,23,456.00", "123456.00", ""),
        ("Rs.500", "500", ""),
        ("₹1,23,456", "123456", "INR"),
        ("19,- €", "19", "EUR"),
        ("US$ 5", "5", "USD"),
        ("$5", "5", ""),
        ("$5 CAD", "5", "CAD"),
        ("5 kr.", "5", ""),
        ("１，２００円", "1200", "JPY"),
        ("٣٫٥", "3.5", ""),
        ("1.200", "1200", ""),
        ("1,200", "1200", ""),
        ("15.000.000 VND", "15000000", "VND"),
        ("1.250 KWD", "1.250", "KWD"),
        ("0.125", "0.125", ""),
        (".99", "0.99", ""),
        ("1234567.891", "1234567.891", ""),
        ("1e3", "1000", ""),
        ("0", "0", ""),
    ],
)
def test_a_price_is_read_as_its_writer_meant_it(text: str, amount: str, currency: str) -> None:
    assert parse_price(text) == Price(Decimal(amount), currency)


@pytest.mark.parametrize(
    "text",
    [
     "-5", "−5", "(5)", "+5", "NaN", "inf", "-inf", "Infinity", "1e13", "1e99", "10-20",
     "10 – 20", "cheap", "USD", "1,2,3", "12 34", "1.234.56", "1,234 567", "5 credits", "5 USD EUR",
     "USD 5 EUR", "9" * 70, "1.2.3.4", "--", "1_000"
    ],
)  # fmt: skip
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(BadCellError, match="price"):
        parse_price(text)


@pytest.mark.parametrize("text", ["", "  ", "\u00a0"])
def test_no_price_is_no_fault(text: str) -> None:
    assert parse_price(text, "EUR") == Price(None, "EUR")


def test_a_number_cell_has_a_decimal_point_whatever_follows_it() -> None:
    assert parse_price(Numeral("1.125")).amount == Decimal("1.125")
    assert parse_price(Numeral("19.989999771118164")).amount == Decimal("19.99")
    with pytest.raises(BadCellError):
        parse_price(Numeral("-1"))


def test_the_currency_cell_wins_and_may_be_a_symbol() -> None:
    assert parse_price("19.99 USD", "eur").currency == "EUR"
    assert parse_currency("€") == "EUR"
    assert parse_currency(" $ ") == ""
    with pytest.raises(BadCellError, match="currency 'points'"):
        parse_currency("points")


AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False)


@given(amount=AMOUNTS, code=st.sampled_from(sorted(ISO_CODES)), first=st.booleans())
def test_every_way_of_grouping_gives_the_amount_back(amount: Decimal, code: str, first: bool) -> None:
    english = f"{amount:,.2f}"
    written = [f"{amount:.2f}", english, english.replace(",", " "), english.replace(",", "'")]
    written.append(english.translate(str.maketrans(",.", ".,")))
    written.append(english.translate(str.maketrans(",.", "\u202f,")))
    for text in written:
        priced = f"{code} {text}" if first else f"{text}\u00a0{code}"
        assert parse_price(priced) == Price(amount, code)
        assert parse_price(text) == Price(amount, "")


@given(text=st.text(max_size=80), currency=st.text(max_size=8))
def test_any_text_is_a_fair_price_or_refused(text: str, currency: str) -> None:
    try:
        price = parse_price(text, currency)
    except BadCellError as error:
        reason = str(error)
    else:
        reason = ""
        assert price.amount is None or 0 <= price.amount <= MAX_AMOUNT
        assert price.currency == "" or price.currency in ISO_CODES
    assert "\n" not in reason


@given(text=st.text("0123456789.,' $€-()eE", max_size=20))
def test_any_jumble_of_digits_is_a_fair_price_or_refused(text: str) -> None:
    try:
        amount = parse_price(text).amount
    except BadCellError:
        return
    assert amount is None or (amount.is_finite() and 0 <= amount <= MAX_AMOUNT)
