"""`matcher serve` as it is run: an address, an answer, a stop in good order."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import httpx
import pytest

from matcher.commands import serve
from matcher.config import PolicySettings
from matcher.errors import ConfigError, UsageError
from matcher.service.server import serve as run
from tests.matcher.commands.conftest import matcher
from tests.matcher.drawn import SETTINGS
from tests.matcher.service.tenants import png

ROOT = Path(__file__).resolve().parents[3]


def begin(workspace: Path, *words: str, log: Path | None = None) -> tuple[subprocess.Popen[str], str]:
    """A server on a free port, and its address.

    Its log goes to a pipe, which holds some hundred lines before the server waits, or else to the file `log`.
    """
    command = [sys.executable, "-c", "from matcher.cli import main; main()", "--workspace", str(workspace)]
    with log.open("wb") if log else nullcontext(subprocess.PIPE) as errors:
        running = subprocess.Popen(
            [*command, "serve", "--port", "0", *words],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
    assert running.stdout is not None
    said = running.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", said)
    if not found:
        running.kill()
        raise AssertionError(said + (running.communicate()[1] or ""))
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
    assert list((tmp_path / "workspace" / "tmp").iterdir()) == [], "bodies that come lie here, without a name"


def test_from_the_first_key_to_a_verdict_and_a_stop_that_lets_the_last_check_end(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    made = matcher(workspace, "admin", "create")
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    running, address = begin(workspace)
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
            brand = client.post("/v1/brands", json={"name": "Aurelio"}).json()["brand_id"]
            facts = {"reference_id": "R-2", "price": "80", "currency": "EUR"}
            photo = [("photos", ("a.png", png(2)))]
            put = client.post(f"/v1/brands/{brand}/references", data=facts, files=photo)
            assert put.json()["outcome"] == "added"
            offer = {"listing_id": "L-1", "price": "9", "currency": "EUR"}
            request = client.build_request("POST", "/v1/check", data=offer, files=photo)
            body = request.read()
            with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as slow:
                slow.sendall(head(request.headers, len(body)) + body[:-100])
                wait_for(running, "matcher_requests_under_way 2.0", client)
                running.send_signal(signal.SIGTERM)
                wait_until_closed(address)
                slow.sendall(body[-100:])
                answer = b"".join(iter(lambda: slow.recv(65536), b""))
        _, log = running.communicate(timeout=60)
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 0, log
    assert answer.startswith(b"HTTP/1.1 200"), answer[:500]
    verdict = json.loads(answer.partition(b"\r\n\r\n")[2])["verdict"]
    assert (verdict["verdict"], verdict["brand"]) == ("counterfeit", "Aurelio")
    assert made.stdout.strip().rpartition("_")[2] not in log, "secrets are not logged"
    assert f'"key": "{made.stdout[:14]}"' in log


def head(headers: httpx.Headers, length: int) -> bytes:
    """The lines before the body."""
    kept = {"Host": "127.0.0.1", "Content-Length": str(length), "Connection": "close"}
    kept |= {name: headers[name] for name in ("Authorization", "Content-Type")}
    lines = ["POST /v1/check HTTP/1.1", *(f"{name}: {value}" for name, value in kept.items()), "", ""]
    return "\r\n".join(lines).encode()


def wait_for(running: subprocess.Popen[str], said: str, client: httpx.Client) -> None:
    """Until the metrics say so."""
    for _ in range(200):
        assert running.poll() is None
        if said in client.get("/metrics").text:
            return
        time.sleep(0.05)
    raise AssertionError(f"the metrics never said {said}")


def wait_until_closed(address: str) -> None:
    """Until no new connection is taken."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=1).close()
        except OSError:
            return
        time.sleep(0.05)
    raise AssertionError("the server still takes connections")


def test_a_policy_that_is_wrong_is_told_before_anything_is_served(tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"policy": PolicySettings(file="own.toml")})
    served: list[str] = []
    for text, said in (
        (None, "cannot be read: No such file"),
        ("name =", "is not TOML"),
    ):
        if text is not None:
            (tmp_path / "own.toml").write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            run(tmp_path, settings, "127.0.0.1", 0, started=served.append)
        assert str(caught.value).startswith(f"policy.file: {tmp_path / 'own.toml'}: {said}")
    assert not served


def test_an_address_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"127\.0\.0\.1:{port}: .*; give another --host or --port"):
            run(tmp_path / "workspace", SETTINGS, "127.0.0.1", port)


def test_a_missing_extra_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "PARTS", ("json", "no_such_package"))
    with pytest.raises(UsageError, match=r"needs no_such_package: pip install .*\[service\]"):
        serve.expect_installed()
