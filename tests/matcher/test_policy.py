"""A policy is whole, says its name and version, and a mistake in it is named by its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.decision import logistic
from matcher.errors import ConfigError
from matcher.policy import Policy, load_policy, parse_policy
from matcher.records import Evidence

DEFAULT = load_policy()


def changed(old: str, new: str) -> Policy:
    """The default policy with one piece of its text replaced."""
    assert old in DEFAULT.policy_text
    return parse_policy(DEFAULT.policy_text.replace(old, new), "mine.toml")


def with_lines(lines: str) -> Policy:
    return parse_policy(f"{DEFAULT.policy_text}\n{lines}\n", "mine.toml")


def test_the_default_comes_with_the_package() -> None:
    assert DEFAULT.label == "default@1"
    assert 0 < DEFAULT.thresholds.review < DEFAULT.thresholds.counterfeit < 1


def test_its_text_alone_gives_the_same_policy_again(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(DEFAULT.policy_text, encoding="utf-8")
    assert load_policy(path) == DEFAULT
    assert "policy_text" not in DEFAULT.model_dump()


def test_a_policy_saved_with_a_byte_order_mark_loads(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(DEFAULT.policy_text, encoding="utf-8-sig")
    assert load_policy(path).weights == DEFAULT.weights


def test_another_name_and_version_make_another_label() -> None:
    mine = parse_policy(
        DEFAULT.policy_text.replace('"default"', '"outlet"').replace("version = 1", "version = 7"),
        "mine.toml",
    )
    assert mine.label == "outlet@7"


@pytest.mark.parametrize(
    ("signal", "detail", "weight"),
    [
        ("copy", {}, 2.6),
        ("product", {}, 1.0),
        ("known-counterfeit", {"kind": "copy"}, 6.8),
        ("known-counterfeit", {"kind": "product"}, 3.0),
        ("known-counterfeit", {}, 3.0),
        ("price", {}, 3.0),
        ("seller", {"licensed": False}, 1.9),
        ("seller", {}, 1.9),
        ("seller", {"licensed": True}, -2.9),
        ("wordmark", {"kind": "near-miss"}, 5.4),
        ("wordmark", {"kind": "exact"}, 0.8),
        ("wordmark", {"kind": "variant"}, 0.8),
        ("claims", {}, 3.2),
        ("title", {"kind": "bait"}, 2.4),
        ("not-weighed", {}, 0.0),
    ],
)
def test_each_kind_of_evidence_has_its_weight(
    signal: str, detail: dict[str, str | bool], weight: float
) -> None:
    assert DEFAULT.weights.of(Evidence(signal=signal, score=1, detail=detail)) == weight


def test_a_brand_changes_only_what_it_names() -> None:
    mine = with_lines('[brands."Northlight & Co."]\nthresholds = { review = 0.3 }\nweights = { copy = 4.0 }')
    own = mine.rules("Northlight & Co.")
    assert (own.thresholds.review, own.thresholds.counterfeit) == (0.3, 0.95)
    assert (own.weights.copied, own.weights.product) == (4.0, 1.0)
    assert mine.rules("Tidewater").weights == DEFAULT.weights


@pytest.mark.parametrize("spelled", ["ADIDAS", " adidas ", "Adidas", "ａｄｉｄａｓ"])
def test_a_brand_is_known_however_its_name_is_spelled_as_in_the_catalog(spelled: str) -> None:
    mine = with_lines(f'[brands."{spelled}"]\nweights = {{ copy = 4.0 }}')
    assert mine.rules("adidas").weights.copied == 4.0
    assert mine.rules("adidas sport").weights == DEFAULT.weights
    assert mine.brands_not_in(["Northlight", "ADIDAS"]) == ()
    assert mine.brands_not_in(["Northlight"]) == (spelled,)


def test_two_tables_of_one_brand_are_refused_with_both_names() -> None:
    with pytest.raises(ConfigError) as caught:
        with_lines("[brands.ADIDAS]\nweights = { copy = 4.0 }\n[brands.adidas]\nweights = { copy = 1.0 }")
    assert caught.value.key == "brands"
    assert str(caught.value) == (
        "mine.toml: brands: 'ADIDAS' and 'adidas' are one brand to the catalog; keep one of the two tables"
    )


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ("version = 1", "", "version", "is missing"),
        ("version = 1", "version = 0", "version", "greater than or equal to 1"),
        ('"default"', '"my policy"', "name", "pattern"),
        ("prior = -3.5", "prior = nan", "prior", "finite"),
        ("prior = -3.5", 'prior = "low"', "prior", "number"),
        ("prior = -3.5", "prior = -3.5\nlogo = 1", "logo", "unknown key"),
        ("prior = -3.5", 'prior = -3.5\npolicy_text = "x"', "policy_text", "unknown key"),
        ("product = 1.0", "products = 1.0", "weights.product", "is missing"),
        ("product = 1.0", "product = 1.0\nlogos = 2", "weights.logos", "unknown key"),
        ("product = 1.0", "product = -1.0", "weights.product", "greater than or equal to 0"),
        (
            "seller_licensed = -2.9",
            "seller_licensed = 2.9",
            "weights.seller_licensed",
            "less than or equal to 0",
        ),
        ("counterfeit = 0.95", "counterfeit = 1.5", "thresholds.counterfeit", "less than or equal to 1"),
        ("counterfeit = 0.95", "counterfeit = 0.4", "thresholds", "review (0.5) is above counterfeit (0.4)"),
        ("[weights]", "[weight]", "weights", "is missing"),
        ("[weights]", "[weights", "", "is not TOML"),
    ],
)
def test_a_mistake_is_named_by_its_key(old: str, new: str, key: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        changed(old, new)
    assert (caught.value.source, caught.value.key) == ("mine.toml", key)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ("[brands.North]\nweights = { logos = 1 }", "brands.North.weights.logos"),
        ("[brands.North]\nweight = { copy = 1 }", "brands.North.weight"),
        ("[brands.North]\nthresholds = { review = 0.99 }", "brands.North.thresholds"),
        ("[brands]\nNorth = 3", "brands.North"),
        ("[brands.North]\nweights = 3", "brands.North.weights"),
    ],
)
def test_a_mistake_about_a_brand_is_named_with_the_brand(lines: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_lines(lines)
    assert caught.value.key == key


def test_the_example_in_the_documentation_is_what_the_shipped_policy_gives() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-it-decides.md").read_text(encoding="utf-8")
    weights, total = DEFAULT.weights, DEFAULT.prior
    assert f"| nothing yet | {total} | {total} | {logistic(total):.0%} |".replace("%", " %") in page
    for name, weight in (
        ("`copy`, score 1", weights.copied),
        ("`seller`, no licence", weights.seller_unlicensed),
        ("`price`, score 1", weights.price),
    ):
        total += weight
        assert f"| {name} | {weight} | {total:.1f} | {logistic(total):.0%} |".replace("%", " %") in page
    assert f"begins at {DEFAULT.thresholds.review:.0%}, all".replace("%", " %") in page
    assert f"begins at {DEFAULT.thresholds.counterfeit:.0%}. From".replace("%", " %") in page
    licensed = logistic(DEFAULT.prior + weights.copied + weights.seller_licensed)
    assert f"photo alone comes to {licensed:.0%}.".replace("%", " %") in page
    assert f"the copy adds {weights.copied / 2}" in page


def test_a_policy_that_cannot_be_read_says_which(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        load_policy(tmp_path / "nowhere.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"binary\.toml: is not TOML"):
        load_policy(binary)


def test_a_policy_from_before_texts_were_judged_loads_and_does_not_weigh_them() -> None:
    text = DEFAULT.policy_text
    for line in text.splitlines():
        if line.startswith(("wordmark", "claims", "title")):
            text = text.replace(f"{line}\n", "")
    old = parse_policy(text, "old.toml")
    assert old.weights.copied == DEFAULT.weights.copied
    assert {old.weights.of(Evidence(signal=one, score=1)) for one in ("wordmark", "claims", "title")} == {0.0}
