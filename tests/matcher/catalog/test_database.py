"""A database opens wherever it is asked for, once for all, and keeps writers apart."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Text, insert, select, text

from matcher.catalog import Database, open_database
from matcher.catalog.columns import ExactText
from matcher.catalog.migrations import HEAD
from matcher.catalog.tables import metadata, owners
from matcher.config import DatabaseSettings
from matcher.errors import CatalogError

OPENER = """
import sys
from pathlib import Path
from matcher.catalog import add_owner, open_database
from matcher.config import DatabaseSettings
print("ready", flush=True)
sys.stdin.readline()
with open_database(DatabaseSettings(url=sys.argv[1]), Path(sys.argv[2])) as database:
    with database.write() as connection:
        add_owner(connection, sys.argv[3])
"""


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": _differ})
        assert compare_metadata(context, metadata) == []


def _differ(context: Any, _inspected: Any, _column: Any, found: Any, wanted: Any) -> bool | None:
    """Alembic forgets the collation of a type of our own."""
    if not isinstance(wanted, ExactText):
        return None
    impl = wanted.load_dialect_impl(context.dialect)
    return not isinstance(found, Text) or found.collation != impl.collation


def test_the_newest_migration_is_the_one_that_opening_looks_for() -> None:
    settings = Config()
    settings.set_main_option("script_location", "matcher.catalog:migrations")
    assert ScriptDirectory.from_config(settings).get_current_head() == HEAD


def test_what_was_written_is_there_when_opened_again(settings: DatabaseSettings, workspace: Path) -> None:
    for name in ("first", "second"):
        with open_database(settings, workspace) as database, database.write() as connection:
            connection.execute(insert(owners).values(name=name))
    with open_database(settings, workspace) as database, database.read() as connection:
        assert connection.execute(select(owners.c.name)).scalars().all() == ["default", "first", "second"]


def test_four_processes_may_open_a_new_workspace_at_once(settings: DatabaseSettings, workspace: Path) -> None:
    openers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", OPENER, settings.url, str(workspace), f"owner {number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == b"ready\n"
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write(b"\n")
        opener.stdin.flush()
    for opener in openers:
        opener.communicate()
        assert opener.returncode == 0
    with open_database(settings, workspace) as database, database.read() as connection:
        assert len(connection.execute(select(owners)).all()) == 5


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    with suppress(RuntimeError), database.write() as connection:
        connection.execute(insert(owners).values(name="gone"))
        raise RuntimeError
    with database.read() as connection:
        assert connection.execute(select(owners.c.name)).scalars().all() == ["default"]


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(CatalogError), database.read() as connection:
        connection.execute(insert(owners).values(name="sneaked in"))


def test_a_reader_sees_one_moment(database: Database) -> None:
    with database.read() as reader:
        before = reader.execute(select(owners)).all()
        with database.write() as writer:
            writer.execute(insert(owners).values(name="meanwhile"))
        assert reader.execute(select(owners)).all() == before


def test_sqlite_is_set_to_lose_nothing(workspace: Path) -> None:
    with open_database(DatabaseSettings(busy_timeout_seconds=7), workspace) as database:
        for block in (database.read, database.write):
            with block() as connection:
                pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
                found = [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in pragmas]
                assert found == ["wal", 2, 1, 7000]


def test_a_writer_that_waits_too_long_says_so(workspace: Path) -> None:
    with (
        open_database(DatabaseSettings(busy_timeout_seconds=0.05), workspace) as database,
        database.write(),
        pytest.raises(CatalogError, match="another matcher is writing"),
        database.write(),
    ):
        pass


def test_threads_share_an_open_database(database: Database) -> None:
    def add(number: int) -> None:
        with database.write() as connection:
            connection.execute(insert(owners).values(name=f"owner {number}"))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert len(connection.execute(select(owners)).all()) == 9


def test_a_database_of_a_newer_matcher_is_refused(settings: DatabaseSettings, workspace: Path) -> None:
    with open_database(settings, workspace) as database, database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CatalogError, match="newer matcher"):
        open_database(settings, workspace)


def test_a_file_that_is_no_database_is_refused_in_one_line(workspace: Path) -> None:
    workspace.mkdir()
    (workspace / "matcher.db").write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(CatalogError, match="not a database") as caught:
        open_database(DatabaseSettings(), workspace)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["mysql://x/y", "sqlite://", "no url", "postgresql://nobody:secret@127.0.0.1:1/x"]
)
def test_a_url_that_cannot_work_is_refused_in_one_line(url: str, workspace: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        open_database(DatabaseSettings(url=url), workspace)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_workspace_may_have_any_name(tmp_path: Path) -> None:
    for _ in range(2):
        with (
            open_database(DatabaseSettings(), tmp_path / "a %s:b?c#d é") as database,
            database.read() as connection,
        ):
            assert connection.execute(select(owners.c.name)).scalars().all() == ["default"]
    assert (tmp_path / "a %s:b?c#d é" / "matcher.db").is_file()


def test_importing_the_package_loads_no_database_library() -> None:
    names = ("sqlalchemy", "alembic", "psycopg")
    code = f"import sys, matcher; sys.exit(any(name in sys.modules for name in {names}))"
    subprocess.run([sys.executable, "-c", code], check=True)
