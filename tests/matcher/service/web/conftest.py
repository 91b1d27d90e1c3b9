"""A browser, and a running service with two owners that it looks at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.matcher.commands.conftest import matcher
from tests.matcher.service.test_jobs import TOML
from tests.matcher.service.test_server import begin
from tests.matcher.service.web.browsing import FLAGS, Site

PEOPLE = {"kim": ("Acme", "manager"), "rhea": ("Acme", "reviewer"), "lee": ("Other", "manager")}
"""Who signs in, with owner and role."""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def site(browser: Any, tmp_path: Path) -> Iterator[Site]:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "matcher.toml").write_text(TOML)
    passwords = {
        name: matcher(workspace, "admin", "person", name, "--owner", owner, "--role", role).stdout.strip()
        for name, (owner, role) in PEOPLE.items()
    }
    running, address = begin(workspace)
    try:
        yield Site(address, browser, passwords)
    finally:
        running.terminate()
        running.communicate(timeout=60)
