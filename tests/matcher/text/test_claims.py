"""What sellers of copies write is found in many languages, and honest or negated words are let be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.text.claims import _lexicon, find_claims


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("AAA replica watch", "AAA replica"),
        ("Sneakers 1:1 top", "1:1"),
        ("mirror-quality handbag", "mirror-quality"),
        ("grade AAA+", "grade aaa"),
        ("First copy Rolex", "First copy"),
        ("inspired by Chanel", "inspired by"),
        ("réplica exacta", "réplica"),
        ("Tasche, kein Original", "kein Original"),
        ("contrefaçon, qualité miroir", "contrefaçon"),
        ("primeira linha", "primeira linha"),
        ("bolso calidad espejo", "calidad espejo"),
        ("podróbka zegarka", "podróbka"),
        ("birebir çakma", "birebir"),
        ("Реплика сумки", "Реплика"),
        ("качество люкс копия", "качество люкс"),
        ("高仿LV包", "高仿"),
        ("頂級復刻 手錶", "頂級復刻"),
        ("超A 包", "超A"),
        ("スーパーコピー ロレックス", "スーパーコピー"),
        ("N級品 バッグ", "N級品"),
        ("미러급 레플리카 가방", "미러급"),
    ],
)
def test_a_claim_is_found_as_it_is_written(text: str, phrase: str) -> None:
    claims = find_claims([text])
    assert phrase.casefold().replace(" ", "") in [one.phrase.casefold().replace(" ", "") for one in claims]


@pytest.mark.parametrize(
    "text",
    [
        "not a replica",
        "100 % authentic, no fakes, no replicas",
        "never a copy or replica",
        "Keine Replik, Original mit Rechnung",
        "pas une réplique",
        "не реплика, оригинал",
        "非高仿，正品",
        "コピー品ではありません",
        "replika değil",
    ],
)
def test_a_denied_claim_is_none(text: str) -> None:
    assert find_claims([text]) == []


@pytest.mark.parametrize(
    "text",
    [
        "1:1 scale model of a steam engine",
        "AAA batteries, pack of 8",
        "official replica jersey 2024",
        "Maison Margiela Replica By the Fireplace",
        "faux fur coat, fake plant",
        "a hard copy of the receipt",
        "Bible, first copy of the second edition",
        "no original box",
        "Same as in shops, own photo.",
        "Factory price, several available.",
        "ratio 1:15, 21:1",
        "",
        "👟",
    ],
)
def test_an_honest_meaning_is_none(text: str) -> None:
    assert find_claims([text]) == []


def test_an_honest_meaning_may_stand_in_another_text() -> None:
    assert find_claims(["Replica 2024"])
    assert find_claims(["Replica 2024", "football shirt, size M"]) == []


def test_a_negation_ends_with_its_sentence() -> None:
    assert find_claims(["Not used. Replica."])


def test_the_surest_claim_comes_first_and_knows_its_text() -> None:
    claims = find_claims(["inspired by the best", "mirror quality"])
    assert [(one.phrase, one.passage) for one in claims] == [("mirror quality", 1), ("inspired by", 0)]


def test_every_source_is_told() -> None:
    import tomllib
    from importlib.resources import files

    table = tomllib.loads(files("matcher.text").joinpath("claims.toml").read_text(encoding="utf-8"))
    for claim in table["claim"]:
        assert claim["source"] in table["sources"]
        assert 0 < claim["sure"] <= 1
    assert len(_lexicon()[0]) == len(table["claim"])


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(max_size=300) | st.text(alphabet="a1:+.!高仿 \n&", max_size=200), max_size=4))
def test_any_text_can_be_read(texts: list[str]) -> None:
    for claim in find_claims(texts):
        assert 0 <= claim.passage < len(texts)
        assert claim.phrase
