"""Labelled listings from files alone: a table of labels and a scan's verdicts, or a set that was exported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from matcher.cells import formula_safe
from matcher.errors import UsageError
from matcher.labels.tables import TruthRow, read_truth
from matcher.labels.verdict_files import VERDICTS, read_verdicts
from matcher.records import FailedRow, Verdict
from matcher.tuning import Labelled, keys_of

TRUTH = "truth.csv"


@dataclass(frozen=True)
class LabelSet:
    """What was read: the labelled listings in the verdicts' order, and what could not be used.

    `unknown`: labelled listings without a verdict; `verdicts`: how many there are, labelled or not.
    """

    labelled: list[Labelled]
    failed: list[FailedRow]
    unknown: list[str]
    verdicts: int


def is_label_set(folder: Path) -> bool:
    """Whether the folder holds labels together with the verdicts that they speak of."""
    return (folder / TRUTH).is_file() and (folder / VERDICTS).is_file()


def labelled_folder(folder: Path) -> LabelSet:
    """The labelled listings of a set, such as `matcher review export` writes."""
    return labelled_scan(folder / TRUTH, folder)


def labelled_scan(
    labels: Path,
    scan: Path,
    *,
    known_keys: Callable[[list[str]], dict[str, frozenset[str]]] = lambda _: {},
) -> LabelSet:
    """The listings of the table `labels` with their verdicts from the folder `scan`.

    What ties listings together is what the table's columns say, else `known_keys` of the listing ids (such
    as from the database), else what the evidence tells. A label of an id that the scan has more than once is
    a failure. Raises `UsageError` where no listing is labelled, `ManifestError` where a file cannot be read.
    """
    rows, failed = read_truth(labels)
    wanted = _by_id(rows)
    kept: dict[str, Verdict] = {}
    again: dict[str, TruthRow] = {}
    count = 0
    for verdict in read_verdicts(scan):
        count += 1
        if verdict.listing_id in wanted and kept.setdefault(verdict.listing_id, verdict) is not verdict:
            again[verdict.listing_id] = wanted[verdict.listing_id]
    met = {id(wanted[name]) for name in kept}
    # The label is of one of them, and there is no saying which: the wrong one would be learnt from.
    for name, row in again.items():
        del kept[name]
        failed.append(
            FailedRow(
                source=str(labels), line=row.line, listing_id=name,
                reason="the scan has several listings of this id; give each an id of its own",
            )
        )  # fmt: skip
    if not met:
        raise UsageError(
            f"{labels} and {scan} have no listing in common ({len(rows)} labelled, {count} with a verdict)"
        )
    found = known_keys(list(kept))
    labelled = [_labelled(wanted[name], verdict, found.get(name)) for name, verdict in kept.items()]
    unknown = [row.listing_id for row in rows if id(row) not in met]
    return LabelSet(labelled, failed, unknown, count)


def _by_id(rows: Iterable[TruthRow]) -> dict[str, TruthRow]:
    """Rows by the id they name; one that was made safe for spreadsheets also stands for what it was."""
    named = {row.listing_id: row for row in rows}
    plain = {row.listing_id[1:]: row for row in named.values() if row.listing_id.startswith("'")}
    return {name: row for name, row in plain.items() if formula_safe(name) == row.listing_id} | named


def _labelled(row: TruthRow, verdict: Verdict, known: frozenset[str] | None) -> Labelled:
    keys = row.keys or known or keys_of(verdict)
    return Labelled(verdict, row.truth, keys, row.split, row.kind)
