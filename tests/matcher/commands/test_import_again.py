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
