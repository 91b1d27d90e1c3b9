"""JSON lines and JSON arrays."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import ManifestError
from matcher.manifests import Row, read_listings
from matcher.records import FailedRow
from tests.matcher.manifests.contract import ManifestContract, Table, lines, told


class TestLines(ManifestContract):
    first_line = 1

    def write(self, folder: Path, table: Table) -> Path:
        path = folder / "manifest.jsonl"
        path.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table), encoding="utf-8"
        )
        return path


class TestGzippedLines(ManifestContract):
    first_line = 1

    def write(self, folder: Path, table: Table) -> Path:
        path = folder / "manifest.jsonl.gz"
        path.write_bytes(gzip.compress("\n".join(map(json.dumps, table)).encode()))
        return path


class TestArray(ManifestContract):
    first_line = 1

    def write(self, folder: Path, table: Table) -> Path:
        path = folder / "manifest.json"
        path.write_text(json.dumps(table, indent=1), encoding="utf-8")
        return path


def manifest(folder: Path, *rows: Any) -> Path:
    path = folder / "m.jsonl"
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


IDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
).filter(lambda identity: bool(identity.strip()))


@settings(max_examples=60, deadline=None)
@given(ids=st.lists(IDS, min_size=1, max_size=6, unique=True), ascii_only=st.booleans())
def test_ids_come_out_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str], ascii_only: bool
) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "m.jsonl"
    text = "".join(json.dumps({"listing_id": identity}, ensure_ascii=ascii_only) + "\n" for identity in ids)
    path.write_bytes(text.encode())
    assert [row.value.listing_id for row in read_listings(path) if isinstance(row, Row)] == ids


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    path = manifest(
        tmp_path,
        '{"listing_id": 12345678901234567890123, "price": 19.990}',
        '{"listing_id": 1.0, "price": 1.125}',
        '{"listing_id": true, "price": 1e3}',
    )
    rows = told(read_listings(path))
    assert [row.listing_id for row in rows] == ["12345678901234567890123", "1.0", "true"]
    assert [row.price for row in rows] == [Decimal("19.990"), Decimal("1.125"), Decimal(1000)]


def test_images_may_be_a_list(tmp_path: Path) -> None:
    path = manifest(
        tmp_path, {"listingId": "1", "imageUrls": ["a.jpg", "b.jpg"]}, {"listingId": "2", "imageUrls": None}
    )
    assert [row.images for row in told(read_listings(path))] == [("a.jpg", "b.jpg"), ()]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"listing_id": "1", "title": {"en": "a"}}', "title is an object"),
        ('{"listing_id": ["1"]}', "listing_id is a list"),
        ('{"listing_id": "1", "image": [{"url": "a"}]}', "image is a list"),
        ('{"listing_id": "1", "price": NaN}', "price is NaN"),
        ('{"listing_id": "1", "price": -Infinity}', "price is -Infinity"),
        ('{"listing_id": "\\ud83d"}', "listing_id holds half a character"),
        ('{"listing_id": "a\\u0000"}', "listing_id holds a NUL"),
        ('{"listing_id": null}', "listing_id is empty"),
        ('{"listing_id": "1"', "is not JSON"),
        ("[1, 2]", "is not a JSON object"),
        ("17", "is not a JSON object"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"a":' * 100_000, "is nested too deeply"),
        ('{"listing_id": "' + "x" * 600 + '"}', "listing_id is longer than 512"),
        ('{"listing_id": "1", "title": "' + "x" * 200_000 + '"}', "title is longer than"),
        ('{"listing_id": "1", "title": "' + "x" * 10_000_000 + '"}', "the line is longer than"),
        ('{"listing_id": "1", "price": 1' + "0" * 100_000 + "}", "price"),
    ],
    ids=lambda text: text[:40],
)
def test_a_bad_line_fails_alone(tmp_path: Path, row: str, reason: str) -> None:
    rows = list(read_listings(manifest(tmp_path, {"listing_id": "a"}, row, {"listing_id": "z"})))
    assert lines(rows) == [1, 2, 3]
    assert isinstance(rows[1], FailedRow)
    assert rows[1].reason.startswith(reason)
    assert len(rows[1].reason) < 200
    assert "\n" not in rows[1].reason


def test_other_fields_may_hold_anything(tmp_path: Path) -> None:
    path = manifest(tmp_path, {"listing_id": "1", "attributes": {"colour": ["red"]}, "tags": [1, 2]})
    assert told(read_listings(path))[0].listing_id == "1"


def test_a_name_decides_where_the_content_does_not(tmp_path: Path) -> None:
    rows = list(read_listings(manifest(tmp_path, "garbage", {"listing_id": "1"})))
    assert [(row.line, isinstance(row, FailedRow)) for row in rows] == [(1, True), (2, False)]


def test_a_file_without_one_readable_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no column listing_id; columns found: none; row 1: is not JSON"):
        read_listings(manifest(tmp_path, "{broken", "{broken"))


def test_an_array_tells_where_it_breaks(tmp_path: Path) -> None:
    rows = list(
        read_listings(manifest(tmp_path, '[{"listing_id": "1"}, {"listing_id": "2"} {"listing_id": "3"}]'))
    )
    assert [row.line for row in rows] == [1, 2, 3]
    assert "the rest of the array cannot be read" in told(rows)[2]


def test_an_empty_array_is_an_empty_manifest(tmp_path: Path) -> None:
    assert list(read_listings(manifest(tmp_path, "[ ]"))) == []


def test_an_array_too_large_to_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.manifests.jsonlines.MAX_ARRAY", 1_000)
    with pytest.raises(ManifestError, match="write one object a line"):
        read_listings(manifest(tmp_path, json.dumps([{"listing_id": str(at)} for at in range(100)])))
