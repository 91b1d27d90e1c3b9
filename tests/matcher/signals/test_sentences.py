"""Each finding is one plain sentence, with numbers as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from matcher.records import Evidence
from matcher.signals.sentences import money, sentence


def said(signal: str, score: float = 1.0, *, photo: int | None = 0, **detail: JsonValue) -> str:
    return sentence(
        Evidence(signal=signal, score=score, brand="Adidas", photo=photo, reference_id="SKU-9", detail=detail)
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (said("copy", mirrored=True), "Photo 1 reuses the reference image SKU-9 of Adidas, mirrored."),
        (said("copy", 0.5), "Photo 1 seems to reuse the reference image SKU-9 of Adidas."),
        (said("product", photo=1), "Photo 2 shows the product SKU-9 (Adidas)."),
        (said("product", 0.4), "Photo 1 seems to show the product SKU-9 (Adidas)."),
        (
            said("known-counterfeit", kind="copy"),
            "Photo 1 reuses a photo of a known counterfeit (SKU-9) of Adidas.",
        ),
        (
            said("known-counterfeit", kind="product"),
            "Photo 1 shows the same product as a known counterfeit (SKU-9) of Adidas.",
        ),
        (
            said("price", price="12", reference_price="80.00", currency="EUR", ratio=0.15),
            "The price 12 EUR is 15 % of the reference's 80 EUR.",
        ),
        (
            said("price", price="0.5", reference_price="1234.5", currency="EUR", ratio=0.0004),
            "The price 0.50 EUR is under 1 % of the reference's 1,234.50 EUR.",
        ),
        (said("seller", licensed=False, seller_id="s-1"), "Seller s-1 is not licensed by Adidas."),
        (said("seller", licensed=True, seller_id="s-1"), "Seller s-1 is licensed by Adidas."),
        (
            said("seller", licensed=False, seller_given=False),
            "No seller is named, so none licensed by Adidas.",
        ),
        (said("logo", kind="logo"), "Photo 1 shows the logo SKU-9 of Adidas."),
        (
            said("logo", 0.5, kind="logo", text="adidas", says="wordmark", place="inside"),
            "Photo 1 seems to show the logo SKU-9 of Adidas with the text 'adidas'.",
        ),
        (
            said("logo", kind="look-alike", text="alkohol", says="other-word", place="beside"),
            "Photo 1 shows the logo SKU-9 of Adidas beside the text 'alkohol', "
            "which is not the brand's wordmark.",
        ),
        (
            said("wordmark", kind="near-miss", text="abibas", wordmark="adidas", edits=2),
            "Text 'abibas' in photo 1 is two letters from the wordmark 'adidas' of Adidas.",
        ),
        (
            said("wordmark", kind="exact", text="ADIDAS", wordmark="adidas"),
            "Text 'ADIDAS' in photo 1 is the wordmark 'adidas' of Adidas.",
        ),
        (
            said("claims", phrase="1:1", where="title"),
            "The title says '1:1', as sellers of copies of Adidas do.",
        ),
        (
            said("title", kind="bait", text="Adidas", other=["Gucci", "Prada"]),
            "The title lists Adidas among other brands (Gucci, Prada).",
        ),
        (said("title", kind="likened", text="adidas"), "The title likens the goods to Adidas ('adidas')."),
        (said("novel"), "The signal novel found something about Adidas."),
    ],
)
def test_a_finding_in_words(text: str, wanted: str) -> None:
    assert text == wanted


def test_an_amount_too_long_to_read_keeps_its_exponent() -> None:
    assert money("1E+999999", "EUR") == "1E+999999 EUR"
    assert money("cheap", "EUR") == "cheap EUR"


@given(
    signal=st.sampled_from(
        ["copy", "product", "known-counterfeit", "price", "seller", "wordmark", "claims", "title", "x"]
    ),
    name=st.text(max_size=300),
    detail=st.dictionaries(
        st.sampled_from(
            [
                "price",
                "reference_price",
                "currency",
                "ratio",
                "seller_id",
                "licensed",
                "kind",
                "text",
                "phrase",
                "edits",
            ]
        ),
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=200),
    ),
)
def test_whatever_it_is_given_it_is_one_short_line(
    signal: str, name: str, detail: dict[str, JsonValue]
) -> None:
    text = sentence(Evidence(signal=signal, score=0.5, brand=name, reference_id=name, detail=detail))
    assert len(text.splitlines()) == 1
    assert len(text) < 500
