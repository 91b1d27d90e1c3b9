"""What is learnt of a confirmed fake, and never a photo that reuses the brand's own picture."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from matcher.catalog import (
    Database,
    ExaminedListing,
    JudgedListing,
    commit_chunk,
    find_listing,
    keep_confirmed,
    list_products,
)
from matcher.records import Evidence, ImageRole, Verdict, VerdictKind
from tests.matcher.catalog.made import image, listing, photo
from tests.matcher.catalog.test_scans import begin


def judged(database: Database, *evidence: Evidence, brand: str = "Acme", photos: int = 4) -> JudgedListing:
    """A listing of as many photos, all kept, in a scan of its own."""
    shown = tuple(photo(image(f"p{position}"), position=position) for position in range(photos))
    said = Verdict(listing_id="L-1", verdict=VerdictKind.REVIEW, score=0.5, brand=brand, evidence=evidence)
    scan_id = begin(database)
    with database.write() as connection:
        commit_chunk(connection, scan_id, 0, [ExaminedListing(listing("L-1"), shown, said)], [], 1)
        return find_listing(connection, scan_id, "L-1")


def copied(position: int | None, brand: str = "Acme", **detail: JsonValue) -> Evidence:
    return Evidence(signal="copy", score=0.9, brand=brand, photo=position, detail=detail)


def known(database: Database) -> dict[str, list[str]]:
    """The sources of the known counterfeits, by brand."""
    with database.read() as connection:
        found = list_products(connection, role=ImageRole.KNOWN_COUNTERFEIT)
    return {one.brand: [image.source for image in one.images] for one in found}


def test_no_photo_that_reuses_the_brands_own_picture_is_learnt(database: Database) -> None:
    found = judged(database, copied(2, also=[0]), copied(3, "Other"))
    with database.write() as connection:
        assert keep_confirmed(connection, found) == 1
    assert known(database) == {"Acme": ["p1.png"]}


@pytest.mark.parametrize("also", [None, 1, "1", [], ["1", None, {}], [9]])
def test_verdicts_that_say_nothing_of_other_photos_are_read_too(database: Database, also: JsonValue) -> None:
    """Stored ones do not have it, and what others wrote may hold anything."""
    found = judged(database, copied(0) if also is None else copied(0, also=also), copied(None))
    with database.write() as connection:
        assert keep_confirmed(connection, found) == 3
