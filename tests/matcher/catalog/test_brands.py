"""Brands are known by name however it is spelled, grow when added again, and go with all that is theirs."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.catalog import (
    Database,
    ImageStore,
    add_brand,
    add_owner,
    changes_since,
    find_brand,
    list_brands,
    list_products,
    live_images,
    put_product,
    remove_brand,
    show_brand,
)
from matcher.errors import CatalogError
from matcher.records import Brand, ImageRole, Trademark, brand_key
from tests.matcher.catalog.made import dump, image, row

NAMES = st.text(min_size=1, max_size=60).filter(lambda name: brand_key(name) != "")
FULL = Brand(
    name="Acme",
    wordmarks=("acme", "アクメ"),
    licensed_sellers=("S-1",),
    trademarks=(Trademark(number="018", office="EM", nice_classes=(18, 25)),),
)


def test_a_brand_comes_back_as_added(database: Database) -> None:
    with database.write() as connection:
        add_brand(connection, FULL)
        assert show_brand(connection, "Acme") == FULL
        assert list_brands(connection) == [FULL]


def test_adding_a_brand_again_changes_nothing(database: Database) -> None:
    with database.write() as connection:
        first = add_brand(connection, FULL)
    before = dump(database, without=())
    with database.write() as connection:
        assert add_brand(connection, FULL) == first
    assert dump(database, without=()) == before


def test_adding_a_known_brand_adds_what_is_new(database: Database) -> None:
    more = Brand(
        name=" ＡＣＭＥ ",
        wordmarks=("acme", "AKME"),
        licensed_sellers=("S-2",),
        trademarks=(
            Trademark(number="018", office="EM", nice_classes=(9,)),
            Trademark(number="018", office="US"),
        ),
    )
    with database.write() as connection:
        assert add_brand(connection, FULL) == add_brand(connection, more)
        shown = show_brand(connection, "aCmE")
    assert shown.name == "Acme"
    assert shown.wordmarks == ("acme", "アクメ", "AKME")
    assert shown.licensed_sellers == ("S-1", "S-2")
    assert shown.trademarks == (
        Trademark(number="018", office="EM", nice_classes=(9, 18, 25)),
        Trademark(number="018", office="US"),
    )


def test_sellers_are_stored_as_listings_name_them_and_blank_ones_are_none(database: Database) -> None:
    given = Brand(name="Acme", licensed_sellers=("shop-1 ", "shop-1", "\tshop-2\u3000", "", "  "))
    with database.write() as connection:
        add_brand(connection, given)
        assert show_brand(connection, "Acme").licensed_sellers == ("shop-1", "shop-2")


def test_an_unknown_brand_is_said_to_be_unknown(database: Database) -> None:
    with database.read() as connection:
        assert find_brand(connection, "Nobody") is None
        with pytest.raises(CatalogError, match="no brand 'Nobody'"):
            show_brand(connection, "Nobody")


@pytest.mark.parametrize("name", ["", "  ", "\u3000", "x" * 2001, "\ufdfa" * 200])
def test_a_name_that_cannot_be_a_key_is_refused(database: Database, name: str) -> None:
    with database.write() as connection, pytest.raises(CatalogError):
        add_brand(connection, Brand(name=name))


def test_removing_a_brand_takes_its_images_and_says_so(database: Database) -> None:
    with database.write() as connection:
        add_brand(connection, FULL)
        add_brand(connection, Brand(name="Other"))
        put_product(connection, "Acme", row("R-1"), [image("a"), image("b")])
        put_product(connection, "Acme", row("mark"), [image("c")], ImageRole.LOGO)
        put_product(connection, "Other", row("R-1"), [image("a")])
        assert remove_brand(connection, "acme") == 3
    with database.read() as connection:
        assert [brand.name for brand in list_brands(connection)] == ["Other"]
        assert len(list_products(connection)) == 1
        assert len(list(live_images(connection))) == 1
        assert [change.action for change in changes_since(connection, 0)] == ["add"] * 4 + ["remove"] * 3
    assert dump(database)["wordmarks"] == dump(database)["trademarks"] == []


def test_owners_do_not_see_one_another(database: Database, store: ImageStore) -> None:
    with database.write() as connection:
        other = add_owner(connection, "other")
        assert add_owner(connection, "other") == other
        add_brand(connection, FULL)
        add_brand(connection, FULL, owner_id=other)
        put_product(connection, "Acme", row("R-1"), [image("a")], owner_id=other)
        assert list_products(connection) == []
        assert len(list_products(connection, owner_id=other)) == 1
        assert len(list_brands(connection, owner_id=None)) == 2
        remove_brand(connection, "Acme")
        assert show_brand(connection, "Acme", owner_id=other) == FULL


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, wordmark=st.text(min_size=1, max_size=60).filter(str.strip))
def test_any_name_is_found_by_any_spelling(database: Database, name: str, wordmark: str) -> None:
    with database.write() as connection:
        add_brand(connection, Brand(name=name, wordmarks=(wordmark,)))
        for spelling in (name, f" {name}\n", name.casefold()):
            assert find_brand(connection, spelling) is not None
        assert wordmark.strip() in show_brand(connection, name).wordmarks
        remove_brand(connection, name)
