"""Takes a table of references into the catalog, as the work of a job; what came of it outlives a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from pydantic import JsonValue
from sqlalchemy import Connection

from matcher.catalog import (
    Job,
    SettledRow,
    add_job_rows,
    count_job_rows,
    count_reasons,
    drop_failed_job_rows,
    import_references,
    job_rows_with_reasons,
)
from matcher.manifests import read_references
from matcher.records import ImageRole
from matcher.service.job_folders import job_folder
from matcher.sources import archive_limits, source_of
from matcher.workspace import Workspace

Item = TypeVar("Item")
MOST_FAILURES = 1_000
"""Failures told in a job's result; `/rows` of the job tells all."""


def import_table(workspace: Workspace, job: Job, progress: Callable[[int], None]) -> dict[str, JsonValue]:
    """Take in what the job's table holds.

    What went in before a kill or a stop is found unchanged and still counts as what it was then: rows that
    change something are kept with the job in their transaction. Rows that failed are tried again.
    """
    path = job_folder(workspace, job.terms) / "given" / "manifest"
    seen = 0

    def record(connection: Connection, rows: list[SettledRow]) -> None:
        nonlocal seen
        seen += len(rows)
        told = [one for one in rows if one.outcome != "unchanged" or one.reasons]
        add_job_rows(connection, job.job_id, told)

    with workspace.database.write() as connection:
        drop_failed_job_rows(connection, job.job_id)
    rows = _counted(read_references(path, archive_limits(workspace.settings)), progress)
    with source_of(path, workspace.settings) as source:
        import_references(
            workspace.database, workspace.store, rows, source.read,
            brand=str(job.terms["brand"]), role=ImageRole(str(job.terms["kind"])),
            settings=workspace.settings.images, source="manifest", owner_id=job.owner_id, record=record,
        )  # fmt: skip
    return _result(workspace, job, seen)


def _result(workspace: Workspace, job: Job, seen: int) -> dict[str, JsonValue]:
    """Counts of rows; `failed` counts those of whose images not all went in."""
    with workspace.database.read() as connection:
        counts = count_job_rows(connection, job.job_id)
        failed = count_reasons(connection, job.job_id)
        rows = job_rows_with_reasons(connection, job.job_id, MOST_FAILURES)
    failures: list[JsonValue] = [
        {"line": one.line, "reference_id": one.reference_id, "reason": one.reasons} for one in rows
    ]
    unchanged = seen - counts["added"] - counts["changed"] - counts["failed"]
    return {
        "added": counts["added"], "changed": counts["changed"], "unchanged": unchanged,
        "failed": failed, "failures": failures,
    }  # fmt: skip


def _counted(rows: Iterable[Item], progress: Callable[[int], None], every: int = 16) -> Iterator[Item]:
    done = 0
    for done, row in enumerate(rows, 1):
        yield row
        if done % every == 0:
            progress(done)
    progress(done)
