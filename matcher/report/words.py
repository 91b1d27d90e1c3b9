"""Findings, numbers and names in the words a reviewer reads."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup
from pydantic import JsonValue

from matcher.records import Evidence

# Characters that reorder or hide what stands beside them, and control characters: shown by number.
_CONCEALING = re.compile("([\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2069\ufeff])")
_WEB_ADDRESS = re.compile(r"https?://[^\s\\\x00-\x1f\x7f]+", re.IGNORECASE)
_SPOKEN_OF_ELSEWHERE = frozenset(
    {
        "quad",
        "kind",
        "text",
        "wordmark",
        "mirrored",
        "licensed",
        "price",
        "reference_price",
        "currency",
        "ratio",
        "phrase",
        "where",
        "edits",
        "other",
        "source",
        "says",
        "place",
        "text_region",
        "seller_id",
    }
)
_LONGEST_FACT = 80

SIGNAL_NAMES = {
    "copy": "Reused photo",
    "product": "Same product",
    "known-counterfeit": "Known counterfeit",
    "logo": "Logo",
    "wordmark": "Wordmark",
    "claims": "Claims",
    "title": "Title",
    "price": "Price",
    "seller": "Seller",
}


def signal_name(signal: str) -> str:
    """The signal as a heading, also one this report does not know."""
    return SIGNAL_NAMES.get(signal, signal.replace("-", " ").capitalize())


def revealed(text: str) -> Markup:
    """`text` escaped and isolated for HTML, with characters that conceal or reorder shown as `U+202E`."""
    parts = _CONCEALING.split(text)
    marks = [
        Markup('<span class="hidden-char">U+{:04X}</span>').format(ord(part))
        if odd % 2
        else Markup.escape(part)
        for odd, part in enumerate(parts)
    ]
    return Markup("<bdi>{}</bdi>").format(Markup("").join(marks))


def in_plain_text(text: str) -> str:
    """`text` with characters that conceal or reorder shown as `U+202E`, for files without markup."""
    return _CONCEALING.sub(lambda found: f"U+{ord(found[0]):04X}", text)


def percent(score: float) -> str:
    """A score as a percentage that never claims certainty."""
    if not math.isfinite(score):
        return "–"
    if score < 0.01:
        return share(0.01, "under ")
    return share(0.99, "over ") if score > 0.99 else share(score)


def share(part: float, how: str = "") -> str:
    """`how` and a share in whole percent, its sign kept on the same line."""
    return f"{how}{100 * part:.0f}\u00a0%"


def signed(weight: float) -> str:
    """A weight in log-odds with its sign, by a real minus."""
    if not math.isfinite(weight):
        return "–"
    return f"{weight:+.1f}".replace("-", "−").replace("+0.0", "0").replace("−0.0", "0")


def money(amount: Decimal | None, currency: str) -> str:
    """An amount with its currency code; empty where there is none."""
    if amount is None or not amount.is_finite():
        return ""
    digits = f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"
    return f"{digits} {currency}".strip()


def below(price: Decimal | None, reference: Decimal | None) -> str:
    """How far a price is under or over the reference's; empty where either is missing."""
    if price is None or not reference or not price.is_finite() or not reference.is_finite() or reference < 0:
        return ""
    gap = float((reference - price) / reference)
    if abs(gap) < 0.005:
        return "the same"
    return f"{share(gap)} below" if gap > 0 else f"{share(-gap)} above"


def web_address(url: str) -> tuple[str, str] | None:
    """(`url`, its host) if it may stand behind a link: http or https and no odd characters; else None."""
    if not _WEB_ADDRESS.fullmatch(url):
        return None
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return (url, host) if host else None


def finding(evidence: Evidence) -> str:
    """What the signal found, in a sentence; works on any detail, since each signal decides on its own."""
    say = _SENTENCES.get(evidence.signal)
    said = say(evidence) if say else ""
    facts = [_told(key, value) for key, value in evidence.detail.items() if key not in _SPOKEN_OF_ELSEWHERE]
    return " · ".join(filter(None, [said, *facts])) or "Found"


def _told(key: str, value: JsonValue) -> str:
    """One more fact in words; what models call by their own names, as a reviewer would."""
    if (key, value) == ("language", "*"):
        return ""  # A phrase of no one language.
    say = _FACTS.get(key)
    if say and isinstance(value, _FACT_TYPES.get(key, (int, float))) and not isinstance(value, bool):
        return say(value)
    return f"{key.replace('_', ' ')} {_fact(value)}" if _fact(value) else ""


def _agree(count: float) -> str:
    """How many keypoints agree; nothing where none was looked for."""
    return f"{count:,.0f} keypoint{'s agree' if count != 1 else ' agrees'}" if count > 0 else ""


def _pointing(names: list[str]) -> str:
    """What else names the brand: its product, its logo, the title."""
    *most, last = map(str, names) if names else [""]
    also = f"{', '.join(most)} and {last}" if most else last
    return f"{also} point{'' if most else 's'} to the brand, too" if also else ""


def _fact(value: JsonValue) -> str:
    """A plain value as text; lists of plain values too, anything deeper is left to the record."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list) and all(isinstance(one, (str, int)) for one in value):
        value = ", ".join(map(str, value))
    if not isinstance(value, (str, int)):
        return ""
    text = str(value)
    return text if len(text) <= _LONGEST_FACT else text[: _LONGEST_FACT - 1] + "…"


def _about(evidence: Evidence) -> str:
    return f" {evidence.reference_id}" if evidence.reference_id else ""


def _copy(evidence: Evidence) -> str:
    mirrored = ", mirrored" if evidence.detail.get("mirrored") is True else ""
    return f"The photo is a copy of reference{_about(evidence)}{mirrored}"


def _product(evidence: Evidence) -> str:
    return f"Shows the same product as reference{_about(evidence)}"


def _known(evidence: Evidence) -> str:
    return f"Matches confirmed counterfeit{_about(evidence)}"


def _logo(evidence: Evidence) -> str:
    text = _fact(evidence.detail.get("text"))
    where = "with" if evidence.detail.get("place") == "inside" else "beside"
    if evidence.detail.get("kind") != "look-alike":
        return f"The logo of {evidence.brand}" + (f" {where} its wordmark “{text}”" if text else "")
    if not text:
        return f"A mark made to look like the logo of {evidence.brand}"
    return f"The logo of {evidence.brand} {where} “{text}”, which is not its wordmark"


def _wordmark(evidence: Evidence) -> str:
    text, wordmark = _fact(evidence.detail.get("text")), _fact(evidence.detail.get("wordmark"))
    how = {
        "exact": "is the wordmark",
        "variant": "is a spelling of the wordmark",
        "near-miss": "is close to the wordmark",
    }
    return f"Text “{text}” {how.get(str(evidence.detail.get('kind')), 'beside the wordmark')} “{wordmark}”"


def _claims(evidence: Evidence) -> str:
    phrase = _fact(evidence.detail.get("phrase") or evidence.detail.get("text"))
    where = str(evidence.detail.get("where") or "")
    says = f"The {where} says" if where in ("title", "description", "photo") else "Says"
    return f"{says} “{phrase}”" if phrase else "The text makes a claim"


def _title(evidence: Evidence) -> str:
    text, other = _fact(evidence.detail.get("text")), _fact(evidence.detail.get("other"))
    said = {
        "bait": f"“{text}” is one of a list of brands: {other}",
        "likened": f"“{text}” is what the goods are likened to",
        "disguised": f"“{text}” is the name in disguise",
        "other-brand": f"“{text}” is named, the photos show {other}",
        "misspelt": f"“{text}” misspells the name",
    }
    return said.get(str(evidence.detail.get("kind")), f"The title uses “{text}”" if text else "")


def _price(evidence: Evidence) -> str:
    detail = evidence.detail
    price, reference = _amount(detail.get("price")), _amount(detail.get("reference_price"))
    ratio = detail.get("ratio")
    currency = _fact(detail.get("currency"))
    if price is not None and reference is not None:
        how = below(price, reference) or "beside"
        return f"{money(price, currency)} is {how} the reference's {money(reference, currency)}".replace(
            "same the", "same as the"
        )
    if isinstance(ratio, (int, float)) and not isinstance(ratio, bool):
        return f"The price is {share(ratio)} of the reference's"
    return "The price differs from the reference's"


def _seller(evidence: Evidence) -> str:
    licensed = evidence.detail.get("licensed")
    licensed = licensed if isinstance(licensed, bool) else evidence.weight < 0
    name = _fact(evidence.detail.get("seller_id"))
    who = f"The seller {name}" if name else "The seller"
    return f"{who} is {'licensed' if licensed else 'not licensed'} by {evidence.brand or 'the brand'}"


def _amount(value: JsonValue) -> Decimal | None:
    try:
        return Decimal(str(value)) if isinstance(value, (str, int, float)) else None
    except ArithmeticError:
        return None


_FACTS: dict[str, Callable[[Any], str]] = {
    "inliers": _agree,
    "cosine": lambda cosine: f"descriptors {cosine:.2f} alike",
    "confidence": lambda sure: f"read with {percent(sure)} confidence",
    "context": _pointing,
}
_FACT_TYPES: dict[str, type | tuple[type, ...]] = {"context": list}
_SENTENCES: dict[str, Callable[[Evidence], str]] = {
    "copy": _copy,
    "product": _product,
    "known-counterfeit": _known,
    "logo": _logo,
    "wordmark": _wordmark,
    "claims": _claims,
    "title": _title,
    "price": _price,
    "seller": _seller,
}
