"""Answer times of `POST /v1/check` over loopback, with few and many clients, and the server's memory."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import numpy as np
import psutil
from pydantic import JsonValue

from benchmarks.photo_source import MADE, PhotoSource
from benchmarks.scan_speed import (
    MEBIBYTE,
    Command,
    Memory,
    Tell,
    make_catalog,
    make_listings,
    tree_memory,
    watched,
)
from matcher.errors import UsageError

CLIENTS = (1, 8, 32)
DISTINCT = 66
"""Photos that are sent in turn, 3 % of them edited copies of a reference."""
FIRST_SECONDS = 600.0
"""The first check opens models and galleries, and embeds what was imported."""


@dataclass
class Load:
    """What some clients met: seconds an answer, and how many were no answer to the question."""

    clients: int
    seconds: float = 0.0
    answers: list[float] = field(default_factory=list)
    errors: int = 0

    def figures(self) -> dict[str, JsonValue]:
        """Milliseconds at the median and the 95th percentile, and answers a second."""
        times = np.array(self.answers or [np.nan]) * 1000
        return {
            "p50_ms": round(float(np.percentile(times, 50)), 1),
            "p95_ms": round(float(np.percentile(times, 95)), 1),
            "checks_per_second": round(len(self.answers) / self.seconds, 2),
            "errors": self.errors,
        }


def measure_checks(
    folder: Path,
    *,
    references: int,
    requests: int,
    clients: Sequence[int] = CLIENTS,
    source: PhotoSource = MADE,
    command: Command = (),
    tell: Tell = lambda _: None,
) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    """Serve a catalog of `references` photos; check `requests` listings with each of `clients`.

    Returns figures of the whole, and of each number of clients, who share the machine's cores with the
    server. `memory_growth_mib` is the median of the last tenth of the samples less that of the first, after
    the first answer. Photos stay in `folder` for the next run. Raises `UsageError` when a command fails.
    """
    source.check(references + DISTINCT)
    shared, _ = make_catalog(
        folder, folder / "check-workspace", references, source, command=command, tell=tell
    )
    make_listings(folder, source.listings(references), references, DISTINCT)
    photos = [(folder / "listings" / f"{number:06d}.jpg").read_bytes() for number in range(DISTINCT)]
    with _served(shared, max(clients)) as (process, address, secret):
        opened = _opened(address, secret, photos[0], tell)
        memory, loads = Memory(), []
        with watched(process, memory):
            for number in clients:
                tell(f"{requests} checks by {number} clients")
                loads.append(_load(address, secret, photos, requests, number))
        held = tree_memory(process) / MEBIBYTE
    return _figures(loads, memory, held, references, opened)


@contextmanager
def _served(shared: Command, waiting: int) -> Iterator[tuple[psutil.Process, str, str]]:
    """A running server: its process, its address, and a key that may ask as often as it likes."""
    made = subprocess.run([*shared, "admin", "create"], capture_output=True, text=True)
    if made.returncode:
        raise UsageError(f"admin create ended with code {made.returncode}: {made.stderr.strip()[-300:]}")
    environment = os.environ | {
        "MATCHER__SERVICE__RUN_JOBS": "false",
        "MATCHER__SERVICE__CHECKS_WAITING": str(waiting),
    }
    command = [*shared, "serve", "--port", "0"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        try:
            assert running.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", running.stdout.readline())
            if found is None:
                raise UsageError("the server did not start: run `matcher serve` to see why")
            yield psutil.Process(running.pid), found[0], _key(found[0], made.stdout.strip())
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait()


def _key(address: str, admin: str) -> str:
    wanted = {"scopes": ["check"], "requests_per_minute": 1_000_000}
    headers = {"Authorization": f"Bearer {admin}"}
    answer = httpx.post(f"{address}/v1/keys", json=wanted, headers=headers, timeout=60)
    answer.raise_for_status()
    return str(answer.json()["secret"])


def _opened(address: str, secret: str, photo: bytes, tell: Tell) -> float:
    """Seconds until the first check was answered."""
    tell("waiting for the first answer")
    began = time.perf_counter()
    with _client(address, secret, FIRST_SECONDS) as client:
        answer = _check(client, photo)
    if answer.status_code != 200:
        raise UsageError(f"the first check was answered with {answer.status_code}: {answer.text[:200]}")
    return time.perf_counter() - began


def _load(address: str, secret: str, photos: Sequence[bytes], requests: int, clients: int) -> Load:
    load, numbers, lock = Load(clients), count(), threading.Lock()

    def ask() -> None:
        with _client(address, secret, 120) as client:
            while (number := next(numbers)) < requests:
                began = time.perf_counter()
                try:
                    good = _check(client, photos[number % len(photos)]).status_code == 200
                except httpx.HTTPError:
                    good = False
                taken = time.perf_counter() - began
                with lock:
                    load.answers += [taken] if good else []
                    load.errors += not good

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds = time.perf_counter() - began
    return load


def _client(address: str, secret: str, seconds: float) -> httpx.Client:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.Client(base_url=address, headers=headers, timeout=seconds, trust_env=False)


def _check(client: httpx.Client, photo: bytes) -> httpx.Response:
    return client.post("/v1/check", files=[("photos", ("photo.jpg", photo))], data={"title": "Item"})


def _figures(
    loads: Sequence[Load], memory: Memory, held: float, references: int, opened: float
) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    sizes = [size for _, size in memory.samples] or [held]
    tenth = max(1, len(sizes) // 10)
    growth = float(np.median(sizes[-tenth:]) - np.median(sizes[:tenth]))
    whole: dict[str, JsonValue] = {
        "references": references,
        "checks": sum(len(one.answers) for one in loads),
        "errors": sum(one.errors for one in loads),
        "first_answer_seconds": round(opened, 2),
        "peak_mib": round(memory.peak, 1),
        "memory_growth_mib": round(growth, 1),
    }
    by: dict[str, JsonValue] = {f"clients={one.clients}": one.figures() for one in loads}
    return whole, by
