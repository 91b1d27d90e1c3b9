"""A tuned policy is the file it began with, comments and all, with new figures in it."""

from __future__ import annotations

import pytest

from matcher.policy import Policy, Thresholds, parse_policy
from matcher.tuning import tuned_text
from matcher.tuning.rules import with_rules
from tests.matcher.tuning.made import POLICY

NEW = Thresholds(review=0.31, counterfeit=0.87)


def tuned(before: Policy) -> Policy:
    weights = before.weights.model_copy(update={"price": 4.125})
    return with_rules(before, thresholds=NEW, weights=weights, prior=-2.5, version=before.version + 1)


def test_figures_change_where_they_stand_and_comments_stay() -> None:
    text = tuned_text(POLICY, tuned(POLICY), ["made by a test,\nin two lines"])
    again = parse_policy(text, "test")
    assert (again.label, again.thresholds, again.prior, again.weights.price) == (
        "default@2",
        NEW,
        -2.5,
        4.125,
    )
    assert text.startswith("# made by a test, in two lines\n")
    assert "# at 30 % of the reference's price or less" in text
    assert "counterfeit = 0.87  # reached only with" in text


@pytest.mark.parametrize(
    "tail",
    [
        '\n[brands."Åcme \\"& Sons\\""]\nthresholds = { review = 0.2 }\nweights = { product = 1.4 }\n',
        "\n[brands.Acme.thresholds]\nreview = 0.2\n[brands.Acme.weights]\nproduct = 1.4\n",
    ],
)
def test_what_brands_have_of_their_own_stays_and_the_rest_follows(tail: str) -> None:
    before = parse_policy(POLICY.policy_text + tail, "before")
    after = tuned(before)
    again = parse_policy(tuned_text(before, after), "again")
    (name,) = again.brands
    assert again.brands[name].thresholds == Thresholds(review=0.2, counterfeit=0.87)
    assert again.brands[name].weights.product == 1.4
    assert again.brands[name].weights.price == 4.125
    assert again.brands == after.brands


def test_a_file_written_in_another_way_is_written_anew() -> None:
    weights = ", ".join(f"{key} = {value}" for key, value in POLICY.weights.model_dump(by_alias=True).items())
    odd = (
        'name = "odd"\nversion = 4\nprior = -3.5\nthresholds.review = 0.4\nthresholds.counterfeit = 0.9\n'
        f'weights = {{ {weights} }}\n[brands."a.b"]\nthresholds = {{ review = 0.1 }}\n'
    )
    before = parse_policy(odd, "odd")
    again = parse_policy(tuned_text(before, tuned(before)), "again")
    assert (again.label, again.thresholds) == ("odd@5", NEW)
    assert again.brands["a.b"].thresholds.review == 0.1


def test_a_policy_that_no_file_told_is_written_whole() -> None:
    before = POLICY.model_copy(update={"policy_text": ""})
    assert parse_policy(tuned_text(before, tuned(before)), "again").thresholds == NEW
