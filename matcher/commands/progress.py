"""How far long work has come: a bar on a terminal, else a line every few seconds; on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from matcher.commands.screen import note, screen

LINE_SECONDS = 5.0
COUNT_SECONDS = 0.5
"""How long counting rows ahead may take; a longer manifest is shown without an end."""
T = TypeVar("T")


class Meter:
    """Shows one piece of work after another; use it in a `with`. Silent when `quiet`."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet, self._bar = quiet, None if quiet or not sys.stderr.isatty() else _bar()
        self._what, self._began, self._told, self._base = "", 0.0, 0.0, 0
        self._total: int | None = None

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def begin(self, what: str, total: int | None = None, *, resumed: bool = False) -> None:
        """Another piece of work, of `total` parts where that is known.

        `resumed`: the first call of `show` tells what was done before, which counts for no rate.
        """
        self._what, self._total, self._began = what, total, time.monotonic()
        self._told, self._base = self._began, -1 if resumed else 0
        if self._bar:
            for task in self._bar.task_ids:
                self._bar.remove_task(task)
            self._bar.add_task(what, total=total, rate="")

    def show(
        self, done: int, total: int | None = None, *, counted: int | None = None, unit: str = "rows"
    ) -> None:
        """`done` of `total` parts are finished; the rate is that of `counted` (else of `done`), in `unit`."""
        if self._quiet:
            return
        if self._base < 0:
            self._base = done
        total = self._total if total is None else total
        now = time.monotonic()
        seconds = max(now - self._began, 1e-3)
        rate = f"{(done - self._base if counted is None else counted) / seconds:,.1f} {unit}/s"
        if self._bar:
            self._bar.update(self._bar.task_ids[-1], completed=done, total=total, rate=rate)
        elif now - self._told >= LINE_SECONDS:
            self._told = now
            pace = seconds / max(done - self._base, 1)
            left = f", {_clock(pace * (total - done))} left" if total and done > self._base else ""
            note(f"{self._what}: {done:,}{f' of {total:,}' if total else ''}, {rate}{left}", "")


def _bar() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=screen(stderr=True), transient=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


def count_within(rows: Iterable[object], seconds: float = COUNT_SECONDS) -> int | None:
    """How many rows there are, None where counting them takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    number = 0
    for number, _ in enumerate(rows, 1):
        if number % 64 == 0 and time.monotonic() > deadline:
            return None
    return number


def shown(rows: Iterable[T], show: Callable[[int], None]) -> Iterator[T]:
    """`rows`, with `show` told how many have passed."""
    for number, row in enumerate(rows, 1):
        yield row
        show(number)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A spinner on a terminal while something takes a while."""
    console = screen(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield
