"""Scans on pages: a table is uploaded, its progress watched, its verdicts filtered and taken to review."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from sqlalchemy import Connection

from matcher.catalog import (
    Job,
    JudgedListing,
    Scope,
    answers_of,
    count_brands,
    count_failures,
    count_verdicts,
    failures_after,
    find_job,
    judged_after,
    latest_scan,
    newest_jobs,
)
from matcher.errors import MatcherError
from matcher.manifests import read_listings, read_references
from matcher.records import VerdictKind
from matcher.service import jobs as api
from matcher.service.access import Caller
from matcher.service.job_folders import job_folder
from matcher.service.paging import LARGEST
from matcher.service.web.frame import PageRoute, render, see_other
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Reader = Annotated[Visitor, admitted(Scope.SCANS_READ)]
Writer = Annotated[Visitor, admitted(Scope.SCANS_WRITE)]
Table = Annotated[UploadFile, File()]
SHOWN, SHOWN_JOBS, SHOWN_FAILURES = 100, 20, 50
COUNTED_BYTES = 64 * 2**20
"""Rows of larger tables are not counted before a scan: that alone would take long."""
VERDICTS = (VerdictKind.COUNTERFEIT, VerdictKind.REVIEW, VerdictKind.CLEAR)


@router.get("/scans")
def scans(
    request: Request, visitor: Reader, before: Annotated[int | None, Query(ge=1, le=LARGEST)] = None
) -> Response:
    """The form and the owner's jobs, the newest first."""
    with visitor.caller.read() as connection:
        found = newest_jobs(connection, visitor.caller.owner_id, before=before, limit=SHOWN_JOBS + 1)
    older = found[SHOWN_JOBS - 1].job_id if len(found) > SHOWN_JOBS else None
    return render(request, "scans.html", jobs=found[:SHOWN_JOBS], older=older, before=before)


@router.get("/scans/latest")
def latest(
    request: Request, visitor: Reader, limit: Annotated[int, Query(ge=1, le=SHOWN_JOBS)] = SHOWN_JOBS
) -> Response:
    """The list of jobs alone, which pages ask for while one is under way."""
    with visitor.caller.read() as connection:
        found = newest_jobs(connection, visitor.caller.owner_id, limit=limit)
    return render(request, "jobs.html", jobs=found)


@router.post("/scans")
def begin(request: Request, visitor: Writer, manifest: Table) -> Response:
    """Scan the table."""
    return see_other(request, f"/scans/{api.scan(visitor.caller, manifest).job_id}")


@router.get("/scans/{job}")
def show(
    request: Request,
    visitor: Reader,
    job: api.JobId,
    kind: str = "",
    brand: str = "",
    after: Annotated[int, Query(ge=-1, le=LARGEST)] = -1,
) -> Response:
    """One job: how far it is, and what came of it."""
    wanted = VerdictKind(kind) if kind in set(VerdictKind) else None
    with visitor.caller.read() as connection:
        facts = progress_of(connection, visitor.caller, job)
        scan_id = facts["scan_id"]
        found: list[JudgedListing] = []
        if scan_id is not None:
            found = judged_after(connection, scan_id, kind=wanted, brand=brand, after=after, limit=SHOWN + 1)
        rows = found[:SHOWN]
        return render(
            request,
            "scan.html",
            **facts,
            kind=wanted,
            brand=brand,
            after=after,
            rows=rows,
            following=found[SHOWN - 1].position if len(found) > SHOWN else None,
            answers=answers_of(connection, [one.listing_row for one in rows]),
            brands=_brands(connection, scan_id),
            failures=_failures(connection, facts["job"], scan_id),
        )


@router.get("/scans/{job}/progress")
def progress(request: Request, visitor: Reader, job: api.JobId) -> Response:
    """How far it is, which the page asks for again and again; at the end the whole page is loaded anew."""
    with visitor.caller.read() as connection:
        facts = progress_of(connection, visitor.caller, job)
    answer = render(request, "scan_progress.html", **facts)
    if facts["job"].state in api.ENDED:
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.get("/scans/{job}/verdicts.ndjson")
def verdict_lines(visitor: Reader, job: api.JobId) -> Response:
    """All verdicts so far as a file, a JSON object a line."""
    answer = api.verdict_lines(visitor.caller, job)
    answer.headers["Content-Disposition"] = f'attachment; filename="scan-{job}.ndjson"'
    return answer


@router.post("/scans/{job}/cancel")
def cancel(request: Request, visitor: Writer, job: api.JobId) -> Response:
    """End it where it stands."""
    api.cancel(visitor.caller, job)
    return see_other(request, f"/scans/{job}")


@router.post("/scans/{job}/retry")
def retry(request: Request, visitor: Writer, job: api.JobId) -> Response:
    """Let it go on where it stood."""
    api.retry(visitor.caller, job)
    return see_other(request, f"/scans/{job}")


def progress_of(connection: Connection, caller: Caller, number: int) -> dict[str, Any]:
    """The job, its scan, the verdicts so far, rows that failed, and of how many rows (None: not counted)."""
    job = find_job(connection, caller.owner_id, number)
    folder = job_folder(caller.service.workspace, job.terms)
    scan = latest_scan(connection, str(folder / "out"), owner_id=caller.owner_id)
    scan_id = None if scan is None else scan.scan_id
    return {
        "job": job,
        "scan_id": scan_id,
        "total": None if job.state == "done" else count_rows(folder / "given" / "manifest", job.kind),
        "counts": dict.fromkeys(VERDICTS, 0) if scan_id is None else _counts(connection, scan_id),
        "failed": 0 if scan_id is None else count_failures(connection, scan_id),
    }


@lru_cache(maxsize=256)
def count_rows(manifest: Path, kind: str) -> int | None:
    """How many listings or references a table holds; None where it is large or cannot be read."""
    try:
        if manifest.stat().st_size > COUNTED_BYTES:
            return None
        rows: Any = read_listings(manifest) if kind == "scan" else read_references(manifest)
        return sum(1 for _ in rows)
    except (OSError, MatcherError):
        return None


def _counts(connection: Connection, scan_id: int) -> dict[VerdictKind, int]:
    counts = count_verdicts(connection, scan_id)
    return {kind: counts[kind] for kind in VERDICTS}


def _brands(connection: Connection, scan_id: int | None) -> list[str]:
    if scan_id is None:
        return []
    return sorted({count.brand for count in count_brands(connection, scan_id) if count.brand})


def _failures(connection: Connection, job: Job, scan_id: int | None) -> list[dict[str, Any]]:
    """Some of the rows that failed: of a scan as they stand in the database, of an import as its result."""
    if scan_id is None:
        told: Any = job.result.get("failures") or []
        return [
            {"line": one["line"], "name": one["reference_id"], "reason": one["reason"]}
            for one in told[:SHOWN_FAILURES]
        ]
    return [
        {"line": row.line, "name": row.listing_id, "reason": row.reason}
        for _, row in failures_after(connection, scan_id, 0, SHOWN_FAILURES)
    ]
