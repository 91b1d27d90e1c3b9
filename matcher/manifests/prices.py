"""Reads a price as people and machines write it: amount and currency."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import NamedTuple

from matcher.manifests.currencies import AMBIGUOUS, ISO_CODES, SYMBOLS, THREE_DECIMALS
from matcher.manifests.rows import BadCellError, Numeral, shortened

MAX_AMOUNT = Decimal(10) ** 12
"""Anything above is a mistake, not a price."""

_LONGEST = 64

_PRICE = re.compile(
    r"""(?P<before>[^\d+\-.,()]*(?:[^\W\d]\.)?)      # a code or symbol, perhaps ending in a point as in 'Rs.'
        \s*(?P<number>(?:(?<![^\W\d])[.,])?\d(?:[\d.,'\s]*\d)?)
        (?:[.,](?:-{1,2}|–|—))?                      # '19,-' is 19
        \s*(?P<after>[^\d+\-,()]*)""",
    re.VERBOSE,
)
_MACHINE = re.compile(r"\d{1,16}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?")
_GROUPED = re.compile(r"\d{1,3}(?:(\D)\d{3})(?:\1\d{3})*|\d{1,2}(?:,\d{2})*,\d{3}")
_SAME = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "´": "'", "˙": "'", "·": ".", "٫": ".", "٬": "'", "−": "-", "﹣": "-"}
)


class Price(NamedTuple):
    """An amount, None where none is given, and an ISO 4217 code, empty where none is known."""

    amount: Decimal | None
    currency: str


def parse_price(text: str, currency: str = "") -> Price:
    """Amount and currency of a price cell and a currency cell, either of which may be empty.

    A currency cell wins over what the price text says. One separator before exactly three digits groups
    thousands ('1.200' is twelve hundred), unless the currency has three decimals or the cell was a number in
    its file. Raises `BadCellError` for an amount that is negative, not finite, above `MAX_AMOUNT`, a range or
    unreadable, and for a currency that is neither an ISO 4217 code nor a known symbol.
    """
    told = parse_currency(currency)
    plain = _plain(text)
    if not plain:
        return Price(None, told)
    if isinstance(text, Numeral):
        return Price(_within_limit(_machine_amount(plain, text), text), told)
    found = _PRICE.fullmatch(plain) if len(plain) <= _LONGEST else None
    if found is None:
        return Price(_within_limit(_machine_amount(plain, text), text), told)
    code = told or _code_beside(found["before"].strip(), found["after"].strip(), text)
    return Price(_within_limit(_amount(found["number"], code, text), text), code)


def parse_currency(text: str) -> str:
    """The ISO 4217 code of a code or symbol, empty for an empty cell or an ambiguous symbol such as '$'."""
    if not text:
        return ""
    token = _plain(text).upper()
    if not token or token in AMBIGUOUS:
        return ""
    code = token if token in ISO_CODES else SYMBOLS.get(token)
    if code is None:
        raise BadCellError(f"currency {shortened(text)} is not an ISO 4217 code such as EUR")
    return code


def _plain(text: str) -> str:
    """Full-width and other scripts' digits as ASCII, look-alike signs as one sign, no space around."""
    if text.isascii():
        return text.strip()
    folded = unicodedata.normalize("NFKC", text[: _LONGEST * 2]).translate(_SAME).strip()
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in folded)


def _unreadable(text: str) -> BadCellError:
    return BadCellError(
        f"price {shortened(text)} cannot be read; give an amount such as 19.90, or leave it empty"
    )


def _machine_amount(plain: str, text: str) -> Decimal:
    if _MACHINE.fullmatch(plain) is None:
        raise _unreadable(text)
    return Decimal(plain)


def _within_limit(amount: Decimal, text: str) -> Decimal:
    if amount > MAX_AMOUNT:
        raise BadCellError(f"price {shortened(text)} is above {MAX_AMOUNT:,}")
    # More digits are the noise of binary floats (19.989999771118164), not of prices.
    return Decimal(f"{round(amount, 4) if len(amount.as_tuple().digits) > 12 else amount:f}")


def _code_beside(before: str, after: str, text: str) -> str:
    """The currency named before or after the number; both may stand there ('$ 5 USD') if they agree."""
    try:
        codes = {code for code in (parse_currency(before), parse_currency(after)) if code}
    except BadCellError:
        raise _unreadable(text) from None
    if len(codes) > 1:
        raise BadCellError(f"price {shortened(text)} names two currencies")
    return codes.pop() if codes else ""


def _amount(number: str, code: str, text: str) -> Decimal:
    whole, fraction = _split(re.sub(r"\s", " ", number), code)
    if not whole.isdigit() and _GROUPED.fullmatch(whole) is None:
        raise _unreadable(text)
    return Decimal(re.sub(r"\D", "", whole) + ("." + fraction if fraction else ""))


def _split(number: str, code: str) -> tuple[str, str]:
    """The whole part with its grouping signs, and the digits after the decimal sign."""
    at = max(number.rfind("."), number.rfind(","))
    if at < 0:
        return number, ""
    sign, whole, fraction = number[at], number[:at], number[at + 1 :]
    if sign in whole or not fraction.isdigit():
        return number, ""
    other_signs = any(mark in whole for mark in ".,' ")
    thousands = len(fraction) == 3 and not other_signs and whole.strip("0") != "" and len(whole) <= 3
    if thousands and not (sign == "." and code in THREE_DECIMALS):
        return number, ""
    return whole or "0", fraction
