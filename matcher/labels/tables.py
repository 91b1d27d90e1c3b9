"""Reads tables of labels and of answers: CSV and its kin, XLSX, JSON lines, Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from matcher.errors import ManifestError
from matcher.manifests.formats import choose_reader
from matcher.manifests.opening import READ_ERRORS, explained
from matcher.manifests.rows import Columns, Item, Row, Unusable, shortened
from matcher.records import FailedRow, VerdictKind

IDS = ("listing_id", "id")
LABELS = ("label", "truth", "answer", "verdict")
"""Of these the first that the table has counts, also where its cell is empty."""
_FAKE = ("counterfeit", "fake", "confirm", "confirmed", "true", "yes", "1")
_GENUINE = ("clear", "genuine", "authentic", "reject", "rejected", "false", "no", "0")
COLUMNS = {*IDS, *LABELS, "kind", "split", "seller", "product", "photo", "reviewer", "note", "row"}
WORDS: dict[str, VerdictKind | None] = {
    **dict.fromkeys(_FAKE, VerdictKind.COUNTERFEIT),
    **dict.fromkeys(_GENUINE, VerdictKind.CLEAR),
    "review": VerdictKind.REVIEW,
    **dict.fromkeys(("unsure", "unknown", ""), None),
}
"""What a label may be called, in any case; None: nothing is said of the listing."""


@dataclass(frozen=True)
class TruthRow:
    """What a table says of one listing; `keys` are those of its columns `seller`, `product` and `photo`."""

    line: int
    listing_id: str
    truth: VerdictKind
    kind: str = ""
    split: str = ""
    keys: frozenset[str] = frozenset()


def read_truth(path: Path) -> tuple[list[TruthRow], list[FailedRow]]:
    """The labelled listings of a table, in order, and the rows that cannot be used, with why.

    Columns: `listing_id`; `label` (or `truth`, `answer`, `verdict`: a word of `WORDS`); optionally `kind`,
    `split`, and `seller`, `product`, `photo`, several joined by `|`. A row that says nothing is passed over;
    one that says another thing of a listing than a row before is a failure. Raises `ManifestError` where the
    table cannot be read, lacks a column, or holds a scan's own verdicts and no label.
    """
    rows: dict[str, TruthRow] = {}
    failed: list[FailedRow] = []

    def refuse(line: int, listing_id: str, reason: str) -> None:
        failed.append(FailedRow(source=str(path), line=line, listing_id=listing_id, reason=reason))

    for line, cells, problem in read_table(path, needed=(IDS, LABELS)):
        if not {*LABELS[:3]} & cells.keys() and {"policy", "snapshot"} <= cells.keys():
            raise ManifestError(str(path), "holds a scan's own verdicts; add a column label of what is true")
        listing_id, label = first_of(cells, IDS), first_of(cells, LABELS).strip().casefold()
        if problem or not listing_id:
            refuse(line, listing_id, problem or "names no listing")
        elif label not in WORDS:
            known = ", ".join(word for word in WORDS if word)
            refuse(line, listing_id, f"has the label {shortened(label)}; use one of {known}")
        elif (truth := WORDS[label]) is not None:
            before = rows.setdefault(listing_id, _row(line, listing_id, truth, cells))
            if before.truth is not truth:
                refuse(
                    line,
                    listing_id,
                    f"says {truth.value}, where line {before.line} says {before.truth.value}",
                )
    return list(rows.values()), failed


def read_table(
    path: Path, *, needed: tuple[tuple[str, ...], ...]
) -> Iterator[tuple[int, Mapping[str, str], str]]:
    """(line, cells by column name in lower case, what is wrong with the row) of a table of any format.

    `needed`: of each tuple one column must be there. Raises `ManifestError` where it is not, or where the
    file cannot be read.
    """
    items = _items(path)
    try:
        for item in items:
            if isinstance(item, Columns):
                _require(path, item, needed)
            elif isinstance(item, Row):
                cells = _cells(item.value.names, item.value.values)
                yield item.line, cells, item.value.problem or _unusable(cells, needed)
    except READ_ERRORS as error:
        raise ManifestError(str(path), f"cannot be read: {explained(error)}") from error


def first_of(cells: Mapping[str, str], names: tuple[str, ...]) -> str:
    """The cell of the first of the columns that is there."""
    return next((cells[name] for name in names if name in cells), "")


def _items(path: Path) -> Iterator[Item]:
    """The file's rows; of Parquet, which may have any number of columns, those that may matter."""
    reader = choose_reader(path)
    if reader.__name__ == "read_parquet":
        from matcher.manifests.parquet import read_parquet

        return read_parquet(path, lambda name: name.strip().casefold() in COLUMNS)
    return reader(path)


def _require(path: Path, columns: Columns, needed: tuple[tuple[str, ...], ...]) -> None:
    if columns.names is None:
        return
    found = {name.strip().casefold() for name in columns.names}
    for names in needed:
        if not found & set(names):
            there = ", ".join(columns.names)[:200]
            raise ManifestError(str(path), f"has no column {' or '.join(names)}; columns found: {there}")


def _cells(names: tuple[str, ...], values: tuple[str, ...]) -> dict[str, str]:
    return {name.strip().casefold(): cell for name, cell in zip(names, values, strict=False)}


def _unusable(cells: dict[str, str], needed: tuple[tuple[str, ...], ...]) -> str:
    """Why a cell that matters cannot be used; others that cannot are emptied."""
    problem = ""
    for name, cell in cells.items():
        if isinstance(cell, Unusable):
            cells[name] = ""
            if any(name in names for names in needed):
                problem = f"{name} {cell}"
    return problem


def _row(line: int, listing_id: str, truth: VerdictKind, cells: Mapping[str, str]) -> TruthRow:
    keys = {
        f"{what}:{part}"
        for what in ("seller", "product", "photo")
        for part in cells.get(what, "").split("|")
        if part.strip()
    }
    return TruthRow(
        line, listing_id, truth, cells.get("kind", ""), cells.get("split", "").strip(), frozenset(keys)
    )
