"""Near misses are near, are no wordmark, and are the same for a seed; tables that are wrong say how."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from benchmarks.text.words import (
    CHANGES,
    MOST_APART,
    SHORTEST_MISSED,
    listed_words,
    misspell,
    read_brands,
    read_rows,
    words_of,
)
from matcher.errors import UsageError
from matcher.records import Brand
from matcher.text.everyday import is_word
from matcher.text.folding import joined

LETTERS = {
    "Latin": "abcdefghijklmnopqrstuvwxyz",
    "Cyrillic": "абвгдежзиклмнопрстуфхцчшщыьэюя",
    "Greek": "αβγδεζηθικλμνξοπρστυφχψω",
}
unhurried = settings(deadline=None)
"""The first word asked about loads the lists of everyday words."""
spelt = st.sampled_from(sorted(LETTERS)).flatmap(
    lambda script: st.tuples(st.just(script), st.text(LETTERS[script], min_size=SHORTEST_MISSED, max_size=14))
)


@unhurried
@given(spelt, st.integers(0, 2**32 - 1))
def test_a_near_miss_differs_by_one_or_two_letters_and_is_no_everyday_word(
    word: tuple[str, str], seed: int
) -> None:
    script, text = word
    made = misspell(text, script, np.random.default_rng(seed), frozenset({joined(text)}))
    if made is not None:
        assert 0 < Levenshtein.distance(joined(made.text), joined(text)) <= MOST_APART
        assert not is_word(joined(made.text))
        assert made.edits in (1, 2)
        assert set(made.kind.split("+")) <= set(CHANGES)


@unhurried
@given(spelt, st.integers(0, 2**32 - 1))
def test_the_same_seed_makes_the_same_near_miss(word: tuple[str, str], seed: int) -> None:
    script, text = word
    first, again = (misspell(text, script, np.random.default_rng(seed), frozenset()) for _ in range(2))
    assert first == again


@unhurried
@given(st.integers(0, 2**32 - 1))
def test_a_near_miss_is_never_another_brand_s_wordmark(seed: int) -> None:
    known = frozenset({"adidas", "adidos", "adidus", "adides", "adldas", "abidas", "adibas", "addias"})
    made = misspell("adidas", "Latin", np.random.default_rng(seed), known)
    assert made is None or joined(made.text) not in known


def test_most_wordmarks_can_be_misspelt_and_their_capitals_stay() -> None:
    made = [misspell("REEBOK", "Latin", np.random.default_rng(seed), {"reebok"}) for seed in range(60)]
    found = [one for one in made if one]
    assert len(found) > 50
    assert all(one.text.isupper() for one in found)
    assert {one.edits for one in found} == {1, 2}
    assert len({kind for one in found for kind in one.kind.split("+")}) == len(CHANGES)


@pytest.mark.parametrize(("word", "script"), [("LG", "Latin"), ("Gap", "Latin"), ("耐克", "Han")])
def test_short_words_and_scripts_that_spell_no_sounds_have_no_near_miss(word: str, script: str) -> None:
    assert misspell(word, script, np.random.default_rng(0), frozenset()) is None


def test_the_wordmarks_that_are_drawn_come_in_many_scripts_each_once() -> None:
    words = listed_words()
    scripts = {word.script for word in words}
    assert {"Latin", "Cyrillic", "Greek", "Arabic", "Thai", "Han", "Kana", "Hangul"} <= scripts
    assert len(words) > 2000
    assert len(words) == len(set(words))


def test_a_brand_s_wordmarks_are_drawn_each_in_its_script() -> None:
    brands = [
        Brand(name="Nike", wordmarks=("Nike", "耐克", "ナイキ", "나이키", "Найк")),
        Brand(name="Gap"),
        Brand(name="Signs", wordmarks=("★", "361")),
    ]
    assert [(word.text, word.script, word.brand) for word in words_of(brands)] == [
        ("Nike", "Latin", "Nike"),
        ("耐克", "Han", "Nike"),
        ("ナイキ", "Kana", "Nike"),
        ("나이키", "Hangul", "Nike"),
        ("Найк", "Cyrillic", "Nike"),
        ("Gap", "Latin", "Gap"),
    ]


def test_a_lexicon_joins_its_wordmarks_with_bars(tmp_path: Path) -> None:
    path = tmp_path / "brands.csv"
    path.write_text("brand,wordmarks\nNike,耐克|ナイキ\nGap,\n", encoding="utf-8")
    assert [(one.name, one.wordmarks) for one in read_brands(path)] == [
        ("Nike", ("耐克", "ナイキ")),
        ("Gap", ()),
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"brand\nNike\n", "has no column 'wordmarks'"),
        (b"", "has no column"),
        (b"brand,wordmarks\n\xff\xfe,x\n", "cannot be read as CSV in UTF-8"),
    ],
)
def test_a_wrong_table_is_named_with_what_is_wrong(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "brands.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=told) as error:
        read_rows(path, ("brand", "wordmarks"))
    assert str(path) in str(error.value)


def test_a_missing_table_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_brands(tmp_path / "none.csv")
