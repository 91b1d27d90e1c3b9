"""Two servers on one workspace, started as people start them, that are killed and started again."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[3]
Victim = Literal["answering", "working"]
RUN_JOBS, DATABASE = "MATCHER__SERVICE__RUN_JOBS", "MATCHER__DATABASE__URL"


@dataclass
class Fleet:
    """`answering` takes requests alone, `working` carries jobs out as well; both can be asked.

    Each leads a process group, to which the workers that examine its scans belong.
    """

    workspace: Path
    database: str = ""
    ports: dict[Victim, int] = field(default_factory=dict)
    running: dict[Victim, subprocess.Popen[bytes]] = field(default_factory=dict)
    groups: list[int] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def addresses(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports.values()]

    @property
    def log(self) -> Path:
        return self.workspace.parent / f"{self.workspace.name}.log"

    @property
    def _command(self) -> list[str]:
        program = [sys.executable, "-c", "from matcher.cli import main; main()"]
        return [*program, "--workspace", str(self.workspace)]

    @property
    def _environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key != DATABASE}
        return kept | ({DATABASE: self.database} if self.database else {})

    def told(self, *words: str) -> str:
        """What another command on the same workspace says; it must end well."""
        done = subprocess.run(
            [*self._command, *words], cwd=ROOT, env=self._environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def start(self, name: Victim) -> None:
        """Start it where it was before; it can be asked a little later."""
        port = self.ports.setdefault(name, free_port())
        environment = self._environment | {RUN_JOBS: "true" if name == "working" else "false"}
        with self.log.open("ab") as log:
            self.running[name] = subprocess.Popen(
                [*self._command, "serve", "--port", str(port)],
                cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.groups.append(self.running[name].pid)

    def kill(self, names: tuple[Victim, ...], *, alone: bool) -> None:
        """SIGKILL to these servers and, unless `alone`, to the workers they started; start them again."""
        with self._turn:
            for name in names:
                died = self.running[name]
                assert died.poll() is None, f"{name} ended by itself with {died.returncode}: see {self.log}"
                if alone:
                    died.kill()
                else:
                    os.killpg(died.pid, signal.SIGKILL)
            for name in names:
                self.running[name].wait()
                self.start(name)

    def stop(self) -> None:
        """Let both end in good order."""
        for one in self.running.values():
            one.terminate()
        for one in self.running.values():
            assert one.wait(60) == 0, self.log.read_text(encoding="utf-8")[-4_000:]


@contextmanager
def fleet_of(workspace: Path, database: str = "") -> Iterator[Fleet]:
    """Two servers to be started; whatever is left of them ends with the block."""
    fleet = Fleet(workspace, database)
    try:
        yield fleet
    finally:
        for group in fleet.groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        for one in fleet.running.values():
            one.wait()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


class Killer:
    """Kills the servers at moments that a seed gives: so many in each step, while the step goes on."""

    def __init__(self, fleet: Fleet, seed: int, seconds: dict[str, float]) -> None:
        self._fleet, self._chance, self._seconds = fleet, random.Random(seed), seconds
        self.kills = 0

    @contextmanager
    def during(self, step: str, kills: int) -> Iterator[None]:
        """The block, with `kills` kills at moments spread over as long as the step took undisturbed.

        What has no turn before the step ends comes right after it: what was acknowledged must stay then, too.
        """
        ended = threading.Event()
        killing = threading.Thread(target=self._kill, args=(step, kills, ended), name="killer")
        killing.start()
        try:
            yield
        finally:
            ended.set()
            killing.join()

    def _kill(self, step: str, kills: int, ended: threading.Event) -> None:
        for _ in range(kills):
            ended.wait(self._chance.uniform(0, self._seconds[step]))
            both: tuple[tuple[Victim, ...], ...] = (("answering",), ("working",), ("answering", "working"))
            self._fleet.kill(self._chance.choice(both), alone=self._chance.random() < 0.4)
            self.kills += 1
