"""Works on jobs, one at a time, in a thread of the server; what a kill or a stop leaves goes on in the next.

The row in the database is the queue and a job is taken with a lease: a second record could differ.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count

from pydantic import JsonValue

from matcher.catalog import Job, beat, claim_job, find_scan, finish_job, last_number, release_job
from matcher.errors import CatalogError, ManifestError, MatcherError, ScanMovedError
from matcher.faults import commit_point
from matcher.policy import Policy
from matcher.scan import ScanRequest, run_scan
from matcher.service.announcing import Announcer, tell_of_end
from matcher.service.archive_import import import_archive
from matcher.service.describing import ImportDescriber
from matcher.service.hma.pdq import hash_some
from matcher.service.job_folders import job_folder, sweep
from matcher.service.table_import import import_table
from matcher.workspace import Workspace

_log = logging.getLogger("matcher.service")
SWEEP_SECONDS = 3_600.0
MOST_TRIES = 5
Progress = Callable[[int | None], None]


class _Stopped(Exception):  # noqa: N818 - no error: the server stops, or the job is not ours any more
    """The work is to end where it stands."""


class Runner:
    """One worker; `start` it with the server, `stop` it with the server."""

    def __init__(self, workspace: Workspace, policy: Policy) -> None:
        self._workspace, self._policy = workspace, policy
        self._name = secrets.token_hex(8)
        self._lease = timedelta(seconds=workspace.settings.service.lease_seconds)
        self._stopping = threading.Event()
        self._next_sweep, self._hashed = 0.0, -1
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to look for jobs."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Let the job under way stop at its next commit; after `seconds` it is left to its lease."""
        self._stopping.set()
        self._thread.join(seconds)

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self._sweep()
                with self._workspace.database.write() as connection:
                    job = claim_job(connection, self._name, self._lease)
                if job is not None:
                    self._run(job)
                    continue
                if self._hash():
                    continue
            except CatalogError as error:
                _log.error("jobs cannot be looked for", extra={"error": str(error)})
            self._stopping.wait(self._workspace.settings.service.poll_seconds)

    def _hash(self) -> bool:
        """Hash some images; whether there may be more. Asked for only where the catalog moved on."""
        with self._workspace.database.read() as connection:
            number = last_number(connection)
        if number == self._hashed:
            return False
        if hash_some(self._workspace):
            return True
        self._hashed = number
        return False

    def _sweep(self) -> None:
        """Remove what is left over, now and then."""
        if time.monotonic() >= self._next_sweep:
            self._next_sweep = time.monotonic() + SWEEP_SECONDS
            try:
                sweep(self._workspace)
            except OSError as error:
                _log.error("left-over files cannot be removed", extra={"error": str(error)})

    def _run(self, job: Job) -> None:
        """Work on the job and end it; a mistake of ours ends it too, and stands in the log."""
        _log.info("job begun", extra={"job": job.job_id, "kind": job.kind, "attempt": job.attempts})
        commit_point("job:claimed")
        result, error = {}, ""
        with self._heard_of(job):
            try:
                result = self._worked(job)
            except _Stopped:
                with self._workspace.database.write() as connection:
                    release_job(connection, job.job_id, self._name)
                return
            except MatcherError as found:
                error = self._told(job, found)
            except Exception as found:  # noqa: BLE001 - whatever it is, whoever waits must hear of an end
                _log.error("unexpected error", exc_info=found, extra={"job": job.job_id})
                error = "a mistake in the matcher; its log says more"
        commit_point("job:worked")
        with self._workspace.database.write() as connection:
            ours = finish_job(connection, job.job_id, self._name, result=result, error=error)
            if ours and job.kind == "scan":
                tell_of_end(connection, job, result, error)
        _log.info("job ended", extra={"job": job.job_id, "kind": job.kind, "error": error})

    def _worked(self, job: Job) -> dict[str, JsonValue]:
        if job.kind == "scan":
            return _scan(self._workspace, self._policy, job, lambda done: self._progress(job, done))
        describer = ImportDescriber(self._workspace)

        def progress(done: int | None) -> None:
            describer.describe()
            self._progress(job, done)

        work = {"import": import_table, "archive": import_archive}[job.kind]
        result = work(self._workspace, job, progress)
        describer.end(lambda: self._progress(job))
        return result

    def _told(self, job: Job, error: MatcherError) -> str:
        """The error in words that name no folder of the server."""
        if isinstance(error, ManifestError):
            return f"the {'archive' if job.kind == 'archive' else 'manifest'} {error.reason}"
        folder = job_folder(self._workspace, job.terms)
        return (
            str(error).replace(f"{folder / 'given'}{os.sep}", "the ").replace(str(folder), "the job's folder")
        )

    def _progress(self, job: Job, done: int | None = None) -> None:
        with self._workspace.database.write() as connection:
            ours = beat(connection, job.job_id, self._name, done)
        if not ours or self._stopping.is_set():
            raise _Stopped

    @contextlib.contextmanager
    def _heard_of(self, job: Job) -> Iterator[None]:
        """Beats while the block lasts, as a chunk may take longer than the lease."""
        ended = threading.Event()

        def beating() -> None:
            while not ended.wait(self._lease.total_seconds() / 4):
                with contextlib.suppress(CatalogError), self._workspace.database.write() as connection:
                    beat(connection, job.job_id, self._name)

        heart = threading.Thread(target=beating, name="heartbeat", daemon=True)
        heart.start()
        try:
            yield
        finally:
            ended.set()
            heart.join()


def _scan(workspace: Workspace, policy: Policy, job: Job, progress: Progress) -> dict[str, JsonValue]:
    folder = job_folder(workspace, job.terms)
    request = ScanRequest(
        manifest=folder / "given" / "manifest", out=folder / "out", resume=True, owner_id=job.owner_id
    )
    announcer = Announcer(workspace, job)

    def committed(rows: int, _photos: int) -> None:
        announcer.tell()
        progress(rows)

    for tries in count(1):
        try:
            summary = run_scan(workspace, policy, request, progress=committed)
            break
        except ScanMovedError:
            # A worker that was taken for dead has committed once more: this one goes on behind it, if the job
            # is still its own.
            progress(None)
            if tries == MOST_TRIES:
                raise
    announcer.tell()
    with workspace.database.read() as connection:
        scan = find_scan(connection, summary.scan_id)
    progress(scan.position if scan else None)  # of one row several photos may fail
    counts: dict[str, JsonValue] = {kind.value: count for kind, count in summary.counts.items()}
    facts: dict[str, JsonValue] = {"scan": summary.scan_id, "listings": summary.listings}
    return {**facts, "verdicts": counts, "failed": summary.failed}
