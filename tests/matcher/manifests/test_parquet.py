"""Parquet files."""

from __future__ import annotations

import contextlib
import datetime
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import ManifestError
from matcher.manifests import Row, read_listings
from matcher.records import FailedRow
from tests.matcher.manifests.contract import ManifestContract, Table, columns_of, lines, told


def parquet(folder: Path, columns: dict[str, Any], **options: Any) -> Path:
    path = folder / "m.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


class TestTexts(ManifestContract):
    first_line = 1
    kind: Any = pa.string()
    options: dict[str, Any] = {"row_group_size": 2}  # noqa: RUF012

    def write(self, folder: Path, table: Table) -> Path:
        columns = {name: pa.array([row.get(name) for row in table], self.kind) for name in columns_of(table)}
        return parquet(folder, columns, **self.options)


class TestLargeTexts(TestTexts):
    kind = pa.large_string()


class TestDictionary(TestTexts):
    kind = pa.dictionary(pa.int8(), pa.string())


class TestBinary(TestTexts):
    kind = pa.binary()
    options = {"use_dictionary": False, "compression": "none"}  # noqa: RUF012


def test_numbers_and_dates_are_written_as_a_person_would(tmp_path: Path) -> None:
    path = parquet(
        tmp_path,
        {
            "listing_id": pa.array([123.0, 7.5, None]),
            "price": pa.array([Decimal("19.990"), Decimal("1.125"), None], pa.decimal128(9, 3)),
            "title": pa.array([datetime.date(2024, 1, 5)] * 3),
        },
    )
    rows = told(read_listings(path))
    assert [row.listing_id for row in rows[:2]] == ["123", "7.5"]
    assert [row.price for row in rows[:2]] == [Decimal("19.99"), Decimal("1.125")]
    assert rows[0].title == "2024-01-05"
    assert rows[2] == "listing_id is empty"


def test_a_list_of_images_is_read(tmp_path: Path) -> None:
    images = [["a.jpg", "b.jpg"], [], None, ["c.jpg"] * 2_000]
    path = parquet(tmp_path, {"listing_id": ["1", "2", "3", "4"], "images": images})
    rows = told(read_listings(path))
    assert [row.images for row in rows[:3]] == [("a.jpg", "b.jpg"), (), ()]
    assert rows[3] == "image lists more than 1000 values"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1.0])
def test_numbers_that_are_no_price_fail_their_row(tmp_path: Path, number: float) -> None:
    rows = list(read_listings(parquet(tmp_path, {"listing_id": ["1", "2"], "price": [number, 1.0]})))
    assert [isinstance(row, FailedRow) for row in rows] == [True, False]


def test_rows_are_counted_across_groups_and_batches(tmp_path: Path) -> None:
    ids = [str(at) for at in range(5_000)]
    path = parquet(
        tmp_path, {"listing_id": ids, "title": [f"t{at % 3}" for at in range(5_000)]}, row_group_size=1_300
    )
    rows = list(read_listings(path))
    assert lines(rows) == list(range(1, 5_001))
    assert [row.listing_id for row in told(rows)] == ids


def test_columns_that_are_dictionary_encoded_in_part_are_read(tmp_path: Path) -> None:
    ids = [f"L-{at:05}" for at in range(4_000)]
    images = [[f"{at}.jpg", f"{at}-back.jpg"] for at in range(4_000)]
    columns = {"listing_id": ids, "images": images, "title": ["t"] * 4_000}
    path = parquet(
        tmp_path, columns, row_group_size=3_000, dictionary_pagesize_limit=4_000, data_page_size=1_000
    )
    rows = told(read_listings(path))
    assert [row.listing_id for row in rows] == ids
    assert [list(row.images) for row in rows] == images


def test_a_dictionary_that_would_expand_to_100_gigabytes_stays_small(tmp_path: Path) -> None:
    rows = 100_000
    huge = pa.DictionaryArray.from_arrays(
        pa.array([0, 1] * (rows // 2), pa.int32()), ["x" * 1_000_000, "small"]
    )
    path = parquet(
        tmp_path, {"listing_id": [str(at) for at in range(rows)], "title": huge}, compression="zstd"
    )
    assert path.stat().st_size < 2_000_000
    before = pa.default_memory_pool().max_memory()
    failed = good = 0
    for row in read_listings(path):
        failed += isinstance(row, FailedRow)
        good += not isinstance(row, FailedRow)
    assert (failed, good) == (rows // 2, rows // 2)
    assert pa.default_memory_pool().max_memory() - before < 200_000_000


def test_columns_that_nobody_asked_for_are_not_read(tmp_path: Path) -> None:
    path = parquet(tmp_path, {"listing_id": ["1"], "embedding": [[0.1] * 1_000], "thing": [{"a": 1}]})
    assert told(read_listings(path))[0].listing_id == "1"


def test_a_wanted_column_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="column 'image' holds struct"):
        read_listings(parquet(tmp_path, {"listing_id": ["1"], "image": [{"bytes": b"x", "path": "a.jpg"}]}))
    with pytest.raises(ManifestError, match="column 'title' holds list"):
        read_listings(parquet(tmp_path, {"listing_id": ["1"], "title": [["a"]]}))


def test_a_page_that_unpacks_to_gigabytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.manifests.parquet.MAX_PAGE", 100_000)
    columns = {"listing_id": ["1", "2"], "title": ["a" * 200_000, "b" * 200_000]}
    path = parquet(tmp_path, columns, compression="zstd", use_dictionary=False)
    assert path.stat().st_size < 3_000
    with pytest.raises(ManifestError, match="write smaller ones"):
        read_listings(path)


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"])
@pytest.mark.parametrize("page", ["1.0", "2.0"])
def test_every_encoding_of_text_is_read(tmp_path: Path, encoding: str, page: str) -> None:
    ids = [f"L-{at:05}" for at in range(3_000)]
    path = parquet(
        tmp_path,
        {"listing_id": ids},
        use_dictionary=False,
        column_encoding={"listing_id": encoding},
        data_page_version=page,
        data_page_size=2_000,
    )
    assert [row.listing_id for row in told(read_listings(path))] == ids


def test_a_text_written_as_its_difference_cannot_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.manifests.parquet.MAX_SWELLING_PAGE", 10_000)
    columns = {"listing_id": ["1", "2"], "title": ["a" * 20_000 + "b", "a" * 20_000 + "c"]}
    path = parquet(tmp_path, columns, use_dictionary=False, column_encoding={"title": "DELTA_BYTE_ARRAY"})
    with pytest.raises(ManifestError, match="write smaller ones"):
        read_listings(path)


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_damage_to_the_footer_crashes_the_reader(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("parquet")
    path = parquet(folder, {"listing_id": ["1", "2", "3"], "image": ["a", "b", None]}, row_group_size=2)
    content = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        content[chance.randrange(4, len(content))] = chance.randrange(256)
    path.write_bytes(content)
    with contextlib.suppress(ManifestError):
        for row in read_listings(path):
            assert isinstance(row, Row | FailedRow)


def test_bytes_that_are_no_text_fail_their_row(tmp_path: Path) -> None:
    path = parquet(tmp_path, {"listing_id": [b"1", b"\xff\xd8", b"3"], "title": ["a", "b", "c"]})
    assert [isinstance(row, FailedRow) for row in read_listings(path)] == [False, True, False]


@pytest.mark.parametrize("cut", [8, 200, -20])
def test_a_damaged_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = parquet(tmp_path, {"listing_id": [str(at) for at in range(100)]})
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ManifestError, match="not a readable Parquet file"):
        read_listings(path)


def test_a_damaged_group_ends_the_file_with_a_failed_row(tmp_path: Path) -> None:
    path = parquet(tmp_path, {"listing_id": [f"{at * 7919}" for at in range(4_000)]}, row_group_size=2_000)
    content = bytearray(path.read_bytes())
    middle = pq.ParquetFile(path).metadata.row_group(1).column(0).dictionary_page_offset
    content[middle : middle + 60] = b"\xff" * 60
    path.write_bytes(content)
    rows = list(read_listings(path))
    assert isinstance(rows[-1], FailedRow)
    assert "the rest of the file cannot be read" in rows[-1].reason
    assert len(rows) <= 2_001
