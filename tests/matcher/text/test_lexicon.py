"""The lexicon finds every wordmark within two letters, as a search through all of them would."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from matcher.records import Brand
from matcher.text.lexicon import INDEX, LONGEST, Lexicon
from matcher.text.mentions import Passage, find_mentions

letters = st.text(alphabet="abdinos", min_size=6, max_size=12)
hostile = st.text(max_size=60) | st.text(alphabet="👟.*+?()[]{}|\\^$\u200b&", max_size=20)


def lexicon(*wordmarks: str) -> Lexicon:
    return Lexicon([Brand(name=text, wordmarks=()) for text in wordmarks])


def test_a_brand_s_name_and_wordmarks_are_found_in_any_case() -> None:
    found = Lexicon([Brand(name="Nike", wordmarks=("NIKE", "耐克", "ナイキ"))])
    assert [one.text for one in found.exact("nike")] == ["NIKE"]
    assert [(one.text, one.main) for one in found.exact("耐克")] == [("耐克", False)]


def test_an_ampersand_may_be_left_out_of_a_long_wordmark_only() -> None:
    found = lexicon("Dolce & Gabbana", "H&M")
    assert found.exact("dolcegabbana")
    assert found.exact("h&m")
    assert not found.exact("hm")


def test_longer_wordmarks_are_found_by_their_beginning_and_their_end() -> None:
    found = lexicon("Tropicana", "Tropic", "Americana", "Arla")
    assert [one.brand for one in found.beginning_with("tropic")] == ["Tropicana"]  # not itself
    assert {one.brand for one in found.ending_with("icana")} == {"Tropicana", "Americana"}
    assert found.beginning_with("zz") == found.ending_with("zz") == []


@pytest.mark.parametrize("absurd", ["👟", "!!!", "&", "\u200b", "x" * (LONGEST + 1), " "])
def test_an_absurd_wordmark_is_left_out_quietly(absurd: str) -> None:
    found = Lexicon([Brand(name="Nike", wordmarks=(absurd,))])
    assert [one.text for one in found.wordmarks] == ["Nike"]


def test_regex_characters_mean_nothing() -> None:
    found = lexicon("C.*A", "(Wave)+")
    assert found.exact("ca")
    assert not found.exact("cola")
    assert found.exact("wave")


@settings(max_examples=60, deadline=None)
@given(wordmarks=st.lists(letters, min_size=1, max_size=12, unique=True), read=st.lists(letters, max_size=5))
def test_it_proposes_all_that_are_within_two_letters(wordmarks: list[str], read: list[str]) -> None:
    proposed = lexicon(*wordmarks).near(read)
    for word, candidates in zip(read, proposed, strict=True):
        within = {one for one in wordmarks if Levenshtein.distance(word, one) <= 2}
        assert within <= {one.folded for one in candidates}


@given(wordmark=letters, place=st.integers(0, 5), letter=st.sampled_from("xyz"))
def test_one_wrong_letter_is_found_wherever_it_stands(wordmark: str, place: int, letter: str) -> None:
    read = wordmark[:place] + letter + wordmark[place + 1 :]
    assert [one.folded for one in lexicon(wordmark).near([read])[0]] == [wordmark]


@settings(max_examples=40, deadline=None)
@given(wordmarks=st.lists(hostile, max_size=5), texts=st.lists(hostile, max_size=5))
def test_any_wordmark_and_any_text_go_together(wordmarks: list[str], texts: list[str]) -> None:
    brands = [Brand(name=f"brand {n}", wordmarks=(text,)) for n, text in enumerate(wordmarks)]
    passages = [Passage(text, 0.9) for text in texts]
    for one in find_mentions(Lexicon(brands), passages):
        assert 0 <= one.start < one.end
        assert 0 < one.closeness <= 1


def test_ten_thousand_lines_are_read_within_bounds() -> None:
    found = find_mentions(lexicon("Adidas"), [Passage("adidas abibas nothing")] * 10_000)
    assert 0 < len(found) <= 2_000


def test_a_saved_index_answers_alike(tmp_path: Path) -> None:
    made = lexicon("Adidas", "Panasonic", "Nike")
    made.save(tmp_path / INDEX)
    kept = Lexicon([Brand(name=text) for text in ("Adidas", "Panasonic", "Nike")], tmp_path / INDEX)
    read = ["abibas", "pnasonic", "mike", "nothing"]
    assert kept.near(read) == made.near(read)
    assert (kept.index == made.index).all()


def test_no_brands_find_nothing(tmp_path: Path) -> None:
    empty = Lexicon([])
    empty.save(tmp_path / INDEX)
    assert find_mentions(empty, [Passage("adidas")]) == []
    assert Lexicon([], tmp_path / INDEX).near(["adidas"]) == [[]]
