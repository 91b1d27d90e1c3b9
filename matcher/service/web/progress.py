"""How far a job is, of how many rows, and which of them failed with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from matcher.catalog import (
    Job,
    count_failures,
    count_verdicts,
    failures_after,
    find_job,
    job_rows_after,
    latest_scan,
)
from matcher.errors import MatcherError
from matcher.manifests import ArchiveLimits, ImageArchive, read_listings, read_references
from matcher.records import VerdictKind
from matcher.service.access import Caller
from matcher.service.job_folders import job_folder
from matcher.service.web.advice import FILES, PATHS, advice_on
from matcher.sources import archive_limits

COUNTED_BYTES = 64 * 2**20
"""Rows of larger tables are not counted before a scan: that alone would take long."""
VERDICTS = (VerdictKind.COUNTERFEIT, VerdictKind.REVIEW, VerdictKind.CLEAR)
_AT_ONCE = 1_000


@dataclass(frozen=True)
class BadRow:
    """A row that failed: its line in the table or archive, its id, why, and what to do."""

    line: int
    name: str
    reason: str
    of_command: bool = False

    @property
    def advice(self) -> str:
        """One sentence; never empty. A command's table may name files, one that was sent may not."""
        found = advice_on(self.reason)
        return PATHS if self.of_command and found == FILES else found


def progress_of(connection: Connection, caller: Caller, number: int) -> dict[str, Any]:
    """The job, its scan, the verdicts so far, rows that failed, and of how many rows (None: not counted)."""
    job = find_job(connection, caller.owner_id, number)
    scan_id = scan_of(connection, caller, job)
    counts = None if scan_id is None else count_verdicts(connection, scan_id)
    return {
        "job": job,
        "scan_id": scan_id,
        "total": None if job.state == "done" else rows_of(caller, job),
        "counts": {kind: counts[kind] if counts else 0 for kind in VERDICTS},
        "failed": 0 if scan_id is None else count_failures(connection, scan_id),
    }


def scan_of(connection: Connection, caller: Caller, job: Job) -> int | None:
    """The number of the job's scan; None where it is none, or has not begun."""
    out = job_folder(caller.service.workspace, job.terms) / "out"
    scan = latest_scan(connection, str(out), owner_id=caller.owner_id)
    return None if scan is None else scan.scan_id


def rows_of(caller: Caller, job: Job) -> int | None:
    """How many listings, references or images the job's file holds; None where that is not known."""
    workspace = caller.service.workspace
    manifest = job_folder(workspace, job.terms) / "given" / "manifest"
    return _counted(manifest, job.kind, archive_limits(workspace.settings))


@lru_cache(maxsize=256)
def _counted(manifest: Path, kind: str, limits: ArchiveLimits) -> int | None:
    try:
        if kind == "archive":
            with ImageArchive(manifest, limits) as archive:
                return len(archive)
        if manifest.stat().st_size > COUNTED_BYTES:
            return None
        read = read_listings if kind == "scan" else read_references
        rows: Iterable[Any] = read(manifest, limits)
        return sum(1 for _ in rows)
    except (OSError, MatcherError):
        return None


def bad_rows(connection: Connection, caller: Caller, job: Job, limit: int | None = None) -> list[BadRow]:
    """The rows that failed, at most `limit`, in order; of an import those that its result still tells."""
    return list(islice(_bad_rows(connection, scan_of(connection, caller, job), job), limit))


def bad_listings(connection: Connection, scan_id: int, *, of_command: bool = False) -> Iterator[BadRow]:
    """The rows of a scan that failed, in order."""
    after = 0
    while found := failures_after(connection, scan_id, after, _AT_ONCE):
        yield from (BadRow(row.line, row.listing_id, row.reason, of_command) for _, row in found)
        after = found[-1][0]


def _bad_rows(connection: Connection, scan_id: int | None, job: Job) -> Iterator[BadRow]:
    if scan_id is not None:
        yield from bad_listings(connection, scan_id)
    elif job.kind == "archive":
        line = 0
        while rows := job_rows_after(connection, job.job_id, line, _AT_ONCE, outcome="failed"):
            yield from (BadRow(row.line, row.reference_id, row.reasons) for row in rows)
            line = rows[-1].line
    else:
        told: Any = job.result.get("failures") or []
        yield from (BadRow(one["line"], one["reference_id"], one["reason"]) for one in told)
