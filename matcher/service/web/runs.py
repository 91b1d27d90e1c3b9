"""What was scanned and imported, newest first: jobs of the service, and scans that commands ran."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any

from sqlalchemy import Connection

from matcher.catalog import Job, Scan, count_verdicts, find_scan, list_scans, newest_jobs
from matcher.errors import MissingError
from matcher.service.job_folders import FOLDER

NOT_COMMANDS = ("check:%", f"%/{FOLDER}/{'_' * 24}/out")
"""Where checks and the service's own scans say that their outputs are."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Run:
    """A line of the list; `state` is a job's, or `unfinished` of a command that runs or was cut off.

    `counts` by verdict where they are known, `done` counts rows, `key` names the line in a page.
    """

    key: str
    address: str
    title: str
    name: str
    brand: str
    state: str
    done: int
    counts: dict[str, int] | None
    error: str
    created: datetime

    @property
    def under_way(self) -> bool:
        """Whether the service is at it or will be."""
        return self.state in ("waiting", "running")

    @property
    def cursor(self) -> int:
        """Microseconds since 1970: those after it in the list are older."""
        return (self.created - _EPOCH) // _TICK


def runs(
    connection: Connection, owner_id: int, *, before: int | None = None, limit: int = 20
) -> tuple[list[Run], int | None]:
    """At most `limit` of the owner's runs older than the cursor, and the cursor of what follows, if any."""
    since = None if before is None else _EPOCH + before * _TICK
    jobs = newest_jobs(connection, owner_id, before=since, limit=limit + 1)
    scans = list_scans(connection, owner_id=owner_id, before=since, limit=limit + 1, but_out=NOT_COMMANDS)
    found = [of_job(job) for job in jobs] + [of_scan(connection, scan) for scan in scans]
    found.sort(key=lambda run: run.created, reverse=True)
    return found[:limit], found[limit - 1].cursor if len(found) > limit else None


def of_job(job: Job) -> Run:
    """The line of a job."""
    counts: Any = job.result.get("verdicts")
    return Run(
        key=f"job-{job.job_id}",
        address=f"/scans/{job.job_id}",
        title=f"{'Scan' if job.kind == 'scan' else 'Import'} {job.job_id}",
        name=str(job.terms.get("name", "")),
        brand=str(job.terms.get("brand", "")),
        state=job.state,
        done=job.done,
        counts=counts,
        error=job.error,
        created=job.created,
    )


def of_scan(connection: Connection, scan: Scan) -> Run:
    """The line of a scan that a command ran, which is named by the folder that it writes to."""
    counts = count_verdicts(connection, scan.scan_id)
    return Run(
        key=f"scan-{scan.scan_id}",
        address=f"/scans/command/{scan.scan_id}",
        title=f"Scan into {PurePath(scan.out).name}",
        name=PurePath(scan.manifest).name,
        brand="",
        state="done" if scan.state == "finished" else "unfinished",
        done=scan.position,
        counts={kind.value: count for kind, count in counts.items()},
        error="",
        created=scan.created,
    )


def command_scan(connection: Connection, owner_id: int, number: int) -> Scan:
    """The owner's scan of that number that a command ran; raises `MissingError` where there is none."""
    found = find_scan(connection, number)
    if found is None or found.owner_id != owner_id:
        raise MissingError(f"there is no scan {number}")
    return found
