"""A ZIP as a manifest: with a table it tells what any manifest does, without one it is a folder of images."""

from __future__ import annotations

import gc
import tempfile
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from matcher.errors import ManifestError
from matcher.manifests import ArchiveLimits, Row, is_packed, read_listings, read_references
from matcher.records import FailedRow, Listing
from tests.matcher.manifests.contract import ManifestContract, Table, told
from tests.matcher.manifests.test_archive import PICTURE, file, packed
from tests.matcher.manifests.test_delimited import as_csv


class TestTableInAZip(ManifestContract):
    def write(self, folder: Path, table: Table) -> Path:
        return packed(folder / "manifest.zip", file("monday/a.csv", as_csv(table).encode()), file("b/c.jpg"))


def test_without_a_table_each_image_is_a_listing_named_by_its_path(tmp_path: Path) -> None:
    path = packed(
        tmp_path / "photos.zip", file("bags/a.jpg"), file("bags/.DS_Store"), file("../b.jpg"), file("x.txt")
    )  # fmt: skip
    rows = list(read_listings(path))
    assert told(rows) == [
        Listing(listing_id="bags/a", images=("bags/a.jpg",)),
        "has a name that leads out of the archive ('..')",
        Listing(listing_id="x", images=("x.txt",)),
    ]
    assert [row.line for row in rows] == [1, 2, 3]
    assert [row.source for row in rows if isinstance(row, FailedRow)] == [str(path)]
    assert [row.value.reference_id for row in read_references(path) if isinstance(row, Row)] == [
        "bags/a", "x",
    ]  # fmt: skip


def test_the_table_that_is_least_deep_counts_and_two_of_a_depth_are_refused(tmp_path: Path) -> None:
    table = b"listing_id,image,price\nL-1,photos/a.jpg,9 EUR\n"
    path = packed(tmp_path / "a.zip", file("shop/old/2020.csv", b"?"), file("shop/Offers.CSV", table))
    (row,) = read_listings(path)
    assert isinstance(row, Row)
    assert (row.value.images, row.value.price) == (("photos/a.jpg",), Decimal(9))
    path = packed(tmp_path / "b.zip", file("a.csv", table), file("b.csv", table))
    with pytest.raises(ManifestError, match=r"b\.zip: holds several tables, such as a\.csv and b\.csv"):
        read_listings(path)


def test_a_table_that_is_no_table_is_told_as_the_archives_own_trouble(tmp_path: Path) -> None:
    bomb = packed(tmp_path / "bomb.zip", file("a.csv", b"\0" * 400_000, method=zipfile.ZIP_DEFLATED))
    link = packed(tmp_path / "link.zip", file("a.csv", b"/etc/passwd", attributes=0o120777))
    empty = packed(tmp_path / "empty.zip", file("a.csv", b""))
    inner = packed(tmp_path / "inner.zip", file("a.csv", b"listing_id\n1\n")).read_bytes()
    nested = packed(tmp_path / "nested.zip", file("a.csv", inner))
    for path, said in (
        (bomb, "expand"),
        (link, "table that is a symbolic link"),
        (empty, "is empty"),
        (nested, "is a document, not an Excel workbook"),
    ):
        with pytest.raises(ManifestError, match=said) as refused:
            read_listings(path)
        assert refused.value.source == str(path)


def test_a_table_or_archive_beyond_the_limits_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", file("a.csv", b"listing_id\n" + b"1\n2\n" * 250), file("a.jpg"))
    assert len(list(read_listings(path))) == 500
    for limits, said in (
        (ArchiveLimits(table_bytes=100), "table that is 1,011 bytes, at most 100"),
        (ArchiveLimits(entries=1), "holds 2 entries, at most 1"),
    ):
        with pytest.raises(ManifestError, match=said):
            read_listings(path, limits)


def test_what_the_table_was_unpacked_into_goes_with_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = tmp_path / "unpacked"
    beside.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(beside))
    path = packed(tmp_path / "a.zip", file("a.csv", b"listing_id,image\n1,a.jpg\n2,b.jpg\n"))
    rows = read_listings(path)
    next(rows)
    assert len(list(beside.iterdir())) == 1
    del rows
    gc.collect()
    assert list(beside.iterdir()) == []


def test_a_workbook_is_a_table_though_it_is_a_zip(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["listing_id", "image"])
    book.active.append(["L-1", "a.jpg"])
    book.save(tmp_path / "listings.zip")
    assert not is_packed(tmp_path / "listings.zip")
    assert told(read_listings(tmp_path / "listings.zip")) == [Listing(listing_id="L-1", images=("a.jpg",))]
    assert is_packed(packed(tmp_path / "photos.xlsx", file("a.jpg", PICTURE)))
