"""The stages in several processes at once, as a scan runs them: how far they get in one another's way."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from threading import Barrier, BrokenBarrierError
from typing import Any

from matcher.errors import UsageError
from matcher.scan_engine import use_one_thread
from matcher.workers import one_thread_each

Rounds = dict[str, list[float]]
Wait = Callable[[], object]
Measure = Callable[[Wait], Rounds]
"""Measures every stage in the process it is called in, and waits before each of them."""
WAIT_SECONDS = 600.0


def measured_together(count: int, measure: Measure) -> Rounds:
    """The rounds of `count` processes, all stages begun by all of them together.

    `measure` is pickled. Raises UsageError where a process ends without rounds.
    """
    context = multiprocessing.get_context("spawn")
    barrier, told = context.Barrier(count), context.SimpleQueue()
    with one_thread_each():
        children = [context.Process(target=_work, args=(measure, barrier, told)) for _ in range(count)]
        for child in children:
            child.start()
    found = [told.get() for _ in children]
    for child in children:
        child.join()
    complaints = [one for one in found if isinstance(one, str)]
    if complaints:
        raise UsageError(f"a process of {count} ended: {next(filter(None, complaints), 'without a word')}")
    return {name: [ms for rounds in found for ms in rounds[name]] for name in found[0]}


def _work(measure: Measure, barrier: Barrier, told: Any) -> None:
    """Tell the rounds, or why there are none: nothing where another process is to blame."""
    use_one_thread()
    try:
        told.put(measure(lambda: barrier.wait(WAIT_SECONDS)))
    except BrokenBarrierError:
        told.put("")
    except Exception as error:  # noqa: BLE001  whatever it is, the parent must hear of it instead of waiting
        barrier.abort()
        told.put(f"{type(error).__name__}: {' '.join(str(error).split())}")
