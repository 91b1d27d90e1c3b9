"""One spelling for the many ways a word is written: width, case, accents, look-alikes, Chinese, kana."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

LONGEST = 20_000
"""Characters of one text that are looked at; no title, description or line needs more."""
_ASCII_WORD = re.compile(r"[A-Za-z0-9&]+")
_LEET = re.compile(r"(?<=[^\W\d_])(?:[@$€¢]+|[!|])(?=[^\W\d_])")
_LEET_LETTERS = {"@": "a", "$": "s", "€": "e", "¢": "c", "!": "i", "|": "l"}
_PLAIN = {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "þ": "th", "ð": "d"}
_KATAKANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
"""Katakana to the hiragana of the same sound: the two blocks of Unicode run in parallel."""
_ALIKE = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_ALIKE_SIGNS = str.maketrans({"1": "l", "i": "l", "0": "o", "5": "s", "8": "b", "2": "z"})


class Word(NamedTuple):
    """A word of a text: `folded`, as it stands there (`written`), and its place in `normal(text)`."""

    folded: str
    written: str
    start: int
    end: int


def normal(text: str) -> str:
    """`text` in NFKC, so in plain width, without invisible characters, cut to `LONGEST`."""
    text = text[:LONGEST]
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)[:LONGEST]
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf")


def words(text: str) -> list[Word]:
    """The words of `text` in order; scripts written without blanks are parted from others only.

    Signs that stand for letters inside a word (`Pr@da`) are read as those letters.
    """
    text = normal(text)
    read = _LEET.sub(
        lambda signs: "".join(_LEET_LETTERS[sign] for sign in signs[0]), text
    )  # of the same length
    spans = (m.span() for m in _ASCII_WORD.finditer(read)) if read.isascii() else _runs(read)
    found = []
    for start, end in spans:
        folded = fold_word(read[start:end])
        if folded.strip("&"):
            found.append(Word(folded, text[start:end], start, end))
    return found


def fold(text: str) -> str:
    """The words of `text`, folded, with one blank between: equal for spellings that look or mean the same."""
    return " ".join(word.folded for word in words(text))


def joined(text: str) -> str:
    """The words of `text`, folded, without blanks."""
    return "".join(word.folded for word in words(text))


@lru_cache(maxsize=50_000)
def fold_word(word: str) -> str:
    """One word folded: look-alikes to Latin, lower case, accents and Chinese forms levelled, hiragana."""
    if word.isascii():
        return word.lower()
    if any(script(sign) == "Han" for sign in word):
        word = _to_simplified()(word)
    word = word.translate(_look_alikes()).casefold()
    return _without_accents(word).translate(_KATAKANA)


def alike(folded: str) -> str:
    """What `folded` shares with every word that a reader may take for it: l, i and 1, o and 0, rn and m."""
    for pair, sign in _ALIKE:
        folded = folded.replace(pair, sign)
    return folded.translate(_ALIKE_SIGNS)


@lru_cache(maxsize=10_000)
def in_latin(written: str) -> str:
    """The word transliterated to lower-case Latin letters, "" where it is Latin or East Asian already.

    By anyascii's tables; made for alphabets (Cyrillic, Greek, Armenian, Georgian), which spell by sound.
    """
    if written.isascii() or not {script(sign) for sign in written} & {"Cyrillic", "Greek"}:
        return ""
    from anyascii import anyascii

    return "".join(_ASCII_WORD.findall(anyascii(written))).lower()


def scripts(written: str) -> frozenset[str]:
    """The scripts of the word's letters, such as Latin and Cyrillic."""
    if written.isascii():
        return frozenset({"Latin"}) if any(sign.isalpha() for sign in written) else frozenset()
    return frozenset(script(sign) for sign in written if sign.isalpha())


@lru_cache(maxsize=20_000)
def script(sign: str) -> str:
    """The script of one character as its Unicode name begins; Han, Kana, Hangul, Latin … or ""."""
    if sign.isascii():
        return "Latin" if sign.isalpha() else ""
    name = unicodedata.name(sign, "")
    first = name.partition(" ")[0].partition("-")[0]
    named = {"CJK": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana", "IDEOGRAPHIC": "Han"}
    return named.get(first, first.capitalize())


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Spans of letters, marks and digits, cut where East Asian writing meets another."""
    start, before = None, ""
    for place, sign in enumerate(text):
        kind = _kind(sign)
        if kind == "mark":
            kind = before
        if start is not None and kind != before:
            yield start, place
            start = None
        if kind and start is None:
            start = place
        before = kind
    if start is not None:
        yield start, len(text)


@lru_cache(maxsize=20_000)
def _kind(sign: str) -> str:
    if sign == "&":
        return "letter"
    category = unicodedata.category(sign)[0]
    if category == "M":
        return "mark"
    if category not in "LN":
        return ""
    return "east" if script(sign) in ("Han", "Kana") else "letter"


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    kept: list[str] = []
    base = ""
    for sign in unicodedata.normalize("NFKD", word):
        if unicodedata.category(sign) == "Mn":
            if base in ("Latin", "Greek", "Cyrillic", ""):
                continue
        else:
            base = script(sign)
        kept.append(_PLAIN.get(sign, sign))
    return unicodedata.normalize("NFC", "".join(kept))


@cache
def _look_alikes() -> dict[int, str]:
    """Letters of other scripts to the Latin letters they look like (Unicode TS 39, section 4).

    A letter of which only one case looks Latin is taken for it in both: a word folds alike in any case.
    """
    from confusable_homoglyphs.confusables import confusables_data

    alike: dict[str, str] = {}
    for sign, others in confusables_data.items():
        if len(sign) != 1 or sign.isascii() or unicodedata.category(sign)[0] != "L":
            continue
        plain = [other["c"] for other in others if len(other["c"]) == 1 and other["c"].isascii()]
        if plain and plain[0].isalpha() and script(sign) not in ("Han", "Kana", "Hangul"):
            capital = unicodedata.category(sign) == "Lu"  # to which the standard gives l: it looks like I
            alike[sign] = "i" if capital and plain[0] == "l" else plain[0].lower()
    both = alike | {
        other: latin
        for sign, latin in alike.items()
        if len(other := sign.swapcase()) == 1 and other not in alike and not other.isascii()
    }
    return {ord(sign): latin for sign, latin in both.items()}


@cache
def _to_simplified() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert
