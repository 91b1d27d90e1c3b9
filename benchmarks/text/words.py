"""Words for the task `text`: wordmarks by script, and the misspelt ones that are sold on fakes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz.distance import Levenshtein

from matcher.errors import UsageError
from matcher.records import Brand
from matcher.text.everyday import is_word
from matcher.text.folding import joined, script

WORDMARKS = Path(__file__).parent / "wordmarks.csv"
"""Names by script: Latin ones are titles of the package simple-icons (CC0), the others are the project's."""
DRAWN = ("Latin", "Cyrillic", "Greek", "Han", "Kana", "Hangul", "Arabic", "Thai")
"""Scripts that there are fonts for."""
SPELT = ("Latin", "Cyrillic", "Greek")
"""Scripts in which single letters can be wrong."""
SHORTEST_MISSED, LONG, MOST_APART = 4, 6, 2
"""Letters of a word that is misspelt, of one that may be so twice, and letters by which it may differ."""
Random = np.random.Generator

LIKE = {
    "Latin": {
        "a": "eo", "b": "dp", "c": "eo", "d": "b", "e": "ca", "g": "q", "h": "b", "i": "e", "k": "h",
        "l": "t", "m": "n", "n": "mh", "o": "ac", "p": "qb", "q": "g", "r": "n", "s": "z", "t": "f",
        "u": "o", "v": "w", "w": "v", "x": "k", "y": "v", "z": "s",
    },
    "Cyrillic": {"а": "о", "о": "а", "и": "е", "е": "и", "с": "о", "н": "п", "п": "н", "л": "д", "к": "х"},
    "Greek": {"α": "ο", "ο": "α", "ε": "α", "λ": "δ", "δ": "λ", "ν": "υ", "σ": "ο", "τ": "π", "π": "τ"},
}  # fmt: skip
"""Letters that makers of fakes put for one another: near in shape or in sound."""
VOWELS = {"Latin": "aeiou", "Cyrillic": "аеиоу", "Greek": "αεηιου"}


@dataclass(frozen=True)
class Misspelt:
    """A near miss of a wordmark and how it was made; `edits` letters differ."""

    text: str
    kind: str
    edits: int


@dataclass(frozen=True)
class Word:
    """A wordmark that can be drawn, the script it is written in, and whose it is."""

    text: str
    script: str
    brand: str

    @property
    def folded(self) -> str:
        """As the matcher compares it."""
        return joined(self.text)


def listed_words(path: Path = WORDMARKS) -> list[Word]:
    """A word a row of a CSV file with the columns script and wordmark, its own brand; raises UsageError."""
    rows = read_rows(path, ("script", "wordmark"))
    return [Word(row["wordmark"], row["script"], row["wordmark"]) for row in rows]


def words_of(brands: Iterable[Brand]) -> list[Word]:
    """The wordmarks of brands, in scripts that can be drawn."""
    return [
        Word(text, written, brand.name)
        for brand in brands
        for text in brand.wordmarks or (brand.name,)
        if (written := _script(text)) in DRAWN
    ]


def _script(text: str) -> str:
    """The script of the letters, `Kana` where there are any beside Han."""
    found = {script(sign) for sign in text if sign.isalpha()}
    return "Kana" if "Kana" in found else next(iter(sorted(found)), "")


def read_brands(path: Path) -> list[Brand]:
    """Brands of a CSV file with the columns brand, wordmarks (joined by `|`); raises UsageError."""
    rows = read_rows(path, ("brand", "wordmarks"))
    return [
        Brand(name=row["brand"], wordmarks=tuple(one for one in row["wordmarks"].split("|") if one))
        for row in rows
    ]


def read_rows(path: Path, columns: Collection[str]) -> list[dict[str, str]]:
    """The rows of a CSV file in UTF-8 that has `columns`; raises UsageError naming what is wrong."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows: list[dict[str, Any]] = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read as CSV in UTF-8: {error}") from error
    missing = sorted(set(columns) - set(rows[0] if rows else ()))
    if missing:
        raise UsageError(f"{path}: has no column {missing[0]!r}, or no row")
    return [{key: (value or "").strip() for key, value in row.items() if key} for row in rows]


def misspell(word: str, script: str, rng: Random, known: Collection[str]) -> Misspelt | None:
    """A near miss of `word` that is no wordmark of `known` (folded) and no everyday word; None where none is.

    One letter differs, in every fourth longer word two; the first stays in three of four, as on real fakes.
    """
    if script not in SPELT or len(joined(word)) < SHORTEST_MISSED:
        return None
    for _ in range(20):
        kinds = [_draw(rng, tuple(CHANGES))]
        if rng.random() < 0.25 and len(joined(word)) >= LONG:
            kinds.append(_draw(rng, tuple(CHANGES)))
        text = word.lower()
        for kind in kinds:
            text = CHANGES[kind](text, script, rng)
        folded = joined(text)
        apart = Levenshtein.distance(folded, joined(word))
        if 0 < apart <= MOST_APART and folded not in known and not is_word(folded):
            return Misspelt(_cased(text, word), "+".join(sorted(set(kinds))), len(kinds))
    return None


def _draw(rng: Random, names: tuple[str, ...]) -> str:
    return names[int(rng.integers(len(names)))]


def _place(word: str, rng: Random) -> int:
    """A letter of the word, seldom the first."""
    letters = [place for place, sign in enumerate(word) if sign.isalpha()]
    if len(letters) > 1 and rng.random() < 0.75:
        letters = letters[1:]
    return letters[int(rng.integers(len(letters)))]


def _like(word: str, script: str, rng: Random) -> str:
    at = _place(word, rng)
    others = LIKE[script].get(word[at], VOWELS[script])
    return word[:at] + _draw(rng, tuple(others)) + word[at + 1 :]


def _vowel(word: str, script: str, rng: Random) -> str:
    places = [place for place, sign in enumerate(word) if sign in VOWELS[script]]
    if not places:
        return _like(word, script, rng)
    at = places[int(rng.integers(len(places)))]
    others = VOWELS[script].replace(word[at], "")
    return word[:at] + _draw(rng, tuple(others)) + word[at + 1 :]


def _dropped(word: str, script: str, rng: Random) -> str:
    at = 1 + int(rng.integers(max(1, len(word) - 2)))  # not an end: that is a wordmark cut off
    return word[:at] + word[at + 1 :]


def _doubled(word: str, script: str, rng: Random) -> str:
    at = _place(word, rng)
    return word[: at + 1] + word[at:]


def _swapped(word: str, script: str, rng: Random) -> str:
    at = int(rng.integers(max(1, len(word) - 1)))
    return word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]


CHANGES: dict[str, Callable[[str, str, Random], str]] = {
    "like": _like, "vowel": _vowel, "dropped": _dropped, "doubled": _doubled, "swapped": _swapped,
}  # fmt: skip
"""Ways in which one letter goes wrong."""


def _cased(text: str, like: str) -> str:
    """`text` in capitals, with a capital, or small, as `like` is."""
    if like.isupper():
        return text.upper()
    return text[:1].upper() + text[1:] if like[:1].isupper() else text
