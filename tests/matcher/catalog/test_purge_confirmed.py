"""A request to forget takes what was learnt of the listings too; age leaves what is known of fakes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from matcher.catalog import (
    DEFAULT_OWNER,
    Database,
    ImageStore,
    Purge,
    add_brand,
    add_owner,
    answer_listing,
    find_listing,
    list_products,
    purge_listings,
    put_product,
)
from matcher.catalog.columns import now
from matcher.records import Brand, ImageRole, ReviewAnswer
from tests.matcher.catalog.made import kept, row
from tests.matcher.catalog.test_purge import files, hashes, scan

FAKES = ImageRole.KNOWN_COUNTERFEIT


@pytest.fixture
def confirmed(database: Database, store: ImageStore, acme: str) -> int:
    """The row of L-2, of seller S-1, which is confirmed as L-3 of S-2 is; a house's own fake stays."""
    scan_id = scan(database, store)
    with database.write() as connection:
        put_product(connection, acme, row("K-1"), [kept(store, "house")], FAKES)
        # Its verdict has a copy at no photo, so that nothing is left out as reused.
        for name in ("L-2", "L-3"):
            answer_listing(connection, find_listing(connection, scan_id, name), ReviewAnswer.CONFIRM)
        return find_listing(connection, scan_id, "L-2").listing_row


def known(database: Database, owner_id: int = DEFAULT_OWNER) -> list[str]:
    with database.read() as connection:
        return [one.reference_id for one in list_products(connection, role=FAKES, owner_id=owner_id)]


@pytest.mark.parametrize("which", [Purge(seller_id="S-1"), Purge(listing_id="L-2")])
def test_what_was_learnt_of_a_listing_goes_with_it(
    database: Database, store: ImageStore, confirmed: int, which: Purge
) -> None:
    assert known(database) == ["K-1", f"confirmed-{confirmed}", f"confirmed-{confirmed + 1}"]
    counts = purge_listings(database, store, which)
    assert (counts.known_counterfeits, counts.known_counterfeits_kept) == (1, 0)
    assert known(database) == ["K-1", f"confirmed-{confirmed + 1}"]


def test_its_photo_goes_where_nothing_else_has_it(
    database: Database, store: ImageStore, confirmed: int
) -> None:
    purge_listings(database, store, Purge(seller_id="S-1"))
    assert files(store) == hashes("house", "twice")
    purge_listings(database, store, Purge(older_than=now() + timedelta(seconds=1), seller_id="S-2"))
    assert files(store) == hashes("house")


def test_age_alone_keeps_what_is_known_and_counts_it(
    database: Database, store: ImageStore, confirmed: int
) -> None:
    before = known(database)
    counts = purge_listings(database, store, Purge(older_than=now() + timedelta(seconds=1)))
    assert (counts.listings, counts.known_counterfeits, counts.known_counterfeits_kept) == (3, 0, 2)
    assert known(database) == before
    assert files(store) == hashes("house", "twice")


def test_another_owners_fake_of_that_name_stays(
    database: Database, store: ImageStore, confirmed: int
) -> None:
    with database.write() as connection:
        other = add_owner(connection, "other")
        add_brand(connection, Brand(name="Acme"), owner_id=other)
        named = row(f"confirmed-{confirmed}")
        put_product(connection, "Acme", named, [kept(store, "theirs")], FAKES, owner_id=other)
    assert purge_listings(database, store, Purge(listing_id="L-2")).known_counterfeits == 1
    assert known(database, other) == [f"confirmed-{confirmed}"]
