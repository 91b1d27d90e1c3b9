"""Opens the database: SQLite in the workspace, or PostgreSQL by URL, brought up to date on the way."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import filelock
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    exc,
    inspect,
    make_url,
    text,
)

from matcher.catalog.migrations import HEAD
from matcher.config import DatabaseSettings
from matcher.errors import CatalogError, StorageError

FILE_NAME = "matcher.db"
_WRITES = "matcher_writes"
_ADVICE = {
    "locked": "another matcher is writing, try again",
    "full": "free some space, then run the same command again",
    "disk I/O error": "is the disk full?",
    "readonly": "the workspace must be writable, also for commands that only look",
    "unable to open": "the workspace must be writable, also for commands that only look",
}
"""What helps, by a word of what SQLite says."""
_MIGRATION_LOCK = 7_262_190_411
"""Any number, the same in every matcher: PostgreSQL's advisory locks are known by number."""


class Database:
    """An open database; safe to share between threads, never between processes.

    `read()` and `write()` give a connection in a transaction. What goes wrong outside the caller's code
    (locked, disk full, connection lost) is raised as `CatalogError`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self.where = str(engine.url.database) if self.is_sqlite else engine.url.render_as_string()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One unchanging view of the database, whatever others commit meanwhile; writing is refused."""
        options: dict[str, Any] = {}
        if not self.is_sqlite:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._begin(options) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises.

        On SQLite it holds the write lock from the start (`BEGIN IMMEDIATE`), waiting up to the busy timeout.
        """
        with self._begin({_WRITES: True}) as connection:
            yield connection

    @contextmanager
    def _begin(self, options: dict[str, Any]) -> Iterator[Connection]:
        try:
            with self._engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
        except (exc.IntegrityError, exc.ProgrammingError, exc.DataError):
            raise
        except exc.DBAPIError as error:
            raise StorageError(f"database {self.where}: {_reason(error)}") from error

    def close(self) -> None:
        """Close every connection; on SQLite the write-ahead log is folded into the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_database(settings: DatabaseSettings, workspace: Path) -> Database:
    """The database of `settings.url`, or `workspace/matcher.db`; made and migrated as needed.

    Several processes may open a new workspace at once. Raises `CatalogError` when it cannot be reached, is of
    a newer matcher, or is no database.
    """
    url = _url(settings.url, workspace)
    engine = _sqlite_engine(url, settings) if url.get_backend_name() == "sqlite" else _postgresql_engine(url)
    database = Database(engine)
    try:
        _migrate(database, settings)
    except BaseException:
        database.close()
        raise
    return database


def _url(given: str, workspace: Path) -> URL:
    if not given:
        return URL.create("sqlite", database=str(workspace / FILE_NAME))
    try:
        url = make_url(given)
    except exc.ArgumentError as error:
        raise CatalogError("database.url: is not a URL such as postgresql://user@host/name") from error
    name = url.drivername.partition("+")[0]
    if name in ("postgres", "postgresql"):
        if importlib.util.find_spec("psycopg") is None:
            raise CatalogError(
                "database.url: PostgreSQL needs: pip install 'counterfeit-image-matcher[postgresql]'"
            )
        return url.set(drivername="postgresql+psycopg")
    if name == "sqlite" and url.database and url.database != ":memory:":
        return url
    raise CatalogError(f"database.url: {url.drivername}: use a SQLite file or PostgreSQL")


def _sqlite_engine(url: URL, settings: DatabaseSettings) -> Engine:
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(f"database {path}: its folder cannot be made: {error.strerror}") from error
    engine = create_engine(url, connect_args={"timeout": settings.busy_timeout_seconds})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=FULL")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql_engine(url: URL) -> Engine:
    return create_engine(url, pool_pre_ping=True)


def _migrate(database: Database, settings: DatabaseSettings) -> None:
    """Bring the tables up to date under a lock, unless they already are."""
    if not database.is_sqlite:
        if _revision(database) != HEAD:
            with database.write() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATION_LOCK})
                _upgrade(database, connection)
        return
    try:
        with filelock.FileLock(f"{database.where}.lock", timeout=settings.busy_timeout_seconds):
            if _revision(database) != HEAD:
                _use_write_ahead_log(database)
                with database.write() as connection:
                    _upgrade(database, connection)
    except filelock.Timeout as error:
        raise CatalogError(f"database {database.where}: another matcher is opening it; try again") from error
    except OSError as error:
        raise CatalogError(
            f"database {database.where}: {error.strerror}; the workspace must be readable and writable"
        ) from error


def _revision(database: Database) -> str | None:
    with database.read() as connection:
        return _revision_seen(connection)


def _use_write_ahead_log(database: Database) -> None:
    """WAL is a property of the file, and can only be set outside a transaction."""
    raw = None
    try:
        raw = database._engine.raw_connection()
        raw.cursor().execute("PRAGMA journal_mode=WAL")
    except (exc.DBAPIError, database._engine.dialect.loaded_dbapi.Error) as error:
        raise CatalogError(f"database {database.where}: {_reason(error)}") from error
    finally:
        if raw is not None:
            raw.close()


def _upgrade(database: Database, connection: Connection) -> None:
    found = _revision_seen(connection)
    if found == HEAD:  # another opened it while this one waited for the lock
        return
    from alembic import command, config, util

    settings = config.Config()
    settings.set_main_option("script_location", "matcher.catalog:migrations")
    settings.attributes["connection"] = connection
    try:
        command.upgrade(settings, "head")
    except util.CommandError as error:
        raise CatalogError(
            f"database {database.where}: is of a newer matcher (revision {found}); upgrade this one"
        ) from error


def _revision_seen(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _reason(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    first = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    advice = next((said for sign, said in _ADVICE.items() if sign in first), "")
    return f"{first}; {advice}" if advice else first
