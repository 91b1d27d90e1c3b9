"""A product is what its last row said; only images that come or go are numbered."""

from __future__ import annotations

import random
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.catalog import (
    Change,
    Database,
    UnreadImage,
    changes_since,
    find_product,
    image_facts,
    last_number,
    list_products,
    live_images,
    put_product,
    remove_product,
)
from matcher.config import DatabaseSettings
from matcher.errors import CatalogError
from matcher.records import ImageRole, ReferenceRow
from tests.matcher.catalog.made import dump, hash_of, image, row

REFERENCE = ImageRole.REFERENCE
WRITER = """
import sys
from pathlib import Path
from matcher.catalog import open_database, put_product
from matcher.config import DatabaseSettings
from tests.matcher.catalog.made import image, row
with open_database(DatabaseSettings(url=sys.argv[1]), Path(sys.argv[2])) as database:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(40):
        with database.write() as connection:
            name = f"{sys.argv[3]}-{number}"
            put_product(connection, "Acme", row(name), [image(name), image(name + "b")])
"""


def test_a_product_comes_back_as_put(database: Database, acme: str) -> None:
    given = ReferenceRow(
        reference_id="R-1",
        images=("a.png",),
        title="Schuh",
        price=Decimal("19.90"),
        currency="EUR",
        gtin="0123",
    )
    with database.write() as connection:
        assert put_product(connection, acme, given, [image("a"), image("b")]) == "added"
        found = find_product(connection, acme, "R-1")
    assert found is not None
    assert (found.brand, found.title, str(found.price), found.currency, found.gtin) == (
        "Acme", "Schuh", "19.90", "EUR", "0123",
    )  # fmt: skip
    assert [(kept.content_hash, kept.position) for kept in found.images] == [
        (hash_of("a"), 0),
        (hash_of("b"), 1),
    ]


def test_the_same_row_again_changes_nothing(database: Database, acme: str) -> None:
    with database.write() as connection:
        put_product(connection, acme, row("R-1"), [image("a"), image("b")])
    before = dump(database, without=())
    with database.write() as connection:
        assert put_product(connection, acme, row("R-1"), [image("a"), image("b")]) == "unchanged"
    assert dump(database, without=()) == before


def test_a_changed_image_is_a_new_image(database: Database, acme: str) -> None:
    with database.write() as connection:
        put_product(connection, acme, row("R-1"), [image("a"), image("b")])
        old = [live.image_id for live in live_images(connection)]
        number = last_number(connection)
        assert put_product(connection, acme, row("R-1"), [image("a"), image("new b")]) == "changed"
        now = [live.image_id for live in live_images(connection)]
        assert changes_since(connection, number) == [
            Change(number + 1, "remove", old[1], REFERENCE),
            Change(number + 2, "add", now[1], REFERENCE),
        ]
    assert now[0] == old[0]
    assert now[1] > max(old)


def test_images_that_move_or_repeat_keep_their_number(database: Database, acme: str) -> None:
    with database.write() as connection:
        put_product(connection, acme, row("R-1"), [image("a"), image("b")])
        number = last_number(connection)
        assert put_product(connection, acme, row("R-1"), [image("b"), image("a"), image("b")]) == "changed"
        assert last_number(connection) == number
        found = find_product(connection, acme, "R-1")
    assert found is not None
    assert [kept.content_hash for kept in found.images] == [hash_of("b"), hash_of("a")]


def test_images_no_longer_named_go(database: Database, acme: str) -> None:
    with database.write() as connection:
        put_product(connection, acme, row("R-1"), [image("a"), image("b")])
        assert put_product(connection, acme, row("R-1"), [image("b")]) == "changed"
        assert [live.content_hash for live in live_images(connection)] == [hash_of("b")]


def test_an_image_that_cannot_be_read_today_stays(database: Database, acme: str) -> None:
    with database.write() as connection:
        put_product(connection, acme, row("R-1"), [image("a"), image("b")])
        again = [UnreadImage("a.png"), image("b"), UnreadImage("never.png")]
        assert put_product(connection, acme, row("R-1"), again) == "unchanged"
        assert len(list(live_images(connection))) == 2


def test_a_new_title_is_a_change_without_a_number(database: Database, acme: str) -> None:
    with database.write() as connection:
        put_product(connection, acme, row("R-1"), [image("a")])
        number = last_number(connection)
        assert put_product(connection, acme, row("R-1", title="New"), [image("a")]) == "changed"
        assert last_number(connection) == number


def test_an_image_number_is_never_used_again(database: Database, acme: str) -> None:
    seen: set[int] = set()
    for _ in range(3):
        with database.write() as connection:
            put_product(connection, acme, row("R-1"), [image("a")])
            new = {live.image_id for live in live_images(connection)}
            assert not new & seen
            seen |= new
            assert remove_product(connection, acme, "R-1") == 1


def test_one_name_may_be_a_reference_a_logo_and_a_counterfeit(database: Database, acme: str) -> None:
    with database.write() as connection:
        for role in ImageRole:
            assert put_product(connection, acme, row("R-1", title=role.value), [image("a")], role) == "added"
        assert [product.title for product in list_products(connection)] == [role.value for role in ImageRole]
        assert [product.role for product in list_products(connection, role=ImageRole.LOGO)] == [
            ImageRole.LOGO
        ]
        assert [live.role for live in live_images(connection, ImageRole.LOGO)] == [ImageRole.LOGO]
        remove_product(connection, acme, "R-1", ImageRole.LOGO)
        assert find_product(connection, acme, "R-1", ImageRole.LOGO) is None
        assert find_product(connection, acme, "R-1") is not None


def test_what_is_not_there_cannot_be_removed(database: Database, acme: str) -> None:
    with database.write() as connection:
        with pytest.raises(CatalogError, match="no reference 'R-9'"):
            remove_product(connection, acme, "R-9")
        with pytest.raises(CatalogError, match="no brand 'Nobody'"):
            put_product(connection, "Nobody", row("R-1"), [image("a")])
        with pytest.raises(CatalogError, match="no image"):
            put_product(connection, acme, row("R-1"), [])


def test_products_come_a_page_at_a_time(database: Database, acme: str) -> None:
    with database.write() as connection:
        for number in range(7):
            put_product(connection, acme, row(f"R-{number}"), [image(f"{number}")])
        pages, after = [], 0
        while page := list_products(connection, brand="ACME", after=after, limit=3):
            pages.append([product.reference_id for product in page])
            after = page[-1].product_id
    assert pages == [["R-0", "R-1", "R-2"], ["R-3", "R-4", "R-5"], ["R-6"]]


def test_facts_of_images_stream_or_are_asked_for_by_number(
    database: Database, acme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.catalog.queries.PAGE", 10)
    with database.write() as connection:
        for number in range(35):
            put_product(connection, acme, row(f"R-{number}"), [image(f"{number}")])
    with database.read() as connection:
        everything = list(image_facts(connection))
        assert [facts.reference_id for facts in everything] == [f"R-{number}" for number in range(35)]
        first = everything[0]
        assert (first.brand, first.role, first.content_hash, first.price) == (
            "Acme",
            REFERENCE,
            hash_of("0"),
            None,
        )
        wanted = [facts.image_id for facts in everything[::2]]
        assert [facts.image_id for facts in image_facts(connection, [*wanted, 999_999])] == wanted


def test_two_writers_at_once_get_strictly_ordered_numbers(
    database: Database, settings: DatabaseSettings, workspace: Path, acme: str
) -> None:
    """Whatever a reader sees meanwhile, no number is missing below the last one."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, settings.url, str(workspace), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in ("left", "right")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    while any(writer.poll() is None for writer in writers):
        with database.read() as connection:
            last = last_number(connection)
            assert [change.number for change in changes_since(connection, 0)] == list(range(1, last + 1))
    assert [(writer.communicate(), writer.returncode)[1] for writer in writers] == [0, 0]
    with database.read() as connection:
        assert last_number(connection) == 160
        assert len({change.image_id for change in changes_since(connection, 0)}) == 160


def test_following_the_changes_gives_the_live_images(database: Database, acme: str) -> None:
    """Random edits: a follower that applies changes a few at a time always ends where the catalog is."""
    choose = random.Random(7)
    followed: set[int] = set()
    number = 0
    for _ in range(60):
        with database.write() as connection:
            name = f"R-{choose.randrange(5)}"
            if choose.random() < 0.2 and find_product(connection, acme, name):
                remove_product(connection, acme, name)
            else:
                images = [image(f"{choose.randrange(8)}") for _ in range(choose.randint(1, 4))]
                put_product(connection, acme, row(name), images)
        with database.read() as connection:
            while some := changes_since(connection, number, limit=2):
                for change in some:
                    assert (change.image_id in followed) == (change.action == "remove")
                    followed ^= {change.image_id}
                number = some[-1].number
            assert followed == {live.image_id for live in live_images(connection)}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reference_id=st.text(min_size=1, max_size=80).filter(str.strip), title=st.text(max_size=80))
def test_any_reference_id_comes_back(database: Database, acme: str, reference_id: str, title: str) -> None:
    with database.write() as connection:
        put_product(connection, acme, row(reference_id, title=title), [image("a")])
        found = find_product(connection, acme, reference_id)
        assert found is not None
        assert (found.reference_id, found.title) == (reference_id, title)
        remove_product(connection, acme, reference_id)


def test_an_over_long_reference_id_is_refused(database: Database, acme: str) -> None:
    with database.write() as connection:
        assert put_product(connection, acme, row("é" * 1000), [image("a")]) == "added"
        with pytest.raises(CatalogError, match="longer than 2000 bytes"):
            put_product(connection, acme, row("é" * 1001), [image("a")])
