"""A row changes what it was given; what it was not given stays in the catalog as it is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from matcher.catalog import Database, UnreadImage, find_product, live_images, put_product
from matcher.records import ReferenceRow
from tests.matcher.catalog.made import image, row

KEY = {"reference_id": "R-1", "images": ("a.png",)}
TOLD = {"title": "Schuh", "price": Decimal("19.90"), "currency": "EUR", "gtin": "0123"}


def test_what_was_not_given_stays_and_what_was_given_empty_is_emptied(database: Database, acme: str) -> None:
    with database.write() as connection:
        put_product(connection, acme, ReferenceRow.model_validate(KEY | TOLD), [image("a")])
        assert put_product(connection, acme, ReferenceRow.model_validate(KEY), [image("a")]) == "unchanged"
        found = find_product(connection, acme, "R-1")
        assert found is not None
        assert {name: getattr(found, name) for name in TOLD} == TOLD
        emptied = ReferenceRow.model_validate(KEY | {"title": "", "price": None})
        assert put_product(connection, acme, emptied, [image("a")]) == "changed"
        found = find_product(connection, acme, "R-1")
    assert found is not None
    assert (found.title, found.price, found.currency, found.gtin) == ("", None, "EUR", "0123")


def test_a_picture_under_another_path_is_no_change_but_is_found_by_it(database: Database, acme: str) -> None:
    moved = replace(image("a"), source="shop/a.png")
    with database.write() as connection:
        put_product(connection, acme, row("R-1"), [image("a"), image("b")])
        assert put_product(connection, acme, row("R-1"), [moved, image("b")]) == "unchanged"
        again = (UnreadImage("shop/a.png"), image("b"))
        assert put_product(connection, acme, row("R-1"), again) == "unchanged"
        assert len(list(live_images(connection))) == 2
