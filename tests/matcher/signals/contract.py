"""What every signal promises; a test class of a signal inherits it."""

from __future__ import annotations

import json
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.models import TextLine
from matcher.records import Listing
from matcher.signals import Examination, ExaminedPhoto, Sighting, Signal
from matcher.signals.logo_sighting import LogoSighting
from tests.matcher.signals.made import FACTS, FAKE, LOGO, SHOE, examination, photo, sighting

scores = st.floats(0, 1)
corner = st.tuples(st.floats(-3, 3), st.floats(-3, 3))
sightings = st.builds(
    Sighting,
    image_id=st.sampled_from([*FACTS.images, 999]),
    copy_score=scores,
    product_score=scores,
    verified=st.booleans(),
    cosine=st.floats(-1, 1),
    inliers=st.integers(0, 800),
    mirrored=st.booleans(),
    quad=st.one_of(st.just(()), st.tuples(corner, corner, corner, corner)),
)
sizes = st.integers(16, 20_000)
listings = st.builds(
    Listing,
    listing_id=st.just("L"),
    images=st.just(("a.jpg",)),
    price=st.none() | st.decimals(0, Decimal("1e40"), allow_nan=False),
    currency=st.sampled_from(["", "EUR", "eur ", "USD"]),
    seller_id=st.sampled_from(["", "  ", "dealer-1", "s\n-1"]),
    title=st.sampled_from(["", "Northlight lamp", "like Northl1ght and Tidewater", "👟 1:1 replica"]),
    description=st.sampled_from(["", "not a replica", "mirror quality Northlight"]),
)
known_texts = ["", "NORTHLIGHT", "Northlicht", "Tidewater 高仿", "N0RTHLIGHT", "Tidewator"]
line_texts = st.sampled_from(known_texts) | st.text(max_size=20)
logos = st.builds(
    LogoSighting,
    image_id=st.sampled_from([LOGO, SHOE, 999]),
    box=st.tuples(scores, scores, scores, scores),
    score=scores,
    cosine=st.floats(-1, 1),
    found=scores,
    inliers=st.none() | st.integers(0, 400),
)
lines = st.builds(TextLine, outline=st.tuples(corner, corner, corner, corner), text=line_texts, score=scores)


@st.composite
def examinations(draw: st.DrawFn) -> Examination:
    shown = draw(st.lists(st.lists(sightings, max_size=4), max_size=3))
    photos = (
        ExaminedPhoto(
            n,
            draw(sizes),
            draw(sizes),
            f"h{n}",
            tuple(s),
            tuple(draw(st.lists(lines, max_size=2))),
            tuple(draw(st.lists(logos, max_size=2))),
        )
        for n, s in enumerate(shown)
    )
    return Examination(draw(listings), tuple(photos), FACTS)


each_on_its_own = settings(
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
    max_examples=60,
    deadline=None,
)
"""The inherited tests run for several classes, which is what they are for."""


class SignalContract:
    """Inherit, give `signal`, and these tests come along."""

    signal: Signal

    def test_it_finds_nothing_in_a_listing_that_shows_nothing(self) -> None:
        assert self.signal.examine(examination()) == []
        assert self.signal.examine(examination(photo(0), price=Decimal(1), currency="EUR")) == []

    def test_what_the_catalog_no_longer_has_is_passed_over(self) -> None:
        assert self.signal.examine(examination(photo(0, sighting(999, 1.0)))) == []

    @each_on_its_own
    @given(examination=examinations())
    def test_its_evidence_keeps_the_form(self, examination: Examination) -> None:
        found = self.signal.examine(examination)
        sizes = {one.position: one for one in examination.photos}
        for one in found:
            assert one.signal == self.signal.name
            assert 0 <= one.score <= 1
            assert one.score == round(one.score, 6)
            assert one.weight == 0
            assert one.brand in FACTS.brands or (one.signal == "claims" and not one.brand)
            json.dumps(one.detail, allow_nan=False)
            if one.region:
                assert one.photo is not None
                assert one.region.area > 0
                assert 0 <= one.region.x1 < one.region.x2 <= sizes[one.photo].width
                assert 0 <= one.region.y1 < one.region.y2 <= sizes[one.photo].height

    @each_on_its_own
    @given(examination=examinations())
    def test_it_speaks_of_each_brand_once(self, examination: Examination) -> None:
        brands = [one.brand for one in self.signal.examine(examination)]
        assert brands == sorted(set(brands))

    @each_on_its_own
    @given(examination=examinations())
    def test_the_order_of_sightings_changes_nothing(self, examination: Examination) -> None:
        mixed = tuple(
            ExaminedPhoto(
                one.position,
                one.width,
                one.height,
                one.content_hash,
                one.sightings[::-1],
                one.lines,
                one.logos[::-1],
            )
            for one in reversed(examination.photos)
        )
        # The same image is seen once in a photo.
        if all(len({s.image_id for s in one.sightings}) == len(one.sightings) for one in mixed):
            again = Examination(examination.listing, mixed, FACTS)
            assert self.signal.examine(again) == self.signal.examine(examination)

    def test_examining_twice_gives_the_same(self) -> None:
        listing = examination(
            photo(0, sighting(SHOE, 0.9), sighting(FAKE, 0.95)), price=Decimal(9), currency="EUR"
        )
        assert self.signal.examine(listing) == self.signal.examine(listing)
