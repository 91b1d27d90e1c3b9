"""Scans and imports of whole tables as jobs: asked for, watched, cancelled, tried again, read back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Path, Query, UploadFile
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, JsonValue
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from matcher.catalog import (
    Job,
    Scope,
    add_job,
    brand_name_of,
    cancel_job,
    drop_upload,
    failures_after,
    find_job,
    iterate_verdicts,
    job_rows_after,
    latest_scan,
    list_jobs,
    retry_job,
    verdicts_after,
)
from matcher.catalog.jobs import JobKind, JobState
from matcher.manifests import read_listings, read_references
from matcher.outputs import verdict_line, verdict_record
from matcher.records import ImageRole, Verdict
from matcher.service.access import Caller, allowed
from matcher.service.brands import Writer as CatalogWriter
from matcher.service.given import expect_readable, name_of, take
from matcher.service.job_folders import job_folder, remove_upload_file
from matcher.service.paging import LARGEST, After, Limit, Page, page
from matcher.service.problems import RESPONSES, RefusedError
from matcher.sources import archive_limits

router = APIRouter(prefix="/v1", tags=["jobs"], responses=RESPONSES)
Reader = Annotated[Caller, allowed(Scope.SCANS_READ)]
Writer = Annotated[Caller, allowed(Scope.SCANS_WRITE)]
JobId = Annotated[int, Path(ge=1, le=LARGEST)]
Manifest = Annotated[
    UploadFile | None,
    File(description="CSV, TSV, XLSX, JSON lines, Parquet, a Merchant feed, or a ZIP of images."),
]
Upload = Annotated[str, Form(max_length=64, description="A finished upload, instead of a file in the form.")]
Outcome = Annotated[
    Literal["", "added", "changed", "unchanged", "failed"],
    Query(description="Only files of which this came."),
]
EVENT_SECONDS, POLL_SECONDS = 15.0, 0.25
"""How long one stream of events lasts, as clients connect again, and how often the job is read."""
ENDED = ("done", "failed", "cancelled")


class ShownJob(BaseModel):
    """A job; `done` counts rows, `attempts` how often it was begun."""

    job_id: int
    kind: str
    state: str
    done: int
    result: dict[str, JsonValue]
    error: str
    attempts: int
    created: datetime
    finished: datetime | None


class FailedListing(BaseModel):
    """A row that could not be examined."""

    number: int
    line: int
    listing_id: str
    reason: str


class ShownRow(BaseModel):
    """A file of an archive: `added`, `changed`, `unchanged` or `failed`, and then why."""

    line: int
    reference_id: str
    outcome: str
    reasons: str


@router.post("/scans", status_code=HTTPStatus.ACCEPTED)
def scan(caller: Writer, manifest: Manifest = None, upload: Upload = "") -> ShownJob:
    """Scan a table of listings, whose images are addresses, or a ZIP of images; the answer is the job.

    A table in the ZIP says which images are of which listing; without one each image is a listing. Send the
    file as `manifest`, or name a finished `upload` that holds it.
    """
    folder = take(caller, manifest, upload)
    limits = archive_limits(caller.service.workspace.settings)
    expect_readable(lambda path: read_listings(path, limits), folder)
    terms = {"folder": folder.name, "name": name_of(caller, manifest, upload)}
    return added(caller, "scan", terms, upload)


@router.post("/imports", status_code=HTTPStatus.ACCEPTED)
def import_(
    caller: CatalogWriter,
    manifest: Manifest = None,
    brand_id: Annotated[int | None, Form(ge=1, le=LARGEST)] = None,
    kind: Annotated[ImageRole, Form()] = ImageRole.REFERENCE,
    upload: Upload = "",
) -> ShownJob:
    """Import a table of references, whose images are addresses, or a ZIP of images with or without a table.

    `brand_id` or the table's rows name the brand.
    """
    brand = ""
    if brand_id is not None:
        with caller.read() as connection:
            brand = brand_name_of(connection, brand_id, owner_id=caller.owner_id)
    folder = take(caller, manifest, upload)
    limits = archive_limits(caller.service.workspace.settings)
    expect_readable(lambda path: read_references(path, limits), folder)
    name = name_of(caller, manifest, upload)
    terms = {"folder": folder.name, "brand": brand, "kind": kind.value, "name": name}
    return added(caller, "import", terms, upload)


@router.get("/jobs")
def jobs(
    caller: Reader,
    kind: Annotated[JobKind | None, Query(description="Only jobs of this kind.")] = None,
    state: Annotated[JobState | None, Query(description="Only jobs in this state.")] = None,
    after: After = 0,
    limit: Limit = 100,
) -> Page[ShownJob]:
    """The owner's jobs, in the order they were asked for."""
    with caller.read() as connection:
        found = list_jobs(connection, caller.owner_id, after=after, limit=limit + 1, kind=kind, state=state)
    return page(found, limit, lambda job: job.job_id, shown)


@router.get("/jobs/{job}")
def show(caller: Reader, job: JobId) -> ShownJob:
    """One job."""
    with caller.read() as connection:
        return shown(find_job(connection, caller.owner_id, job))


@router.get(
    "/jobs/{job}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(caller: Reader, job: JobId) -> StreamingResponse:
    """The job, and again whenever it changes, as server-sent events, until it has ended."""
    first = await run_in_threadpool(show, caller, job)
    return StreamingResponse(_changes(caller, first), media_type="text/event-stream")


@router.post("/jobs/{job}/cancel")
def cancel(caller: Writer, job: JobId) -> ShownJob:
    """End a job where it stands; what it has committed stays."""
    with caller.write("job.cancel", str(job)) as connection:
        return shown(cancel_job(connection, caller.owner_id, job))


@router.post("/jobs/{job}/retry")
def retry(caller: Writer, job: JobId) -> ShownJob:
    """Let a job that failed or was cancelled go on where it stood."""
    with caller.read() as connection:
        terms = find_job(connection, caller.owner_id, job).terms
    if not job_folder(caller.service.workspace, terms).is_dir():
        raise RefusedError(HTTPStatus.CONFLICT, f"job {job} ended too long ago: its files are removed")
    with caller.write("job.retry", str(job)) as connection:
        return shown(retry_job(connection, caller.owner_id, job))


@router.get("/jobs/{job}/verdicts")
def verdicts(caller: Reader, job: JobId, after: After = 0, limit: Limit = 100) -> Page[Verdict]:
    """A scan's verdicts in the order of its table, also while it runs."""
    with caller.read() as connection:
        number = _scan_of(connection, caller, job)
        found = [] if number is None else verdicts_after(connection, number, after, limit + 1)
    return page(
        found, limit, lambda one: one[0] + 1, lambda one: Verdict.model_validate(verdict_record(one[1]))
    )


@router.get(
    "/jobs/{job}/verdicts.ndjson",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)
def verdict_lines(caller: Reader, job: JobId) -> StreamingResponse:
    """All of a scan's verdicts so far, a JSON object a line, as `verdicts.jsonl` of a scan holds them."""
    with caller.read() as connection:
        number = _scan_of(connection, caller, job)
    return StreamingResponse(verdict_lines_of(caller, number), media_type="application/x-ndjson")


@router.get(
    "/jobs/{job}/verdicts.parquet",
    response_class=FileResponse,
    responses={
        200: {
            "content": {"application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}}}
        }
    },
)
def verdict_table(caller: Reader, job: JobId) -> FileResponse:
    """All verdicts of a scan that is done, as a table; its files are kept for `service.keep_days`."""
    with caller.read() as connection:
        found = find_job(connection, caller.owner_id, job)
    path = job_folder(caller.service.workspace, found.terms) / "out" / "verdicts.parquet"
    if found.kind != "scan" or found.state != "done" or not path.is_file():
        detail = f"job {job} has no table of verdicts: it is no scan, not done, or its files are removed"
        raise RefusedError(HTTPStatus.CONFLICT, detail)
    return FileResponse(path, media_type="application/vnd.apache.parquet", filename=f"verdicts-{job}.parquet")


@router.get("/jobs/{job}/rows")
def rows(
    caller: Reader, job: JobId, outcome: Outcome = "", after: After = 0, limit: Limit = 100
) -> Page[ShownRow]:
    """What came of each file of an archive, or of rows of a table that changed something or failed."""
    with caller.read() as connection:
        find_job(connection, caller.owner_id, job)
        found = job_rows_after(connection, job, after, limit + 1, outcome=outcome)
    return page(found, limit, lambda one: one.line, lambda one: ShownRow(**vars(one)))


@router.get("/jobs/{job}/failures")
def failures(caller: Reader, job: JobId, after: After = 0, limit: Limit = 100) -> Page[FailedListing]:
    """Rows of a scan that could not be examined, with the reason."""
    with caller.read() as connection:
        number = _scan_of(connection, caller, job)
        found = [] if number is None else failures_after(connection, number, after, limit + 1)
    return page(found, limit, lambda one: one[0], _failed)


def shown(job: Job) -> ShownJob:
    """The job as it is shown."""
    return ShownJob(**{name: getattr(job, name) for name in ShownJob.model_fields})


def _failed(one: tuple[int, Any]) -> FailedListing:
    number, row = one
    return FailedListing(number=number, line=row.line, listing_id=row.listing_id, reason=row.reason)


def added(caller: Caller, kind: JobKind, terms: Mapping[str, JsonValue], upload: str = "") -> ShownJob:
    """The new job; the upload that its file came by, if any, is over with the same commit."""
    with caller.write(f"job.{kind}", lambda: str(number)) as connection:
        number = add_job(connection, caller.owner_id, kind, terms)
        if upload:
            drop_upload(connection, caller.owner_id, upload)
        job = shown(find_job(connection, caller.owner_id, number))
    if upload:
        remove_upload_file(caller.service.workspace, upload)
    return job


def _scan_of(connection: Connection, caller: Caller, job: int) -> int | None:
    """The number of the job's scan, None where it has not begun one."""
    found = find_job(connection, caller.owner_id, job)
    if found.kind != "scan":
        raise RefusedError(
            HTTPStatus.CONFLICT, f"job {job} is of the kind {found.kind}, which gives no verdicts"
        )
    out = job_folder(caller.service.workspace, found.terms) / "out"
    begun = latest_scan(connection, str(out), owner_id=caller.owner_id)
    return None if begun is None else begun.scan_id


def verdict_lines_of(caller: Caller, number: int | None) -> Iterator[bytes]:
    """The verdicts of the scan of that number, a line of JSON each; of None there are none."""
    if number is None:
        return
    with caller.read() as connection:
        for verdict in iterate_verdicts(connection, number):
            yield verdict_line(verdict).encode() + b"\n"


async def _changes(caller: Caller, job: ShownJob) -> AsyncIterator[str]:
    ends, told = time.monotonic() + EVENT_SECONDS, ""
    while True:
        text = job.model_dump_json()
        if text != told:
            yield f"event: job\ndata: {text}\n\n"
            told = text
        if job.state in ENDED or time.monotonic() > ends:
            return
        await asyncio.sleep(POLL_SECONDS)
        job = await run_in_threadpool(show, caller, job.job_id)
