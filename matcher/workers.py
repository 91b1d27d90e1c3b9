"""Spawned workers that take a chunk of items each; one that hangs or dies costs one item, never the run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from matcher.errors import ScanError
from matcher.machine_trouble import AGAIN, machine_trouble

Item = TypeVar("Item")
Result = TypeVar("Result")
Make = Callable[..., Callable[[Any], Any]]

DEATHS_ALLOWED = 2
"""An item that was under way at this many deaths of its worker is given up."""
READY_SECONDS = 300.0
THREAD_COUNTS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
CHUNKS_AHEAD = 2


@dataclass(frozen=True)
class Lost:
    """An item without a result: its worker died over it, or it took too long."""

    reason: str


@dataclass
class _Chunk(Generic[Item]):
    number: int
    items: Sequence[Item]
    results: list[Any] = field(default_factory=list)
    deaths: int = 0

    @property
    def done(self) -> bool:
        return len(self.results) == len(self.items)


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    ready: bool = False
    chunk: _Chunk[Any] | None = None
    since: float = 0.0


class Workers(Generic[Item, Result]):
    """A pool of up to `count` processes that each call `make(*arguments)` once and its result on every item.

    A process starts when there is a chunk for it, so that a small scan starts few.
    """

    def __init__(self, count: int, make: Make, arguments: tuple[Any, ...], *, item_seconds: float) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._make, self._arguments, self._item_seconds = make, arguments, item_seconds
        self._count = count
        self._workers: list[_Worker] = []
        self._failed_starts = 0

    def run(self, chunks: Iterable[Sequence[Item]]) -> Iterator[tuple[Sequence[Item], list[Result | Lost]]]:
        """Each chunk with its results, in the order of `chunks`, of which only a few are read ahead."""
        source = enumerate(chunks)
        waiting: deque[_Chunk[Item]] = deque()
        order: deque[_Chunk[Item]] = deque()
        exhausted = False
        while True:
            while not exhausted and len(order) < CHUNKS_AHEAD * self._count:
                number, items = next(source, (-1, None))
                if items is None:
                    exhausted = True
                else:
                    order.append(_Chunk(number, items))
                    if items:
                        waiting.append(order[-1])
            while order and order[0].done:
                finished = order.popleft()
                yield finished.items, finished.results
            if exhausted and not order:
                return
            if order and not order[0].done:
                self._start_for(sum(not chunk.done for chunk in order))
                self._feed(waiting)
                self._listen(waiting)

    def close(self) -> None:
        """End all workers; what they were at is dropped."""
        for worker in self._workers:
            with suppress(OSError, ValueError):
                worker.pipe.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(10)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def _start_for(self, chunks: int) -> None:
        while len(self._workers) < min(self._count, chunks):
            self._workers.append(self._spawn())

    def _spawn(self) -> _Worker:
        mine, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, self._make, self._arguments), daemon=True)
        with _interrupts_ignored(), one_thread_each():
            process.start()
        theirs.close()
        return _Worker(process, mine, since=time.monotonic())

    def _feed(self, waiting: deque[_Chunk[Item]]) -> None:
        for worker in self._workers:
            if worker.ready and worker.chunk is None and waiting:
                worker.chunk = waiting.popleft()
                worker.since = time.monotonic()
                with suppress(OSError):  # A dead worker's pipe ends, and `_listen` sees to its chunk.
                    worker.pipe.send(worker.chunk.items[len(worker.chunk.results) :])

    def _listen(self, waiting: deque[_Chunk[Item]]) -> None:
        """Take in what workers say; look after those that say nothing for too long or have died."""
        now = time.monotonic()
        limits = [
            worker.since + self._limit(worker) for worker in self._workers if worker.chunk or not worker.ready
        ]
        heard = wait(
            [worker.pipe for worker in self._workers], max(0.05, min(limits, default=now + 1.0) - now)
        )
        for place, worker in enumerate(self._workers):
            if worker.pipe in heard:
                try:
                    self._take(worker, worker.pipe.recv())
                except (EOFError, OSError):
                    self._replace(place, "its worker process died over it twice", waiting, died=True)
            elif (worker.chunk or not worker.ready) and time.monotonic() - worker.since > self._limit(worker):
                limit = f"{self._item_seconds:g} seconds (scan.listing_timeout_seconds)"
                self._replace(place, f"took longer than {limit}", waiting, died=False)

    def _limit(self, worker: _Worker) -> float:
        return self._item_seconds if worker.ready else READY_SECONDS

    def _take(self, worker: _Worker, message: tuple[str, Any]) -> None:
        kind, value = message
        worker.since = time.monotonic()
        if kind == "ready":
            worker.ready, self._failed_starts = True, 0
        elif kind == "error":
            raise value
        elif worker.chunk is not None:
            worker.chunk.results.append(value)
            worker.chunk.deaths = 0
            if worker.chunk.done:
                worker.chunk = None

    def _replace(self, place: int, reason: str, waiting: deque[_Chunk[Item]], *, died: bool) -> None:
        worker = self._workers[place]
        if died:
            worker.process.join(1)  # Its own exit code says more than that of the kill below.
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= 3:
                raise ScanError(_no_start(worker.process.exitcode, died=died))
        if worker.chunk is not None:
            chunk = worker.chunk
            chunk.deaths += 1
            if not died or chunk.deaths >= DEATHS_ALLOWED:
                chunk.results.append(Lost(reason))
                chunk.deaths = 0
            if not chunk.done:
                waiting.appendleft(chunk)
        self._workers[place] = self._spawn()


def _no_start(code: int | None, *, died: bool) -> str:
    """Why workers do not start and what to do; `died`: it ended by itself and was not waited for in vain."""
    if not died:
        return (
            f"a worker process was not ready within {READY_SECONDS:g} seconds; "
            f"give fewer --workers, and {AGAIN}"
        )
    if code == -signal.SIGKILL:  # it had no time to print a line
        return (
            "a worker process was killed as it started (signal 9), as when memory runs out; "
            f"free some or give fewer --workers, and {AGAIN}"
        )
    return (
        f"a worker process could not start (exit code {code}); see the lines above or try --workers 1, "
        f"and {AGAIN}"
    )


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """A child that starts meanwhile ignores Ctrl-C from its first instruction on; the parent answers it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Only the main thread may say so.
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """A child that starts meanwhile computes on one thread: there is a worker a core, and more would fight.

    The libraries read these once, as they are loaded; what the user has set stays.
    """
    added = [name for name in THREAD_COUNTS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _work(pipe: Connection, make: Make, arguments: tuple[Any, ...]) -> None:
    """A worker's life: get ready, then examine chunks until the pipe ends."""
    try:
        examine = make(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must hear of it instead of waiting
        said = " ".join(str(error).split())
        stop = error if isinstance(error, ScanError) else ScanError(f"a worker could not start: {said}")
        pipe.send(("error", stop))
        return
    with suppress(EOFError, OSError, KeyboardInterrupt):
        pipe.send(("ready", None))
        while True:
            for item in pipe.recv():
                pipe.send(_attempt(examine, item))


def _attempt(examine: Callable[[Any], Any], item: Any) -> tuple[str, Any]:
    """What to tell the parent: a result, a lost item, or an end to all (a full disk, a damaged gallery).

    A lost item's row is committed and never examined again, so what would befall any item must not be one.
    """
    try:
        return "done", examine(item)
    except Exception as error:  # noqa: BLE001 - one item may cost itself, never the run
        if trouble := machine_trouble(error):
            return "error", ScanError(trouble)
        said = " ".join(str(error).split())[:300]
        return "done", Lost(f"could not be examined: {type(error).__name__}: {said}")
