"""What kind of goods a title speaks of, as Nice classes, by the words in `categories.toml`."""

from __future__ import annotations

from functools import cache

from matcher.text.folding import script, words
from matcher.text.tables import read_table


def classes_of(text: str) -> frozenset[int]:
    """The Nice classes whose goods `text` names; East Asian words also inside longer writing."""
    alone, inside = _lexicon()
    found: set[int] = set()
    for word in words(text):
        found |= alone.get(word.folded, frozenset())
        if not word.folded.isascii():
            for part, classes in inside.items():
                if part in word.folded:
                    found |= classes
    return frozenset(found)


@cache
def _lexicon() -> tuple[dict[str, frozenset[int]], dict[str, frozenset[int]]]:
    """Words that stand alone, and those that are found inside others."""
    alone: dict[str, frozenset[int]] = {}
    inside: dict[str, frozenset[int]] = {}
    for number, listed in read_table("categories")["classes"].items():
        for word in words(listed):
            east = any(script(sign) in ("Han", "Kana", "Hangul") for sign in word.folded)
            table = inside if east else alone
            table[word.folded] = table.get(word.folded, frozenset()) | {int(number)}
    return alone, inside
