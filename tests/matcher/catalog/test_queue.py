"""The queue of reviews: the most suspicious first, walked both ways, and an answer can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from matcher.catalog import (
    Database,
    Wanted,
    add_owner,
    answer_review,
    brands_waiting,
    commit_chunk,
    count_answers,
    count_waiting,
    iterate_reviewed,
    latest_review,
    listings_with_photos_of,
    neighbours,
    start_scan,
    waiting,
    withdraw_answers,
)
from matcher.catalog.scans import ExaminedListing
from matcher.records import ReviewAnswer, VerdictKind
from tests.matcher.catalog.made import image, listing, photo, verdict
from tests.matcher.catalog.test_scans import examined

CLEAR, REVIEW, COUNTERFEIT = VerdictKind
CONFIRM, REJECT, UNSURE = ReviewAnswer
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def scanned(database: Database, *results: ExaminedListing, owner_id: int = 1) -> int:
    """A scan of these, committed."""
    with database.write() as connection:
        scan_id = start_scan(
            connection, out=f"/{owner_id}", manifest="m", manifest_fingerprint="f", snapshot=1, settings={},
            owner_id=owner_id,
        )  # fmt: skip
        commit_chunk(connection, scan_id, 0, results, [], len(results))
    return scan_id


@pytest.fixture
def filled(database: Database) -> Database:
    """Listings 1 to 5 of the owner 1, and one of another owner's with the photo of the first."""
    scanned(
        database,
        examined(1, REVIEW, 0.6),
        examined(2, COUNTERFEIT, 0.9),
        examined(3, CLEAR, 0.1),
        examined(4, COUNTERFEIT, 0.9, "Other"),
        examined(5, REVIEW, 0.7),
    )
    with database.write() as connection:
        other = add_owner(connection, "other")
    scanned(database, examined(1), owner_id=other)
    return database


def names(found: list[object]) -> list[str]:
    return [one.listing.listing_id for one in found]  # type: ignore[attr-defined]


def test_the_most_suspicious_come_first_and_pages_follow_each_other(filled: Database) -> None:
    with filled.read() as connection:
        first = waiting(connection, 1, limit=2)
        assert names([*first, *waiting(connection, 1, after=first[-1].listing_row)]) == [
            "L-2", "L-4", "L-5", "L-1"
        ]  # fmt: skip
        assert count_waiting(connection, 1) == {COUNTERFEIT: 2, REVIEW: 2}
        assert brands_waiting(connection, 1) == ["Acme", "Other"]


def test_a_filter_narrows_list_counts_and_walk(filled: Database) -> None:
    with filled.read() as connection:
        of_acme = Wanted(brand="Acme")
        assert names(waiting(connection, 1, of_acme)) == ["L-2", "L-5", "L-1"]
        assert names(waiting(connection, 1, Wanted(COUNTERFEIT, "Other"))) == ["L-4"]
        assert waiting(connection, 1, Wanted(CLEAR)) == []
        assert waiting(connection, 1, Wanted(scan_id=99)) == []
        assert count_waiting(connection, 1, of_acme) == {COUNTERFEIT: 1, REVIEW: 2}
        rows = [one.listing_row for one in waiting(connection, 1, of_acme)]
        assert neighbours(connection, 1, rows[1], of_acme) == (rows[0], rows[2])


def test_one_walks_both_ways_also_from_what_is_answered(filled: Database) -> None:
    with filled.write() as connection:
        rows = [one.listing_row for one in waiting(connection, 1)]
        answer_review(connection, rows[1], CONFIRM)
        assert neighbours(connection, 1, rows[1]) == (rows[0], rows[2])
        assert neighbours(connection, 1, rows[0]) == (None, rows[2])
        assert neighbours(connection, 1, rows[3]) == (rows[2], None)
        assert neighbours(connection, 1, 999) == (None, None)
        assert neighbours(connection, 2, rows[0]) == (None, None)


def test_listings_of_one_photo_are_found_together(database: Database) -> None:
    shared = image("shared")
    twice = [
        ExaminedListing(listing(name), (photo(shared), photo(image(name), position=1)), verdict(name))
        for name in ("T-0", "T-1", "T-2")
    ]
    scanned(database, *twice, examined(9))
    with database.write() as connection:
        other = add_owner(connection, "other")
    scanned(database, twice[0], owner_id=other)
    with database.write() as connection:
        first = waiting(connection, 1)[0].listing_row
        alike = listings_with_photos_of(connection, 1, first)
        assert names(alike) == ["T-1", "T-2"]
        answer_review(connection, alike[0].listing_row, REJECT)
        assert names(listings_with_photos_of(connection, 1, first)) == ["T-2"]
        assert listings_with_photos_of(connection, other, first) == []


def test_what_was_answered_at_once_is_taken_back_at_once(filled: Database) -> None:
    with filled.write() as connection:
        rows = [one.listing_row for one in waiting(connection, 1)]
        answer_review(connection, rows[0], UNSURE, reviewer="kim")
        time = datetime.now(UTC)
        for row in rows[1:3]:
            answer_review(connection, row, CONFIRM, reviewer="kim", time=time)
        answer_review(connection, rows[3], REJECT, reviewer="lee")
        assert count_answers(connection, 1)[COUNTERFEIT] == {CONFIRM: 1, REJECT: 0, UNSURE: 1}
        assert withdraw_answers(connection, "kim", since=LONG_AGO) == rows[1:3]
        assert names(waiting(connection, 1)) == ["L-4", "L-5"]
        assert latest_review(connection, rows[1]) is None
        assert [answer for _, answer in iterate_reviewed(connection)] == [UNSURE, REJECT]
        assert withdraw_answers(connection, "kim", since=LONG_AGO) == rows[:1]
        assert withdraw_answers(connection, "kim", since=LONG_AGO) == []
        assert withdraw_answers(connection, "lee", since=datetime.now(UTC) + timedelta(hours=1)) == []
        assert withdraw_answers(connection, "lee", since=LONG_AGO, owner_id=2) == []
        assert count_answers(connection, 1)[REVIEW] == {CONFIRM: 0, REJECT: 1, UNSURE: 0}


def test_an_earlier_answer_counts_again_when_the_later_is_taken_back(filled: Database) -> None:
    with filled.write() as connection:
        row = waiting(connection, 1)[0].listing_row
        answer_review(connection, row, REJECT, reviewer="lee")
        answer_review(connection, row, CONFIRM, reviewer="kim")
        withdraw_answers(connection, "kim", since=LONG_AGO)
        found = latest_review(connection, row)
        assert found is not None
        assert (found.answer, found.reviewer) == (REJECT, "lee")
