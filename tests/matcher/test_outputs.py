"""The files of a scan: the contract's line byte for byte, equal Parquet, cells that are no formulas."""

from __future__ import annotations

import csv
import errno
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import outputs
from matcher.cells import formula_safe, restored_cell
from matcher.errors import UsageError
from matcher.files import replacing
from matcher.outputs import verdict_line, verdict_record, write_outputs
from matcher.records import Evidence, FailedRow, Finding, Match, Region, Verdict, VerdictKind

CONTRACT_LINE = (
    '{"listing_id": "L-17", "verdict": "counterfeit", "score": 0.97, "brand": "Adidas", '
    "\"reasons\": [\"Text 'abibas' is one letter from the wordmark 'adidas'\"], "
    '"findings": [{"brand": "Adidas", "verdict": "counterfeit", "score": 0.97}], '
    '"evidence": [{"signal": "wordmark", "score": 0.93, "weight": 2.4, "brand": "Adidas", "photo": 0, '
    '"region": [31, 40, 210, 96], "reference_id": null, '
    '"detail": {"text": "abibas", "wordmark": "adidas", "kind": "near-miss"}}], '
    '"matches": [{"reference_id": "SKU-9", "brand": "Adidas", "score": 0.81, "verified": true, "photo": 0, '
    '"region": [0, 0, 500, 500]}], '
    '"models": {"embedder": "builtin@3f9c…", "logo": null, "text": "rapidocr@…"}, '
    '"policy": "default@1", "snapshot": 412}'
)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def the_verdict_of_the_contract(**changes: Any) -> Verdict:
    return Verdict(
        listing_id="L-17",
        verdict=VerdictKind.COUNTERFEIT,
        score=0.97,
        brand="Adidas",
        reasons=("Text 'abibas' is one letter from the wordmark 'adidas'",),
        findings=(Finding(brand="Adidas", verdict=VerdictKind.COUNTERFEIT, score=0.97),),
        evidence=(
            Evidence(
                signal="wordmark",
                score=0.93,
                weight=2.4,
                brand="Adidas",
                photo=0,
                region=Region(31, 40, 210, 96),
                detail={"text": "abibas", "wordmark": "adidas", "kind": "near-miss"},
            ),
        ),
        matches=(
            Match(
                reference_id="SKU-9",
                brand="Adidas",
                score=0.81,
                verified=True,
                photo=0,
                region=Region(0, 0, 500, 500),
            ),
        ),
        models={"embedder": "builtin@3f9c…", "logo": None, "text": "rapidocr@…"},
        policy="default@1",
        snapshot=412,
    ).model_copy(update=changes)


def clear(listing_id: str) -> Verdict:
    return Verdict(listing_id=listing_id, verdict=VerdictKind.CLEAR, score=0.01)


def written(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_the_example_of_the_contract_is_written_byte_for_byte() -> None:
    assert verdict_line(the_verdict_of_the_contract()) == CONTRACT_LINE


def test_the_line_reads_back_as_the_same_verdict() -> None:
    assert Verdict.model_validate_json(CONTRACT_LINE) == the_verdict_of_the_contract()


def test_digits_are_rounded_and_what_is_absent_is_null() -> None:
    evidence = Evidence(
        signal="product", score=0.123456, weight=-0.00001, photo=1, region=Region(0.04, 1.25, 9.96, 20)
    )
    record = verdict_record(clear("x").model_copy(update={"evidence": (evidence,), "score": 0.99999}))
    assert record["score"] == 1.0
    assert record["evidence"][0]["score"] == 0.1235
    assert str(record["evidence"][0]["weight"]) == "0.0"
    assert json.dumps(record["evidence"][0]["region"]) == "[0, 1.2, 10, 20]"
    assert record["evidence"][0]["reference_id"] is None
    assert clear("x").brand == record["brand"] == ""


def test_numbers_json_has_no_word_for_become_null() -> None:
    evidence = Evidence(
        signal="product",
        score=float("nan"),
        region=Region(0, 0, float("inf"), 1),
        detail={"ratio": float("inf"), "quad": [[1.5, float("nan")]]},
    )
    line = verdict_line(clear("x").model_copy(update={"evidence": (evidence,)}))
    one = json.loads(line, parse_constant=pytest.fail)["evidence"][0]
    assert (one["score"], one["region"]) == (None, None)
    assert one["detail"] == {"ratio": None, "quad": [[1.5, None]]}


@given(ANY_TEXT, ANY_TEXT)
def test_any_listing_id_is_one_line_and_comes_back_as_it_was(listing_id: str, text: str) -> None:
    verdict = clear(listing_id).model_copy(update={"reasons": (text,)})
    line = verdict_line(verdict)
    assert line.splitlines() == [line]
    assert json.loads(line)["listing_id"] == listing_id
    assert Verdict.model_validate_json(line) == verdict


def test_half_a_surrogate_pair_from_a_file_name_does_not_stop_the_file() -> None:
    verdict = clear("x").model_copy(update={"listing_id": "caf\udce9"})
    assert json.loads(verdict_line(verdict).encode())["listing_id"] == "caf\udce9"


def test_a_scan_leaves_its_four_files_and_nothing_else(tmp_path: Path) -> None:
    failure = FailedRow(source="listings.csv", line=7, listing_id="L-8", reason="photo.jpg: is truncated")
    write_outputs(
        tmp_path / "out", [the_verdict_of_the_contract()], [failure], {"listings": 2, "rate": Decimal("1.5")}
    )
    files = written(tmp_path / "out")
    assert sorted(files) == ["errors.jsonl", "summary.json", "verdicts.jsonl", "verdicts.parquet"]
    assert files["verdicts.jsonl"].decode() == CONTRACT_LINE + "\n"
    assert json.loads(files["errors.jsonl"]) == failure.model_dump()
    assert json.loads(files["summary.json"]) == {"listings": 2, "rate": "1.5"}


def test_the_summary_may_be_filled_while_the_verdicts_pass(tmp_path: Path) -> None:
    summary = {"listings": 0}

    def counted() -> Iterator[Verdict]:
        for number in range(3):
            summary["listings"] += 1
            yield clear(str(number))

    write_outputs(tmp_path, counted(), [], summary)
    assert json.loads((tmp_path / "summary.json").read_text()) == {"listings": 3}


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "PARQUET_ROWS", 2)
    for name in ("first", "second"):
        verdicts = (the_verdict_of_the_contract(listing_id=f"L-{number}") for number in range(5))
        write_outputs(tmp_path / name, verdicts, [], {"a": 1}, csv=True)
    assert written(tmp_path / "first") == written(tmp_path / "second")


def test_no_verdicts_leave_empty_files_that_still_open(tmp_path: Path) -> None:
    write_outputs(tmp_path, [], [], {}, csv=True)
    assert (tmp_path / "verdicts.jsonl").read_bytes() == (tmp_path / "errors.jsonl").read_bytes() == b""
    assert parquet.read_table(tmp_path / "verdicts.parquet").num_rows == 0


def test_parquet_reads_back_equal_to_the_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "PARQUET_ROWS", 2)
    verdicts = [the_verdict_of_the_contract(), clear("=1+1"), clear("日本\n語"), clear(""), clear("\0")]
    write_outputs(tmp_path, verdicts, [], {})
    table = parquet.read_table(tmp_path / "verdicts.parquet")
    assert table.schema == outputs.parquet_schema()
    rows = table.to_pylist()
    for row in rows:
        row["models"] = dict(row["models"])
        for one in row["evidence"]:
            one["detail"] = json.loads(one["detail"])
    assert rows == [verdict_record(verdict) for verdict in verdicts]
    lines = (tmp_path / "verdicts.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert list(map(json.loads, lines)) == rows


def test_a_failed_scan_keeps_the_files_of_the_one_before(tmp_path: Path) -> None:
    write_outputs(tmp_path, [clear("old")], [], {"run": 1})
    before = written(tmp_path)

    def broken() -> Iterator[Verdict]:
        yield clear("new")
        raise RuntimeError("the worker is gone")

    with pytest.raises(RuntimeError, match="worker"):
        write_outputs(tmp_path, broken(), [], {"run": 2})
    assert written(tmp_path) == before


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file stands where the folder should be")
    with pytest.raises(UsageError, match=r"^\S+out: cannot be written: .*; choose another folder$"):
        write_outputs(tmp_path / "out", [], [], {})


def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    def fill_the_disk() -> None:
        with replacing(tmp_path / "a") as [file]:
            file.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UsageError, match="cannot be written: No space left"):
        fill_the_disk()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "cell",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r", "\n=1", " =1", "'=1", '"=1', "“=1", "''=1"),
        *("＝1", "＋1", "－1", "＠a", "﹢1", "﹣2", "＂=1"),
        *("\ufeff=1", "\u200b-1", "\u202e@x", "\xa0=1", "\x00=1"),
    ],
)
def test_what_a_spreadsheet_may_take_for_a_formula_is_quoted(cell: str) -> None:
    assert formula_safe(cell) == f"'{cell}"
    assert restored_cell(formula_safe(cell)) == cell


@pytest.mark.parametrize("cell", ["", "L-17", "a=1", "1-2", "'tis", "Adidas", "アディダス", "(new)", "0.97"])
def test_what_is_no_formula_stays_as_it_is(cell: str) -> None:
    assert formula_safe(cell) == restored_cell(cell) == cell


@given(ANY_TEXT | st.text("'=+-@\t\r \"a＝", max_size=6))
def test_a_safe_cell_gives_back_what_it_was_given(cell: str) -> None:
    assert restored_cell(formula_safe(cell)) == cell


@settings(max_examples=30)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("=+-@\t\r\n\"'|,;"), max_size=9)
    )
)
def test_ids_survive_the_csv(tmp_path_factory: pytest.TempPathFactory, ids: list[str]) -> None:
    out = tmp_path_factory.mktemp("out")
    write_outputs(out, map(clear, ids), [], {}, csv=True)
    with (out / "verdicts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [restored_cell(row["listing_id"]) for row in rows] == ids


def test_a_csv_row_says_the_main_things_and_the_mark_is_optional(tmp_path: Path) -> None:
    verdict = the_verdict_of_the_contract(reasons=("=HYPERLINK(1)", "second"))
    write_outputs(tmp_path, [verdict], [], {}, csv=True, csv_bom=True)
    raw = (tmp_path / "verdicts.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    [row] = csv.DictReader(raw.decode("utf-8-sig").splitlines())
    assert row == {
        "listing_id": "L-17",
        "verdict": "counterfeit",
        "score": "0.97",
        "brand": "Adidas",
        "reasons": "'=HYPERLINK(1) | second",
        "signals": "wordmark",
        "reference_id": "SKU-9",
        "reference_brand": "Adidas",
        "reference_score": "0.81",
        "policy": "default@1",
        "snapshot": "412",
    }
