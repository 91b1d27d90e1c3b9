"""A running service on a small workspace; on both databases where a module says so.

A module with `BOTH_DATABASES = True` has its tests that start a service run on SQLite and PostgreSQL.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete

from matcher.catalog import open_database
from matcher.catalog.copying import TABLES, last_numbers, load_table, set_last_numbers, table_lines
from matcher.catalog.tables import counters, owners
from matcher.config import DatabaseSettings, Settings
from matcher.service.app import create_app
from tests.matcher.drawn import SETTINGS
from tests.matcher.service.tenants import png

Start = Callable[..., TestClient]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Doubles the tests of the modules that say so."""
    if "database_url" in metafunc.fixturenames and getattr(metafunc.module, "BOTH_DATABASES", False):
        both = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
        metafunc.parametrize("database_url", both, indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty PostgreSQL database, or nothing (SQLite); commands use it too."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return ""
    url = str(request.getfixturevalue("postgresql_url"))
    monkeypatch.setenv("MATCHER__DATABASE__URL", url)
    return url


@pytest.fixture
def start(tmp_path: Path, database_url: str) -> Iterator[Start]:
    """Starts the service on a workspace (an empty one unless a folder is given) and gives a client."""
    running: list[TestClient] = []
    moved: set[Path] = set()

    def started(folder: Path | None = None, settings: Settings = SETTINGS) -> TestClient:
        if database_url:
            settings = settings.model_copy(update={"database": DatabaseSettings(url=database_url)})
        if database_url and folder is not None and folder not in moved:
            moved.add(folder)
            move(folder, settings.database)
        app = create_app(folder or tmp_path / "workspace", settings)
        client = TestClient(app, raise_server_exceptions=False)
        running.append(client.__enter__())
        return client

    yield started
    for client in running:
        client.__exit__(None, None, None)


def move(folder: Path, settings: DatabaseSettings) -> None:
    """Put what a workspace's SQLite file holds into another database, which is empty."""
    with (
        open_database(DatabaseSettings(), folder) as here,
        open_database(settings, folder) as there,
        here.read() as source,
        there.write() as target,
    ):
        for table in (owners, counters):
            target.execute(delete(table))
        for table in TABLES:
            load_table(target, table, table_lines(source, table), lambda _name, row: row)
        set_last_numbers(target, last_numbers(source))


class _Photos(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = re.fullmatch(r"/product-(\d+)\.png", self.path)
        blob = png(int(found[1])) if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(blob)))
        self.end_headers()
        self.wfile.write(blob)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def photos_served() -> Iterator[str]:
    """A web server with a photo of every product, `product-N.png`; gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Photos) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.fixture
def photo_server() -> Iterator[str]:
    """The same for one test."""
    with photos_served() as address:
        yield address
