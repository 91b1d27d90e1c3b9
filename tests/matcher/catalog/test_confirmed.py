"""What is learnt of a confirmed fake, and never a photo that reuses the brand's own picture."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from matcher.catalog import (
    Database,
    ExaminedListing,
    JudgedListing,
    Learnt,
    answer_listing,
    apply_answer,
    commit_chunk,
    find_listing,
    list_products,
    review_history,
)
from matcher.errors import CatalogError
from matcher.records import Evidence, ImageRole, ReviewAnswer, Verdict, VerdictKind
from tests.matcher.catalog.made import image, listing, photo
from tests.matcher.catalog.test_scans import begin

CONFIRM = ReviewAnswer.CONFIRM


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
        assert apply_answer(connection, found, CONFIRM) == Learnt("Acme", 1)
    assert known(database) == {"Acme": ["p1.png"]}


@pytest.mark.parametrize("also", [None, 1, "1", [], ["1", None, {}], [9]])
def test_verdicts_that_say_nothing_of_other_photos_are_read_too(database: Database, also: JsonValue) -> None:
    """Stored ones do not have it, and what others wrote may hold anything."""
    found = judged(database, copied(0) if also is None else copied(0, also=also), copied(None))
    with database.write() as connection:
        assert apply_answer(connection, found, CONFIRM) == Learnt("Acme", 3)


def test_what_is_known_is_what_the_latest_answer_says(database: Database) -> None:
    found = judged(database, copied(0))
    with database.write() as connection:
        assert answer_listing(connection, found, CONFIRM, reviewer="kim") == Learnt("Acme", 3)
        assert answer_listing(connection, found, CONFIRM, brand=" Other ") == Learnt("Other", 3)
    assert known(database) == {"Other": ["p1.png", "p2.png", "p3.png"]}
    for taken_back in (ReviewAnswer.REJECT, ReviewAnswer.UNSURE):
        with database.write() as connection:
            answer_listing(connection, found, CONFIRM)
            assert answer_listing(connection, found, taken_back, note="it is fine") == Learnt()
        assert known(database) == {}
    with database.read() as connection:
        answers = review_history(connection, found.listing_row)
    given = " ".join(one.answer.value for one in answers)
    assert given == "confirm confirm confirm reject confirm unsure"
    assert (answers[0].reviewer, answers[-1].note) == ("kim", "it is fine")


def test_an_answer_that_names_no_brand_is_kept_and_teaches_nothing(database: Database) -> None:
    found = judged(database, brand="")
    with database.write() as connection:
        answer_listing(connection, found, CONFIRM, brand="Acme")
        assert answer_listing(connection, found, CONFIRM, brand=" ") == Learnt()
        assert len(review_history(connection, found.listing_row)) == 2
    assert known(database) == {}


def test_answers_of_another_owners_listing_are_refused(database: Database) -> None:
    found = judged(database)
    with database.write() as connection, pytest.raises(CatalogError, match="no listing"):
        answer_listing(connection, found, CONFIRM, owner_id=2)
    assert known(database) == {}


def test_taking_every_answer_back_makes_nothing_known(database: Database) -> None:
    found = judged(database)
    with database.write() as connection:
        assert apply_answer(connection, found, CONFIRM) == Learnt("Acme", 4)
        assert apply_answer(connection, found, None) == Learnt()
    assert known(database) == {}
