"""The story every format must tell alike; each reader's test class inherits it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import ManifestError
from matcher.manifests import Row, manifest_folder, read_listings, read_references
from matcher.records import FailedRow, Listing, ReferenceRow

Table = list[dict[str, str]]

LISTING_TABLE: Table = [
    {
        "listing_id": "007",
        "image": "a.jpg|b/c.jpg",
        "title": "Näh-Schuh 靴 👟",
        "price": "1.234,56 €",
        "seller_id": "s-1",
    },
    {
        "listing_id": "L 2",
        "image": "https://shop.example/2.jpg?a=1,2",
        "title": "=cmd()",
        "price": "19.99 USD",
    },
    {"listing_id": "L 2", "image": "second.png", "description": "also worn"},
    {"listing_id": "title-only", "title": "No photo", "url": "https://shop.example/t?a=b&c=<d>"},
    {"listing_id": "bad-price", "image": "x.jpg", "price": "cheap"},
    {"listing_id": "", "image": "x.jpg", "title": "nameless"},
    {"listing_id": "last", "image": "z.jpg", "price": "¥1,200", "currency": "jpy"},
]

LISTINGS = [
    Listing(
        listing_id="007",
        images=("a.jpg", "b/c.jpg"),
        title="Näh-Schuh 靴 👟",
        price=Decimal("1234.56"),
        currency="EUR",
        seller_id="s-1",
    ),
    Listing(
        listing_id="L 2",
        images=("https://shop.example/2.jpg?a=1,2", "second.png"),
        title="=cmd()",
        description="also worn",
        price=Decimal("19.99"),
        currency="USD",
    ),
    Listing(listing_id="title-only", images=(), title="No photo", url="https://shop.example/t?a=b&c=<d>"),
    "price 'cheap' cannot be read; give an amount such as 19.90, or leave it empty",
    "listing_id is empty",
    Listing(listing_id="last", images=("z.jpg",), price=Decimal(1200), currency="JPY"),
]

REFERENCE_TABLE: Table = [
    {
        "sku": "R-1",
        "image_link": "r1.jpg",
        "brand": "Borealis",
        "price": "5",
        "currency": "EUR",
        "gtin": "0012345678905",
    },
    {"sku": "R-1", "image_link": "r1-back.jpg"},
    {"sku": "R-2", "title": "No image"},
]

REFERENCES = [
    ReferenceRow(
        reference_id="R-1",
        images=("r1.jpg", "r1-back.jpg"),
        brand="Borealis",
        price=Decimal(5),
        currency="EUR",
        gtin="0012345678905",
    ),
    "no image",
]


def columns_of(table: Table) -> list[str]:
    return list(dict.fromkeys(name for row in table for name in row))


def told(rows: Any) -> list[Any]:
    """Records, and of failed rows the reasons."""
    return [row.reason if isinstance(row, FailedRow) else row.value for row in rows]


def lines(rows: Any) -> list[int]:
    return [row.line for row in rows]


class ManifestContract:
    """What a reader promises; a subclass writes the table in its format."""

    first_line = 2
    """Where the first row stands."""

    def write(self, folder: Path, table: Table) -> Path:
        raise NotImplementedError

    def test_every_format_gives_the_same_listings(self, tmp_path: Path) -> None:
        assert told(read_listings(self.write(tmp_path, LISTING_TABLE))) == LISTINGS

    def test_every_format_gives_the_same_references(self, tmp_path: Path) -> None:
        assert told(read_references(self.write(tmp_path, REFERENCE_TABLE))) == REFERENCES

    def test_rows_and_failed_rows_say_where_they_stand(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, LISTING_TABLE)
        rows = list(read_listings(path))
        # The merged listing keeps its first row's line.
        assert lines(rows) == [self.first_line + at for at in (0, 1, 3, 4, 5, 6)]
        failed = [row for row in rows if isinstance(row, FailedRow)]
        assert [(row.source, row.listing_id) for row in failed] == [(str(path), "bad-price"), (str(path), "")]

    def test_a_missing_column_is_named_with_those_found(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, [{"colour": "red", "photo": "a.jpg"}])
        with pytest.raises(ManifestError, match=r"no column listing_id; columns found: colour, photo"):
            read_listings(path)
        path = self.write(tmp_path, [{"id": "1", "colour": "red"}])
        with pytest.raises(ManifestError, match=r"no column image; columns found: id, colour"):
            read_references(path)

    def test_the_extension_is_not_trusted(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, LISTING_TABLE)
        disguised = path.rename(tmp_path / "manifest.dat")
        assert told(read_listings(disguised)) == LISTINGS

    def test_images_are_relative_to_the_manifest(self, tmp_path: Path) -> None:
        assert manifest_folder(self.write(tmp_path, LISTING_TABLE)) == tmp_path

    def test_a_reader_that_is_dropped_early_leaves_nothing_open(self, tmp_path: Path) -> None:
        rows = read_listings(self.write(tmp_path, LISTING_TABLE))
        assert isinstance(next(rows), Row)
        del rows
