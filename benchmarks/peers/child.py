"""A peer in its own interpreter: `python -m benchmarks.peers.child ENGINE ARGUMENT` answers on a pipe.

A request is a line of JSON, followed by the pixels it announces; an answer is a line of JSON. Nothing of the
project but `benchmarks.peers` is imported here, so that any Python with the peer's packages will do.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from benchmarks.peers.engine import Engine, GroupEngine, NotAvailableError, Pixels, one_line


def load(engine: str, argument: str) -> Engine | GroupEngine:
    """Build `module:Class` of this package; raises NotAvailableError with the reason."""
    module, _, kind = engine.partition(":")
    try:
        made = getattr(importlib.import_module(f"benchmarks.peers.{module}"), kind)
    except ImportError as error:
        raise NotAvailableError(f"{error.name or error} cannot be imported") from error
    return cast("Engine | GroupEngine", made(argument))


class Server:
    """Answers requests and keeps the time that the peer itself took."""

    def __init__(self, engine: Engine | GroupEngine) -> None:
        self._engine = cast("Any", engine)
        self.seconds = {"add": 0.0, "build": 0.0, "find": 0.0, "groups": 0.0}
        self.calls = dict.fromkeys(self.seconds, 0)

    def answer(self, request: dict[str, Any], pixels: Pixels | None) -> dict[str, object]:
        """One answer; raises what the peer raises."""
        match request["do"]:
            case "add":
                self._timed("add", lambda: self._engine.add(pixels))
                return {}
            case "build":
                self._timed("build", self._engine.build)
                return {}
            case "find":
                found = self._timed("find", lambda: self._engine.find(pixels, request["k"]))
                return {"found": [[int(number), float(score)] for number, score in found]}
            case "groups":
                return {"groups": self._timed("groups", lambda: self._engine.groups(request["folder"]))}
            case "costs":
                return self.costs()
        raise ValueError(f"unknown request {request['do']!r}")

    def costs(self) -> dict[str, object]:
        """Seconds and calls by request, peak memory in MiB, and bytes of the index."""
        size = self._engine.index_bytes() if hasattr(self._engine, "index_bytes") else None
        return {
            "seconds": self.seconds, "calls": self.calls, "index_bytes": size, "peak_mib": peak_mib(),
        }  # fmt: skip

    def _timed(self, name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        try:
            return work()
        finally:
            self.seconds[name] += time.perf_counter() - start
            self.calls[name] += 1


def peak_mib() -> float:
    """The most memory this process has held; Linux hands a child its parent's peak through `getrusage`."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return round(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024, 1)
    except (OSError, StopIteration):
        scale = 1024 if sys.platform == "darwin" else 1
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale / 1024, 1)


def serve(requests: BinaryIO, answers: BinaryIO, engine: str, argument: str) -> None:
    """Say hello, then answer until the pipe ends."""
    try:
        loaded = load(engine, argument)
    except NotAvailableError as error:
        send(answers, {"not_run": one_line(error)})
        return
    send(answers, {"ready": True, "settings": loaded.settings()})
    server = Server(loaded)
    while line := requests.readline():
        request = json.loads(line)
        pixels = read_pixels(requests, request["pixels"]) if "pixels" in request else None
        try:
            send(answers, server.answer(request, pixels))
        except Exception as error:  # noqa: BLE001  the parent tells; a peer may raise anything
            send(answers, {"error": f"{type(error).__name__}: {one_line(error)}"})


def read_pixels(requests: BinaryIO, shape: Sequence[int]) -> Pixels:
    """The bytes that follow a request, as an image; raises EOFError when they are cut off."""
    height, width = shape
    blob = requests.read(height * width * 3)
    if len(blob) != height * width * 3:
        raise EOFError("the pixels are cut off")
    return np.frombuffer(blob, np.uint8).reshape(height, width, 3)


def send(answers: BinaryIO, answer: dict[str, object]) -> None:
    """Write one answer."""
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


def main() -> None:
    """Keep the pipe for answers alone: what a library prints goes to the error stream."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, pipe, sys.argv[1], sys.argv[2])


if __name__ == "__main__":
    main()
