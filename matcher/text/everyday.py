"""Is a word everyday language? By the frequency lists of the wordfreq package, loaded when first asked."""

from __future__ import annotations

import tomllib
import unicodedata
import zlib
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LANGUAGES = (
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "hu", "ro", "tr",
)  # fmt: skip
"""Languages whose words are known: those in Latin letters that goods are most often labelled in.

Indonesian and Malay are left out: their words (naik, baju) are spelt like misspelt wordmarks too often.
"""
OFTEN_IN_ENGLISH, OFTEN = 4.3, 5.0
"""From this frequency on (Zipf scale: log10 of uses in a thousand million words) a wordmark is also a word.

Well-known coined wordmarks stay below it (samsung 4.1 in English, 4.7 elsewhere), plain words reach it (apple
4.8, gap 4.5); `everyday.toml` names rarer words that are wordmarks too.
"""
SHORTEST = 4
"""A wordmark of fewer letters is met by chance too often to count alone; East Asian ones say more a sign."""


class _Frequencies(NamedTuple):
    """Known words by checksum, sorted: uint32 (n,), with ten times their highest frequency, uint8 (n,)."""

    keys: NDArray[np.uint32]
    tenths: NDArray[np.uint8]

    def of(self, word: str) -> float:
        key = np.uint32(zlib.crc32(word.encode()))
        place = int(np.searchsorted(self.keys, key))
        known = place < len(self.keys) and self.keys[place] == key
        return float(self.tenths[place]) / 10 if known else 0.0


@lru_cache(maxsize=20_000)
def frequency(folded: str) -> float:
    """The highest Zipf frequency of a folded word in any known language, 0 below 3.0 (once in a million)."""
    return _all().of(folded)


def is_word(folded: str) -> bool:
    """Whether the folded word belongs to a known language: it is met for reasons of its own."""
    return frequency(folded) > 0 or folded in by_hand()


@lru_cache(maxsize=20_000)
def says_little(folded: str) -> bool:
    """Whether a wordmark of this one folded word proves nothing by itself: too short, or an everyday word."""
    if len(folded) < (SHORTEST if folded.isascii() else 2):
        return True
    return folded in by_hand() or _english().of(folded) >= OFTEN_IN_ENGLISH or frequency(folded) >= OFTEN


@cache
def by_hand() -> frozenset[str]:
    """The words of `everyday.toml`."""
    text = files("matcher.text").joinpath("everyday.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)["words"])


@cache
def _english() -> _Frequencies:
    return _frequencies(("en",))


@cache
def _all() -> _Frequencies:
    return _frequencies(LANGUAGES)


def _frequencies(languages: tuple[str, ...]) -> _Frequencies:
    from wordfreq import get_frequency_list

    keys: dict[int, int] = {}
    for language in languages:
        # A list a whole centibel below certainty, of the words that are so frequent.
        for centibels, words in enumerate(get_frequency_list(language, wordlist="small")):
            tenths = max(0, round(90 - centibels / 10))  # Zipf is 9 + log10 of the frequency
            for word in words:
                key = zlib.crc32(_plain(word))
                if keys.get(key, -1) < tenths:
                    keys[key] = tenths
    made = np.array(sorted(keys.items()), dtype=np.uint32).reshape(-1, 2)
    return _Frequencies(np.ascontiguousarray(made[:, 0]), made[:, 1].astype(np.uint8))


def _plain(word: str) -> bytes:
    """The word without accents, as `fold_word` has it for Latin letters, but much faster."""
    if word.isascii():
        return word.encode()
    return unicodedata.normalize("NFKD", word).encode("ascii", "ignore")
