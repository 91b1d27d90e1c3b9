"""Nothing leaks across a split: not a seller, not a product, not a photo, however they hang together."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.tuning import LEFT_OUT, connected, folds, splits

SHARES = {"tune": 0.7, "report": 0.3}
KEYS = st.lists(
    st.frozensets(
        st.builds("{}:{}".format, st.sampled_from(("seller", "product", "photo")), st.integers(0, 12)),
        max_size=4,
    ),
    max_size=60,
)


def sides(keys: list[frozenset[str]], found: list[str]) -> dict[str, set[str]]:
    """In which splits each key stands."""
    places: dict[str, set[str]] = defaultdict(set)
    for own, split in zip(keys, found, strict=True):
        for key in own:
            places[key] |= {split} - {LEFT_OUT}
    return places


def test_a_chain_of_shared_keys_is_one_group() -> None:
    keys = [{"seller:a"}, {"seller:b", "product:1"}, {"seller:a", "product:1"}, set(), {"photo:x"}]
    assert connected(keys) == [0, 0, 0, 3, 4]


@given(keys=KEYS, seed=st.integers(0, 3))
def test_no_key_stands_in_two_splits(keys: list[frozenset[str]], seed: int) -> None:
    found = splits(keys, SHARES, seed=seed)
    assert all(len(places) <= 1 for places in sides(keys, found).values())
    assert found == splits(keys, SHARES, seed=seed), "the same input gives the same splits"


@given(keys=KEYS, more=KEYS, seed=st.integers(0, 3))
def test_what_was_exported_once_stays_where_it_was(
    keys: list[frozenset[str]], more: list[frozenset[str]], seed: int
) -> None:
    before = splits(keys, SHARES, seed=seed)
    together = [*keys, *more]
    after = splits(together, SHARES, seed=seed + 1, kept=[*before, *[LEFT_OUT] * len(more)])
    assert all(new == old for old, new in zip(before, after, strict=False) if old)
    assert all(len(places) <= 1 for places in sides(together, after).values())


@settings(max_examples=50)
@given(keys=KEYS, seed=st.integers(0, 3))
def test_folds_teach_nothing_that_they_hold_out(keys: list[frozenset[str]], seed: int) -> None:
    for teach, held in folds(keys, seed=seed):
        taught = {key for index in teach for key in keys[index]}
        assert not taught & {key for index in held for key in keys[index]}
        assert not {*teach.tolist()} & {*held.tolist()}


def test_small_groups_are_dealt_by_the_shares_and_none_is_left_out() -> None:
    keys = [{f"seller:{number // 3}"} for number in range(300)]
    counts = Counter(splits(keys, SHARES))
    assert counts["report"] == pytest.approx(90, abs=3)
    assert counts[LEFT_OUT] == 0


def test_fakes_are_dealt_out_by_the_shares_too() -> None:
    keys = [{f"seller:{number}"} for number in range(300)]
    strata = [int(number < 20) for number in range(300)]
    found = splits(keys, SHARES, strata=strata)
    assert Counter(found[:20])["report"] == 6


def test_a_market_that_hangs_together_is_cut_and_keeps_most_of_it() -> None:
    """Every seller offers several brands, every product is offered by several sellers."""
    keys = [
        {f"seller:{number % 12}", f"product:{(number % 12) // 4 * 10 + number % 7}", f"photo:{number}"}
        for number in range(200)
    ]
    keys += [{f"seller:{number}", f"product:{number * 5}"} for number in range(12)]
    assert len(set(connected(keys))) < 10
    found = splits(keys, {"a": 0.5, "b": 0.5})
    counts = Counter(found)
    assert counts[LEFT_OUT] < 0.3 * len(keys)
    assert min(counts["a"], counts["b"]) > 0.2 * len(keys)


def test_one_chain_of_everything_still_gives_folds() -> None:
    keys = [{f"seller:{number}", f"seller:{number + 1}"} for number in range(40)]
    assert folds(keys)


def test_listings_that_share_one_key_cannot_be_parted() -> None:
    assert folds([{"seller:a"}] * 10) == []


@pytest.mark.parametrize("shares", [{}, {"a": 1.0, "b": 0.0}, {"a": 0.5, "b": 0.4}])
def test_shares_that_make_no_whole_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        splits([{"a"}], shares)
