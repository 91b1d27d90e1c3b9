"""Bodies without end: refused while they come, or on disk and not in memory, and gone where refused."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.matcher.commands.conftest import matcher
from tests.matcher.service.test_server import begin

MIB = 2**20
STRICT = f"""
[models]
text = "none"
[service]
max_archive_bytes = {24 * MIB}
run_jobs = false
"""
LOOSE = """
[models]
text = "none"
[service]
run_jobs = false
"""


@contextmanager
def serving(folder: Path, toml: str) -> Iterator[tuple[str, int, str]]:
    """A server's address, its process and a key; brand 1 is there."""
    secret = matcher(folder, "admin", "create").stdout.strip()
    (folder / "matcher.toml").write_text(toml, encoding="utf-8")
    running, address = begin(folder)
    try:
        headers = {"Authorization": f"Bearer {secret}"}
        httpx.post(f"{address}/v1/brands", json={"name": "Acme"}, headers=headers, timeout=60)
        yield address, running.pid, secret
    finally:
        running.terminate()
        running.communicate(timeout=60)


def streamed(address: str, secret: str, pieces: int, announce: bool = False) -> tuple[int, int]:
    """Send a form with a file of so many MiB; the answer's status, and how many MiB went out before it."""
    head, tail = (
        b'--b\r\nContent-Disposition: form-data; name="archive"; filename="a.zip"\r\n\r\n',
        b"\r\n--b--\r\n",
    )
    length = len(head) + pieces * MIB + len(tail)
    how = f"Content-Length: {length}" if announce else "Transfer-Encoding: chunked"
    lines = ("POST /v1/brands/1/archives HTTP/1.1", "Host: x", f"Authorization: Bearer {secret}", how,
             "Content-Type: multipart/form-data; boundary=b", "Connection: close", "", "")  # fmt: skip
    host, _, port = address.removeprefix("http://").partition(":")
    wire = (lambda part: part) if announce else (lambda part: f"{len(part):x}\r\n".encode() + part + b"\r\n")
    sent = 0
    with socket.create_connection((host, int(port)), timeout=120) as opened:
        opened.sendall("\r\n".join(lines).encode() + (b"" if announce else wire(head)))
        if announce:
            time.sleep(0.5)
        block = bytes(MIB)
        try:
            for _ in range(pieces):
                if select.select([opened], [], [], 0)[0]:
                    break
                opened.sendall(wire(block))
                sent += 1
            else:
                opened.sendall(wire(tail) + (b"" if announce else b"0\r\n\r\n"))
        except OSError:
            pass  # The server has closed what it refused.
        try:
            answer = b"".join(iter(lambda: opened.recv(65536), b""))
        except OSError:
            answer = b""
    return int(answer.split(b" ", 2)[1]) if answer else 0, sent


def peak_memory(process: int) -> int:
    """The most bytes that the process has held in memory."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def on_disk(folder: Path) -> int:
    """Bytes in what requests leave: spooled bodies, and files of jobs and uploads."""
    return sum(
        path.stat().st_size
        for part in ("tmp", "jobs", "uploads")
        for path in (folder / part).rglob("*")
        if path.is_file()
    )


needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc")


@needs_proc
@pytest.mark.slow
def test_a_body_over_the_limit_is_refused_while_it_comes(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    with serving(folder, STRICT) as (address, process, secret):
        before = peak_memory(process)
        assert streamed(address, secret, 2_000, announce=True) == (413, 0), "by its length, nothing is read"
        status, sent = streamed(address, secret, 600)
        assert status in (0, 413)
        assert sent < 24 + 40, "what lies in buffers on the way counts too"
        status, _ = streamed(address, "cim_0000000000_guess", 600)
        assert status in (0, 401)
        assert peak_memory(process) - before < 48 * MIB
        assert on_disk(folder) == 0
        assert httpx.get(f"{address}/status/ready", timeout=60).status_code == 200


@needs_proc
@pytest.mark.slow
def test_a_large_body_goes_to_disk_not_to_memory_and_leaves_nothing_where_it_is_refused(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "workspace"
    with serving(folder, LOOSE) as (address, process, secret):
        streamed(address, secret, 4)
        before = peak_memory(process)
        status, sent = streamed(address, secret, 400)
        assert (status, sent) == (422, 400), "400 MiB of zeros are no ZIP"
        assert peak_memory(process) - before < 64 * MIB
        assert on_disk(folder) == 0
