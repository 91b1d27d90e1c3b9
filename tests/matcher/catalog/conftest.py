"""Fixtures of the catalog's tests: each one that takes `database` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from matcher.catalog import Database, ImageStore, add_brand, open_database
from matcher.config import DatabaseSettings
from matcher.records import Brand

_NAMES = count(1)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A server of our own on a socket in a temporary folder; gives the folder."""
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs (initdb, pg_ctl) are not installed")
    folder = Path(tempfile.mkdtemp(prefix="matcher-pg-"))
    user = "postgres" if os.getuid() == 0 else None  # the server refuses to run as root
    if user:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(folder / "files"), *arguments]
        subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    try:
        run("initdb", "--auth=trust", "--username=matcher", "--encoding=UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        yield str(folder)
        run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgresql_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve())
    return found[-1].parent if found else None


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    name = f"test_{next(_NAMES)}"
    admin = create_engine(f"postgresql+psycopg://matcher@/postgres?host={postgresql_server}")
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield f"postgresql://matcher@/{name}?host={postgresql_server}"
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def settings(request: pytest.FixtureRequest) -> DatabaseSettings:
    """A database that nobody has opened yet."""
    if request.param == "sqlite":
        return DatabaseSettings()
    return DatabaseSettings(url=request.getfixturevalue("postgresql_url"))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def database(settings: DatabaseSettings, workspace: Path) -> Iterator[Database]:
    """An open, empty database."""
    with open_database(settings, workspace) as opened:
        yield opened


@pytest.fixture
def store(workspace: Path) -> ImageStore:
    return ImageStore(workspace / "images")


@pytest.fixture
def acme(database: Database) -> str:
    """The name of a brand that is in the database."""
    with database.write() as connection:
        add_brand(connection, Brand(name="Acme", wordmarks=("acme",)))
    return "Acme"
