"""A chunk is committed once, whole, in its place; what was committed reads back in input order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from matcher.catalog import (
    BrandCount,
    Database,
    ExaminedListing,
    ImageStore,
    answer_review,
    commit_chunk,
    count_brands,
    count_failures,
    count_photo_failures,
    count_verdicts,
    find_listing,
    find_scan,
    finish_scan,
    iterate_failures,
    iterate_judged,
    iterate_verdicts,
    latest_review,
    latest_scan,
    list_scans,
    pending_reviews,
    review_history,
    start_scan,
    top_rows,
)
from matcher.config import DatabaseSettings
from matcher.errors import CatalogError, ScanError, ScanMovedError
from matcher.records import FailedRow, ReviewAnswer, VerdictKind
from tests.matcher.catalog.made import dump, image, listing, photo, verdict

CLEAR, REVIEW, COUNTERFEIT = VerdictKind
COMMITTER = """
import sys
from pathlib import Path
from matcher.catalog import open_database
from matcher.config import DatabaseSettings
from tests.matcher.catalog.test_scans import commit_rest
with open_database(DatabaseSettings(url=sys.argv[1]), Path(sys.argv[2])) as database:
    commit_rest(database, int(sys.argv[3]))
"""


def examined(
    number: int, kind: VerdictKind = REVIEW, score: float = 0.5, brand: str = "Acme"
) -> ExaminedListing:
    name = f"L-{number}"
    return ExaminedListing(listing(name), (photo(image(name)),), verdict(name, kind, score, brand))


def failure(line: int) -> FailedRow:
    return FailedRow(source="rows.csv", line=line, listing_id=f"L-{line}", reason="no image\x00 é")


def begin(database: Database, out: str = "/out") -> int:
    with database.write() as connection:
        return start_scan(
            connection,
            out=out,
            manifest="/rows.csv",
            manifest_fingerprint="f1",
            snapshot=412,
            settings={"limit": None, "b": [1, "é"]},
        )


def commit_rest(database: Database, scan_id: int) -> None:
    """What a resumed scan does: go on from where the scan stands, three at a time, up to twelve."""
    while True:
        with database.read() as connection:
            scan = find_scan(connection, scan_id)
        assert scan is not None
        if scan.position >= 12:
            break
        numbers = range(scan.position, scan.position + 3)
        with database.write() as connection:
            results = [examined(number) for number in numbers[:2]]
            commit_chunk(
                connection, scan_id, scan.position, results, [failure(numbers[2])], scan.position + 3
            )
    with database.write() as connection:
        finish_scan(connection, scan_id, 12)


def test_a_scan_is_found_as_started(database: Database) -> None:
    first, second = begin(database), begin(database)
    with database.read() as connection:
        scan = find_scan(connection, first)
        assert scan is not None
        assert (scan.out, scan.snapshot, scan.position, scan.state) == ("/out", 412, 0, "running")
        assert scan.settings == {"limit": None, "b": [1, "é"]}
        assert scan.created.tzinfo is not None
        latest = latest_scan(connection, "/out")
        assert latest is not None
        assert latest.scan_id == second
        assert latest_scan(connection, "/elsewhere") is None
        assert [scan.scan_id for scan in list_scans(connection)] == [second, first]
        assert find_scan(connection, 99) is None


def test_a_verdict_comes_back_to_the_last_digit(database: Database) -> None:
    scan_id = begin(database)
    given = [examined(number, score=number / 7) for number in range(5)]
    with database.write() as connection:
        commit_chunk(connection, scan_id, 0, given, [], 5)
    with database.read() as connection:
        assert list(iterate_verdicts(connection, scan_id)) == [result.verdict for result in given]
        judged = list(iterate_judged(connection, scan_id))
    assert [row.listing for row in judged] == [result.listing for result in given]
    assert [row.photos for row in judged] == [result.photos for result in given]
    assert [row.verdict for row in judged] == [result.verdict for result in given]


def test_a_chunk_is_refused_the_second_time(database: Database) -> None:
    scan_id = begin(database)
    with database.write() as connection:
        commit_chunk(connection, scan_id, 0, [examined(0)], [failure(1)], 2)
    before = dump(database, without=())
    with database.write() as connection, pytest.raises(ScanMovedError, match="is another scan writing it"):
        commit_chunk(connection, scan_id, 0, [examined(0)], [failure(1)], 2)
    assert dump(database, without=()) == before


def test_results_need_room(database: Database) -> None:
    scan_id = begin(database)
    with database.write() as connection, pytest.raises(ScanError, match="do not fit"):
        commit_chunk(connection, scan_id, 0, [examined(0), examined(1)], [], 1)


def test_a_scan_is_finished_once_and_then_closed(database: Database) -> None:
    scan_id = begin(database)
    with database.write() as connection:
        with pytest.raises(ScanError, match="stands at 0"):
            finish_scan(connection, scan_id, 3)
        commit_chunk(connection, scan_id, 0, [], [], 3)
        finish_scan(connection, scan_id, 3)
        finished = find_scan(connection, scan_id)
        finish_scan(connection, scan_id, 3)
        assert find_scan(connection, scan_id) == finished
        assert finished is not None
        assert finished.finished is not None
        with pytest.raises(ScanError, match="finished"):
            commit_chunk(connection, scan_id, 3, [examined(3)], [], 4)
        with pytest.raises(ScanError, match="no scan 77"):
            finish_scan(connection, 77, 0)


def test_verdicts_and_failures_stream_in_input_order(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.catalog.queries.PAGE", 10)
    scan_id, other = begin(database), begin(database)
    for start in range(0, 60, 20):
        with database.write() as connection:
            for scan in (scan_id, other):
                results = [examined(number) for number in range(start, start + 20)]
                commit_chunk(
                    connection, scan, start, results, [failure(start), failure(start + 1)], start + 20
                )
    with database.read() as connection:
        names = [found.listing_id for found in iterate_verdicts(connection, scan_id)]
        assert names == [f"L-{number}" for number in range(60)]
        assert list(iterate_failures(connection, scan_id)) == [
            failure(start + more) for start in range(0, 60, 20) for more in (0, 1)
        ]
        assert count_failures(connection, scan_id) == 6


def test_failures_of_photos_are_those_of_listings_that_have_a_verdict(database: Database) -> None:
    scan_id, other = begin(database), begin(database)
    rows = [
        failure(4).model_copy(update={"listing_id": name}) for name in ("L-0", "L-0", "L-1", "absent", "")
    ]
    with database.write() as connection:
        commit_chunk(connection, scan_id, 0, [examined(0)], rows, 4)
        commit_chunk(connection, other, 0, [examined(1)], [], 1)
    with database.read() as connection:
        assert (count_failures(connection, scan_id), count_photo_failures(connection, scan_id)) == (5, 2)


def test_counts_and_the_rows_a_report_shows(database: Database) -> None:
    scan_id = begin(database)
    given = [
        examined(0, CLEAR, 0.01, ""),
        examined(1, REVIEW, 0.4),
        examined(2, COUNTERFEIT, 0.9),
        examined(3, REVIEW, 0.6, "Other"),
        examined(4, COUNTERFEIT, 0.99),
    ]
    with database.write() as connection:
        commit_chunk(connection, scan_id, 0, given, [], 5)
    with database.read() as connection:
        assert count_verdicts(connection, scan_id) == {CLEAR: 1, REVIEW: 2, COUNTERFEIT: 2}
        assert count_brands(connection, scan_id) == [
            BrandCount("", CLEAR, 1),
            BrandCount("Acme", REVIEW, 1),
            BrandCount("Acme", COUNTERFEIT, 2),
            BrandCount("Other", REVIEW, 1),
        ]
        shown = [row.listing.listing_id for row in top_rows(connection, scan_id, 10)]
        assert shown == ["L-4", "L-2", "L-3", "L-1"]
        everything = top_rows(connection, scan_id, 10, kinds=tuple(VerdictKind))
        assert everything[-1].verdict.verdict is CLEAR
        assert len(top_rows(connection, scan_id, 2)) == 2


@pytest.mark.parametrize("listing_id", ["\x00", " ", "=1+1", "L\n17", "é" * 30_000, "../x", "\U0001f45f"])
def test_a_listing_id_comes_back_whatever_it_holds(database: Database, listing_id: str) -> None:
    scan_id = begin(database)
    result = ExaminedListing(listing(listing_id), (), verdict(listing_id))
    with database.write() as connection:
        commit_chunk(connection, scan_id, 0, [result], [], 1)
        assert find_listing(connection, scan_id, listing_id).listing.listing_id == listing_id
        assert [found.listing_id for found in iterate_verdicts(connection, scan_id)] == [listing_id]


@pytest.mark.parametrize("passes", [1, 2, 4])
def test_a_kill_before_a_commit_loses_only_that_chunk(
    database: Database, settings: DatabaseSettings, workspace: Path, store: ImageStore, passes: int
) -> None:
    """Killed at any chunk and resumed, a scan leaves the rows of one that was never killed."""
    whole, killed = begin(database), begin(database)
    commit_rest(database, whole)
    command = [sys.executable, "-c", COMMITTER, settings.url, str(workspace), str(killed)]
    environment = {**os.environ, "MATCHER_KILL_AT": f"scan:rows-written:{passes}"}
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    commit_rest(database, killed)
    with database.read() as connection:
        assert list(iterate_verdicts(connection, killed)) == list(iterate_verdicts(connection, whole))
        assert list(iterate_failures(connection, killed)) == list(iterate_failures(connection, whole))
        assert [row.position for row in iterate_judged(connection, killed)] == [0, 1, 3, 4, 6, 7, 9, 10]


def test_pending_are_those_not_clear_and_not_answered(database: Database) -> None:
    scan_id = begin(database)
    given = [examined(0, CLEAR), examined(1), examined(2, COUNTERFEIT)]
    with database.write() as connection:
        commit_chunk(connection, scan_id, 0, given, [], 3)
        pending = pending_reviews(connection)
        assert [row.listing.listing_id for row in pending] == ["L-1", "L-2"]
        assert pending_reviews(connection, after=pending[0].listing_row, limit=1) == pending[1:]
        assert pending_reviews(connection, scan_id=scan_id + 1) == []
        answer_review(connection, pending[0].listing_row, ReviewAnswer.UNSURE)
        assert pending_reviews(connection) == pending[1:]


def test_every_answer_is_kept_and_the_latest_counts(database: Database) -> None:
    scan_id = begin(database)
    with database.write() as connection:
        commit_chunk(connection, scan_id, 0, [examined(1)], [], 1)
        listing_row = find_listing(connection, scan_id, "L-1").listing_row
        assert latest_review(connection, listing_row) is None
        answer_review(connection, listing_row, ReviewAnswer.CONFIRM, reviewer="first")
        answer_review(connection, listing_row, ReviewAnswer.REJECT, reviewer="second", note="sold by us")
        history = review_history(connection, listing_row)
        assert [review.answer for review in history] == [ReviewAnswer.CONFIRM, ReviewAnswer.REJECT]
        assert latest_review(connection, listing_row) == history[1]
        assert (history[1].reviewer, history[1].note) == ("second", "sold by us")


def test_only_a_listing_that_is_there_can_be_reviewed(database: Database) -> None:
    with database.write() as connection:
        with pytest.raises(CatalogError, match="no listing 5"):
            answer_review(connection, 5, ReviewAnswer.CONFIRM)
        with pytest.raises(CatalogError, match="no listing 'L-1'"):
            find_listing(connection, 1, "L-1")
