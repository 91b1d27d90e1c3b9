"""What a reviewer confirmed is recognised when offered again, unless the brand's own photo explains it."""

from __future__ import annotations

from matcher.signals.known_counterfeit import KnownCounterfeitSignal
from tests.matcher.signals.contract import SignalContract
from tests.matcher.signals.made import BRAND, FAKE, LAMP, SHOE, examination, photo, sighting


class TestKnownCounterfeit(SignalContract):
    signal = KnownCounterfeitSignal()

    def test_the_same_photo_is_a_copy(self) -> None:
        [found] = self.signal.examine(examination(photo(0, sighting(FAKE, 0.96, 0.99))))
        assert (found.brand, found.reference_id, found.score) == (BRAND, "K-1", 0.96)
        assert found.detail["kind"] == "copy"

    def test_the_same_thing_in_another_photo_is_a_product(self) -> None:
        [found] = self.signal.examine(examination(photo(0, sighting(FAKE, 0.2, 0.9))))
        assert (found.score, found.detail["kind"]) == (0.9, "product")

    def test_a_likely_copy_speaks_before_a_surer_product(self) -> None:
        photos = photo(0, sighting(FAKE, 0.0, 0.95)), photo(1, sighting(FAKE, 0.7))
        [found] = self.signal.examine(examination(*photos))
        assert (found.photo, found.score, found.detail["kind"]) == (1, 0.7, "copy")

    def test_what_is_barely_alike_is_no_evidence(self) -> None:
        assert self.signal.examine(examination(photo(0, sighting(FAKE, 0.2, 0.29)))) == []

    def test_the_brand_s_own_photo_is_no_counterfeit_though_one_was_sold_with_it(self) -> None:
        both = photo(0, sighting(SHOE, 0.99), sighting(FAKE, 0.99))
        assert self.signal.examine(examination(both)) == []
        resembling = photo(0, sighting(SHOE, 0.98), sighting(FAKE, 0.1, 0.9))
        assert self.signal.examine(examination(resembling)) == []

    def test_a_photo_nearer_to_the_counterfeit_than_to_the_brand_s_own_is_one(self) -> None:
        [found] = self.signal.examine(examination(photo(0, sighting(SHOE, 0.6), sighting(FAKE, 0.99))))
        assert found.detail["kind"] == "copy"

    def test_only_the_same_photo_and_brand_explain_it(self) -> None:
        elsewhere = photo(0, sighting(SHOE, 0.99), sighting(LAMP, 0.99)), photo(1, sighting(FAKE, 0.98))
        assert len(self.signal.examine(examination(*elsewhere))) == 1
        other_brand = photo(0, sighting(LAMP, 0.99), sighting(FAKE, 0.98))
        assert len(self.signal.examine(examination(other_brand))) == 1
