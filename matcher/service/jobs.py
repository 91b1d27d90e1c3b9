"""Scans and imports of whole tables as jobs: asked for, watched, cancelled, tried again, read back."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, JsonValue
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from matcher.catalog import (
    Job,
    Scope,
    add_job,
    brand_name_of,
    cancel_job,
    failures_after,
    find_job,
    iterate_verdicts,
    latest_scan,
    list_jobs,
    retry_job,
    verdicts_after,
)
from matcher.errors import ManifestError
from matcher.files import sync_folder
from matcher.manifests import read_listings, read_references
from matcher.outputs import verdict_line, verdict_record
from matcher.records import ImageRole, Verdict
from matcher.service.access import Caller, allowed
from matcher.service.brands import Writer as CatalogWriter
from matcher.service.paging import LARGEST, After, Limit, Page, page
from matcher.service.problems import RESPONSES, RefusedError
from matcher.service.runner import FOLDER, job_folder

router = APIRouter(prefix="/v1", tags=["jobs"], responses=RESPONSES)
Reader = Annotated[Caller, allowed(Scope.SCANS_READ)]
Writer = Annotated[Caller, allowed(Scope.SCANS_WRITE)]
JobId = Annotated[int, Path(ge=1, le=LARGEST)]
Manifest = Annotated[UploadFile, File(description="CSV, TSV, XLSX, JSON lines, Parquet or a Merchant feed.")]
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


@router.post("/scans", status_code=HTTPStatus.ACCEPTED)
def scan(caller: Writer, manifest: Manifest) -> ShownJob:
    """Scan a table of listings, whose images are addresses; the answer is the job."""
    folder = _kept(caller, manifest)
    _expect_readable(lambda path: read_listings(path), folder)
    return _added(caller, "scan", {"folder": folder.name})


@router.post("/imports", status_code=HTTPStatus.ACCEPTED)
def import_(
    caller: CatalogWriter,
    manifest: Manifest,
    brand_id: Annotated[int | None, Form(ge=1, le=LARGEST)] = None,
    kind: Annotated[ImageRole, Form()] = ImageRole.REFERENCE,
) -> ShownJob:
    """Import a table of references, whose images are addresses; `brand_id` or its rows name the brand."""
    brand = ""
    if brand_id is not None:
        with caller.read() as connection:
            brand = brand_name_of(connection, brand_id, owner_id=caller.owner_id)
    folder = _kept(caller, manifest)
    _expect_readable(lambda path: read_references(path), folder)
    return _added(caller, "import", {"folder": folder.name, "brand": brand, "kind": kind.value})


@router.get("/jobs")
def jobs(caller: Reader, after: After = 0, limit: Limit = 100) -> Page[ShownJob]:
    """The owner's jobs, in the order they were asked for."""
    with caller.read() as connection:
        found = list_jobs(connection, caller.owner_id, after=after, limit=limit + 1)
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
    return StreamingResponse(_lines(caller, number), media_type="application/x-ndjson")


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


def _kept(caller: Caller, manifest: UploadFile) -> FilePath:
    """A new folder with the table in it, durably, before the job that names it commits."""
    folder = caller.service.workspace.folder / FOLDER / secrets.token_hex(12)
    given = folder / "given"
    given.mkdir(parents=True)
    with (given / "manifest").open("xb") as file:
        shutil.copyfileobj(manifest.file, file, 2**20)
        file.flush()
        os.fsync(file.fileno())
    for made in (given, folder, folder.parent):
        sync_folder(made)
    return folder


def _expect_readable(read: Any, folder: FilePath) -> None:
    """Refuse at once what is no table; nothing of it stays."""
    try:
        read(folder / "given" / "manifest")
    except ManifestError as error:
        shutil.rmtree(folder)
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"the manifest {error.reason}") from error


def _added(caller: Caller, kind: Any, terms: dict[str, JsonValue]) -> ShownJob:
    with caller.write(f"job.{kind}", str(terms["folder"])) as connection:
        return shown(find_job(connection, caller.owner_id, add_job(connection, caller.owner_id, kind, terms)))


def _scan_of(connection: Connection, caller: Caller, job: int) -> int | None:
    """The number of the job's scan, None where it has not begun one."""
    found = find_job(connection, caller.owner_id, job)
    if found.kind != "scan":
        raise RefusedError(HTTPStatus.CONFLICT, f"job {job} is an {found.kind}, which gives no verdicts")
    out = job_folder(caller.service.workspace, found.terms) / "out"
    begun = latest_scan(connection, str(out), owner_id=caller.owner_id)
    return None if begun is None else begun.scan_id


def _lines(caller: Caller, number: int | None) -> Iterator[bytes]:
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
