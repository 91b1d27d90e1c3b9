"""Takes a ZIP of images into the catalog, as the work of a job: a reference each, a row of result each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from pydantic import JsonValue
from sqlalchemy import Connection

from matcher.catalog import (
    Job,
    SettledRow,
    add_job_rows,
    count_job_rows,
    import_references,
    last_job_row,
)
from matcher.manifests import ImageArchive, Row
from matcher.records import FailedRow, ImageRole, ReferenceRow
from matcher.service.job_folders import job_folder
from matcher.sources import archive_limits
from matcher.workspace import Workspace


def import_archive(workspace: Workspace, job: Job, progress: Callable[[int], None]) -> dict[str, JsonValue]:
    """Take in what the job's archive holds, from the entry on that its rows do not tell of yet."""
    path = job_folder(workspace, job.terms) / "given" / "manifest"
    with workspace.database.read() as connection:
        begins = last_job_row(connection, job.job_id)
    done = begins

    def record(connection: Connection, rows: list[SettledRow]) -> None:
        nonlocal done
        add_job_rows(connection, job.job_id, rows)
        done = max([done, *(row.line for row in rows)])

    with ImageArchive(path, archive_limits(workspace.settings)) as archive:

        def rest() -> Iterator[Row[ReferenceRow] | FailedRow]:
            told = begins
            for row in islice(archive.rows(), begins, None):
                if done != told:
                    told = done
                    progress(done)
                yield row

        import_references(
            workspace.database, workspace.store, rest(), archive.read,
            brand=str(job.terms["brand"]), role=ImageRole(str(job.terms["kind"])),
            settings=workspace.settings.images, source="archive", owner_id=job.owner_id, record=record,
        )  # fmt: skip
    progress(done)
    with workspace.database.read() as connection:
        counts = count_job_rows(connection, job.job_id)
    return {name: counts[name] for name in ("added", "changed", "unchanged", "failed")}
