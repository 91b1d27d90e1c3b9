"""The stages in several processes at once, as a scan runs them: how far they get in one another's way."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from threading import Barrier, BrokenBarrierError

from matcher.errors import UsageError
from matcher.freed_memory import keep_freed_memory
from matcher.scan_engine import use_one_thread
from matcher.workers import one_thread_each

Rounds = dict[str, list[float]]
Wait = Callable[[], object]
Measure = Callable[[Wait], Rounds]
"""Measures every stage in the process it is called in, and waits before each of them."""
WAIT_SECONDS = 600.0

_together: Barrier


def measured_together(count: int, measure: Measure) -> Rounds:
    """The rounds of `count` processes, all stages begun by all of them together.

    `measure` is pickled. Raises UsageError where a process fails or dies.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, context, _ready, (context.Barrier(count),)) as pool:
        with one_thread_each():
            # Each waits for the others at its first stage, so no process can take two of these.
            running = [pool.submit(_measured, measure) for _ in range(count)]
        complaint = _complaint(running)
        if complaint is not None:
            raise UsageError(f"a process of {count} ended: {complaint}")
        found = [one.result() for one in running]
    return {name: [ms for rounds in found for ms in rounds[name]] for name in found[0]}


def _complaint(running: list[Future[Rounds]]) -> str | None:
    """Why one of them has no rounds; one that waited in vain for the others has nothing to say."""
    errors = [error for one in running if (error := one.exception()) is not None]
    if not errors:
        return None
    first = next((error for error in errors if not isinstance(error, BrokenBarrierError)), errors[0])
    if isinstance(first, BrokenProcessPool):
        return "it was killed"
    return f"{type(first).__name__}: {' '.join(str(first).split())}"


def _ready(together: Barrier) -> None:
    global _together
    _together = together
    use_one_thread()
    keep_freed_memory()


def _measured(measure: Measure) -> Rounds:
    try:
        return measure(lambda: _together.wait(WAIT_SECONDS))
    except BaseException:
        _together.abort()
        raise
