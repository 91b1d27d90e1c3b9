"""CSV and its kin."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import ManifestError
from matcher.manifests import Row, read_listings
from matcher.manifests.delimited import MAX_RECORD_LINES
from matcher.records import FailedRow
from tests.matcher.manifests.contract import ManifestContract, Table, columns_of, lines, told


def as_csv(table: Table, delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns_of(table), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


class TestComma(ManifestContract):
    def write(self, folder: Path, table: Table) -> Path:
        path = folder / "manifest.csv"
        path.write_text(as_csv(table), encoding="utf-8", newline="")
        return path


class TestTab(ManifestContract):
    def write(self, folder: Path, table: Table) -> Path:
        path = folder / "manifest.tsv"
        path.write_text(as_csv(table, "\t"), encoding="utf-8", newline="")
        return path


class TestSemicolonInUtf16(ManifestContract):
    def write(self, folder: Path, table: Table) -> Path:
        path = folder / "manifest.csv"
        path.write_text(as_csv(table, ";"), encoding="utf-16", newline="")
        return path


class TestPipeWithMark(ManifestContract):
    def write(self, folder: Path, table: Table) -> Path:
        path = folder / "manifest.txt"
        path.write_text(as_csv(table, "|"), encoding="utf-8-sig", newline="")
        return path


class TestGzipped(ManifestContract):
    def write(self, folder: Path, table: Table) -> Path:
        path = folder / "manifest.csv.gz"
        path.write_bytes(gzip.compress(as_csv(table).encode()))
        return path


def manifest(folder: Path, content: str | bytes) -> Path:
    path = folder / "m.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


IDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
).filter(lambda identity: bool(identity.strip()))


@settings(max_examples=60, deadline=None)
@given(ids=st.lists(IDS, min_size=1, max_size=6, unique=True), delimiter=st.sampled_from(",\t;|"))
def test_ids_come_out_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str], delimiter: str
) -> None:
    table = [{"listing_id": identity, "image": "a.jpg", "title": "t"} for identity in ids]
    path = manifest(tmp_path_factory.mktemp("csv"), as_csv(table, delimiter))
    assert [row.value.listing_id for row in read_listings(path) if isinstance(row, Row)] == ids


@pytest.mark.parametrize(
    "identity", ["=1+1", "@x", " padded ", "0012", 'a"b', "a\nb", "a\r\nb", "Ünï👟", "a,b", "-"]
)
def test_telling_ids_come_out_as_they_went_in(tmp_path: Path, identity: str) -> None:
    path = manifest(tmp_path, as_csv([{"listing_id": identity, "image": "a.jpg"}]))
    assert [row.value.listing_id for row in read_listings(path) if isinstance(row, Row)] == [identity]


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=300))
def test_no_bytes_whatever_crash_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = manifest(tmp_path_factory.mktemp("fuzz"), b"listing_id,image,price\n" + content)
    with contextlib.suppress(ManifestError):  # so much of it may be control characters that it is no text
        for row in read_listings(path):
            assert isinstance(row, Row | FailedRow)


def test_lines_are_physical_lines(tmp_path: Path) -> None:
    path = manifest(tmp_path, '\nlisting_id,title\n1,"two\nlines"\n\n2,b\n,\n3,c\n')
    assert lines(read_listings(path)) == [3, 6, 8]


def test_an_unclosed_quote_costs_its_own_row_only(tmp_path: Path) -> None:
    rest = "".join(f"{at},t\n" for at in range(2, 5_000))
    rows = list(read_listings(manifest(tmp_path, f'listing_id,title\n1,"never closed\n{rest}')))
    assert isinstance(rows[0], FailedRow)
    assert rows[0].line == 2
    assert "never closed" in rows[0].reason
    assert lines(rows) == list(range(2, 5_001))


def test_a_quote_that_only_seems_closed_is_found_out(tmp_path: Path) -> None:
    rows = list(read_listings(manifest(tmp_path, 'listing_id,title\n1,"open\n2,"closed"\n3,c\n')))
    assert [(row.line, isinstance(row, FailedRow)) for row in rows] == [(2, True), (3, False), (4, False)]


def test_quotes_that_never_close_cannot_make_reading_endless(tmp_path: Path) -> None:
    # Each of these lines leaves the quote open, whether it was open before or not.
    rows = list(read_listings(manifest(tmp_path, "listing_id,title\n" + 'a"b,"c\n' * (3 * MAX_RECORD_LINES))))
    assert rows
    assert all(isinstance(row, FailedRow) for row in rows)


def test_a_title_in_quotes_is_legal_in_tab_separated_text(tmp_path: Path) -> None:
    rows = told(read_listings(manifest(tmp_path, 'id\ttitle\tprice\n1\t"Air" shoe\t5\n2\t12" pan\t6\n')))
    assert [row.title for row in rows] == ['"Air" shoe', '12" pan']


def test_a_row_with_too_many_cells_is_bad_and_one_with_too_few_is_not(tmp_path: Path) -> None:
    rows = list(
        read_listings(manifest(tmp_path, "listing_id,image,title\n1,a.jpg,red, large\n2\n3,a.jpg,t,,\n"))
    )
    assert isinstance(rows[0], FailedRow)
    assert rows[0].listing_id == "1"
    assert rows[0].reason == "has 4 cells where the header has 3"
    assert lines(rows) == [2, 3, 4]


def test_nuls_spoil_their_row(tmp_path: Path) -> None:
    rows = list(read_listings(manifest(tmp_path, b"listing_id,title\n1,a\0b\n2\0,x\n3,c\n")))
    assert [isinstance(row, FailedRow) for row in rows] == [True, True, False]
    assert "NUL" in told(rows)[0]


def test_a_line_of_ten_megabytes_is_one_bad_row(tmp_path: Path) -> None:
    rows = list(read_listings(manifest(tmp_path, "listing_id,title\n1,a\n2," + "x" * 10_000_000 + "\n3,c\n")))
    assert [(row.line, isinstance(row, FailedRow)) for row in rows] == [(2, False), (3, True), (4, False)]
    assert told(rows)[1] == "is not well-formed: the line is longer than 1,048,576 characters"


def test_a_huge_cell_is_one_bad_row(tmp_path: Path) -> None:
    rows = list(read_listings(manifest(tmp_path, "listing_id,title\n1," + "x" * 200_000 + "\n2,c\n")))
    assert [(row.line, isinstance(row, FailedRow)) for row in rows] == [(2, True), (3, False)]


def test_headers_are_matched_as_people_write_them(tmp_path: Path) -> None:
    content = "sep=;\r\n Item-ID ;G:Image Link;additional_image_link;SELLER NAME;Colour\r\n"
    content += "1;a.jpg;https://x.example/b.jpg,https://x.example/c.jpg;shop;red\r\n"
    (listing,) = told(read_listings(manifest(tmp_path, content)))
    assert listing.images == ("a.jpg", "https://x.example/b.jpg", "https://x.example/c.jpg")
    assert (listing.listing_id, listing.seller_id) == ("1", "shop")


def test_the_proper_column_name_wins_over_an_alias(tmp_path: Path) -> None:
    (listing,) = told(read_listings(manifest(tmp_path, "id,sku,listing_id\n1,2,3\n")))
    assert listing.listing_id == "3"


def test_the_same_id_further_on_is_another_row(tmp_path: Path) -> None:
    rows = told(read_listings(manifest(tmp_path, "listing_id,image\n1,a.jpg\n2,b.jpg\n1,c.jpg\n")))
    assert [row.listing_id for row in rows] == ["1", "2", "1"]


def test_failed_rows_within_a_run_follow_it(tmp_path: Path) -> None:
    content = "id,image,price\n1,a.jpg,\n1,b.jpg,dear\n,c.jpg,\n1,d.jpg,\n2,e.jpg,\n"
    rows = list(read_listings(manifest(tmp_path, content)))
    assert lines(rows) == [2, 3, 4, 6]
    assert told(rows)[0].images == ("a.jpg", "d.jpg")


def test_a_run_of_one_id_does_not_grow_without_bound(tmp_path: Path) -> None:
    rows = list(
        read_listings(manifest(tmp_path, "id,image\n" + "".join(f"1,{at}.jpg\n" for at in range(1_500))))
    )
    assert lines(rows) == [2, 1_002]
    assert isinstance(rows[0], Row)
    assert len(rows[0].value.images) == 1_000
    assert "500 row(s) from here on are left out" in told(rows)[1]


def test_a_header_alone_is_an_empty_manifest(tmp_path: Path) -> None:
    assert list(read_listings(manifest(tmp_path, "listing_id,image\n"))) == []


@pytest.mark.parametrize("content", [b"", b" \r\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ManifestError, match="is empty"):
        read_listings(manifest(tmp_path, content))


def test_binary_content_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no known format"):
        read_listings(manifest(tmp_path, bytes(range(256)) * 20))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="does not exist"):
        read_listings(tmp_path / "nowhere.csv")


def test_a_cut_off_gzip_gives_what_it_holds_and_says_so(tmp_path: Path) -> None:
    text = "listing_id,title\n" + "".join(f"{at},title {at * 7919}\n" for at in range(20_000))
    rows = list(read_listings(manifest(tmp_path, gzip.compress(text.encode())[:-10_000])))
    assert len(rows) > 1_000
    assert isinstance(rows[-1], FailedRow)
    assert "the rest of the file cannot be read" in rows[-1].reason


def test_a_gzip_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.manifests.opening.FREE_EXPANSION", 1 << 20)
    bomb = gzip.compress(b"listing_id,title\n" + b"1,a\n" * 2_000_000)
    with pytest.raises(ManifestError, match="times its size"):
        list(read_listings(manifest(tmp_path, bomb)))
