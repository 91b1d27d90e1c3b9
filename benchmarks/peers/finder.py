"""A peer as a finder: this side of the pipe to its process."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from pydantic import JsonValue

from benchmarks.peers.environments import NotRunError, child_variables, interpreter, peer_named
from benchmarks.peers.registry import Peer
from matcher.errors import UsageError
from matcher.images import Picture

if TYPE_CHECKING:
    from matcher.finder import Found

CHILD = "benchmarks.peers.child"


class PeerProcess:
    """A peer in a process of its own, from start to `close`."""

    def __init__(self, peer: Peer, folder: Path | None = None) -> None:
        """Start it and wait until it is ready; raises NotRunError when it cannot run."""
        self.peer = peer
        command = [str(interpreter(peer, folder)), "-m", CHILD, peer.engine, peer.argument]
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, env=child_variables()
        )
        try:
            hello = self._answer()
            if "not_run" in hello:
                raise NotRunError(peer.name, hello["not_run"])
        except UsageError as error:
            self.close()
            reason = error.reason if isinstance(error, NotRunError) else str(error)
            raise NotRunError(peer.name, reason.removeprefix(f"peer {peer.name}: ")) from error
        self.settings: dict[str, JsonValue] = hello["settings"]

    def ask(self, do: str, pixels: np.ndarray[Any, np.dtype[np.uint8]] | None = None, **request: Any) -> Any:
        """Send a request, wait for its answer; raises UsageError with what the peer says went wrong."""
        head: dict[str, Any] = {"do": do, **request}
        if pixels is not None:
            head["pixels"] = pixels.shape[:2]
        pipe = self._process.stdin
        assert pipe is not None
        with contextlib.suppress(BrokenPipeError):  # _answer tells how it ended
            pipe.write(json.dumps(head).encode() + b"\n")
            if pixels is not None:
                pipe.write(np.ascontiguousarray(pixels).tobytes())
            pipe.flush()
        answer = self._answer()
        if "error" in answer:
            raise UsageError(f"peer {self.peer.name}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def __enter__(self) -> PeerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self) -> dict[str, Any]:
        pipe = self._process.stdout
        assert pipe is not None
        if line := pipe.readline():
            return dict(json.loads(line))
        code = self._process.wait()
        self._said.seek(0)
        last = self._said.read().decode("utf-8", "replace").split("\n")
        said = next((text.strip() for text in reversed(last) if text.strip()), "said nothing")
        raise UsageError(f"peer {self.peer.name}: ended with code {code}: {said[:300]}")


class PeerFinder:
    """Answers as `benchmarks.finder.Finder` asks, with what the peer's process finds.

    `thresholds` are the scores at which the peer's makers cut. A peer that gives no ranking raises
    NotRunError, as does one that cannot run.
    """

    def __init__(self, peer: Peer, folder: Path | None = None) -> None:
        if peer.gives != "ranking":
            raise NotRunError(peer.name, f"it gives {peer.gives}, no ranking of references")
        self.name, self.peer, self._folder = peer.name, peer, folder
        self.thresholds = dict(peer.thresholds)
        self._process, self._fitted = PeerProcess(peer, folder), False

    def describe(self) -> dict[str, JsonValue]:
        """The peer, its licence and what it chose."""
        return {"model": f"peer:{self.name}", "licence": self.peer.licence, **self._process.settings}

    def fit(self, references: Sequence[Picture]) -> None:
        """Give it every reference, in order; replaces what was fitted before."""
        if self._fitted:
            self.close()
            self._process = PeerProcess(self.peer, self._folder)
        self._fitted = True
        for picture in references:
            self._process.ask("add", picture.pixels)
        self._process.ask("build")

    def find(self, picture: Picture, k: int) -> list[Found]:
        """The `k` best as the peer ranks them."""
        from matcher.finder import Found

        answer = self._process.ask("find", picture.pixels, k=k)
        return [Found(number, score, False) for number, score in answer["found"]]

    def costs(self) -> dict[str, JsonValue]:
        """`peak_mib` of its process, `index_bytes_per_image`, and its own pace, without decoding and pipe.

        `lookups_per_second`: photos looked up; `references_per_second`: images taken in. One thread.
        """
        return costs_of(self._process.ask("costs"))

    def close(self) -> None:
        """End its process."""
        self._process.close()


def costs_of(told: Mapping[str, Any]) -> dict[str, JsonValue]:
    """What a peer's process tells of itself, as a results file names it."""
    seconds, calls = told["seconds"], told["calls"]
    figures: dict[str, JsonValue] = {"peak_mib": told["peak_mib"]}
    if calls["find"]:
        figures["lookups_per_second"] = round(calls["find"] / max(seconds["find"], 1e-9), 3)
    if calls["add"]:
        figures["references_per_second"] = round(calls["add"] / max(seconds["add"], 1e-9), 3)
        figures["build_seconds"] = round(seconds["build"], 3)
        if told["index_bytes"] is not None:
            figures["index_bytes_per_image"] = round(told["index_bytes"] / calls["add"], 1)
    return figures


def peer_finder(name: str, folder: Path | None = None) -> PeerFinder:
    """The finder of the peer `name` (`peer:` may stand before it); NotRunError when it cannot run here."""
    return PeerFinder(peer_named(name), folder)
