"""An examination looks each image up once, and a sighting survives being written down."""

from __future__ import annotations

import pytest
from hypothesis import given
from pydantic import ValidationError

from matcher.records import ImageRole, Region
from matcher.signals import ReferenceFacts, Seen, Sighting
from matcher.signals.outlines import quad_in_pixels, region_in_pixels
from tests.matcher.signals.contract import sightings
from tests.matcher.signals.made import FACTS, FAKE, LOGO, SHOE, MadeFacts, examination, photo, sighting


class CountingFacts(MadeFacts):
    """Counts how often an image is asked for."""

    asked = 0

    def of(self, image_id: int) -> ReferenceFacts | None:
        self.asked += 1
        return super().of(image_id)


def test_each_sighting_is_looked_up_once_however_many_signals_read_it() -> None:
    facts = CountingFacts(list(FACTS.images.values()), [])
    listing = examination(photo(0, sighting(SHOE, 0.9), sighting(FAKE, 0.4)), facts=facts)
    for _ in range(2):
        assert listing.references
        assert listing.known_counterfeits
        assert listing.brands_seen
    assert facts.asked == 2


def test_sightings_are_sorted_by_what_the_image_stands_for() -> None:
    listing = examination(
        photo(0, sighting(SHOE, 0.9), sighting(FAKE, 0.4), sighting(LOGO, 0.9), sighting(999))
    )
    assert [seen.facts.image_id for seen in listing.references] == [SHOE]
    assert [seen.facts.image_id for seen in listing.known_counterfeits] == [FAKE]


@given(seen=sightings)
def test_a_sighting_comes_back_from_json_the_same(seen: Sighting) -> None:
    assert Sighting.model_validate_json(seen.model_dump_json()) == seen


@pytest.mark.parametrize(
    "wrong",
    [{"copy_score": 1.1}, {"copy_score": float("nan")}, {"quad": ((0, 0),)}, {"cosine": float("inf")}],
)
def test_a_sighting_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Sighting.model_validate(sighting(SHOE, 0.5).model_dump() | wrong)


def test_a_region_is_clipped_and_rounded_outwards() -> None:
    quad = ((-0.5, 0.13), (0.333, 0.13), (0.333, 2.0), (-0.5, 2.0))
    assert region_in_pixels(quad, 100, 50) == Region(0, 6, 34, 50)
    assert quad_in_pixels(quad, 100, 50)[0] == [-50.0, 6.5]


def test_nothing_inside_the_photo_is_no_region() -> None:
    assert region_in_pixels(((1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0)), 100, 50) is None
    empty = sighting(SHOE, 0.9, box=(1.0, 1.0, 1.0, 1.0))
    facts = ReferenceFacts(SHOE, "B", ImageRole.REFERENCE, "R")
    assert Seen(photo(0), empty, facts).region is None
