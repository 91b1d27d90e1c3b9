"""Excel workbooks."""

from __future__ import annotations

import datetime
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from matcher.errors import ManifestError
from matcher.manifests import read_listings
from matcher.manifests.spreadsheet import read_spreadsheet
from matcher.records import FailedRow
from tests.matcher.manifests.contract import ManifestContract, Table, columns_of, lines, told


def workbook(path: Path, *sheets: list[list[Any]]) -> Path:
    book = Workbook()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for line, row in enumerate(rows, start=1):
            for column, value in enumerate(row, start=1):
                cell = sheet.cell(line, column)
                cell.value = value
                if isinstance(value, str) and value.startswith("="):
                    cell.data_type = "s"
    book.save(path)
    return path


def rewritten(path: Path, part: str, old: str, new: str) -> Path:
    """The workbook with `old` in one of its parts replaced, as a hostile hand would."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old.encode() in parts[part]
    parts[part] = parts[part].replace(old.encode(), new.encode(), 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


SHEET = "xl/worksheets/sheet1.xml"


class TestWorkbook(ManifestContract):
    def write(self, folder: Path, table: Table) -> Path:
        columns = columns_of(table)
        rows = [[row.get(name) or None for name in columns] for row in table]
        return workbook(folder / "manifest.xlsx", [columns, *rows])


def test_numbers_and_dates_are_written_as_a_person_would(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["listing_id", "price", "title", "image"],
        [123.0, 19.99, datetime.datetime(2024, 1, 5), "a.jpg"],
        [4006381333931, 1.125, datetime.datetime(2024, 1, 5, 12, 30), None],
        [True, 7, 0.5, None],
    ]
    told_rows = told(read_listings(workbook(tmp_path / "m.xlsx", rows)))
    assert [row.listing_id for row in told_rows] == ["123", "4006381333931", "true"]
    assert [row.price for row in told_rows] == [Decimal("19.99"), Decimal("1.125"), Decimal(7)]
    assert [row.title for row in told_rows] == ["2024-01-05", "2024-01-05T12:30:00", "0.5"]


def test_the_first_sheet_with_a_header_is_read_and_titles_above_it_are_passed_over(tmp_path: Path) -> None:
    notes: list[list[Any]] = [["Read me"], ["nothing here"]]
    listings: list[list[Any]] = [
        ["Our listings of May"],
        [],
        ["Listing ID", "Image"],
        ["1", "a.jpg"],
        [],
        ["2", "b.jpg"],
    ]
    path = workbook(tmp_path / "m.xlsx", notes, listings)
    assert lines(read_listings(path)) == [4, 6]


def test_an_error_cell_spoils_its_row_only_where_its_column_is_wanted(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["listing_id", "title", "colour"],
        ["1", "#N/A", "x"],
        ["2", "good", "#REF!"],
        ["#NAME?", "t", "x"],
    ]
    assert [row.reason if isinstance(row, FailedRow) else "" for row in read_listings(
        workbook(tmp_path / "m.xlsx", rows)
    )] == ["title is the error #N/A", "", "listing_id is the error #NAME?"]  # fmt: skip


def test_a_formula_gives_its_last_computed_value(tmp_path: Path) -> None:
    path = workbook(tmp_path / "m.xlsx", [["listing_id", "title"], ["1", 5]])
    rewritten(path, SHEET, "<v>5</v>", "<f>2+3</f><v>5</v>")
    assert told(read_listings(path))[0].title == "5"


def test_a_workbook_without_a_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="its sheets are empty"):
        read_listings(workbook(tmp_path / "m.xlsx", []))


def test_another_kind_of_document_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "m.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("word/document.xml", b"<document/>")
    with pytest.raises(ManifestError, match="not an Excel workbook; save it as XLSX or CSV"):
        read_listings(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = workbook(tmp_path / "m.xlsx", [["listing_id"], ["1"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b" " * 30_000_000)
    with pytest.raises(ManifestError, match="unpacks to"):
        read_listings(path)


def test_shared_strings_that_fill_the_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.manifests.spreadsheet.MAX_SHARED", 1_000)
    path = workbook(tmp_path / "m.xlsx", [["listing_id"], *([str(at) * 9] for at in range(200))])
    with pytest.raises(ManifestError, match="unpacks to"):
        read_listings(path)


@pytest.mark.parametrize(
    "entity", ['<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">', '<!ENTITY b SYSTEM "file:///etc/hostname">']
)
def test_entities_in_a_sheet_are_refused(tmp_path: Path, entity: str) -> None:
    path = workbook(tmp_path / "m.xlsx", [["listing_id"], ["1"]])
    rewritten(path, SHEET, "<worksheet", f"<!DOCTYPE x [{entity}]><worksheet")
    with pytest.raises(ManifestError, match="not a readable workbook"):
        list(read_listings(path))


def test_row_numbers_beyond_any_sheet_do_not_make_reading_endless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.manifests.spreadsheet.MAX_ROWS", 1_000)
    path = workbook(tmp_path / "m.xlsx", [["listing_id"], ["1"], ["2"]])
    rewritten(path, SHEET, '<row r="3">', '<row r="4000000000">')
    rewritten(path, SHEET, 'r="A3"', "")
    assert [row.listing_id for row in told(read_listings(path))] == ["1"]


@pytest.mark.parametrize(
    ("old", "new"), [('t="n"><v>5', 't="s"><v>99999'), ('t="n"><v>5', 't="n"><v>five'), ("</row>", "")]
)
def test_a_broken_cell_ends_the_sheet_with_a_failed_row(tmp_path: Path, old: str, new: str) -> None:
    path = workbook(tmp_path / "m.xlsx", [["listing_id", "title"], ["1", "a"], ["2", 5], ["3", "c"]])
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read(SHEET).decode()
    rewritten(path, SHEET, sheet, sheet[: sheet.rindex(old)] + new + sheet[sheet.rindex(old) + len(old) :])
    rows = list(read_listings(path))
    assert isinstance(rows[-1], FailedRow)
    assert "the rest of the sheet cannot be read" in rows[-1].reason


def test_a_cut_off_workbook_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "m.xlsx", [["listing_id"], ["1"]])
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ManifestError, match="not a readable workbook"):
        read_listings(path)


def test_what_excel_escapes_is_read_as_it_was_meant(tmp_path: Path) -> None:
    path = workbook(tmp_path / "m.xlsx", [["listing_id"], ["a_x000D_b"], ["_x005F_x000D_"]])
    assert [row.listing_id for row in told(read_listings(path))] == ["a\rb", "_x000D_"]


def test_a_date_that_no_calendar_has_spoils_its_row_in_silence(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["listing_id", "title"], ["1", datetime.datetime(2024, 1, 5)], ["2", "b"]]
    path = workbook(tmp_path / "m.xlsx", rows)
    rewritten(path, SHEET, "<v>45296</v>", "<v>99999999999</v>")
    assert [isinstance(row, FailedRow) for row in read_listings(path)] == [True, False]


def test_a_number_without_end_spoils_its_row(tmp_path: Path) -> None:
    path = workbook(tmp_path / "m.xlsx", [["listing_id"], [5], [6]])
    rewritten(path, SHEET, "<v>5</v>", "<v>1E999</v>")
    assert told(read_listings(path))[0] == "listing_id is not a finite number"
    assert len(list(read_spreadsheet(path))) == 3
