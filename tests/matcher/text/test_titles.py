"""A brand's name in a title is offered, fitted, likened or denied; goods have a class."""

from __future__ import annotations

import pytest

from matcher.records import Brand
from matcher.text.categories import classes_of
from matcher.text.lexicon import Lexicon
from matcher.text.mentions import Passage, find_mentions
from matcher.text.titles import is_lot, uses_of

LEXICON = Lexicon(
    [Brand(name=name) for name in ("Gucci", "Prada", "Nike", "Adidas", "Samsung", "Louis Vuitton")]
)


def uses(title: str) -> list[str]:
    mentions = [one for one in find_mentions(LEXICON, [Passage(title)]) if one.kind != "near-miss"]
    return [str(use) for use in uses_of(title, mentions)]


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("Nike running shoes for men", ["offered"]),
        ("Case for Samsung phone", ["fits"]),
        ("Strap for the new Samsung watch", ["fits"]),
        ("Charger compatible with Samsung", ["fits"]),
        ("Hülle für Samsung", ["fits"]),
        ("Coque pour Samsung", ["fits"]),
        ("чехол для Samsung", ["fits"]),
        ("适用于Samsung手机", ["fits"]),
        ("Samsung 対応 ケース", ["fits"]),
        ("bag like Gucci Prada", ["likened", "likened"]),
        ("Gucci style bag", ["likened"]),
        ("Nike style 553558", ["offered"]),
        ("dress inspired by Prada", ["likened"]),
        ("bolso estilo Gucci", ["likened"]),
        ("Gucci风格 包", ["likened"]),
        ("bag, not Gucci", ["denied"]),
        ("Gucci x Adidas sneakers", ["offered", "offered"]),
        ("", []),
    ],
)
def test_what_the_name_is_there_for(title: str, wanted: list[str]) -> None:
    assert uses(title) == wanted


def test_a_lot_is_a_lot() -> None:
    assert is_lot("Bundle Nike Adidas socks")
    assert is_lot("Konvolut Schuhe")
    assert not is_lot("Nike Adidas socks")


@pytest.mark.parametrize(
    ("title", "classes"),
    [
        ("Running shoes, size 42", {25}),
        ("Mango juice 1 l", {32}),
        ("耐克运动鞋", {25}),
        ("Кроссовки", {25}),
        ("Eau de parfum", {3}),
        ("nothing known", set()),
        ("", set()),
    ],
)
def test_goods_have_a_class(title: str, classes: set[int]) -> None:
    assert classes <= classes_of(title) if classes else classes_of(title) == frozenset()
