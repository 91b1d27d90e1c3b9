"""Writes reviewed listings as a labelled set: truth, frozen splits, verdicts, photos and the catalog."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from matcher.catalog import JudgedListing
from matcher.cells import formula_safe
from matcher.errors import CatalogError, MatcherError, UsageError
from matcher.files import replacing
from matcher.labels.catalog_files import write_catalogs
from matcher.labels.reviewed import Clusters, Reviewed, labelled_reviews
from matcher.labels.tables import read_truth
from matcher.labels.verdict_files import VERDICTS
from matcher.outputs import verdict_line
from matcher.records import VerdictKind
from matcher.tuning import LEFT_OUT, connected, splits
from matcher.workspace import Workspace

if TYPE_CHECKING:
    from sqlalchemy import Connection

EXPORT_MARK = "labels.json"
TRUTH_COLUMNS = (
    "listing_id", "verdict", "kind", "brand", "reference_id", "split", "group", "seller", "product", "photo",
)  # fmt: skip
SHARES = {"tune": 0.7, "report": 0.3}
"""What the splits are for: choosing, and reporting on what was not chosen on."""


@dataclass(frozen=True)
class ExportRequest:
    """What to export and how; `former`: an earlier export, whose listings stay in their splits."""

    out: Path
    scan_id: int | None = None
    former: Path | None = None
    seed: int = 0
    catalogs: bool = True
    photos: bool = True


@dataclass(frozen=True)
class ExportSummary:
    """What was written: listings by split and truth, and how many have no photo that could be written."""

    folder: Path
    listings: int
    counts: Mapping[str, Mapping[str, int]]
    left_out: int
    groups: int
    largest_group: int
    without_photos: int

    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        return vars(self) | {"folder": str(self.folder)}


def export_reviews(
    connection: Connection, workspace: Workspace, request: ExportRequest, *, clusters: Clusters = lambda _: {}
) -> ExportSummary:
    """Write every reviewed listing whose answer says something into `request.out`, a new or empty folder.

    No seller, product or photo (nor near duplicate, by `clusters`) stands in two splits; a listing that
    stands between is in none. Raises `UsageError` where the folder is taken or nothing is reviewed.
    """
    _require_free(request.out)
    reviewed = labelled_reviews(connection, scan_id=request.scan_id, clusters=clusters)
    if not reviewed:
        raise UsageError("no listing has an answer that says anything yet; see `matcher review answer`")
    reviewed.sort(key=lambda one: (one.judged.scan_id, one.judged.position))
    keys = [one.labelled.keys for one in reviewed]
    found = splits(
        keys, SHARES, seed=request.seed, kept=_kept(request.former, reviewed), strata=_strata(reviewed)
    )
    groups = connected(keys)
    written = _write_photos(workspace, request, reviewed)
    if request.catalogs:
        write_catalogs(connection, workspace, request.out)
    summary = _summary(request.out, reviewed, found, groups, written)
    _write_tables(request, reviewed, found, groups, written, summary)
    return summary


def _require_free(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not empty; name a new folder with --out (an earlier export with --like)")
    out.mkdir(parents=True, exist_ok=True)


def _kept(former: Path | None, reviewed: Sequence[Reviewed]) -> list[str]:
    """The splits that listings had in an earlier export."""
    if former is None:
        return [LEFT_OUT] * len(reviewed)
    rows, _ = read_truth(former / "truth.csv")
    known = {row.listing_id: row.split for row in rows}
    names = [one.labelled.listing_id for one in reviewed]
    return [known.get(name, known.get(formula_safe(name), LEFT_OUT)) for name in names]


def _strata(reviewed: Sequence[Reviewed]) -> list[int]:
    """Fakes are dealt out first, so that each split gets its share of them."""
    return [int(one.labelled.truth is VerdictKind.COUNTERFEIT) for one in reviewed]


def _write_photos(
    workspace: Workspace, request: ExportRequest, reviewed: Sequence[Reviewed]
) -> list[list[str]]:
    """The paths of each listing's photos in the set; empty where not all of them are kept."""
    folder = request.out / "photos"
    answer: list[list[str]] = []
    for one in reviewed:
        blobs = _blobs(workspace, one.judged) if request.photos else []
        if blobs:
            folder.mkdir(exist_ok=True)
        for content_hash, blob in blobs:
            (folder / content_hash).write_bytes(blob)
        answer.append([f"photos/{content_hash}" for content_hash, _ in blobs])
    return answer


def _blobs(workspace: Workspace, judged: JudgedListing) -> list[tuple[str, bytes]]:
    try:
        return [(photo.content_hash, workspace.store.get(photo.content_hash)) for photo in judged.photos]
    except (CatalogError, MatcherError):
        return []  # the listing was clear, or its photos were purged


def _summary(
    out: Path,
    reviewed: Sequence[Reviewed],
    found: Sequence[str],
    groups: Sequence[int],
    written: Sequence[list[str]],
) -> ExportSummary:
    counts: dict[str, Counter[str]] = {name: Counter() for name in SHARES}
    for one, split in zip(reviewed, found, strict=True):
        if split:
            counts[split][one.labelled.truth.value] += 1
    return ExportSummary(
        folder=out,
        listings=len(reviewed),
        counts={name: dict(count) for name, count in counts.items()},
        left_out=list(found).count(LEFT_OUT),
        groups=len(set(groups)),
        largest_group=max(Counter(groups).values()),
        without_photos=sum(not paths for paths in written),
    )


def _write_tables(
    request: ExportRequest,
    reviewed: Sequence[Reviewed],
    found: Sequence[str],
    groups: Sequence[int],
    written: Sequence[list[str]],
    summary: ExportSummary,
) -> None:
    """The text files, all of them whole before the first gets its name; the mark comes last."""
    names = ("truth.csv", VERDICTS, "listings.jsonl", EXPORT_MARK)
    with ExitStack() as stack:
        truth, verdicts, listings, mark = stack.enter_context(
            replacing(*(request.out / one for one in names))
        )
        _write_csv(truth, TRUTH_COLUMNS, _truth_rows(reviewed, found, groups))
        for one, paths in zip(reviewed, written, strict=True):
            verdicts.write(verdict_line(one.judged.verdict).encode() + b"\n")
            if paths:
                listings.write(_listing_line(one.judged, paths) + b"\n")
        mark.write(_described(request, reviewed, found, summary))


def _write_csv(file: BinaryIO, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    class Text:
        def write(self, text: str) -> None:
            file.write(text.encode("utf-8", "backslashreplace"))

    writer = csv.writer(Text(), lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([formula_safe(cell) for cell in row] for row in rows)


def _truth_rows(
    reviewed: Sequence[Reviewed], found: Sequence[str], groups: Sequence[int]
) -> Iterator[tuple[str, ...]]:
    for one, split, group in zip(reviewed, found, groups, strict=True):
        known, keys = one.labelled, sorted(one.labelled.keys)
        tied = {
            what: "|".join(
                key.partition(":")[2].replace("|", "%7C") for key in keys if key.startswith(f"{what}:")
            )
            for what in ("seller", "product", "photo")
        }
        match = next((each for each in known.verdict.evidence if each.reference_id), None)
        reference = match.reference_id or "" if match else ""
        row = known.listing_id, known.truth.value, known.kind, known.verdict.brand, reference
        yield (*row, split, str(group), *tied.values())


def _listing_line(judged: JudgedListing, paths: Sequence[str]) -> bytes:
    facts = judged.listing.model_dump(mode="json")
    facts["image"] = list(paths)
    del facts["images"]
    return json.dumps(facts, ensure_ascii=True).encode()


def _described(
    request: ExportRequest, reviewed: Sequence[Reviewed], found: Sequence[str], summary: ExportSummary
) -> bytes:
    frozen = sorted(
        (one.labelled.listing_id, one.labelled.truth.value, split)
        for one, split in zip(reviewed, found, strict=True)
    )
    facts = {key: value for key, value in summary.facts().items() if key != "folder"}
    facts |= {
        "made by": "matcher review export",
        "shares": SHARES,
        "seed": request.seed,
        "policies": sorted({one.judged.verdict.policy for one in reviewed}),
        "splits_sha256": hashlib.sha256(json.dumps(frozen).encode()).hexdigest(),
    }
    return json.dumps(facts, indent=2).encode() + b"\n"
