"""Text in a photo is a wordmark or almost, with as much context as it needs."""

from __future__ import annotations

import pytest

from matcher.records import Region
from matcher.signals.seller import SellerSignal
from matcher.signals.wordmark import WordmarkSignal
from tests.matcher.signals.contract import SignalContract
from tests.matcher.signals.made import examination, line, photo
from tests.matcher.signals.shop import SHOP, SNEAKER, listing, shows

SMALL = (10.0, 10.0, 40.0, 18.0)


class TestWordmark(SignalContract):
    signal = WordmarkSignal()

    def told(self, *lines: object, **more: object) -> list[tuple[str, object]]:
        return [
            (one.brand, one.detail["kind"])
            for one in self.signal.examine(listing(*lines, **more))  # type: ignore[arg-type]
        ]

    def test_a_near_miss_says_what_was_read_and_where(self) -> None:
        [found] = self.signal.examine(listing(line("size abibas", 0.95, box=(0, 0, 220, 40))))
        assert (found.brand, found.photo, found.region) == ("Adidas", 0, Region(100, 0, 220, 40))
        assert found.score == pytest.approx(0.95 * 0.95 * 0.9)
        told = [found.detail[name] for name in ("text", "wordmark", "kind", "edits")]
        assert told == ["abibas", "adidas", "near-miss", 2]
        assert found.detail["quad"] == [[100.0, 0.0], [220.0, 0.0], [220.0, 40.0], [100.0, 40.0]]

    def test_without_text_it_is_silent(self) -> None:
        assert self.signal.examine(listing()) == []
        assert self.signal.examine(listing(line("adidas", 0.3))) == []

    def test_a_wordmark_is_exact_or_a_variant(self) -> None:
        assert self.told("NIKE") == [("Nike", "exact")]
        assert self.told("アディダス") == [("Adidas", "variant")]

    def test_a_near_miss_goes_before_a_wordmark_if_it_is_read_surely(self) -> None:
        assert self.told("adidas", line("abibas", 0.95)) == [("Adidas", "near-miss")]
        assert self.told("adidas", line("abibas", 0.8)) == [("Adidas", "exact")]

    def test_of_a_wordmark_that_a_fold_cuts_off_the_larger_part_is_enough(self) -> None:
        [found] = self.signal.examine(listing("tagonia"))
        assert (found.brand, found.detail["how"]) == ("Patagonia", "cut")
        assert found.score == pytest.approx(7 / 9 * 0.95, abs=0.01)
        assert self.told("tagonia", line("PATAGOMIA", 0.95)) == [("Patagonia", "near-miss")]

    @pytest.mark.parametrize(
        ("more", "found"),
        [
            ({}, []),
            ({"title": "Mango juice, 1 litre"}, []),
            ({"title": "Summer dress, size M"}, [("Mango", "exact")]),
            ({"title": "Mango dress"}, [("Mango", "exact")]),
        ],
    )
    def test_an_everyday_word_counts_among_the_brand_s_goods(
        self, more: dict[str, str], found: list[tuple[str, str]]
    ) -> None:
        assert self.told("MANGO", **more) == found

    def test_a_near_miss_of_a_short_wordmark_stands_out_or_has_context(self) -> None:
        assert self.told(line("PAMA", box=SMALL)) == []
        assert self.told(line("PAMA", box=SMALL), title="Puma shoes") == [("Puma", "near-miss")]
        assert self.told("PAMA") == [("Puma", "near-miss")]

    @pytest.mark.parametrize("word", ["adicats", "ADASDAS"])
    def test_two_wrong_letters_count_on_a_garment_but_not_in_small_print(self, word: str) -> None:
        assert self.told(word) == [("Adidas", "near-miss")]
        assert self.told(line(f"made by {word}", box=SMALL)) == []

    @pytest.mark.parametrize("word", ["Naik", "NKIE"])
    def test_spelt_by_sound_or_turned_it_counts_with_context(self, word: str) -> None:
        assert self.told(line(word, box=SMALL), title="Running shoes") == [("Nike", "near-miss")]

    def test_drawn_letters_need_none(self) -> None:
        assert self.told(line("MiKE", box=SMALL)) == [("Nike", "near-miss")]

    def test_an_everyday_word_near_a_wordmark_must_stand_out_among_the_brand_s_goods(self) -> None:
        assert self.told("LIKE", title="Coffee mug") == []
        assert self.told(line("as good as new, like this", box=SMALL), title="Nike shoes") == []
        assert self.told("HIKE", title="Nike shoes") == [("Nike", "near-miss")]

    def test_a_product_seen_is_context(self) -> None:
        [found] = self.signal.examine(listing(line("NIIKE", box=SMALL), seen=(shows(SNEAKER, 0.8),)))
        assert (found.brand, found.detail["context"]) == ("Nike", ["product"])

    def test_goods_that_fit_a_brand_s_are_no_context(self) -> None:
        assert self.told(line("PAMA", box=SMALL), title="Laces for Puma") == []

    def test_ten_thousand_lines_and_odd_outlines_are_borne(self) -> None:
        odd = [
            line("abibas", box=(float("inf"), 0, float("nan"), 3)),
            line("abibas", box=(-900, -900, -800, -800)),
        ]
        many = [line(f"text {n}", box=SMALL) for n in range(10_000)]
        found = self.signal.examine(listing(*odd, *many, "adidos"))
        assert [one.brand for one in found] == ["Adidas"]

    def test_the_order_of_photos_does_not_matter(self) -> None:
        shown = photo(0, lines=(line("NIKE"),)), photo(1, lines=(line("abibas"),))
        forwards, backwards = (examination(*order, facts=SHOP) for order in (shown, shown[::-1]))
        assert self.signal.examine(forwards) == self.signal.examine(backwards)

    def test_a_seller_is_asked_about_a_brand_that_only_a_text_shows(self) -> None:
        [found] = SellerSignal().examine(listing("abibas"))
        assert (found.brand, found.detail["licensed"]) == ("Adidas", False)
