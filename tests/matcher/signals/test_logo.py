"""A logo is told with what is written with it: its wordmark, almost that, another name, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.decision import decide
from matcher.models import TextLine
from matcher.policy import load_policy
from matcher.records import Evidence, ImageRole, Region, VerdictKind
from matcher.signals import BrandFacts, Examination, ExaminedPhoto
from matcher.signals.logo import LogoSignal
from matcher.signals.logo_sighting import LogoSighting
from matcher.signals.seller import SellerSignal
from matcher.signals.sentences import sentence
from matcher.signals.wordmark import WordmarkSignal
from tests.matcher.signals.contract import SignalContract
from tests.matcher.signals.made import LOGO, MadeFacts, examination, image, line
from tests.matcher.signals.shop import SHOP, brand

TREFOIL, SWOOSH, STRIPES = 31, 32, 33
FACTS = MadeFacts(
    [
        *SHOP.images.values(),
        image(TREFOIL, "trefoil", brand="Adidas", role=ImageRole.LOGO),
        image(STRIPES, "stripes", brand="Adidas", role=ImageRole.LOGO),
        image(SWOOSH, "swoosh", brand="Nike", role=ImageRole.LOGO),
    ],
    [*SHOP.brands.values(), brand("Reebok")],
)
PLACE = (0.4, 0.2, 0.6, 0.4)
"""Of a photo of 500 by 500: a logo of 100 by 100 at (200, 100)."""


def logo(
    image_id: int = TREFOIL, score: float = 0.9, box: tuple[float, ...] = PLACE, **more: Any
) -> LogoSighting:
    return LogoSighting(
        image_id=image_id,
        score=score,
        box=box,
        **({"cosine": 0.81234, "found": 0.7} | more),  # type: ignore[arg-type]
    )


def shown(*found: LogoSighting | TextLine, position: int = 0) -> ExaminedPhoto:
    logos = tuple(one for one in found if isinstance(one, LogoSighting))
    lines = tuple(one for one in found if isinstance(one, TextLine))
    return ExaminedPhoto(position, 500, 500, f"hash-{position}", (), lines, logos)


def offer(*found: LogoSighting | TextLine, **more: Any) -> Examination:
    return examination(shown(*found), facts=FACTS, **({"seller_id": "someone"} | more))


def below(text: str, score: float = 0.95, **more: Any) -> TextLine:
    """A line under the logo, as wide as it and a quarter as high."""
    return line(text, score, box=(190, 210, 310, 240), **more)


def told(*found: LogoSighting | TextLine, **more: Any) -> Evidence:
    [evidence] = LogoSignal().examine(offer(*found, **more))
    return evidence


class TestLogo(SignalContract):
    signal = LogoSignal()

    def test_a_logo_alone_is_told_with_its_place_and_which_it_is(self) -> None:
        found = told(logo(inliers=21))
        assert (found.brand, found.reference_id, found.photo) == ("Adidas", "trefoil", 0)
        assert found.region == Region(200, 100, 300, 200)
        assert found.score == 0.9
        assert found.detail == {"kind": "logo", "cosine": 0.8123, "inliers": 21}

    def test_one_that_is_hardly_sure_is_none(self) -> None:
        assert self.signal.examine(offer(logo(score=0.29))) == []

    def test_of_several_the_surest_of_each_brand_is_told(self) -> None:
        found = self.signal.examine(offer(logo(score=0.6), logo(STRIPES, 0.8), logo(SWOOSH, 0.7)))
        assert [(one.brand, one.reference_id) for one in found] == [("Adidas", "stripes"), ("Nike", "swoosh")]

    def test_an_image_that_is_no_logo_or_gone_is_passed_over(self) -> None:
        assert self.signal.examine(offer(logo(1), logo(999))) == []
        assert LOGO not in FACTS.images

    def test_with_its_own_wordmark_it_is_a_logo(self) -> None:
        found = told(logo(), below("adidas"))
        assert (found.score, found.detail["kind"], found.detail["says"]) == (0.9, "logo", "wordmark")
        inside = told(logo(), line("アディダス", box=(205, 170, 295, 195)))
        assert (inside.detail["kind"], inside.detail["place"]) == ("logo", "inside")

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("alkohol", "other-word"),
            ("YIKES", "other-word"),
            ("abibas", "near-miss"),
            ("REEBOK", "other-brand"),
        ],
    )
    def test_with_another_text_it_is_a_look_alike(self, text: str, says: str) -> None:
        found = told(logo(), below(text))
        assert (found.detail["kind"], found.detail["text"], found.detail["says"]) == (
            "look-alike",
            text,
            says,
        )
        assert 0.3 < found.score < 0.9
        assert "which is not the brand's wordmark" in sentence(found)

    @pytest.mark.parametrize(
        "text",
        [
            below("alkohol", 0.6),
            below("made in 1998"),
            below("one of many words"),
            below("XL"),
            below("42"),
            line("alkohol", box=(190, 400, 310, 430)),
            line("alkohol", box=(320, 215, 440, 245)),
            line("alkohol", box=(240, 210, 260, 215)),
            line("alkohol", box=(10, 210, 490, 240)),
            line("alkohol", box=(100, 210, 400, 400)),
        ],
        ids=[
            "unsure",
            "a year",
            "many words",
            "size",
            "number",
            "far",
            "off a corner",
            "tiny",
            "wide",
            "huge",
        ],
    )
    def test_what_does_not_stand_there_as_a_name_says_nothing(self, text: TextLine) -> None:
        assert told(logo(), text).detail == told(logo()).detail

    def test_inside_a_logo_a_word_counts_where_its_wordmark_would_stand(self) -> None:
        lockup = logo(box=(0.4, 0.2, 0.6, 0.5))
        under = line("alkohol", box=(205, 215, 295, 245))
        assert told(lockup, under).detail["kind"] == "look-alike"
        for own in (
            line("alkohol", box=(205, 160, 295, 190)),
            line("alkohol", box=(235, 215, 265, 245)),
            line("alkohol", 0.85, box=(205, 215, 295, 245)),
        ):
            assert told(lockup, own).detail["kind"] == "logo"

    @pytest.mark.parametrize("text", ["adi", "DIDAS"])
    def test_a_piece_of_the_wordmark_is_no_other_word(self, text: str) -> None:
        assert told(logo(), below(text)).detail["kind"] == "logo"

    def test_where_the_wordmark_is_elsewhere_in_the_photo_another_word_is_a_slogan(self) -> None:
        elsewhere = line("adidas", box=(20, 440, 140, 470))
        assert told(logo(), below("originals"), elsewhere).detail["kind"] == "logo"

    def test_a_listed_name_of_a_line_is_the_brand_s(self) -> None:
        facts = MadeFacts(
            [*FACTS.images.values()], [BrandFacts("Adidas", frozenset(), ("adidas", "originals"))]
        )
        [found] = LogoSignal().examine(examination(shown(logo(), below("ORIGINALS")), facts=facts))
        assert (found.detail["kind"], found.detail["says"]) == ("logo", "wordmark")

    def test_an_unsure_logo_is_not_held_against_a_text(self) -> None:
        assert told(logo(score=0.45), below("alkohol")).detail["kind"] == "logo"

    def test_the_order_of_photos_does_not_matter(self) -> None:
        photos = shown(logo(score=0.7)), shown(logo(STRIPES, 0.7), position=1)
        forwards, backwards = (examination(*order, facts=FACTS) for order in (photos, photos[::-1]))
        assert self.signal.examine(forwards) == self.signal.examine(backwards)


def verdict(*found: LogoSighting | TextLine, **more: Any) -> VerdictKind:
    """What a listing of such a photo comes to."""
    listing = offer(*found, **more)
    signals = (LogoSignal(), WordmarkSignal(), SellerSignal())
    evidence = [one for signal in signals for one in signal.examine(listing)]
    return decide("L", evidence, (), load_policy(), models={}, snapshot=1).verdict


def test_a_seller_is_asked_about_a_brand_whose_logo_is_shown() -> None:
    [found] = SellerSignal().examine(offer(logo()))
    assert (found.brand, found.detail["licensed"]) == ("Adidas", False)
    assert SellerSignal().examine(offer(logo(score=0.45))) == []


def test_a_logo_is_context_for_a_near_miss_that_needs_some() -> None:
    small = line("Naik", box=(400, 400, 440, 408))
    assert WordmarkSignal().examine(offer(small)) == []
    [found] = WordmarkSignal().examine(offer(small, logo(SWOOSH, 0.8)))
    assert (found.brand, found.detail["context"]) == ("Nike", ["logo"])


def test_a_logo_alone_or_with_its_wordmark_is_a_lead_and_no_verdict() -> None:
    assert verdict(logo()) is VerdictKind.CLEAR
    assert verdict(logo(), below("adidas")) is VerdictKind.CLEAR


@pytest.mark.parametrize("text", ["alkohol", "REEBOK"])
def test_beside_another_word_a_person_looks_at_it(text: str) -> None:
    assert verdict(logo(), below(text)) is VerdictKind.REVIEW
    assert verdict(logo(), below(text), seller_id="dealer-1") is VerdictKind.CLEAR


def test_beside_a_near_miss_that_is_surely_read_it_is_counterfeit() -> None:
    assert verdict(logo(), below("abibas", 0.99)) is VerdictKind.COUNTERFEIT


def test_a_near_miss_and_the_logo_beside_it_are_one_sign_where_the_reading_is_unsure() -> None:
    assert verdict(logo(), below("abibas", 0.82)) is VerdictKind.REVIEW
