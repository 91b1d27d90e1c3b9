"""A running service on a small workspace, spoken to without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from matcher.config import Settings
from matcher.service.app import create_app
from tests.matcher.drawn import SETTINGS

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
