"""Evidence in plain sentences, for people who decide what happens to a listing."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from pydantic import JsonValue

from matcher.records import Evidence

SURE = 0.7
"""Below this a sentence says `seems to`."""
_LONGEST_NAME = 80
_MOST_DIGITS = 15


def sentence(evidence: Evidence) -> str:
    """One line in plain text that says what was found; photos count from 1, nothing is escaped."""
    match evidence.signal:
        case "copy":
            return _copy(evidence)
        case "product":
            return _product(evidence)
        case "known-counterfeit":
            return _known_counterfeit(evidence)
        case "price":
            return _price(evidence)
        case "seller":
            return _seller(evidence)
        case "wordmark":
            return _wordmark(evidence)
        case "logo":
            return _logo(evidence)
        case "claims":
            return _claims(evidence)
        case "title":
            return _title(evidence)
        case _:
            about = f" about {_brand(evidence)}" if evidence.brand else ""
            return f"The signal {plain(evidence.signal)} found something{about}."


def plain(text: object) -> str:
    """`text` on one line, cut to a length that a sentence bears."""
    line = " ".join(str(text).split())
    return line if len(line) <= _LONGEST_NAME else line[: _LONGEST_NAME - 1] + "…"


def money(amount: JsonValue, currency: JsonValue) -> str:
    """An amount as people write it: `1,234.50 EUR`, without decimals where it is whole."""
    try:
        number = Decimal(str(amount))
    except InvalidOperation:
        return f"{plain(amount)} {plain(currency)}".strip()
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        return f"{number} {plain(currency)}".strip()
    digits = f"{number:,.0f}" if number == number.to_integral_value() else f"{number:,.2f}"
    return f"{digits} {plain(currency)}".strip()


def percent(ratio: JsonValue) -> str:
    """A share in whole percent."""
    share = float(ratio) if isinstance(ratio, int | float) else 0.0
    return "under 1 %" if share < 0.005 else f"{share * 100:.0f} %"


def _copy(evidence: Evidence) -> str:
    mirrored = ", mirrored" if evidence.detail.get("mirrored") is True else ""
    verb = _verb(evidence, "reuse")
    image = f"the reference image {_reference(evidence)} of {_brand(evidence)}"
    return f"{_photo(evidence)} {verb} {image}{mirrored}."


def _product(evidence: Evidence) -> str:
    shows = f"{_photo(evidence)} {_verb(evidence, 'show')}"
    return f"{shows} the product {_reference(evidence)} ({_brand(evidence)})."


def _known_counterfeit(evidence: Evidence) -> str:
    fake = f"a known counterfeit ({_reference(evidence)}) of {_brand(evidence)}."
    if evidence.detail.get("kind") == "copy":
        return f"{_photo(evidence)} {_verb(evidence, 'reuse')} a photo of {fake}"
    return f"{_photo(evidence)} {_verb(evidence, 'show')} the same product as {fake}"


def _price(evidence: Evidence) -> str:
    detail = evidence.detail
    price, reference = (
        money(detail.get(key), detail.get("currency")) for key in ("price", "reference_price")
    )
    return f"The price {price} is {percent(detail.get('ratio'))} of the reference's {reference}."


def _seller(evidence: Evidence) -> str:
    seller = plain(evidence.detail.get("seller_id") or "")
    if evidence.detail.get("licensed") is True:
        return f"Seller {seller} is licensed by {_brand(evidence)}."
    if not seller:
        return f"No seller is named, so none licensed by {_brand(evidence)}."
    return f"Seller {seller} is not licensed by {_brand(evidence)}."


def _wordmark(evidence: Evidence) -> str:
    detail = evidence.detail
    text, wordmark = plain(detail.get("text") or ""), plain(detail.get("wordmark") or "")
    where = f"Text '{text}' in {_photo(evidence).lower()}"
    if detail.get("kind") != "near-miss":
        return f"{where} is the wordmark '{wordmark}' of {_brand(evidence)}."
    edits = detail.get("edits")
    letters = (
        {1: "one letter", 2: "two letters"}.get(edits, "a little") if isinstance(edits, int) else "a little"
    )
    return f"{where} is {letters} from the wordmark '{wordmark}' of {_brand(evidence)}."


def _logo(evidence: Evidence) -> str:
    detail = evidence.detail
    logo = f"the logo {_reference(evidence)} of {_brand(evidence)}"
    shows = f"{_photo(evidence)} {_verb(evidence, 'show')} {logo}"
    text = plain(detail.get("text") or "")
    if not text:
        return f"{shows}."
    where = "with the text" if detail.get("place") == "inside" else "beside the text"
    if detail.get("kind") == "look-alike":
        return f"{shows} {where} '{text}', which is not the brand's wordmark."
    return f"{shows} {where} '{text}'."


def _claims(evidence: Evidence) -> str:
    where = {"title": "The title", "description": "The description"}.get(
        str(evidence.detail.get("where")), _photo(evidence)
    )
    about = f" of {_brand(evidence)}" if evidence.brand else ""
    return f"{where} says '{plain(evidence.detail.get('phrase') or '')}', as sellers of copies{about} do."


def _title(evidence: Evidence) -> str:
    detail = evidence.detail
    text, brand = plain(detail.get("text") or ""), _brand(evidence)
    other = detail.get("other")
    others = plain(", ".join(map(str, other))) if isinstance(other, list) else ""
    match detail.get("kind"):
        case "bait":
            return f"The title lists {brand} among other brands ({others})."
        case "likened":
            return f"The title likens the goods to {brand} ('{text}')."
        case "disguised":
            return f"The title writes the name of {brand} in disguise ('{text}')."
        case "other-brand":
            return f"The title names {brand}, the photos show {others}."
        case "misspelt":
            return f"The title misspells the name of {brand} ('{text}')."
        case _:
            return f"The title uses the name of {brand}."


def _verb(evidence: Evidence, verb: str) -> str:
    return f"{verb}s" if evidence.score >= SURE else f"seems to {verb}"


def _photo(evidence: Evidence) -> str:
    return "A photo" if evidence.photo is None else f"Photo {evidence.photo + 1}"


def _reference(evidence: Evidence) -> str:
    return plain(evidence.reference_id or "")


def _brand(evidence: Evidence) -> str:
    return plain(evidence.brand)
