"""Scans on pages: a table is uploaded, its progress watched, its verdicts filtered and taken to review."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from matcher.catalog import Scope, find_job
from matcher.service import jobs as api
from matcher.service.paging import LARGEST
from matcher.service.web.frame import HEADERS, PageRoute, render, see_other
from matcher.service.web.progress import bad_rows, progress_of
from matcher.service.web.runs import runs
from matcher.service.web.scanned import failures_file, verdicts_of
from matcher.service.web.uploading import Upload
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Reader = Annotated[Visitor, admitted(Scope.SCANS_READ)]
Writer = Annotated[Visitor, admitted(Scope.SCANS_WRITE)]
Table = Annotated[UploadFile | None, File()]
SHOWN_RUNS, SHOWN_FAILURES = 20, 50


@router.get("/scans")
def scans(
    request: Request, visitor: Reader, before: Annotated[int | None, Query(ge=1, le=LARGEST)] = None
) -> Response:
    """The form and what the owner has scanned and imported, the newest first."""
    with visitor.caller.read() as connection:
        found, older = runs(connection, visitor.caller.owner_id, before=before, limit=SHOWN_RUNS)
    return render(request, "scans.html", runs=found, older=older, before=before)


@router.get("/scans/latest")
def latest(
    request: Request, visitor: Reader, limit: Annotated[int, Query(ge=1, le=SHOWN_RUNS)] = SHOWN_RUNS
) -> Response:
    """The list alone, which pages ask for while a job is under way."""
    with visitor.caller.read() as connection:
        found, _ = runs(connection, visitor.caller.owner_id, limit=limit)
    return render(request, "jobs.html", runs=found)


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
    with visitor.caller.read() as connection:
        facts = progress_of(connection, visitor.caller, job)
        found = facts["job"]
        return render(
            request,
            "scan.html",
            **facts,
            **verdicts_of(connection, facts["scan_id"], kind, brand, after),
            failures=bad_rows(connection, visitor.caller, found, SHOWN_FAILURES),
            entries=found.kind == "archive",
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
    return render(
        request, "failures.html", base=f"/scans/{job}", entries=found.kind == "archive", failures=rows
    )


@router.get("/scans/{job}/failures.csv")
def failures_table(visitor: Reader, job: api.JobId) -> Response:
    """All rows that failed, as a table that no spreadsheet takes for formulas."""
    with visitor.caller.read() as connection:
        found = find_job(connection, visitor.caller.owner_id, job)
        rows = bad_rows(connection, visitor.caller, found)
    return failures_file(rows, f"job-{job}")


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
