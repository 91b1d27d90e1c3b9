"""A job has one worker at a time, is never lost with it, and ends once."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from matcher.catalog import (
    Database,
    add_job,
    add_owner,
    beat,
    cancel_job,
    claim_job,
    find_job,
    finish_job,
    list_jobs,
    release_job,
    retry_job,
)
from matcher.errors import MissingError, UsageError

LEASE = timedelta(seconds=60)
SHORT = timedelta(milliseconds=20)


def test_the_oldest_job_is_taken_by_one_worker_alone(database: Database) -> None:
    with database.write() as connection:
        first, second = (add_job(connection, 1, "scan", {"number": n}) for n in (1, 2))
        taken = [claim_job(connection, worker, LEASE) for worker in ("a", "b", "c")]
    assert [job and job.job_id for job in taken] == [first, second, None]
    assert taken[0] is not None
    assert (taken[0].terms, taken[0].state, taken[0].attempts) == ({"number": 1}, "running", 1)


def test_a_job_whose_worker_fell_silent_is_taken_by_another_who_alone_may_end_it(database: Database) -> None:
    with database.write() as connection:
        number = add_job(connection, 1, "scan", {})
        claim_job(connection, "dead", LEASE)
        assert beat(connection, number, "dead", done=5)
        assert claim_job(connection, "heir", LEASE) is None, "the first is still heard of"
    time.sleep(0.05)
    with database.write() as connection:
        heir = claim_job(connection, "heir", SHORT)
        assert heir is not None
        assert (heir.done, heir.attempts) == (5, 2)
        assert not beat(connection, number, "dead")
        assert not finish_job(connection, number, "dead", result={"wrong": 1})
        assert finish_job(connection, number, "heir", result={"right": 1})
        assert find_job(connection, 1, number).result == {"right": 1}
        assert claim_job(connection, "late", SHORT) is None


def test_a_cancelled_job_is_told_at_the_next_beat_and_may_be_tried_again(database: Database) -> None:
    with database.write() as connection:
        number = add_job(connection, 1, "scan", {})
        claim_job(connection, "a", LEASE)
        assert cancel_job(connection, 1, number).state == "cancelled"
        assert not beat(connection, number, "a")
        assert claim_job(connection, "b", SHORT) is None
        assert retry_job(connection, 1, number).state == "waiting"
        with pytest.raises(UsageError, match="is waiting: only one that failed"):
            retry_job(connection, 1, number)
        claim_job(connection, "b", LEASE)
        finish_job(connection, number, "b", error="no such table")
        failed = find_job(connection, 1, number)
        assert (failed.state, failed.error) == ("failed", "no such table")
        assert cancel_job(connection, 1, number).state == "failed"


def test_a_job_that_is_let_go_waits_for_the_next_worker(database: Database) -> None:
    with database.write() as connection:
        number = add_job(connection, 1, "scan", {})
        claim_job(connection, "a", LEASE)
        release_job(connection, number, "stranger")
        assert find_job(connection, 1, number).state == "running"
        release_job(connection, number, "a")
        assert find_job(connection, 1, number).state == "waiting"


def test_jobs_of_another_owner_are_not_there(database: Database) -> None:
    with database.write() as connection:
        other = add_owner(connection, "Other")
        numbers = [add_job(connection, 1, "import", {}) for _ in range(3)]
        assert list_jobs(connection, other) == []
        assert [job.job_id for job in list_jobs(connection, 1, after=numbers[0], limit=1)] == numbers[1:2]
        add_job(connection, 1, "scan", {})
        cancel_job(connection, 1, numbers[2])
        assert [job.job_id for job in list_jobs(connection, 1, kind="import")] == numbers
        assert [job.job_id for job in list_jobs(connection, 1, kind="import", state="waiting")] == numbers[:2]
        assert list_jobs(connection, 1, state="done") == []
        for change in (find_job, cancel_job, retry_job):
            with pytest.raises(MissingError, match="there is no job"):
                change(connection, other, numbers[0])
