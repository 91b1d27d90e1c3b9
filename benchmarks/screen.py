"""What commands need beside their work: progress on the error stream, and a place for the results."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from matcher.errors import UsageError


class StageBars:
    """A progress bar a stage, on the error stream."""

    def __init__(self) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> StageBars:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress.live.is_started:
            self._progress.stop()

    def tell(self, stage: str, done: int, total: int) -> None:
        """Move the bar of `stage`."""
        self._progress.start()  # Only now: what is wrong from the start is said without an empty line above.
        if stage not in self._bars:
            self._bars[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(self._bars[stage], completed=done)


def writable(path: Path) -> None:
    """Make the folder of `path` now, rather than fail after the work; raises UsageError."""
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file to write")
    path.parent.mkdir(parents=True, exist_ok=True)
