"""The files a scan leaves: verdicts as JSON lines, Parquet and CSV, failed rows and a summary."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from csv import QUOTE_ALL
from csv import writer as csv_writer
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from matcher.cells import formula_safe
from matcher.files import replacing
from matcher.records import Evidence, FailedRow, Match, Region, Verdict

PARQUET_ROWS = 1_000
"""Verdicts in one row group: what is held in memory at once."""
CSV_COLUMNS = (
    "listing_id", "verdict", "score", "brand", "reasons", "signals",
    "reference_id", "reference_brand", "reference_score", "policy", "snapshot",
)  # fmt: skip

# Characters that some readers take for the end of a line, and halves of surrogate pairs (not UTF-8).
_UNSAFE_IN_A_LINE = re.compile("[\x85\u2028\u2029\ud800-\udfff]")


def verdict_line(verdict: Verdict) -> str:
    """One line of `verdicts.jsonl`, without the line end; a JSON object with its keys in a fixed order.

    Scores and weights have at most four decimals, regions are `[x1, y1, x2, y2]` in pixels with at most
    one. A number that is not finite becomes null, so that every reader of JSON can read the line.
    """
    return _json(verdict_record(verdict))


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """The verdict as the object that `verdict_line` writes."""
    return {
        "listing_id": verdict.listing_id,
        "verdict": verdict.verdict.value,
        "score": _digits(verdict.score),
        "brand": verdict.brand,
        "reasons": list(verdict.reasons),
        "findings": [
            {"brand": one.brand, "verdict": one.verdict.value, "score": _digits(one.score)}
            for one in verdict.findings
        ],
        "evidence": [_evidence_record(one) for one in verdict.evidence],
        "matches": [_match_record(one) for one in verdict.matches],
        "models": dict(verdict.models),
        "policy": verdict.policy,
        "snapshot": verdict.snapshot,
    }


def write_outputs(
    out: Path,
    verdicts: Iterable[Verdict],
    failures: Iterable[FailedRow],
    summary: Mapping[str, Any],
    *,
    csv: bool = False,
    csv_bom: bool = False,
) -> None:
    """Write `verdicts.jsonl` and `.parquet` (and `.csv`), `errors.jsonl` and `summary.json` into `out`.

    Each iterable is read once: first the verdicts, then the failures; `summary` is read last, so a caller
    may fill it while the verdicts pass. The same input gives the same bytes. All files are complete on disk
    before the first gets its name, and `summary.json` gets its name last: where it is new, the others are
    too. `csv_bom` puts a byte order mark before the CSV, which spreadsheet programs want. Raises
    `UsageError` where `out` cannot be written.
    """
    names = [
        "verdicts.jsonl",
        "verdicts.parquet",
        *(["verdicts.csv"] if csv else []),
        "errors.jsonl",
        "summary.json",
    ]
    with replacing(*(out / name for name in names)) as opened:
        files = dict(zip(names, opened, strict=True))
        with ExitStack() as stack:
            sinks: list[_Sink] = [_JsonLines(files["verdicts.jsonl"])]
            sinks.append(stack.enter_context(_Parquet(files["verdicts.parquet"])))
            if csv:
                sinks.append(_Csv(files["verdicts.csv"], bom=csv_bom))
            for verdict in verdicts:
                record = verdict_record(verdict)
                for sink in sinks:
                    sink.add(record)
        for failure in failures:
            files["errors.jsonl"].write(_json(failure.model_dump(mode="json")).encode() + b"\n")
        files["summary.json"].write(_json(summary, indent=2).encode() + b"\n")


class _Sink(Protocol):
    def add(self, record: dict[str, Any]) -> None: ...


class _JsonLines:
    """One object a line."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def add(self, record: dict[str, Any]) -> None:
        self._file.write(_json(record).encode() + b"\n")


class _Csv:
    """One row a verdict, every cell quoted, so that another separator in a program's settings splits none."""

    def __init__(self, file: BinaryIO, *, bom: bool) -> None:
        self._file = file
        self._row = io.StringIO(newline="")
        self._writer = csv_writer(self._row, quoting=QUOTE_ALL, lineterminator="\r\n")
        file.write("\ufeff".encode() if bom else b"")
        self._write(CSV_COLUMNS)

    def add(self, record: dict[str, Any]) -> None:
        best = record["matches"][0] if record["matches"] else {"reference_id": "", "brand": "", "score": ""}
        cells = [
            *(record[key] for key in ("listing_id", "verdict", "score", "brand")),
            " | ".join(record["reasons"]),
            " ".join(dict.fromkeys(one["signal"] for one in record["evidence"])),
            best["reference_id"],
            best["brand"],
            best["score"],
            record["policy"],
            record["snapshot"],
        ]
        self._write("" if cell is None else formula_safe(str(cell)) for cell in cells)

    def _write(self, cells: Iterable[str]) -> None:
        self._writer.writerow(cells)
        self._file.write(self._row.getvalue().encode("utf-8", "backslashreplace"))
        self._row.seek(0)
        self._row.truncate()


class _Parquet:
    """Row groups of `PARQUET_ROWS` verdicts under a fixed schema."""

    def __init__(self, file: BinaryIO) -> None:
        from pyarrow.parquet import (
            ParquetWriter,
        )  # kept out of the way of whoever only wants a verdict's line

        self._schema = parquet_schema()
        self._writer = ParquetWriter(file, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> _Parquet:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def add(self, record: dict[str, Any]) -> None:
        evidence = [{**one, "detail": _json(one["detail"])} for one in record["evidence"]]
        self._rows.append({**record, "evidence": evidence, "models": list(record["models"].items())})
        if len(self._rows) >= PARQUET_ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow

        if self._rows:
            self._writer.write_table(pyarrow.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []


def parquet_schema() -> Any:
    """The `pyarrow.Schema` of `verdicts.parquet`: a line's keys; `detail` is JSON text, `models` a map."""
    import pyarrow as pa

    text, number, region = pa.string(), pa.float64(), pa.list_(pa.float64())
    finding = {"brand": text, "verdict": text, "score": number}
    evidence = {
        "signal": text, "score": number, "weight": number, "brand": text, "photo": pa.int32(), "region":
        region, "reference_id": text, "detail": text,
    }  # fmt: skip
    match = {
        "reference_id": text, "brand": text, "score": number, "verified": pa.bool_(), "photo": pa.int32(),
        "region": region,
    }  # fmt: skip
    columns = {"listing_id": text, "verdict": text, "score": number, "brand": text, "reasons": pa.list_(text)}
    for name, fields in (("findings", finding), ("evidence", evidence), ("matches", match)):
        columns[name] = pa.list_(pa.struct(list(fields.items())))
    columns |= {"models": pa.map_(text, text), "policy": text, "snapshot": pa.int64()}
    return pa.schema(list(columns.items()))


def _evidence_record(evidence: Evidence) -> dict[str, Any]:
    return {
        "signal": evidence.signal,
        "score": _digits(evidence.score),
        "weight": _digits(evidence.weight),
        "brand": evidence.brand,
        "photo": evidence.photo,
        "region": _pixels(evidence.region),
        "reference_id": evidence.reference_id,
        "detail": _finite(evidence.detail),
    }


def _match_record(match: Match) -> dict[str, Any]:
    return {
        "reference_id": match.reference_id,
        "brand": match.brand,
        "score": _digits(match.score),
        "verified": match.verified,
        "photo": match.photo,
        "region": _pixels(match.region),
    }


def _digits(value: float) -> float | None:
    return round(float(value), 4) + 0.0 if math.isfinite(value) else None  # + 0.0: no "-0.0"


def _pixels(region: Region | None) -> list[float] | None:
    if region is None or not all(map(math.isfinite, region)):
        return None
    return [int(side) if side == int(side) else side for side in (round(float(side), 1) for side in region)]


def _finite(value: Any) -> Any:
    """`value` with null for every number in it that JSON has no word for."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    return value


def _json(value: object, indent: int | None = None) -> str:
    text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, indent=indent, default=str)
    return _UNSAFE_IN_A_LINE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
