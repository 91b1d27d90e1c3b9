"""Claims are laid to the brands that a listing is about."""

from __future__ import annotations

from matcher.signals.claims import ClaimsSignal
from tests.matcher.signals.contract import SignalContract
from tests.matcher.signals.shop import SNEAKER, listing, shows


class TestClaims(SignalContract):
    signal = ClaimsSignal()

    def test_a_claim_in_the_title_is_about_the_brand_named(self) -> None:
        [found] = self.signal.examine(listing(title="Nike sneakers 1:1 mirror quality"))
        assert (found.brand, found.photo) == ("Nike", None)
        assert found.score == 0.975
        told = [found.detail[name] for name in ("phrase", "where", "language", "source", "also")]
        assert told == ["mirror quality", "title", "en", "legitscript", ["1:1"]]

    def test_without_a_name_it_is_about_what_the_photos_show(self) -> None:
        [found] = self.signal.examine(listing(description="first copy", seen=(shows(SNEAKER, 0.9),)))
        assert (found.brand, found.detail["where"]) == ("Nike", "description")

    def test_a_claim_may_be_read_in_a_photo(self) -> None:
        [found] = self.signal.examine(listing("高仿 NIKE"))
        assert (found.brand, found.photo, found.detail["where"]) == ("Nike", 0, "photo")

    def test_about_no_brand_it_counts_half(self) -> None:
        [found] = self.signal.examine(listing(title="AAA quality bag"))
        assert (found.brand, found.score) == ("", 0.475)

    def test_what_fits_a_brand_is_no_copy_of_it(self) -> None:
        [found] = self.signal.examine(listing(title="AAA quality case for iPhone"))
        assert found.brand == ""

    def test_an_honest_listing_claims_nothing(self) -> None:
        assert self.signal.examine(listing(title="Nike shoes, not a replica", description="no fakes")) == []
