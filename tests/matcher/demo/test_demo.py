"""The demo set is whole, true to its own table and the same every time."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from matcher.demo import DemoSet, make_demo
from matcher.demo.brands import BRANDS
from matcher.demo.listings import KINDS, PRICE_SHARES
from matcher.records import Brand, VerdictKind

Row = dict[str, str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoSet:
    return make_demo(tmp_path_factory.mktemp("demo") / "new" / "set", seed=7)


@pytest.fixture(scope="module")
def listings(demo: DemoSet) -> list[Row]:
    return rows_of(demo.listings)


@pytest.fixture(scope="module")
def truth(demo: DemoSet) -> dict[str, Row]:
    return {row["listing_id"]: row for row in rows_of(demo.truth)}


@pytest.fixture(scope="module")
def references(demo: DemoSet) -> dict[str, Row]:
    return {row["reference_id"]: row for files in demo.brands for row in rows_of(files.catalog)}


def rows_of(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def test_every_kind_is_there_with_its_verdict_and_most_listings_are_clear(truth: dict[str, Row]) -> None:
    assert {row["kind"] for row in truth.values()} == set(KINDS)
    assert all(row["verdict"] == KINDS[row["kind"]] for row in truth.values())
    verdicts = Counter(row["verdict"] for row in truth.values())
    assert verdicts[VerdictKind.CLEAR] >= 70
    assert verdicts[VerdictKind.REVIEW] >= 20
    assert verdicts[VerdictKind.COUNTERFEIT] >= 15


def test_the_truth_speaks_of_every_listing_and_of_products_that_exist(
    listings: list[Row], truth: dict[str, Row], references: dict[str, Row]
) -> None:
    assert [row["listing_id"] for row in listings] == list(truth)
    for row in truth.values():
        about_a_brand = row["kind"] not in ("unrelated", "look-alike")
        assert bool(row["reference_id"]) == bool(row["brand"]) == about_a_brand
        if about_a_brand:
            assert references[row["reference_id"]]["brand"] == row["brand"]


def test_every_image_named_in_a_table_decodes_and_no_image_is_unnamed(
    demo: DemoSet, listings: list[Row]
) -> None:
    named = {demo.folder / name for row in listings for name in row["image"].split("|")}
    for files in demo.brands:
        named.add(files.logo)
        for table in (files.catalog, files.known_counterfeits):
            named |= {table.parent / name for row in rows_of(table) for name in row["image"].split("|")}
    for path in named:
        with Image.open(path) as image:
            image.load()
            assert min(image.size) >= 300, path
            assert max(image.size) <= 1600, path
    assert named == {path for path in demo.folder.rglob("*") if path.suffix in (".jpg", ".png")}


def test_prices_fit_the_kind(listings: list[Row], truth: dict[str, Row], references: dict[str, Row]) -> None:
    for listing in listings:
        told = truth[listing["listing_id"]]
        assert Decimal(listing["price"]) > 0
        if not told["reference_id"]:
            continue
        low, high = PRICE_SHARES[told["kind"]]
        reference = references[told["reference_id"]]
        share = Decimal(listing["price"]) / Decimal(reference["price"])
        # Prices are rounded to cents.
        assert Decimal(str(low)) - Decimal("0.01") <= share <= Decimal(str(high)) + Decimal("0.01"), listing
        assert listing["currency"] == reference["currency"]


def test_only_the_licensed_kind_is_sold_by_licensed_sellers(
    demo: DemoSet, listings: list[Row], truth: dict[str, Row]
) -> None:
    licensed = {files.brand.name: set(files.brand.licensed_sellers) for files in demo.brands}
    for listing in listings:
        told = truth[listing["listing_id"]]
        seller_is_licensed = listing["seller_id"] in licensed.get(told["brand"], set())
        assert seller_is_licensed == (told["kind"] == "licensed"), listing


def test_some_licensed_listings_reuse_the_very_file_and_known_fakes_come_back(
    demo: DemoSet, listings: list[Row], truth: dict[str, Row]
) -> None:
    found = hashes(demo.folder)
    catalog = {digest for name, digest in found.items() if name.startswith("catalog/")}
    known = {digest for name, digest in found.items() if name.startswith("known/")}
    same: Counter[str] = Counter()
    for listing in listings:
        digests = {found[name] for name in listing["image"].split("|")}
        if digests & (catalog | known):
            same[truth[listing["listing_id"]]["kind"]] += 1
    assert set(same) == {"licensed", "known-counterfeit"}
    assert all(count >= 2 for count in same.values())


def test_brands_have_what_a_brand_team_would_upload(demo: DemoSet) -> None:
    assert 3 <= len(demo.brands) <= 4
    told = json.loads(demo.brands_file.read_text(encoding="utf-8"))
    for files, row in zip(demo.brands, told, strict=True):
        brand = files.brand
        assert brand.wordmarks
        assert brand.licensed_sellers
        assert brand.trademarks
        assert 10 <= len(rows_of(files.catalog)) <= 16
        assert rows_of(files.known_counterfeits)
        for name in ("catalog", "logo", "known_counterfeits"):
            assert demo.folder / row.pop(name) == getattr(files, name)
        assert Brand.model_validate(row) == brand


def test_article_numbers_are_valid_and_of_the_range_for_internal_use() -> None:
    codes = [product.gtin for brand in BRANDS for product in brand.products]
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert len(code) == 13
        assert code.startswith("2")
        assert sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(code)) % 10 == 0


def test_misspelt_wordmarks_are_near_misses_and_never_a_wordmark() -> None:
    for brand in BRANDS:
        for wrong in brand.misspelt:
            assert wrong.lower() not in {mark.lower() for mark in brand.record.wordmarks}
            changed = sum(a != b for a, b in zip(wrong, brand.name, strict=False))
            assert changed + abs(len(wrong) - len(brand.name)) <= 2


@pytest.mark.slow
def test_the_same_seed_draws_the_same_bytes(demo: DemoSet, tmp_path: Path) -> None:
    again = make_demo(tmp_path, seed=7)
    assert hashes(again.folder) == hashes(demo.folder)
