"""Imports from several sources: each changes what it tells of, and tells what it did not read."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.matcher.commands.conftest import draw, matcher, write_table


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A workspace whose only reference was brought by a table, with its picture beside it."""
    draw(tmp_path / "pictures" / "SKU-1.png", 5)
    header = "sku,image,title,price,gtin"
    priced = write_table(
        tmp_path / "a.csv", header, [("SKU-1", "pictures/SKU-1.png", "Shoe", "89.90 EUR", "12")]
    )
    assert imported(tmp_path, priced)["added"] == 1
    return tmp_path


def imported(folder: Path, path: Path) -> Any:
    done = matcher(folder / "workspace", "catalog", "import", path, "--brand", "Adidas", "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def facts(folder: Path) -> tuple[Any, ...]:
    (found,) = json.loads(matcher(folder / "workspace", "catalog", "list", "--json").stdout)
    return tuple(found[name] for name in ("title", "price", "currency", "gtin"))


def test_what_tells_of_images_alone_leaves_what_a_table_told(shop: Path) -> None:
    packed = shop / "pictures.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(shop / "pictures" / "SKU-1.png", "SKU-1.png")
    bare = write_table(shop / "bare.csv", "sku,image", [("SKU-1", "pictures/SKU-1.png")])
    for source in (shop / "pictures", packed, bare, shop / "pictures"):
        assert imported(shop, source)["unchanged"] == 1
        assert facts(shop) == ("Shoe", "89.90", "EUR", "12")


def test_an_empty_cell_empties_what_it_stands_for_and_nothing_else(shop: Path) -> None:
    emptied = write_table(shop / "b.csv", "sku,image,price", [("SKU-1", "pictures/SKU-1.png", "")])
    assert imported(shop, emptied)["changed"] == 1
    assert facts(shop) == ("Shoe", None, "", "12")


def test_a_column_that_is_not_read_is_told(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 5)
    header = "SKU,Brand,Name,Price (EUR),Image URL"
    table = write_table(tmp_path / "a.csv", header, [("1", "Adidas", "Shoe", "80", "a.png")])
    done = matcher(tmp_path / "workspace", "catalog", "import", table)
    assert done.stderr.count("columns not read: Price (EUR)\n") == 1
    assert imported(tmp_path, table)["columns_not_read"] == ["Price (EUR)"]
    assert imported(tmp_path, tmp_path)["columns_not_read"] == []


def test_a_scan_tells_columns_that_are_not_read_and_refuses_listings_without_images(shop: Path) -> None:
    listings = write_table(shop / "l.csv", "id,image,Price (EUR)", [("1", "pictures/SKU-1.png", "9")])
    scanned = matcher(shop / "workspace", "scan", listings, "--out", shop / "out", "--workers", 1)
    assert "columns not read: Price (EUR)\n" in scanned.stderr
    again = ("scan", listings, "--out", shop / "out", "--resume", "--json")
    told = json.loads(matcher(shop / "workspace", *again).stdout)
    assert (told["columns_not_read"], told["listings"]) == (["Price (EUR)"], 1)
    bare = write_table(shop / "bare.csv", "id,Bild", [("1", "pictures/SKU-1.png")])
    refused = matcher(shop / "workspace", "scan", bare, "--out", shop / "none")
    assert refused.exit_code == 2
    assert "has no column image; columns found: id, Bild" in refused.stderr
    assert not (shop / "none").exists()


def test_a_zip_of_images_needs_a_brand_as_a_folder_does(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 5)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.png", "a.png")
    done = matcher(tmp_path / "workspace", "catalog", "import", tmp_path / "a.zip")
    assert done.exit_code == 2
    assert "a.zip: images without a table name no brand; give --brand NAME" in done.stderr
    assert not (tmp_path / "workspace").exists()
    with zipfile.ZipFile(tmp_path / "a.zip", "a") as archive:
        archive.writestr("table.csv", "sku,image,brand,Colour\n1,a.png,Adidas,red\n")
    done = matcher(tmp_path / "workspace", "catalog", "import", tmp_path / "a.zip")
    assert done.exit_code == 0, done.output
    assert "columns not read: Colour\n" in done.stderr
