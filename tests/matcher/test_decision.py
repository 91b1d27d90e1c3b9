"""Evidence becomes the verdict a reviewer would expect, whatever order it comes in, and says why."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from matcher.decision import NEAR_MISS_ALONE, best_matches, decide, logistic
from matcher.policy import Policy, load_policy, parse_policy
from matcher.records import Evidence, Region, Verdict, VerdictKind
from matcher.signals import Signal
from matcher.signals.copy import CopySignal
from matcher.signals.known_counterfeit import KnownCounterfeitSignal
from matcher.signals.price import PriceSignal, score_of
from matcher.signals.product import ProductSignal
from matcher.signals.seller import SellerSignal
from tests.matcher.signals.contract import examinations, sightings
from tests.matcher.signals.made import BOOT, BRAND, FAKE, LAMP, SHOE, examination, photo, sighting

POLICY = load_policy()
SEVERITY = list(VerdictKind)
SIGNALS: tuple[Signal, ...] = (
    CopySignal(), ProductSignal(), KnownCounterfeitSignal(), PriceSignal(), SellerSignal()
)  # fmt: skip


def judge(*evidence: Evidence, policy: Policy = POLICY) -> Verdict:
    return decide("L-1", evidence, (), policy, models={"embedder": "builtin@1"}, snapshot=4)


def severity(verdict: Verdict) -> int:
    return SEVERITY.index(verdict.verdict)


def copy(score: float = 1.0, brand: str = BRAND, **detail: bool) -> Evidence:
    return Evidence(signal="copy", score=score, brand=brand, photo=0, reference_id="SKU-9", detail={**detail})


def product(score: float = 1.0, brand: str = BRAND) -> Evidence:
    return Evidence(signal="product", score=score, brand=brand, photo=1, reference_id="SKU-9")


def known(kind: str, score: float = 1.0) -> Evidence:
    return Evidence(
        signal="known-counterfeit",
        score=score,
        brand=BRAND,
        photo=0,
        reference_id="K-3",
        detail={"kind": kind},
    )


def priced(ratio: float) -> Evidence:
    detail = {"price": f"{80 * ratio:g}", "reference_price": "80", "currency": "EUR", "ratio": ratio}
    return Evidence(
        signal="price", score=score_of(ratio), brand=BRAND, reference_id="SKU-9", detail={**detail}
    )


def seller(*, licensed: bool, brand: str = BRAND) -> Evidence:
    return Evidence(
        signal="seller", score=1.0, brand=brand, detail={"licensed": licensed, "seller_id": "s-1"}
    )


def inscribed(kind: str, score: float = 0.9, brand: str = BRAND) -> Evidence:
    detail = {"kind": kind, "text": "Nortlight", "wordmark": "Northlight", "edits": 1}
    return Evidence(signal="wordmark", score=score, brand=brand, photo=0, detail={**detail})


def claimed(score: float = 0.95, brand: str = BRAND) -> Evidence:
    return Evidence(signal="claims", score=score, brand=brand, detail={"phrase": "1:1", "where": "title"})


def titled(score: float = 0.9, brand: str = BRAND) -> Evidence:
    detail = {"kind": "disguised", "text": "N0rthlight", "wordmark": "Northlight"}
    return Evidence(signal="title", score=score, brand=brand, detail={**detail})


UNLICENSED, LICENSED = seller(licensed=False), seller(licensed=True)


class TestDefaultPolicy:
    """What the shipped policy says of the cases it was made for."""

    @pytest.mark.parametrize(
        ("evidence", "verdict"),
        [
            ([copy(), UNLICENSED], "review"),
            ([copy(), UNLICENSED, priced(0.15)], "counterfeit"),
            ([copy(), UNLICENSED, priced(0.30)], "counterfeit"),
            ([copy(), UNLICENSED, priced(0.35)], "counterfeit"),
            ([copy(0.94), UNLICENSED, priced(0.35)], "counterfeit"),
            ([copy(), UNLICENSED, priced(0.55)], "review"),
            ([copy(), LICENSED], "clear"),
            ([copy(), LICENSED, priced(0.15)], "clear"),
            ([product(), UNLICENSED], "clear"),
            ([product(), UNLICENSED, priced(0.15)], "review"),
            ([product(), UNLICENSED, priced(0.30)], "review"),
            ([product(), UNLICENSED, priced(0.35)], "review"),
            ([product(), LICENSED], "clear"),
            ([known("copy"), UNLICENSED], "counterfeit"),
            ([known("copy", 0.95), LICENSED], "review"),
            ([known("copy"), LICENSED], "review"),
            ([known("product"), UNLICENSED], "review"),
            ([known("product"), LICENSED], "clear"),
            ([known("product"), product(), UNLICENSED, priced(0.15)], "counterfeit"),
            ([UNLICENSED], "clear"),
            ([priced(0.01), UNLICENSED], "review"),
            ([inscribed("near-miss"), UNLICENSED], "counterfeit"),
            ([inscribed("near-miss", 0.82), UNLICENSED, product()], "counterfeit"),
            ([inscribed("near-miss", 0.6), UNLICENSED], "review"),
            ([inscribed("near-miss"), LICENSED], "clear"),
            ([inscribed("exact"), UNLICENSED], "clear"),
            ([inscribed("exact"), product(), UNLICENSED], "review"),  # as every honest resale, too
            ([inscribed("exact"), product(), LICENSED], "clear"),
            ([inscribed("exact", 1.0), product(), priced(0.15), UNLICENSED], "review"),  # or a bargain
            ([inscribed("exact"), product(0.9), priced(0.5), UNLICENSED], "review"),
            ([inscribed("exact"), copy(), UNLICENSED], "review"),
            ([claimed(), UNLICENSED], "review"),
            ([claimed(0.975), UNLICENSED, product(), inscribed("exact")], "counterfeit"),
            ([claimed(), LICENSED], "clear"),
            ([titled(), UNLICENSED], "review"),
            ([titled(), UNLICENSED, product()], "review"),
            ([titled(), UNLICENSED, product(), priced(0.15)], "review"),
            ([titled(), claimed(), UNLICENSED], "review"),
            ([titled(), LICENSED], "clear"),
        ],
    )
    def test_a_case_has_its_verdict(self, evidence: list[Evidence], verdict: str) -> None:
        assert judge(*evidence).verdict == verdict

    def test_without_evidence_it_is_clear_at_the_prior(self) -> None:
        verdict = judge()
        assert (verdict.verdict, verdict.brand, verdict.reasons, verdict.findings) == ("clear", "", (), ())
        assert verdict.score == round(1 / (1 + math.exp(3.5)), 6)

    def test_it_weighs_every_signal_there_is(self) -> None:
        shown = (
            photo(0, sighting(SHOE, 0.9)),
            photo(1, sighting(FAKE, 0.9)),
            photo(2, sighting(LAMP, 0.1, 0.9)),
        )
        listing = examination(*shown, price=10, currency="EUR", seller_id="s")
        evidence = [one for signal in SIGNALS for one in signal.examine(listing)]
        assert {one.signal for one in evidence} == {signal.name for signal in SIGNALS}
        assert all(one.weight for one in judge(*evidence).evidence)


class TestWholeWay:
    """From sightings over signals to a verdict."""

    @staticmethod
    def of(*photos: object, **listing: object) -> Verdict:
        listed = examination(*photos, **listing)  # type: ignore[arg-type]
        evidence = [one for signal in SIGNALS for one in signal.examine(listed)]
        return decide("L-1", evidence, best_matches(listed), POLICY, models={}, snapshot=1)

    def test_a_stolen_photo_at_a_third_of_the_price(self) -> None:
        verdict = self.of(photo(0, sighting(SHOE, 0.97)), price=28, currency="EUR", seller_id="s-1")
        assert (verdict.verdict, verdict.brand) == ("counterfeit", BRAND)
        assert verdict.reasons == (
            "Photo 1 reuses the reference image SKU-1 of Northlight.",
            "The price 28 EUR is 35 % of the reference's 80 EUR.",
            "Seller s-1 is not licensed by Northlight.",
        )

    def test_an_honest_resale(self) -> None:
        verdict = self.of(photo(0, sighting(SHOE, 0.05, 0.97)), price=60, currency="EUR", seller_id="s-1")
        assert verdict.verdict == "clear"
        assert [match.reference_id for match in verdict.matches] == ["SKU-1"]

    def test_a_dealer_with_the_brand_s_photo(self) -> None:
        verdict = self.of(photo(0, sighting(SHOE, 0.99)), seller_id="dealer-1")
        assert (verdict.verdict, verdict.brand) == ("clear", BRAND)

    def test_a_doubtful_copy_of_a_surely_shown_product_is_for_a_person(self) -> None:
        verdict = self.of(photo(0, sighting(SHOE, 0.35, 0.95)), price=20, currency="EUR", seller_id="s-1")
        assert verdict.verdict == "review"

    def test_something_cheap_that_barely_resembles_a_reference_is_clear(self) -> None:
        verdict = self.of(photo(0, sighting(SHOE, 0.1, 0.49)), price=2, currency="EUR", seller_id="s-1")
        assert verdict.verdict == "clear"

    @settings(deadline=None)  # the first listing with a title loads tables
    @given(listed=examinations())
    def test_whatever_is_seen_it_decides_and_can_be_written(self, listed: object) -> None:
        evidence = [one for signal in SIGNALS for one in signal.examine(listed)]  # type: ignore[arg-type]
        verdict = decide("L", evidence, best_matches(listed), POLICY, models={}, snapshot=1)  # type: ignore[arg-type]
        assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
        assert all("\n" not in reason for reason in verdict.reasons)


brands = st.sampled_from([BRAND, "Tidewater", ""])
findings = st.one_of(
    st.builds(copy, st.floats(0, 1), brands),
    st.builds(product, st.floats(0, 1), brands),
    st.builds(known, st.sampled_from(["copy", "product"]), st.floats(0, 1)),
    st.builds(priced, st.floats(0, 1)),
    st.builds(seller, licensed=st.booleans(), brand=brands),
    st.builds(inscribed, st.sampled_from(["exact", "variant", "near-miss"]), st.floats(0, 1), brands),
    st.builds(claimed, st.floats(0, 1), brands),
    st.builds(titled, st.floats(0, 1), brands),
    st.builds(Evidence, signal=st.just("unheard-of"), score=st.floats(0, 1), brand=brands),
)


class TestPromises:
    """What holds of any evidence."""

    @given(evidence=st.lists(findings, max_size=8), order=st.randoms(use_true_random=False))
    def test_the_order_of_evidence_does_not_matter(self, evidence: list[Evidence], order: object) -> None:
        mixed = list(evidence)
        order.shuffle(mixed)  # type: ignore[attr-defined]
        assert judge(*mixed) == judge(*evidence)

    @given(evidence=st.lists(findings, max_size=6), one=findings, more=st.floats(0, 1))
    def test_surer_positive_evidence_never_makes_it_milder(
        self, evidence: list[Evidence], one: Evidence, more: float
    ) -> None:
        assume(one.detail.get("licensed") is not True and more >= one.score)
        before = judge(*evidence, one)
        after = judge(*evidence, one.model_copy(update={"score": more}))
        assert (severity(after), after.score) >= (severity(before), before.score)

    @given(evidence=st.lists(findings, max_size=6), surer=st.floats(0, 1))
    def test_a_licence_never_makes_it_worse(self, evidence: list[Evidence], surer: float) -> None:
        licence = LICENSED.model_copy(update={"score": surer})
        verdict = judge(*evidence, licence)
        before = {one.brand: one for one in judge(*evidence).findings}
        after = {one.brand: one for one in verdict.findings}
        if BRAND in before:
            assert after[BRAND].score <= before[BRAND].score
            assert SEVERITY.index(after[BRAND].verdict) <= SEVERITY.index(before[BRAND].verdict)

    @given(one=findings, weight=st.floats(0, 50), licensed=st.booleans())
    def test_a_single_weak_sign_is_never_counterfeit_whatever_it_weighs(
        self, one: Evidence, weight: float, licensed: bool
    ) -> None:
        proof = one.signal == "wordmark" and one.score >= NEAR_MISS_ALONE
        assume(one.detail.get("kind") != "copy" and not proof)
        text = POLICY.policy_text
        for name in ("copy = 2.2", "product = 1.0", "known_counterfeit_product = 3.0", "price = 3.0"):
            text = text.replace(name, f"{name.partition(' ')[0]} = {weight}")
        heavy = parse_policy(text, "heavy.toml")
        assert judge(one, seller(licensed=licensed, brand=one.brand), policy=heavy).verdict != "counterfeit"

    @given(evidence=st.lists(findings, min_size=1, max_size=8))
    def test_verdict_score_and_brand_are_the_worst_finding_s(self, evidence: list[Evidence]) -> None:
        verdict = judge(*evidence)
        assert verdict.findings[0].model_dump() == {
            "brand": verdict.brand, "verdict": verdict.verdict, "score": verdict.score,
        }  # fmt: skip
        assert severity(verdict) == max(SEVERITY.index(one.verdict) for one in verdict.findings)
        assert verdict.score == round(verdict.score, 6)

    @given(evidence=st.lists(findings, max_size=8))
    def test_the_shown_weights_add_up_to_the_shown_score(self, evidence: list[Evidence]) -> None:
        verdict = judge(*evidence)
        assert [abs(one.weight) for one in verdict.evidence] == sorted(
            (abs(one.weight) for one in verdict.evidence), reverse=True
        )
        for finding in verdict.findings:
            weights = [one.weight for one in verdict.evidence if one.brand == finding.brand]
            assert finding.score == logistic(math.fsum([POLICY.prior, *weights]))


def test_a_copy_and_its_product_are_one_sign() -> None:
    heavy = parse_policy(POLICY.policy_text.replace("copy = 2.2", "copy = 9.0"), "heavy.toml")
    assert judge(copy(), product(), UNLICENSED, policy=heavy).verdict == "review"
    assert judge(copy(), product(), UNLICENSED, priced(0.5), policy=heavy).verdict == "counterfeit"


def test_a_brand_s_own_rules_decide_about_it_alone() -> None:
    own = f'[brands."{BRAND}"]\nthresholds = {{ review = 0.3 }}\nweights = {{ product = 1.2 }}\n'
    strict = parse_policy(f"{POLICY.policy_text}\n{own}", "strict.toml")
    verdict = judge(product(), UNLICENSED, policy=strict)
    assert (verdict.verdict, verdict.evidence[1].weight) == ("review", 1.2)
    other = judge(product(brand="Tidewater"), seller(licensed=False, brand="Tidewater"), policy=strict)
    assert (other.verdict, other.evidence[1].weight) == ("clear", 1.0)


def test_of_two_brands_the_worse_leads_and_speaks_first() -> None:
    verdict = judge(
        copy(brand="Aster"), seller(licensed=True, brand="Aster"), product(), UNLICENSED, priced(0.2)
    )
    assert (verdict.brand, [one.brand for one in verdict.findings]) == (BRAND, [BRAND, "Aster"])
    assert [BRAND in reason or "price" in reason for reason in verdict.reasons] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_tie_goes_to_the_first_name() -> None:
    assert judge(copy(brand="B"), copy(brand="A")).brand == "A"


def test_a_signal_the_policy_does_not_weigh_is_shown_and_decides_nothing() -> None:
    verdict = judge(Evidence(signal="unheard-of", score=1.0, weight=99.0, brand=BRAND))
    assert (verdict.verdict, verdict.evidence[0].weight, verdict.reasons) == ("clear", 0.0, ())


def test_the_verdict_carries_what_it_rests_on() -> None:
    verdict = judge(copy())
    assert (verdict.listing_id, verdict.policy, verdict.snapshot) == ("L-1", "default@1", 4)
    assert verdict.models == {"embedder": "builtin@1"}


@pytest.mark.parametrize("log_odds", [-1e9, -800, -3.5, 0, 3.5, 800, 1e9])
def test_any_log_odds_have_a_probability(log_odds: float) -> None:
    assert 0 <= logistic(log_odds) <= 1
    assert logistic(log_odds) == pytest.approx(1 - logistic(-log_odds), abs=1e-6)


class TestBestMatches:
    """The references a listing most surely shows, also when it is clear."""

    def test_best_first_each_reference_once(self) -> None:
        photos = (
            photo(0, sighting(BOOT, 0.1, 0.6), sighting(SHOE, 0.05, 0.2, verified=False)),
            photo(1, sighting(SHOE, 0.8, 0.7), sighting(FAKE, 1.0), sighting(LAMP, 0.0, 0.01)),
        )
        found = best_matches(examination(*photos))
        assert [(one.brand, one.reference_id, one.score, one.photo, one.verified) for one in found] == [
            (BRAND, "SKU-1", 0.8, 1, True),
            (BRAND, "SKU-2", 0.6, 0, True),
            ("Tidewater", "SKU-1", 0.01, 1, True),
        ]
        assert found[0].region == Region(0, 0, 400, 200)

    def test_ten_are_enough(self) -> None:
        listed = examination(photo(0, sighting(SHOE, 0.9), sighting(BOOT, 0.8), sighting(LAMP, 0.7)))
        assert [one.score for one in best_matches(listed, limit=2)] == [0.9, 0.8]

    @given(seen=st.lists(sightings, max_size=8))
    def test_the_order_of_sightings_does_not_matter(self, seen: list[object]) -> None:
        assume(len({one.image_id for one in seen}) == len(seen))  # type: ignore[attr-defined]
        forwards, backwards = (examination(photo(0, *order)) for order in (seen, seen[::-1]))  # type: ignore[arg-type]
        assert best_matches(forwards) == best_matches(backwards)
