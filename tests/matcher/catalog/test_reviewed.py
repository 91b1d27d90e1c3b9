"""Reviewed listings are read back with the answer that counts, in every scan or in one."""

from __future__ import annotations

import pytest

from matcher.catalog import (
    Database,
    answer_review,
    commit_chunk,
    find_listing,
    find_newest_listing,
    iterate_reviewed,
)
from matcher.records import ReviewAnswer
from tests.matcher.catalog.test_scans import begin, examined

CONFIRM, REJECT = ReviewAnswer.CONFIRM, ReviewAnswer.REJECT


@pytest.fixture
def scans(database: Database) -> tuple[int, int]:
    """Two scans of the same three listings, into two folders."""
    found = []
    for out in ("/one", "/two"):
        scan_id = begin(database, out)
        with database.write() as connection:
            commit_chunk(connection, scan_id, 0, [examined(number) for number in range(3)], [], 3)
        found.append(scan_id)
    return found[0], found[1]


def test_the_latest_answer_counts_and_comes_in_the_order_of_answers(
    database: Database, scans: tuple[int, int]
) -> None:
    first, second = scans
    with database.write() as connection:
        for scan_id, name, answer in (
            (first, "L-1", CONFIRM), (second, "L-1", CONFIRM), (first, "L-0", CONFIRM), (first, "L-1", REJECT)
        ):  # fmt: skip
            answer_review(connection, find_listing(connection, scan_id, name).listing_row, answer)
        told = [(one.scan_id, one.listing.listing_id, said) for one, said in iterate_reviewed(connection)]
        assert told == [(second, "L-1", CONFIRM), (first, "L-0", CONFIRM), (first, "L-1", REJECT)]
        alone = [one.listing.listing_id for one, _ in iterate_reviewed(connection, scan_id=second)]
        assert alone == ["L-1"]
        assert all(len(one.photos) == 1 for one, _ in iterate_reviewed(connection))


def test_a_listing_is_found_in_its_newest_scan(database: Database, scans: tuple[int, int]) -> None:
    with database.read() as connection:
        found = find_newest_listing(connection, "L-2")
        assert found is not None
        assert found.scan_id == scans[1]
        assert find_newest_listing(connection, "L-9") is None
