"""An import is idempotent, survives a kill at every commit point, and reports what it left out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from matcher.catalog import (
    Database,
    ImageStore,
    ImportSummary,
    find_product,
    import_references,
    last_number,
    list_brands,
    list_products,
    open_database,
    put_product,
    show_brand,
    sweep_images,
    verify_catalog,
)
from matcher.catalog.importing import BATCH_ROWS
from matcher.config import DatabaseSettings, ImageSettings
from matcher.errors import CatalogError, ImageError
from matcher.manifests import Row
from matcher.records import FailedRow, ImageRole, ReferenceRow
from tests.matcher.catalog.made import dump, png, row

MANY = 2 * BATCH_ROWS + 5
POINTS = [
    "images:written:1",
    "images:written:20",
    "images:renamed:3",
    "import:image-stored:1",
    "import:image-stored:40",
    "import:batch-stored:2",
    "import:batch-written:1",
    "import:batch-written:3",
    "import:batch-committed:1",
    "import:batch-committed:3",
]
IMPORTER = """
import sys
from pathlib import Path
from threading import Thread
from typing import Any
from matcher.catalog import ImageStore, open_database
from matcher.config import DatabaseSettings
from tests.matcher.catalog.test_importing import import_many
with open_database(DatabaseSettings(url=sys.argv[1]), Path(sys.argv[2])) as database:
    import_many(database, ImageStore(Path(sys.argv[2]) / "images"))
"""


def read(source: str) -> bytes:
    """`12.png` is a picture, `broken…` is not one, `missing…` is refused and `lost…` cannot be read."""
    if source.startswith("missing"):
        raise ImageError(source, "is not in the folder")
    if source.startswith("lost"):
        raise FileNotFoundError(2, "No such file or directory")
    return b"not a picture" if source.startswith("broken") else png(int(source.split(".")[0]))


def take(
    database: Database,
    store: ImageStore,
    *rows: ReferenceRow | FailedRow,
    brand: str = "Acme",
    role: ImageRole = ImageRole.REFERENCE,
    read: Callable[[str], bytes] = read,
) -> ImportSummary:
    numbered = [
        value if isinstance(value, FailedRow) else Row(line, value)
        for line, value in enumerate(rows, start=2)
    ]
    return import_references(
        database, store, numbered, read, brand=brand, role=role, settings=ImageSettings(), source="feed.csv"
    )


def many() -> Iterator[ReferenceRow]:
    for number in range(MANY):
        yield row(f"R-{number}", f"{number}.png", f"{(number + 1) % 50}.png", f"{number}.png")


def import_many(database: Database, store: ImageStore) -> ImportSummary:
    return take(database, store, *many())


def test_an_import_takes_products_and_images_in(database: Database, store: ImageStore) -> None:
    assert import_many(database, store) == ImportSummary(MANY, 0, 0, [])
    with database.read() as connection:
        assert show_brand(connection, "Acme").wordmarks == ("Acme",)
        assert len(list_products(connection, limit=1000)) == MANY
        found = find_product(connection, "Acme", "R-3")
        report = verify_catalog(connection, store)
    assert found is not None
    assert [(image.source, image.width, image.height) for image in found.images] == [
        ("3.png", 32, 32),
        ("4.png", 32, 32),
    ]
    assert (report.images, report.problems, report.notes) == (2 * MANY, (), ())


def test_the_same_import_again_changes_nothing(database: Database, store: ImageStore) -> None:
    import_many(database, store)
    before = dump(database, without=())
    assert import_many(database, store) == ImportSummary(0, 0, MANY, [])
    assert dump(database, without=()) == before


def test_a_changed_image_is_replaced_and_the_rest_stays(database: Database, store: ImageStore) -> None:
    take(database, store, row("R-1", "1.png"), row("R-2", "2.png"))
    with database.read() as connection:
        number = last_number(connection)
    both = (row("R-1", "1.png"), row("R-2", "2.png"))
    summary = take(database, store, *both, read=lambda source: png(100 + int(source[0])))
    assert summary == ImportSummary(0, 2, 0, [])
    summary = take(database, store, *both)
    assert summary == ImportSummary(0, 2, 0, [])
    with database.read() as connection:
        assert last_number(connection) == number + 8
        assert verify_catalog(connection, store).problems == ()
        assert len(verify_catalog(connection, store).notes) > 0
    assert sweep_images(database, store) > 0
    with database.read() as connection:
        assert verify_catalog(connection, store).notes == ()


@pytest.fixture(scope="module")
def never_killed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What the database holds after one import."""
    workspace = tmp_path_factory.mktemp("never-killed")
    with open_database(DatabaseSettings(), workspace) as database:
        import_many(database, ImageStore(workspace / "images"))
        return dump(database)


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_and_the_same_import_again_is_as_if_never_killed(
    database: Database,
    settings: DatabaseSettings,
    workspace: Path,
    store: ImageStore,
    never_killed: dict[str, list[Any]],
    point: str,
) -> None:
    command = [sys.executable, "-c", IMPORTER, settings.url, str(workspace)]
    killed = subprocess.run(command, env={**os.environ, "MATCHER_KILL_AT": point}, check=False)
    assert killed.returncode == -signal.SIGKILL
    with database.read() as connection:
        assert verify_catalog(connection, store).problems == ()
    import_many(database, store)
    sweep_images(database, store)
    assert dump(database) == never_killed
    with database.read() as connection:
        report = verify_catalog(connection, store)
    assert (report.problems, report.notes) == ((), ())
    assert [entry.name for entry in store.folder.iterdir() if entry.name.endswith(".tmp")] == []


def test_two_imports_at_once_leave_what_one_would(
    database: Database, store: ImageStore, never_killed: dict[str, list[Any]]
) -> None:
    summaries: list[ImportSummary] = []
    threads = [Thread(target=lambda: summaries.append(import_many(database, store))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(summary.added for summary in summaries) == MANY
    assert sum(summary.unchanged for summary in summaries) == MANY
    assert dump(database) == never_killed


def test_a_damaged_or_missing_file_is_mended_by_an_import(database: Database, store: ImageStore) -> None:
    take(database, store, row("R-1", "1.png", "2.png"))
    with database.read() as connection:
        found = find_product(connection, "Acme", "R-1")
    assert found is not None
    store.delete(found.images[0].content_hash)
    store.path(found.images[1].content_hash).write_bytes(b"rotten")
    with database.read() as connection:
        assert len(verify_catalog(connection, store).problems) == 2
    assert take(database, store, row("R-1", "1.png", "2.png")) == ImportSummary(0, 0, 1, [])
    with database.read() as connection:
        assert verify_catalog(connection, store).problems == ()


def test_bad_rows_are_reported_and_the_rest_goes_in(database: Database, store: ImageStore) -> None:
    summary = take(
        database,
        store,
        row("R-1", "1.png"),
        FailedRow(source="feed.csv", line=3, reason="has no reference_id"),
        row("R-3", "broken.png"),
        row("R-4", "missing.png", "lost.png"),
        row(" ", "2.png"),
        row("R-1", "2.png"),
        row("R-7", "7.png"),
    )
    assert (summary.added, summary.changed, summary.unchanged) == (2, 0, 0)
    assert [(failed.line, failed.listing_id) for failed in summary.failed] == [
        (3, ""),
        (4, "R-3"),
        (5, "R-4"),
        (6, " "),
        (7, "R-1"),
    ]
    assert summary.failed[2].reason == (
        "missing.png: is not in the folder; lost.png: No such file or directory"
    )
    assert "occurs again" in summary.failed[4].reason
    assert {failed.source for failed in summary.failed} == {"feed.csv"}
    assert len(list(store.iterate())) == 2


def test_a_row_with_one_bad_image_goes_in_with_the_others(database: Database, store: ImageStore) -> None:
    summary = take(database, store, row("R-1", "1.png", "broken.png", "2.png"))
    assert summary.added == 1
    assert len(summary.failed) == 1
    assert summary.failed[0].reason.endswith("the row's other images went in")
    with database.read() as connection:
        found = find_product(connection, "Acme", "R-1")
    assert found is not None
    assert [image.source for image in found.images] == ["1.png", "2.png"]


def test_an_image_whose_server_is_down_stays_as_it_was(database: Database, store: ImageStore) -> None:
    take(database, store, row("R-1", "1.png", "2.png"), row("R-2", "3.png"))
    before = dump(database, without=())

    def down(source: str) -> bytes:
        if source in ("2.png", "3.png"):
            raise ImageError(source, "did not answer in 15 s")
        return read(source)

    summary = take(database, store, row("R-1", "1.png", "2.png"), row("R-2", "3.png"), read=down)
    assert (summary.unchanged, len(summary.failed)) == (1, 2)
    assert dump(database, without=()) == before


def test_whose_brand_counts(database: Database, store: ImageStore) -> None:
    own = [row("R-1", "1.png", brand=" ＡＣＭＥ"), row("R-2", "2.png", brand="Other"), row("R-3", "3.png")]
    summary = take(database, store, *own, brand="Acme")
    assert summary.added == 2
    assert "'Other'" in summary.failed[0].reason
    assert "'Acme'" in summary.failed[0].reason
    summary = take(database, store, *own, brand="")
    assert (summary.added, summary.unchanged) == (1, 1)
    assert (
        summary.failed[0].reason == "names no brand; fill the column brand, or name one for the whole import"
    )
    with database.read() as connection:
        assert [brand.name for brand in list_brands(connection)] == ["Acme", "Other"]


def test_logos_and_known_counterfeits_come_in_the_same_way(database: Database, store: ImageStore) -> None:
    for role in ImageRole:
        assert take(database, store, row("R-1", "1.png"), role=role).added == 1
    with database.read() as connection:
        assert {product.role for product in list_products(connection)} == set(ImageRole)
    assert len(list(store.iterate())) == 1


def test_a_store_that_cannot_be_written_stops_the_import(database: Database, workspace: Path) -> None:
    workspace.mkdir(exist_ok=True)
    (workspace / "file").touch()
    with pytest.raises(CatalogError, match="image store"):
        take(database, ImageStore(workspace / "file" / "images"), row("R-1", "1.png"))
    with database.read() as connection:
        assert list_products(connection) == []


def test_another_product_may_share_an_image(database: Database, store: ImageStore) -> None:
    take(database, store, row("R-1", "1.png"), row("R-2", "1.png"))
    assert len(list(store.iterate())) == 1
    take(database, store, row("R-2", "2.png"))
    sweep_images(database, store)
    with database.read() as connection:
        assert verify_catalog(connection, store).problems == ()
        found = find_product(connection, "Acme", "R-1")
    assert found is not None
    with database.write() as connection:
        assert put_product(connection, "Acme", row("R-1", "1.png"), found.images) == "unchanged"
