"""Wordmarks of which a thumb or a fold hides an end, and texts that are no rest of one."""

from __future__ import annotations

import pytest

from matcher.records import Brand
from matcher.text.lexicon import Lexicon
from matcher.text.mentions import Mention, Passage, find_mentions

NAMES = (
    "Tropicana",
    "God Morgon",
    "The North Face",
    "Converse",
    "Patagonia",
    "Paul Smith",
    "Paul Smithson",
    "Arla",
)
LEXICON = Lexicon([Brand(name=name, wordmarks=(name,)) for name in NAMES])


def seen(*lines: str, sure: float = 0.9) -> list[Mention]:
    return find_mentions(LEXICON, [Passage(line, sure) for line in lines], in_photo=True)


@pytest.mark.parametrize(
    ("lines", "brand", "text"),
    [
        (["ropicana."], "Tropicana", "ropicana"),
        (["opicana"], "Tropicana", "opicana"),
        (["TROPICA"], "Tropicana", "TROPICA"),
        (["apple", "GOD", "MOR", "orange"], "God Morgon", "GOD MOR"),
        (["OD", "MORG", "19"], "God Morgon", ""),  # neither end is there
        (["tagonia", "100 %"], "Patagonia", "tagonia"),
    ],
)
def test_most_of_a_wordmark_is_one_and_the_closer_the_more_is_left(
    lines: list[str], brand: str, text: str
) -> None:
    found = [one for one in seen(*lines) if one.how == "cut"]
    assert [(one.wordmark.brand, one.kind, one.text) for one in found] == (
        [(brand, "variant", text)] if text else []
    )
    for one in found:
        kept = len(text.replace(" ", "")) / len(one.wordmark.folded)
        assert one.closeness == pytest.approx(kept, abs=1e-4)


@pytest.mark.parametrize(
    "lines",
    [
        ["Arl"],  # too short to say anything
        ["picana"],  # less than three quarters are met by chance
        ["THE", "NORTH"],  # whole words are a text of their own
        ["THE NORTH"],
        ["tropical"],  # not the beginning of it, and a word
        ["Paul Sm"],  # two brands begin so
        ["GOD", "apple", "MOR"],  # something stands between
    ],
)
def test_what_is_no_rest_of_a_wordmark(lines: list[str]) -> None:
    assert [one for one in seen(*lines) if one.how == "cut"] == []


def test_who_types_hides_nothing() -> None:
    assert find_mentions(LEXICON, [Passage("ropicana juice")]) == []


def test_a_brand_that_is_there_in_full_is_told_once() -> None:
    assert [(one.text, one.how) for one in seen("Tropicana", "ropicana")] == [("Tropicana", "same")]


def test_a_near_miss_is_not_taken_for_a_rest() -> None:
    (found,) = seen("Tropicona")
    assert found.kind == "near-miss"
