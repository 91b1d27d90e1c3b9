"""Scans on pages: a table is uploaded, its progress watched, its verdicts filtered and taken to review."""

from __future__ import annotations

import csv
import io
from typing import Annotated

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from matcher.catalog import Scope, answers_of, count_brands, find_job, judged_after, newest_jobs
from matcher.cells import formula_safe
from matcher.records import VerdictKind
from matcher.service import jobs as api
from matcher.service.paging import LARGEST
from matcher.service.web.frame import HEADERS, PageRoute, render, see_other
from matcher.service.web.progress import bad_rows, progress_of
from matcher.service.web.uploading import Upload
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Reader = Annotated[Visitor, admitted(Scope.SCANS_READ)]
Writer = Annotated[Visitor, admitted(Scope.SCANS_WRITE)]
Table = Annotated[UploadFile | None, File()]
SHOWN, SHOWN_JOBS, SHOWN_FAILURES = 50, 20, 50


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
def begin(request: Request, visitor: Writer, manifest: Table = None, upload: Upload = "") -> Response:
    """Scan the table, which comes with the form or came in parts."""
    job = api.scan(visitor.caller, manifest, upload).job_id
    if request.headers.get("accept", "") == "application/json":
        return JSONResponse([{"name": "", "reason": "", "job": job}], headers=HEADERS)
    return see_other(request, f"/scans/{job}")


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
        found = (
            judged_after(connection, scan_id, kind=wanted, brand=brand, after=after, limit=SHOWN + 1)
            if scan_id is not None
            else []
        )
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
            failures=bad_rows(connection, visitor.caller, facts["job"], SHOWN_FAILURES),
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


@router.get("/scans/{job}/events")
async def events(visitor: Reader, job: api.JobId) -> Response:
    """The job whenever it changes, as server-sent events."""
    answer = await api.events(visitor.caller, job)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.get("/scans/{job}/failures")
def failures(request: Request, visitor: Reader, job: api.JobId) -> Response:
    """Some of the rows that failed, as a part of a page."""
    with visitor.caller.read() as connection:
        found = find_job(connection, visitor.caller.owner_id, job)
        rows = bad_rows(connection, visitor.caller, found, SHOWN_FAILURES)
    return render(request, "failures.html", job=found, failures=rows)


@router.get("/scans/{job}/failures.csv")
def failures_table(visitor: Reader, job: api.JobId) -> Response:
    """All rows that failed, as a table that no spreadsheet takes for formulas."""
    with visitor.caller.read() as connection:
        found = find_job(connection, visitor.caller.owner_id, job)
        rows = bad_rows(connection, visitor.caller, found)
    text = io.StringIO()
    written = csv.writer(text)
    written.writerow(("line", "row", "reason", "what to do"))
    for row in rows:
        written.writerow((row.line, *map(formula_safe, (row.name, row.reason, row.advice))))
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="job-{job}-failures.csv"'}
    blob = text.getvalue().encode("utf-8-sig", "backslashreplace")
    return Response(blob, headers=headers, media_type="text/csv; charset=utf-8")


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


def _brands(connection: Connection, scan_id: int | None) -> list[str]:
    if scan_id is None:
        return []
    return sorted({count.brand for count in count_brands(connection, scan_id) if count.brand})
