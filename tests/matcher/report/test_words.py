"""What a reviewer reads: sentences from any detail, numbers that claim no more than is known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.records import Evidence
from matcher.report import words

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(
    ["kind", "text", "wordmark", "price", "reference_price", "ratio", "licensed", "phrase", "quad", "inliers"]
)


def said(signal: str, weight: float = 1.0, **detail: Any) -> str:
    return words.finding(
        Evidence(signal=signal, score=1, weight=weight, brand="Ostara", reference_id="SKU-1", detail=detail)
    )


@pytest.mark.parametrize(
    ("sentence", "signal", "detail"),
    [
        ("The photo is a copy of reference SKU-1", "copy", {}),
        (
            "The photo is a copy of reference SKU-1, mirrored · 40 keypoints agree",
            "copy",
            {"mirrored": True, "inliers": 40},
        ),
        ("Shows the same product as reference SKU-1 · coverage 0.712", "product", {"coverage": 0.71234}),
        ("Matches confirmed counterfeit SKU-1", "known-counterfeit", {}),
        ("The logo of Ostara", "logo", {"kind": "logo"}),
        ("A mark made to look like the logo of Ostara", "logo", {"kind": "look-alike"}),
        (
            "The logo of Ostara beside “Ostora”, which is not its wordmark",
            "logo",
            {"kind": "look-alike", "text": "Ostora", "says": "near-miss", "place": "beside"},
        ),
        (
            "The logo of Ostara with its wordmark “OSTARA” · descriptors 0.81 alike",
            "logo",
            {"kind": "logo", "text": "OSTARA", "says": "wordmark", "place": "inside", "cosine": 0.81},
        ),
        (
            "Text “Osstara” is close to the wordmark “Ostara”",
            "wordmark",
            {"text": "Osstara", "wordmark": "Ostara", "kind": "near-miss"},
        ),
        (
            "40 EUR is 80\u00a0% below the reference's 200 EUR",
            "price",
            {"price": "40", "reference_price": 200, "currency": "EUR"},
        ),
        ("200 is the same as the reference's 200", "price", {"price": 200, "reference_price": 200}),
        ("The price is 20\u00a0% of the reference's", "price", {"ratio": 0.2}),
        ("The seller is not licensed by Ostara", "seller", {"licensed": False}),
        ("The seller shop-9 is not licensed by Ostara", "seller", {"licensed": False, "seller_id": "shop-9"}),
        ("A mark made to look like the logo of Ostara", "logo", {"kind": "look-alike", "inliers": 0}),
        (
            "Text “Osstara” is close to the wordmark “Ostara” · read with 98\u00a0% confidence"
            " · product and title point to the brand, too",
            "wordmark",
            {
                "text": "Osstara",
                "wordmark": "Ostara",
                "kind": "near-miss",
                "confidence": 0.98,
                "context": ["product", "title"],
            },
        ),
        ("Says “1:1 copy”", "claims", {"phrase": "1:1 copy"}),
        ("Says “1:1 copy”", "claims", {"phrase": "1:1 copy", "language": "*"}),
        ("colour red", "hue", {"colour": "red"}),
        ("Found", "hue", {}),
    ],
)
def test_each_signal_speaks_a_sentence(sentence: str, signal: str, detail: dict[str, Any]) -> None:
    assert said(signal, **detail) == sentence


def test_a_seller_without_detail_is_licensed_if_that_speaks_against_suspicion() -> None:
    assert said("seller", weight=-3) == "The seller is licensed by Ostara"


@given(
    st.sampled_from([*words.SIGNAL_NAMES, "new"]),
    st.dictionaries(KEYS | st.text(max_size=5), JSON, max_size=6),
)
def test_any_detail_gives_a_sentence(signal: str, detail: dict[str, Any]) -> None:
    evidence = Evidence(signal=signal, score=1).model_copy(update={"detail": detail})
    assert words.finding(evidence)


@pytest.mark.parametrize(
    ("score", "text"),
    [
        (0.0, "under 1\u00a0%"),
        (0.5, "50\u00a0%"),
        (0.994, "over 99\u00a0%"),
        (1.0, "over 99\u00a0%"),
        (float("nan"), "–"),
    ],
)
def test_a_percentage_claims_no_certainty(score: float, text: str) -> None:
    assert words.percent(score) == text


@pytest.mark.parametrize(
    ("weight", "text"), [(2.44, "+2.4"), (-6.5, "−6.5"), (0.0, "0"), (-0.04, "0"), (float("inf"), "–")]
)
def test_a_weight_has_a_sign(weight: float, text: str) -> None:
    assert words.signed(weight) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Decimal("1234.5"), "EUR", "1,234.50 EUR"),
        (Decimal("1E+3"), "", "1,000"),
        (None, "EUR", ""),
        (Decimal("NaN"), "EUR", ""),
    ],
)
def test_money_is_written_out(amount: Decimal | None, currency: str, text: str) -> None:
    assert words.money(amount, currency) == text
    assert words.below(amount, Decimal(0)) == ""


def test_an_unknown_signal_has_a_name_too() -> None:
    assert words.signal_name("serial-number") == "Serial number"
