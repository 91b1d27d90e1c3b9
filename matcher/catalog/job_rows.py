"""What came of each row of a job, kept in the transaction that took the row in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from matcher.catalog.importing import SettledRow
from matcher.catalog.service_tables import job_rows, jobs


def add_job_rows(connection: Connection, job_id: int, rows: Iterable[SettledRow]) -> None:
    """Keep what came of `rows`; a line that the job has told of already stays as it is.

    So a worker that was taken for dead and comes back changes nothing.
    """
    values = [
        {"job_id": job_id, "line": one.line, "name": one.reference_id, "outcome": one.outcome,
         "reasons": one.reasons}
        for one in rows
    ]  # fmt: skip
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    if values:
        connection.execute(insert(job_rows).on_conflict_do_nothing(), values)


def last_job_row(connection: Connection, job_id: int) -> int:
    """The line of the last row that the job has told of, 0 where there is none yet."""
    query = select(func.max(job_rows.c.line)).where(job_rows.c.job_id == job_id)
    return int(connection.execute(query).scalar_one() or 0)


def job_rows_after(
    connection: Connection, job_id: int, after: int, limit: int, *, outcome: str = ""
) -> list[SettledRow]:
    """At most `limit` rows by line, after the line `after`; only those of that outcome where one is given."""
    query = select(job_rows).where(job_rows.c.job_id == job_id, job_rows.c.line > after)
    if outcome:
        query = query.where(job_rows.c.outcome == outcome)
    rows = connection.execute(query.order_by(job_rows.c.line).limit(limit))
    return [SettledRow(row.line, row.name, row.outcome, row.reasons) for row in rows]


def count_job_rows(connection: Connection, job_id: int) -> Counter[str]:
    """How many rows of the job had each outcome."""
    query = select(job_rows.c.outcome, func.count()).where(job_rows.c.job_id == job_id)
    found: Counter[str] = Counter()
    for outcome, count in connection.execute(query.group_by(job_rows.c.outcome)):
        found[outcome] = count
    return found


def job_rows_with_reasons(connection: Connection, job_id: int, limit: int) -> list[SettledRow]:
    """At most `limit` rows by line that failed, or of whose images some did."""
    query = select(job_rows).where(job_rows.c.job_id == job_id, job_rows.c.reasons != "")
    rows = connection.execute(query.order_by(job_rows.c.line).limit(limit))
    return [SettledRow(row.line, row.name, row.outcome, row.reasons) for row in rows]


def count_reasons(connection: Connection, job_id: int) -> int:
    """How many `job_rows_with_reasons` there are."""
    query = select(func.count()).where(job_rows.c.job_id == job_id, job_rows.c.reasons != "")
    return int(connection.execute(query).scalar_one())


def drop_failed_job_rows(connection: Connection, job_id: int) -> None:
    """Forget the rows that failed, as they are tried again."""
    failed = (job_rows.c.job_id == job_id) & (job_rows.c.outcome == "failed")
    connection.execute(delete(job_rows).where(failed))


def drop_job_rows(connection: Connection, ended_before: datetime) -> int:
    """Forget the rows of jobs that ended before then; how many there were."""
    old = select(jobs.c.job_id).where(jobs.c.finished < ended_before)
    return connection.execute(delete(job_rows).where(job_rows.c.job_id.in_(old))).rowcount
