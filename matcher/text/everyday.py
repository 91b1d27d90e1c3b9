"""Is a word everyday language? By the frequency lists of the wordfreq package, loaded when first asked."""

from __future__ import annotations

import unicodedata
import zlib
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.text.tables import read_table

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
    return frozenset(read_table("everyday")["words"])


@cache
def _english() -> _Frequencies:
    return _frequencies(("en",))


@cache
def _all() -> _Frequencies:
    return _frequencies(LANGUAGES)


def _frequencies(languages: tuple[str, ...]) -> _Frequencies:
    from wordfreq import get_frequency_list

    keys, tenths = [], []
    for language in languages:
        # A list a whole centibel below certainty, of the words that are so frequent.
        for centibels, words in enumerate(get_frequency_list(language, wordlist="small")):
            zipf = 9 - centibels / 100  # which is 9 + log10 of the frequency
            keys.append(np.fromiter((zlib.crc32(_plain(word)) for word in words), np.uint32, len(words)))
            tenths.append(np.full(len(words), max(0, round(zipf * 10)), np.uint8))
    get_frequency_list.cache_clear()  # it would keep every word of every language in memory
    highest_first = np.argsort(255 - np.concatenate(tenths), kind="stable")
    known, first = np.unique(np.concatenate(keys)[highest_first], return_index=True)
    return _Frequencies(known, np.concatenate(tenths)[highest_first][first])


def _plain(word: str) -> bytes:
    """The word without accents, as `fold_word` has it for Latin letters, but much faster."""
    if word.isascii():
        return word.encode()
    return unicodedata.normalize("NFKD", word).encode("ascii", "ignore")
