"""A browser, and a running service with two owners that it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.matcher.commands.conftest import matcher
from tests.matcher.service.test_jobs import TOML
from tests.matcher.service.test_server import begin
from tests.matcher.service.web.browsing import Site

PEOPLE = {
    "kim": ("Acme", "manager"),
    "rhea": ("Acme", "reviewer"),
    "lee": ("Other", "manager"),
    "ada": ("default", "admin"),
}
"""Who signs in, with owner and role."""


@pytest.fixture
def site(browser: Any, tmp_path: Path) -> Iterator[Site]:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "matcher.toml").write_text(TOML)
    passwords = {
        name: matcher(workspace, "admin", "person", name, "--owner", owner, "--role", role).stdout.strip()
        for name, (owner, role) in PEOPLE.items()
    }
    running, address = begin(workspace, log=tmp_path / "serve.log")
    try:
        yield Site(address, browser, passwords)
    finally:
        running.terminate()
        running.communicate(timeout=60)
