"""The tables of benchmarks/truth agree with themselves and with their lexicons; no photo is needed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.text.words import read_brands, read_rows
from matcher.text.folding import joined

TRUTH = Path(__file__).parents[3] / "benchmarks" / "truth"
LEXICON_OF = {
    "grocery-packages.csv": "brands-packages.csv",
    "cn_beverages.csv": "brands-beverages.csv",
    "logos_in_photos.csv": "brands-fashion.csv",
}
ROWS = {"grocery-packages.csv": 200, "cn_beverages.csv": 100, "logos_in_photos.csv": 250}
MOST_TO_TUNE = 0.5
"""Share of the rows: a third is meant, but near-duplicates stay together."""


def brands_in(cell: str) -> list[str]:
    return [one for one in cell.split("|") if one]


def rows_of(table: str) -> list[dict[str, str]]:
    return read_rows(TRUTH / table, ("image", "brands", "also", "split"))


def test_every_table_has_its_lexicon_and_no_table_is_forgotten() -> None:
    found = {path.name for path in TRUTH.glob("*.csv")}
    assert found == {*LEXICON_OF, *LEXICON_OF.values()}


def test_the_readme_says_what_each_file_is() -> None:
    told = (TRUTH / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in sorted(TRUTH.glob("*.csv")) if f"`{path.name}`" not in told] == []


@pytest.mark.parametrize("table", LEXICON_OF)
class TestTable:
    def test_it_has_the_photos_it_was_made_for_each_once(self, table: str) -> None:
        images = [row["image"] for row in rows_of(table)]
        assert len(images) == ROWS[table]
        assert [image for image, times in Counter(images).items() if times > 1] == []
        assert all(image and not image.startswith("/") and ".." not in image for image in images)

    def test_it_names_only_brands_of_its_lexicon(self, table: str) -> None:
        known = {brand.name for brand in read_brands(TRUTH / LEXICON_OF[table])}
        named = {one for row in rows_of(table) for key in ("brands", "also") for one in brands_in(row[key])}
        assert named - known == set()

    def test_no_row_names_a_brand_twice(self, table: str) -> None:
        for row in rows_of(table):
            named = [*brands_in(row["brands"]), *brands_in(row["also"])]
            assert len(named) == len(set(named)), row

    def test_it_is_split_in_a_part_to_tune_on_and_a_larger_one_to_report(self, table: str) -> None:
        parts = Counter(row["split"] for row in rows_of(table))
        assert set(parts) == {"tune", "report"}
        assert 0.25 < parts["tune"] / parts.total() < MOST_TO_TUNE

    def test_it_has_photos_with_and_without_a_legible_wordmark(self, table: str) -> None:
        assert {bool(row["brands"]) for row in rows_of(table)} == {True, False}


@pytest.mark.parametrize("lexicon", LEXICON_OF.values())
class TestLexicon:
    def test_a_brand_stands_once_and_every_wordmark_can_be_looked_for(self, lexicon: str) -> None:
        brands = read_brands(TRUTH / lexicon)
        names = [joined(brand.name) for brand in brands]
        assert all(names)
        assert [name for name, times in Counter(names).items() if times > 1] == []
        for brand in brands:
            assert brand.wordmarks[0] == brand.name
            assert all(joined(wordmark) for wordmark in brand.wordmarks), brand

    def test_no_wordmark_is_two_brands(self, lexicon: str) -> None:
        owners: dict[str, set[str]] = {}
        for brand in read_brands(TRUTH / lexicon):
            for wordmark in (brand.name, *brand.wordmarks):
                owners.setdefault(joined(wordmark), set()).add(brand.name)
        assert {text: brands for text, brands in owners.items() if len(brands) > 1} == {}


def test_the_lexicons_are_open_they_hold_brands_that_no_photo_shows() -> None:
    for table, lexicon in LEXICON_OF.items():
        shown = {one for row in rows_of(table) for key in ("brands", "also") for one in brands_in(row[key])}
        assert len({brand.name for brand in read_brands(TRUTH / lexicon)} - shown) > 20


def test_packages_come_from_every_class() -> None:
    classes = Counter(row["image"].split("/")[3] for row in rows_of("grocery-packages.csv"))
    assert len(classes) == 31
    assert min(classes.values()) >= 6


def test_the_fashion_lexicon_has_the_two_hundred_brands_that_false_alarms_are_counted_with() -> None:
    assert len(read_brands(TRUTH / "brands-fashion.csv")) == 200
