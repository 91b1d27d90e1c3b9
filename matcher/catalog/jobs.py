"""Jobs and who is at them: taken with a lease, so that a dead worker's job is taken up by another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import JsonValue
from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from matcher.catalog.columns import now
from matcher.catalog.service_tables import jobs
from matcher.errors import MissingError, UsageError

JobKind = Literal["scan", "import", "archive"]
JobState = Literal["waiting", "running", "done", "failed", "cancelled"]
OPEN = ("waiting", "running")


@dataclass(frozen=True)
class Job:
    """Work that was acknowledged; `done` counts rows, `attempts` how often it was begun, times are in UTC."""

    job_id: int
    owner_id: int
    kind: JobKind
    state: JobState
    terms: dict[str, JsonValue]
    done: int
    result: dict[str, JsonValue]
    error: str
    attempts: int
    created: datetime
    finished: datetime | None


def add_job(connection: Connection, owner_id: int, kind: JobKind, terms: Mapping[str, JsonValue]) -> int:
    """The new job's id; it waits. `terms` must be JSON."""
    row = {
        "owner_id": owner_id,
        "kind": kind,
        "state": "waiting",
        "terms": json.dumps(dict(terms), sort_keys=True),
        "done": 0,
        "result": "{}",
        "error": "",
        "attempts": 0,
        "worker": "",
        "created": now(),
    }
    return int(connection.execute(insert(jobs).values(row).returning(jobs.c.job_id)).scalar_one())


def find_job(connection: Connection, owner_id: int, job_id: int) -> Job:
    """The owner's job of that id; raises `MissingError` where there is none."""
    wanted = (jobs.c.job_id == job_id) & (jobs.c.owner_id == owner_id)
    row = connection.execute(select(jobs).where(wanted)).one_or_none()
    if row is None:
        raise MissingError(f"there is no job {job_id}")
    return _job(row)


def list_jobs(
    connection: Connection,
    owner_id: int,
    *,
    after: int = 0,
    limit: int = 100,
    kind: JobKind | None = None,
    state: JobState | None = None,
) -> list[Job]:
    """At most `limit` jobs after the job_id `after`, as they were asked for; of one kind or state."""
    query = select(jobs).where(jobs.c.owner_id == owner_id, jobs.c.job_id > after)
    if kind is not None:
        query = query.where(jobs.c.kind == kind)
    if state is not None:
        query = query.where(jobs.c.state == state)
    return [_job(row) for row in connection.execute(query.order_by(jobs.c.job_id).limit(limit))]


def newest_jobs(
    connection: Connection, owner_id: int, *, before: datetime | None = None, limit: int = 20
) -> list[Job]:
    """At most `limit` jobs asked for before the time `before`, the last one first."""
    query = select(jobs).where(jobs.c.owner_id == owner_id)
    if before is not None:
        query = query.where(jobs.c.created < before)
    rows = connection.execute(query.order_by(jobs.c.created.desc(), jobs.c.job_id.desc()).limit(limit))
    return [_job(row) for row in rows]


@dataclass(frozen=True)
class OpenJobs:
    """Jobs of every owner that have not ended; `oldest` is since when the longest waiting one waits."""

    waiting: int
    running: int
    oldest: datetime | None


def open_jobs(connection: Connection) -> OpenJobs:
    """What is still to be done."""
    query = select(jobs.c.state, func.count(), func.min(jobs.c.created)).where(jobs.c.state.in_(OPEN))
    found = {row[0]: (int(row[1]), row[2]) for row in connection.execute(query.group_by(jobs.c.state))}
    waiting, oldest = found.get("waiting", (0, None))
    return OpenJobs(waiting, found.get("running", (0, None))[0], oldest)


def job_folder_names(connection: Connection, ended_before: datetime | None = None) -> set[str]:
    """The names of the folders of all jobs there are, or of those that ended before then."""
    query = select(jobs.c.terms)
    if ended_before is not None:
        query = query.where(jobs.c.finished < ended_before)
    return {str(json.loads(terms).get("folder", "")) for terms in connection.execute(query).scalars()}


def claim_job(connection: Connection, worker: str, lease: timedelta) -> Job | None:
    """The oldest job that waits, or whose worker has not been heard of for `lease`; it is `worker`'s now."""
    lost = and_(jobs.c.state == "running", jobs.c.heartbeat < now() - lease)
    query = select(jobs).where(or_(jobs.c.state == "waiting", lost)).order_by(jobs.c.job_id).limit(1)
    row = connection.execute(query.with_for_update(skip_locked=True)).one_or_none()
    if row is None:
        return None
    values = {
        "state": "running", "worker": worker, "heartbeat": now(), "attempts": row.attempts + 1
    }  # fmt: skip
    connection.execute(update(jobs).where(jobs.c.job_id == row.job_id).values(values))
    return find_job(connection, row.owner_id, row.job_id)


def beat(connection: Connection, job_id: int, worker: str, done: int | None = None) -> bool:
    """Say that `worker` is still at the job; False where it is not its job any more, as after a cancel."""
    values: dict[str, Any] = {"heartbeat": now()} | ({} if done is None else {"done": done})
    return connection.execute(update(jobs).where(_held(job_id, worker)).values(values)).rowcount == 1


def release_job(connection: Connection, job_id: int, worker: str) -> None:
    """Let the job wait for the next worker, as at a stop."""
    values = {"state": "waiting", "worker": "", "heartbeat": None}
    connection.execute(update(jobs).where(_held(job_id, worker)).values(values))


def finish_job(
    connection: Connection,
    job_id: int,
    worker: str,
    *,
    result: Mapping[str, JsonValue] | None = None,
    error: str = "",
) -> bool:
    """End the job well, or with `error`; False where it is not this worker's any more."""
    values = {
        "state": "failed" if error else "done",
        "result": json.dumps(dict(result or {})),
        "error": error,
        "finished": now(),
    }
    return connection.execute(update(jobs).where(_held(job_id, worker)).values(values)).rowcount == 1


def cancel_job(connection: Connection, owner_id: int, job_id: int) -> Job:
    """End the job where it stands, unless it has ended; its worker hears of it at its next beat."""
    job = find_job(connection, owner_id, job_id)
    if job.state in OPEN:
        values = {"state": "cancelled", "finished": now()}
        connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(values))
    return find_job(connection, owner_id, job_id)


def retry_job(connection: Connection, owner_id: int, job_id: int) -> Job:
    """Let a job that failed or was cancelled go on where it stood; raises `UsageError` for any other."""
    job = find_job(connection, owner_id, job_id)
    if job.state not in ("failed", "cancelled"):
        raise UsageError(f"job {job_id} is {job.state}: only one that failed or was cancelled is tried again")
    values = {"state": "waiting", "worker": "", "heartbeat": None, "error": "", "finished": None}
    connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(values))
    return find_job(connection, owner_id, job_id)


def _held(job_id: int, worker: str) -> Any:
    return and_(jobs.c.job_id == job_id, jobs.c.worker == worker, jobs.c.state == "running")


def _job(row: Row[Any]) -> Job:
    return Job(
        job_id=row.job_id,
        owner_id=row.owner_id,
        kind=row.kind,
        state=row.state,
        terms=json.loads(row.terms),
        done=row.done,
        result=json.loads(row.result),
        error=row.error,
        attempts=row.attempts,
        created=row.created,
        finished=row.finished,
    )
