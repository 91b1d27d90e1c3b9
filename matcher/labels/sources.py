"""Where `policy tune` takes labelled listings from: reviews, a table and a scan, or an exported set."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.catalog import find_listing, latest_scan
from matcher.errors import CatalogError, UsageError
from matcher.labels.folder import TRUTH, is_label_set, labelled_folder, labelled_scan
from matcher.labels.reviewed import keys_of_judged, labelled_reviews
from matcher.labels.verdict_files import read_verdicts
from matcher.policy import Policy
from matcher.records import FailedRow, VerdictKind
from matcher.tuning import Labelled
from matcher.tuning.operating import Suspicion, operating

if TYPE_CHECKING:
    from sqlalchemy import Connection

CHOOSING, REPORTING = "tune", "report"
FLAGGED_ONLY = (
    "reviews speak of listings that a policy had flagged: fakes that it took for clear are not among them, "
    "so the recall is that of the labelled fakes alone"
)


@dataclass
class Source:
    """Labelled listings to choose on, and others, kept apart, to report on; `scan`: their scan's folder."""

    what: str
    choosing: list[Labelled]
    reporting: list[Labelled] = field(default_factory=list)
    failed: list[FailedRow] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    scan: Path | None = None


class WholeScan:
    """Every listing of a scan, labelled or not, under one policy: how many a threshold would flag."""

    def __init__(self, scan: Path, policy: Policy) -> None:
        """Read the verdicts once; raises `ManifestError` where that cannot be done."""
        suspicion = Suspicion(policy)
        self._scores = sorted(suspicion.of(one.evidence)[0] for one in read_verdicts(scan))
        self.listings = len(self._scores)

    def flagged(self, threshold: float) -> int:
        """Listings that score `threshold` or more for `counterfeit`."""
        return self.listings - bisect.bisect_left(self._scores, threshold)


def from_reviews(connection: Connection, scan_id: int | None = None) -> Source:
    """What people answered; equal photos tie listings together, near duplicates do not."""
    found = [one.labelled for one in labelled_reviews(connection, scan_id=scan_id)]
    if not found:
        raise UsageError("no listing has an answer that says anything yet; see `matcher review answer`")
    return Source("reviews", found, notes=[FLAGGED_ONLY])


def from_folder(folder: Path) -> Source:
    """A set as `review export` writes it, or any folder with truth.csv and verdicts.jsonl."""
    if not is_label_set(folder):
        raise UsageError(
            f"{folder} has no {TRUTH} beside verdicts.jsonl; `matcher review export` writes both"
        )
    found = labelled_folder(folder)
    source = Source(str(folder), found.labelled, failed=found.failed, unknown=found.unknown)
    if any(one.split for one in found.labelled):
        source.choosing = [one for one in found.labelled if one.split == CHOOSING]
        source.reporting = [one for one in found.labelled if one.split == REPORTING]
    if (folder / "labels.json").exists():
        source.notes.append(FLAGGED_ONLY)
    if not source.choosing:
        raise UsageError(f"{folder}: no labelled listing stands in the split `{CHOOSING}`")
    return source


def from_table(labels: Path, scan: Path, connection: Connection | None = None) -> Source:
    """A table of labels and the scan it speaks of; the database, where it has that, tells what ties them."""

    def known_keys(names: list[str]) -> dict[str, frozenset[str]]:
        return {} if connection is None else _keys(connection, scan, names)

    found = labelled_scan(labels, scan, known_keys=known_keys)
    what = f"{labels.name} and {scan.name}"
    return Source(what, found.labelled, failed=found.failed, unknown=found.unknown, scan=scan)


def tried_on(labelled: Sequence[Labelled], policy: Policy) -> dict[str, Any] | None:
    """What the policy does to listings that were kept apart; None where there are none."""
    if not labelled:
        return None
    surest, likeliest = Suspicion(policy).all([one.verdict.evidence for one in labelled])
    fakes = np.array([one.truth is VerdictKind.COUNTERFEIT for one in labelled], dtype=bool)
    flags = np.array([one.truth is not VerdictKind.CLEAR for one in labelled], dtype=bool)
    return {
        "listings": len(labelled),
        "counterfeit": operating(surest, fakes, policy.thresholds.counterfeit).facts(),
        "review": operating(likeliest, flags, policy.thresholds.review).facts(),
    }


def _keys(connection: Connection, scan: Path, names: list[str]) -> dict[str, frozenset[str]]:
    found = latest_scan(connection, str(scan.resolve()))
    if found is None:
        return {}
    answer = {}
    for name in names:
        try:
            answer[name] = keys_of_judged(find_listing(connection, found.scan_id, name))
        except CatalogError:
            continue  # purged since
    return answer
