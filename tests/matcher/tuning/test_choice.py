"""A policy is tuned to labels: precise enough, no stricter than need be, and refused on too little."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.decision import decide
from matcher.errors import UsageError
from matcher.policy import Policy, parse_policy
from matcher.records import VerdictKind
from matcher.tuning import Labelled, Wish, tune, tuned_text
from matcher.tuning.operating import Suspicion, candidates, lowest_showing
from tests.matcher.tuning.made import FAKE, GENUINE, LOOK, POLICY, a_day, evidence, labelled, suspicious


@cache
def day() -> list[Labelled]:
    return a_day()


def verdicts(listings: list[Labelled], policy: Policy) -> list[VerdictKind]:
    return [decide("", one.verdict.evidence, (), policy, models={}, snapshot=0).verdict for one in listings]


def test_a_threshold_finds_more_fakes_at_the_wanted_precision() -> None:
    tuned = tune(day(), POLICY, Wish(0.95))
    assert (tuned.after.precision or 0) >= 0.95
    assert (tuned.after.recall or 0) > (tuned.before.recall or 0)
    assert tuned.policy.label == "default@2"
    assert tuned.policy.weights == POLICY.weights
    assert (tuned.fakes, tuned.genuine, tuned.undecided) == (120, 120, 0)


def test_the_table_tells_what_the_decision_would_do() -> None:
    tuned = tune(day(), POLICY, Wish(0.95))
    for row in tuned.table:
        thresholds = tuned.policy.thresholds.model_copy(update={"counterfeit": row.threshold, "review": 1e-9})
        called = verdicts(day(), POLICY.model_copy(update={"thresholds": thresholds}))
        assert called.count(VerdictKind.COUNTERFEIT) == row.flagged
    assert any(row.threshold == tuned.after.threshold for row in tuned.table)


def test_listings_of_other_sellers_confirm_the_choice() -> None:
    held = tune(day(), POLICY, Wish(0.9)).held_out
    assert held is not None
    assert (held.folds, held.without) == (5, 0)
    assert (held.operating.precision or 0) >= 0.9
    assert (held.operating.recall or 0) > 0.5


def test_too_few_labels_are_refused_with_how_many_are_needed() -> None:
    with pytest.raises(UsageError, match=r"at least 59 labelled listings .* there are 40"):
        tune(a_day(20, 20), POLICY, Wish(0.95))


def test_mistakes_that_more_labels_could_outweigh_are_told_with_a_number() -> None:
    with pytest.raises(UsageError, match=r"it takes about \d+ flagged"):
        tune(a_day(90, 10, mistakes=2), POLICY, Wish(0.96))


def test_a_precision_that_no_threshold_reaches_is_refused() -> None:
    mixed = [labelled(f"L-{n}", suspicious(0.9), FAKE if n % 2 else GENUINE) for n in range(200)]
    with pytest.raises(UsageError, match="not reached by any threshold"):
        tune(mixed, POLICY, Wish(0.9))


def test_a_listing_without_corroboration_is_never_called_counterfeit() -> None:
    lone = [labelled(f"L-{n}", [evidence("copy", 1.0)], FAKE) for n in range(80)]
    with pytest.raises(UsageError, match="there are 0"):
        tune(lone, POLICY, Wish(0.9))


def test_what_is_only_worth_a_look_counts_for_review_and_against_counterfeit() -> None:
    listings = [
        *day(),
        *(labelled(f"R-{n}", suspicious(0.65), LOOK, keys=[f"seller:r{n}"]) for n in range(60)),
    ]
    tuned = tune(listings, POLICY, Wish(0.95, review_precision=0.95))
    thresholds = tuned.policy.thresholds
    assert tuned.undecided == 60
    assert thresholds.review < thresholds.counterfeit
    assert tuned.review_after.wanted == 180
    assert tuned.review_after.flagged > tuned.after.flagged


def test_a_brand_keeps_its_own_thresholds() -> None:
    text = POLICY.policy_text + '\n[brands."Acme"]\nthresholds = { counterfeit = 0.9999 }\n'
    policy = parse_policy(text, "test")
    with pytest.raises(UsageError, match="too few labels"):
        tune(day(), policy, Wish(0.95))
    others = [labelled(f"O-{n}", suspicious(0.9, "Other"), FAKE, keys=[f"seller:o{n}"]) for n in range(80)]
    tuned = tune([*day(), *others], policy, Wish(0.95))
    assert tuned.policy.rules("Acme").thresholds.counterfeit == 0.9999
    assert tuned.after.flagged == 80
    again = parse_policy(tuned_text(policy, tuned.policy), "again")
    assert again.brands == tuned.policy.brands


def test_weights_are_fitted_within_their_bounds_and_find_what_separates() -> None:
    """Here the price tells fakes apart and the copied photo does not."""
    listings = [
        labelled(
            f"L-{n}",
            [
                evidence("copy", 0.9),
                evidence("price", 0.2 + 0.7 * (n % 2) + 0.001 * (n % 90)),
                evidence("seller", 1.0, licensed=False),
            ],
            FAKE if n % 2 else GENUINE,
            keys=[f"seller:{n // 2}"],
        )
        for n in range(300)
    ]
    tuned = tune(listings, POLICY, Wish(0.9, refit=True))
    weights = tuned.policy.weights
    assert weights.price > POLICY.weights.price
    assert weights.copied < POLICY.weights.copied
    assert weights.known_counterfeit_copy == POLICY.weights.known_counterfeit_copy, "nothing was said of it"
    assert all(value >= 0 for name, value in weights if name != "seller_licensed")
    assert tuned.notes[0].startswith("weights fitted: ")
    assert "price 3 to" in tuned.notes[0]


def test_weights_need_both_kinds_of_label() -> None:
    with pytest.raises(UsageError, match="too few labels to fit weights"):
        tune([one for one in day() if one.truth is FAKE], POLICY, Wish(0.9, refit=True))


@pytest.mark.parametrize("share", [0.0, 1.0, 1.5, -0.1])
def test_a_precision_is_a_share(share: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        Wish(share)
    with pytest.raises(UsageError, match="between 0 and 1"):
        Wish(0.9, share)


SCORES = st.lists(st.tuples(st.integers(0, 40).map(lambda n: n / 40), st.booleans()), max_size=150)


@settings(max_examples=200)
@given(
    pairs=SCORES, wanted=st.floats(0.3, 0.95), more=st.floats(0, 0.04), sure=st.sampled_from((0.5, 0.9, 0.95))
)
def test_a_higher_precision_never_lowers_the_threshold(
    pairs: list[tuple[float, bool]], wanted: float, more: float, sure: float
) -> None:
    scores = np.array([score for score, _ in pairs], dtype=np.float64)
    found = candidates(scores, np.array([right for _, right in pairs], dtype=bool))
    low, high = (lowest_showing(found, share, sure) for share in (wanted, wanted + more))
    assert high is None or (low is not None and low.threshold <= high.threshold)


@given(pairs=SCORES)
def test_every_candidate_counts_what_it_flags(pairs: list[tuple[float, bool]]) -> None:
    scores = np.array([score for score, _ in pairs], dtype=np.float64)
    right = np.array([one for _, one in pairs], dtype=bool)
    for one in candidates(scores, right):
        flagged = scores >= one.threshold
        assert (one.flagged, one.right) == (flagged.sum(), (flagged & right).sum())


@settings(max_examples=25, deadline=None)
@given(low=st.floats(0.5, 0.97), more=st.floats(0, 0.02))
def test_a_tuned_policy_for_a_higher_precision_is_no_laxer(low: float, more: float) -> None:
    lax = tune(day(), POLICY, Wish(low)).policy.thresholds.counterfeit
    try:
        strict = tune(day(), POLICY, Wish(low + more)).policy.thresholds.counterfeit
    except UsageError:
        return
    assert strict >= lax


def test_suspicion_agrees_with_the_decision_on_all_thresholds() -> None:
    surest, likeliest = Suspicion(POLICY).all([one.verdict.evidence for one in day()])
    called = verdicts(day(), POLICY)
    assert [one is VerdictKind.COUNTERFEIT for one in called] == (surest >= 0.95).tolist()
    assert [one is not VerdictKind.CLEAR for one in called] == (likeliest >= 0.5).tolist()
