"""Uploads in parts and rows of jobs, as both databases keep them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from matcher.catalog import (
    Database,
    SettledRow,
    add_job,
    add_job_rows,
    add_owner,
    add_upload,
    count_job_rows,
    count_uploads,
    drop_expired_uploads,
    drop_job_rows,
    drop_upload,
    every_upload_id,
    find_upload,
    job_rows_after,
    keep_received,
    last_job_row,
    list_uploads,
)
from matcher.catalog.columns import now
from matcher.errors import MissingError

DAY = timedelta(days=1)


def test_an_upload_is_its_owners_until_it_is_used_once(database: Database) -> None:
    with database.write() as connection:
        other = add_owner(connection, "other")
        made = add_upload(connection, 1, name="é.zip", length=2**40, lasts=DAY)
        keep_received(connection, made.upload_id, 2**35, DAY)
    with database.read() as connection:
        found = find_upload(connection, 1, made.upload_id)
        assert (found.name, found.length, found.received) == ("é.zip", 2**40, 2**35)
        assert found.expires > made.expires
        assert [one.upload_id for one in list_uploads(connection, 1)] == [made.upload_id]
        assert (count_uploads(connection, 1), count_uploads(connection, other)) == (1, 0)
        with pytest.raises(MissingError):
            find_upload(connection, other, made.upload_id)
    with database.write() as connection:
        with pytest.raises(MissingError):
            drop_upload(connection, other, made.upload_id)
        drop_upload(connection, 1, made.upload_id)
        with pytest.raises(MissingError):
            drop_upload(connection, 1, made.upload_id)


def test_an_upload_whose_time_is_over_is_not_there(database: Database) -> None:
    with database.write() as connection:
        old = add_upload(connection, 1, name="", length=1, lasts=-DAY)
        new = add_upload(connection, 1, name="", length=1, lasts=DAY)
        assert count_uploads(connection, 1) == 1
        with pytest.raises(MissingError):
            find_upload(connection, 1, old.upload_id)
        assert every_upload_id(connection) == {old.upload_id, new.upload_id}
        drop_expired_uploads(connection)
        assert every_upload_id(connection) == {new.upload_id}


def test_what_came_of_rows_is_read_a_page_at_a_time_and_forgotten_with_age(database: Database) -> None:
    with database.write() as connection:
        job = add_job(connection, 1, "archive", {})
        assert last_job_row(connection, job) == 0
        rows = [SettledRow(n, f"R-\x00{n}", "added" if n % 2 else "failed", "why") for n in range(1, 6)]
        add_job_rows(connection, job, rows)
        add_job_rows(connection, job, [SettledRow(5, "R-5", "unchanged")])
        assert last_job_row(connection, job) == 5
        assert job_rows_after(connection, job, 2, 2) == rows[2:4]
        assert job_rows_after(connection, job, 0, 9, outcome="failed") == rows[1::2]
        assert count_job_rows(connection, job) == {"added": 3, "failed": 2}
        assert drop_job_rows(connection, now()) == 0, "the job has not ended"
