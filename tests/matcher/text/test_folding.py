"""Spellings that look or mean the same fold to the same, and nothing that is written breaks folding."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.text.folding import LONGEST, alike, fold, fold_word, in_latin, joined, normal, scripts, words

hostile = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="👟🏽‍🚀\u200b\u202e\ufeff\x00", max_size=60),
    st.text(alphabet=".*+?()[]{}|\\^$&", max_size=60),
    st.text(alphabet="аАеЕоОсСᎠᏀ𝐀αΑΙ耐克あアｱㅏ한हिअ", max_size=60),
)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ADIDAS", "adidas"),
        ("Ａｄｉｄａｓ", "adidas"),
        ("аdidаs", "adidas"),
        ("ΑDΙDΑS", "adidas"),
        ("𝐀𝐝𝐢𝐝𝐚𝐬", "adidas"),
        ("a\u00add\u200bidas", "adidas"),
        ("Hermès", "hermes"),
        ("Herme\u0300s", "hermes"),
        ("Łódź Ørsted", "lodz orsted"),
        ("İpek", "ipek"),
        ("Pr@da Gu¢¢i", "prada gucci"),
        ("H&M", "h&m"),
        ("ΝΙΚΕ", "nike"),
        ("アディダス", "あでぃだす"),
        ("ｱﾃﾞｨﾀﾞｽ", "あでぃだす"),
        ("愛迪達", "爱迪达"),
        ("耐克NIKE鞋", "耐克 nike 鞋"),
        ("nike👟shoes", "nike shoes"),
        ("www.adidas.com", "www adidas com"),
        ("👟 !!! &", ""),
        ("", ""),
    ],
)
def test_one_spelling_for_many(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize("word", ["Найк", "КРОССОВКИ", "Пума"])
def test_case_does_not_matter_in_any_script(word: str) -> None:
    assert fold(word) == fold(word.lower()) == fold(word.upper())


def test_a_word_knows_where_it_stands() -> None:
    text = "Sale: Ｎike, PUMA!"
    found = words(text)
    assert [(one.folded, normal(text)[one.start : one.end]) for one in found] == [
        ("sale", "Sale"),
        ("nike", "Nike"),
        ("puma", "PUMA"),
    ]


@pytest.mark.parametrize(
    ("one", "other"), [("adldas", "adidas"), ("n1ke", "nike"), ("g00gle", "google"), ("arnora", "amora")]
)
def test_what_a_reader_confuses_looks_alike(one: str, other: str) -> None:
    assert alike(one) == alike(other)


@pytest.mark.parametrize(("one", "other"), [("abibas", "adidas"), ("mike", "nike"), ("adidos", "adidas")])
def test_other_letters_do_not(one: str, other: str) -> None:
    assert alike(one) != alike(other)


@pytest.mark.parametrize(
    ("written", "latin"), [("адидас", "adidas"), ("ПУМА", "puma"), ("adidas", ""), ("耐克", ""), ("", "")]
)
def test_alphabets_that_spell_by_sound_come_over(written: str, latin: str) -> None:
    assert in_latin(written) == latin


def test_scripts_that_mix_are_told() -> None:
    assert scripts("аdidas") == {"Latin", "Cyrillic"}
    assert scripts("adidas") == {"Latin"}
    assert scripts("90") == frozenset()


@settings(deadline=None)
@given(text=hostile)
def test_anything_folds_and_stays_folded(text: str) -> None:
    assert joined(text) == "".join(one.folded for one in words(text))
    for one in words(text):
        assert one.folded
        assert " " not in one.folded
        assert one.written == normal(text)[one.start : one.end]


@settings(deadline=None)
@given(text=st.text(alphabet=st.characters(whitelist_categories=("L", "N")), max_size=40))
def test_case_does_not_matter_to_ascii(text: str) -> None:
    plain = text.encode("ascii", "ignore").decode()
    assert fold_word(plain.upper()) == fold_word(plain.lower())


def test_a_text_without_end_is_cut() -> None:
    assert len(normal("ﷺ" * LONGEST)) == LONGEST
    assert len(words("a " * LONGEST)) <= LONGEST
