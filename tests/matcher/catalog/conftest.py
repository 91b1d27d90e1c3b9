"""Fixtures of the catalog's tests: each one that takes `database` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from matcher.catalog import Database, ImageStore, add_brand, open_database
from matcher.config import DatabaseSettings
from matcher.records import Brand


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
