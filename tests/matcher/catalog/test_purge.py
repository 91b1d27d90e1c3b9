"""A purge forgets a listing and its photos, and never a file that something else still needs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from matcher.catalog import (
    DEFAULT_OWNER,
    Database,
    ExaminedListing,
    ImageStore,
    Purge,
    add_owner,
    answer_review,
    commit_chunk,
    find_listing,
    iterate_failures,
    iterate_verdicts,
    purge_listings,
    put_descriptors,
    put_keypoints,
    put_product,
    start_scan,
    verify_catalog,
)
from matcher.catalog.columns import now
from matcher.config import DatabaseSettings
from matcher.errors import UsageError
from matcher.records import FailedRow, ReviewAnswer
from tests.matcher.catalog.made import hash_of, kept, listing, photo, row, verdict
from tests.matcher.catalog.test_features import unit

PURGER = """
import sys
from pathlib import Path
from matcher.catalog import ImageStore, Purge, open_database, purge_listings
from matcher.config import DatabaseSettings
with open_database(DatabaseSettings(url=sys.argv[1]), Path(sys.argv[2])) as database:
    purge_listings(database, ImageStore(Path(sys.argv[2]) / "images"), Purge(seller_id="S-1"))
"""


def scan(database: Database, store: ImageStore, *, out: str = "/out", owner_id: int = DEFAULT_OWNER) -> int:
    """L-1 and L-2 of seller S-1, L-3 of S-2; `shared` is also a reference's, `twice` is on L-2 and L-3."""
    photos = {"L-1": ["own", "shared"], "L-2": ["twice"], "L-3": ["twice"]}
    results = [
        ExaminedListing(
            listing(name, "S-2" if name == "L-3" else "S-1"),
            tuple(photo(kept(store, image), position=position) for position, image in enumerate(images)),
            verdict(name),
        )
        for name, images in photos.items()
    ]
    failed = [FailedRow(source="rows.csv", line=5, listing_id="L-4", reason="no image")]
    with database.write() as connection:
        scan_id = start_scan(
            connection,
            out=out,
            manifest="m",
            manifest_fingerprint="f",
            snapshot=0,
            settings={},
            owner_id=owner_id,
        )
        commit_chunk(connection, scan_id, 0, results, failed, 4)
    return scan_id


@pytest.fixture
def scan_id(database: Database, store: ImageStore, acme: str) -> int:
    with database.write() as connection:
        put_product(connection, acme, row("R-1"), [kept(store, "shared")])
    return scan(database, store)


def files(store: ImageStore) -> set[str]:
    return set(store.iterate())


def hashes(*names: str) -> set[str]:
    return {hash_of(name) for name in names}


def test_a_seller_is_forgotten_shared_files_stay(database: Database, store: ImageStore, scan_id: int) -> None:
    with database.write() as connection:
        answer_review(connection, find_listing(connection, scan_id, "L-1").listing_row, ReviewAnswer.CONFIRM)
    counts = purge_listings(database, store, Purge(seller_id="S-1"))
    assert (counts.listings, counts.photos, counts.verdicts, counts.reviews) == (2, 3, 2, 1)
    assert (counts.failures, counts.files, counts.scan_folders) == (0, 1, ("/out",))
    assert files(store) == hashes("shared", "twice")
    with database.read() as connection:
        assert [found.listing_id for found in iterate_verdicts(connection, scan_id)] == ["L-3"]
        assert verify_catalog(connection, store).problems == ()


def test_a_listing_is_forgotten_with_its_failure(database: Database, store: ImageStore, scan_id: int) -> None:
    assert purge_listings(database, store, Purge(listing_id="L-3")).listings == 1
    assert files(store) == hashes("own", "shared", "twice")
    gone = purge_listings(database, store, Purge(listing_id="L-4"))
    assert (gone.failures, gone.scan_folders) == (1, ("/out",)), "its errors.jsonl still names the listing"
    with database.read() as connection:
        assert list(iterate_failures(connection, scan_id)) == []


def test_an_owner_loses_nothing_of_another(database: Database, store: ImageStore, scan_id: int) -> None:
    with database.write() as connection:
        other = add_owner(connection, "other")
    others = scan(database, store, out="/others", owner_id=other)
    counts = purge_listings(database, store, Purge(owner_id=DEFAULT_OWNER))
    assert (counts.listings, counts.failures, counts.scan_folders) == (3, 1, ("/out",))
    assert files(store) == hashes("own", "shared", "twice")
    with database.read() as connection:
        assert len(list(iterate_verdicts(connection, others))) == 3
        assert len(list(iterate_failures(connection, others))) == 1


def test_only_what_is_old_goes(database: Database, store: ImageStore, scan_id: int) -> None:
    assert purge_listings(database, store, Purge(older_than=now() - timedelta(days=1))).listings == 0
    assert purge_listings(database, store, Purge(older_than=now(), seller_id="S-2")).listings == 1
    assert purge_listings(database, store, Purge(older_than=now() + timedelta(seconds=1))).listings == 2
    assert files(store) == hashes("shared")


def test_everything_is_never_purged_by_mistake(database: Database, store: ImageStore) -> None:
    with pytest.raises(UsageError, match="seller, listing, owner or age"):
        purge_listings(database, store, Purge())


@pytest.mark.parametrize("point", ["purge:rows-deleted", "purge:file-deleted"])
def test_a_killed_purge_is_completed_by_the_next(
    database: Database,
    settings: DatabaseSettings,
    workspace: Path,
    store: ImageStore,
    scan_id: int,
    point: str,
) -> None:
    command = [sys.executable, "-c", PURGER, settings.url, str(workspace)]
    killed = subprocess.run(command, env={**os.environ, "MATCHER_KILL_AT": point}, check=False)
    assert killed.returncode == -signal.SIGKILL
    purge_listings(database, store, Purge(seller_id="S-1"))
    assert files(store) == hashes("shared", "twice")
    with database.read() as connection:
        assert [found.listing_id for found in iterate_verdicts(connection, scan_id)] == ["L-3"]


def test_verify_names_what_is_missing(database: Database, store: ImageStore, acme: str) -> None:
    with database.write() as connection:
        put_product(connection, acme, row("R-1"), [kept(store, "a"), kept(store, "b"), kept(store, "c")])
        put_descriptors(connection, {hash_of("a"): unit(1), hash_of("b"): unit(2)}, "model@1")
        put_keypoints(connection, {hash_of(name): b"points" for name in "abc"}, "sift@1")
    store.put(hash_of("orphan"), b"x")
    store.delete(hash_of("a"))
    store.path(hash_of("b")).write_bytes(b"rotten")
    with database.read() as connection:
        report = verify_catalog(connection, store, descriptors="model@1", keypoints="sift@1")
        assert len(report.problems) == 3
        assert any("missing" in problem for problem in report.problems)
        assert any("damaged" in problem for problem in report.problems)
        assert any("R-1" in problem and "no descriptor" in problem for problem in report.problems)
        assert report.notes == (f"file {hash_of('orphan')}: nothing names it",)
        assert len(verify_catalog(connection, store, descriptors="model@2").problems) == 5


def test_verify_looks_at_kept_photos_too(database: Database, store: ImageStore, scan_id: int) -> None:
    store.delete(hash_of("own"))
    with database.read() as connection:
        report = verify_catalog(connection, store)
    assert report.photos == 4
    assert len(report.problems) == 1
    assert report.problems[0].startswith("photo ")
