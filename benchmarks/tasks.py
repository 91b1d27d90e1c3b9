"""The tasks a plan can name, and what each gives back to the run that asked for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from pydantic import JsonValue

from matcher.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.judged import Judged
    from benchmarks.plan import PlannedPart

TASKS = {
    "copies": "benchmarks.retrieval:measure_part",
    "products": "benchmarks.retrieval:measure_part",
    "dedup": "benchmarks.dedup:measure_part",
    "search": "benchmarks.search_curves:measure_part",
    "verdicts": "benchmarks.verdicts:measure_part",
    "text": "benchmarks.text.part:measure_part",
    "logos": "benchmarks.logos.part:measure_part",
    "scan": "benchmarks.scan_part:measure_part",
}
"""`module:function` by the name of the task; the function is a `MeasurePart`."""
Tell = Callable[[str, int, int], None]
"""Told the stage, how many are done and how many there are."""
Blob = Callable[[], bytes]
"""Gives the bytes of an image; raises ImageError or OSError."""


@dataclass(frozen=True)
class Mistake:
    """Something the model got wrong, and where its pictures are: worst first in an `Outcome`.

    `truth`: ids of what is true, empty for a distractor; `said`: (id, score), at most three, best first.
    `pictures`: of the query, of each that was said, and of the truth where there is one.
    """

    query: str
    kind: str
    truth: tuple[str, ...]
    said: tuple[tuple[str, float], ...]
    query_picture: Blob | None = None
    said_pictures: tuple[Blob | None, ...] = ()
    truth_picture: Blob | None = None


@dataclass(frozen=True)
class Outcome:
    """What a part came to.

    `results`: the results file, without what every part has (model, seed, versions, machine, peak). `judged`:
    what a paired comparison needs; None where parts of this task are compared by their intervals.
    """

    results: dict[str, JsonValue]
    judged: Judged | None = None
    mistakes: Sequence[Mistake] = field(default=())


class MeasurePart(Protocol):
    """Measures one part in the process it is called in."""

    def __call__(self, part: PlannedPart, tell: Tell) -> Outcome:
        """Raises MatcherError or OSError where the part cannot run, with why in one line."""
        ...


def task_named(name: str) -> MeasurePart:
    """The function that measures parts of the task; raises UsageError."""
    if name not in TASKS:
        raise UsageError(f"no task {name!r}; there are {', '.join(TASKS)}")
    module, _, function = TASKS[name].partition(":")
    found: MeasurePart = getattr(import_module(module), function)
    return found
