"""`matcher serve` as it is run: an address, an answer, a stop in good order."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from matcher.commands import serve
from matcher.errors import UsageError
from matcher.service.server import serve as run
from tests.matcher.drawn import SETTINGS

ROOT = Path(__file__).resolve().parents[3]


def begin(workspace: Path, *words: str) -> tuple[subprocess.Popen[str], str]:
    """A server on a free port, and its address."""
    command = [sys.executable, "-c", "from matcher.cli import main; main()", "--workspace", str(workspace)]
    running = subprocess.Popen(
        [*command, "serve", "--port", "0", *words],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stdout is not None
    said = running.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", said)
    if not found:
        running.kill()
        raise AssertionError(said + running.communicate()[1])
    return running, found[0]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_a_server_answers_until_it_is_told_to_stop(tmp_path: Path, how: signal.Signals) -> None:
    running, address = begin(tmp_path / "workspace")
    try:
        # The address is listened on before the workspace is open: whoever comes early waits.
        assert httpx.get(f"{address}/status/ready", timeout=30).json() == {"status": "ready", "catalog": 0}
        running.send_signal(how)
        _, log = running.communicate(timeout=30)
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 0, log
    lines = [json.loads(line) for line in log.splitlines()]
    asked = [line for line in lines if line["event"] == "request"]
    assert [line["route"] for line in asked] == ["/status/ready"]
    assert asked[0]["request_id"]


def test_an_address_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"127\.0\.0\.1:{port}: .*; give another --host or --port"):
            run(tmp_path / "workspace", SETTINGS, "127.0.0.1", port)


def test_a_missing_extra_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "PARTS", ("json", "no_such_package"))
    with pytest.raises(UsageError, match=r"needs no_such_package: pip install .*\[service\]"):
        serve.expect_installed()
