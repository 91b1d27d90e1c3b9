"""A running service on a small workspace, spoken to without a network."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from matcher.config import Settings
from matcher.service.app import create_app
from tests.matcher.drawn import SETTINGS
from tests.matcher.service.tenants import png

Start = Callable[..., TestClient]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the service on a workspace (an empty one unless a folder is given) and gives a client."""
    running: list[TestClient] = []

    def started(folder: Path | None = None, settings: Settings = SETTINGS) -> TestClient:
        app = create_app(folder or tmp_path / "workspace", settings)
        client = TestClient(app, raise_server_exceptions=False)
        running.append(client.__enter__())
        return client

    yield started
    for client in running:
        client.__exit__(None, None, None)


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


@pytest.fixture
def photo_server() -> Iterator[str]:
    """A web server with a photo of every product, `product-N.png`; gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Photos) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()
