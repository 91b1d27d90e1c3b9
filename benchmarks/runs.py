"""A whole plan, part by part, into a folder; what is done already is not measured again."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import JsonValue

from benchmarks.machine import machine, write_json
from benchmarks.made_sets import make_set
from benchmarks.part_worker import common, work
from benchmarks.peers.environments import PREFIX
from benchmarks.plan import Plan, PlannedPart, digest, load_plan, parts_of
from matcher.errors import UsageError
from matcher.similarity import WEIGHTS
from matcher.workers import one_thread_each

SHIPPED = WEIGHTS.parent
DONE, NOT_RUN, FAILED, PLANNED = "done", "not run", "failed", "planned"


@dataclass(frozen=True)
class PartState:
    """How a part stands: `state` is done, not run (it cannot, `why`), failed (it broke) or planned."""

    part: PlannedPart
    state: str
    why: str = ""
    kept: bool = False
    """Whether it was done before this run, and so not measured again."""


@dataclass(frozen=True)
class Telling:
    """What a run reports as it goes: the start of a part, its stages, and its end."""

    begins: Callable[[int, int, PlannedPart], None] = lambda *_: None
    stage: Callable[[str, int, int], None] = lambda *_: None
    ends: Callable[[PartState], None] = lambda _: None


def run_plan(
    source: Path, folder: Path, *, photos: Path = Path(), fresh: bool = False, telling: Telling | None = None
) -> list[PartState]:
    """Measure every part of the plan in the file `source` that is not done in `folder`.

    Relative paths of sets begin at `photos`. `fresh`: measure what is done again. Raises ConfigError for a
    plan that is wrong, UsageError where `photos` is no folder or another run writes into `folder`.
    """
    telling = telling or Telling()
    if not photos.is_dir():
        raise UsageError(f"{photos}: is not a folder; name with --data where the paths of sets begin")
    plan = load_plan(source)
    parts = list(parts_of(plan, str(source), photos.resolve(), folder.resolve() / "sets"))
    with _alone(folder):
        parts = _with_files(parts)
        book = RunBook(folder, plan, source.name)
        states = [PartState(part, PLANNED) for part in parts]
        for number, part in enumerate(parts):
            book.write(states)
            telling.begins(number, len(parts), part)
            if not fresh and is_done(folder, part):
                states[number] = PartState(part, DONE, kept=True)
            else:
                states[number] = _measured(part, folder, telling)
            telling.ends(states[number])
        book.write(states, finished=True)
    return states


def is_done(folder: Path, part: PlannedPart) -> bool:
    """Whether the part's results lie in `folder`, made by the same plan of the same files."""
    try:
        found = json.loads((folder / "results" / f"{part.name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("state") == DONE and found.get("plan") == part.sha256


class RunBook:
    """`run.json`: the plan and how far it is, written anew at each step."""

    def __init__(self, folder: Path, plan: Plan, source: str) -> None:
        self._path, self._plan, self._source = folder / "run.json", plan, source
        self._started = self._before() or _now()

    def write(self, states: Sequence[PartState], *, finished: bool = False) -> None:
        """Write the file whole or not at all."""
        write_json(
            self._path,
            {
                "name": self._plan.name,
                "file": self._source,
                "plan": self._plan.model_dump(mode="json"),
                "plan_sha256": self._plan.sha256,
                **{key: value for key, value in machine().items() if key != "measured_at"},
                "started": self._started,
                "finished": _now() if finished else None,
                "parts": [_entry(state) for state in states],
            },
        )

    def _before(self) -> str | None:
        """When this same plan was begun, where it is gone on with."""
        try:
            found: Any = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        same = isinstance(found, dict) and found.get("plan_sha256") == self._plan.sha256
        return str(found["started"]) if same and found.get("started") else None


def _entry(state: PartState) -> dict[str, JsonValue]:
    part = state.part
    told: dict[str, JsonValue] = {
        "name": part.name, "state": state.state, "task": part.task, "model": part.label,
        "dataset": part.set_name, "plan": part.sha256,
    }  # fmt: skip
    return told | ({"why": state.why} if state.why else {})


def _measured(part: PlannedPart, folder: Path, telling: Telling) -> PartState:
    """Clear what an earlier try left, measure, and leave results or why there are none."""
    for place in (folder / "results" / f"{part.name}.json", folder / "pairs" / f"{part.name}.npz"):
        place.unlink(missing_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "mistakes" / part.name, ignore_errors=True)
    state, why = _in_child(part, folder, telling)
    if state != DONE:
        told = {**common(part), "state": state, "why": why, "model": part.label, "dataset": part.set_name}
        write_json(folder / "results" / f"{part.name}.json", told)
    return PartState(part, state, why)


def _in_child(part: PlannedPart, folder: Path, telling: Telling) -> tuple[str, str]:
    """(state, why) of the part, measured in a spawned process."""
    context = multiprocessing.get_context("spawn")
    told, tell = context.Pipe(duplex=False)
    child = context.Process(target=work, args=(part, folder.resolve(), tell), daemon=False)
    with one_thread_each():
        child.start()
    tell.close()
    try:
        end = _listen(told, telling)
        child.join()
    except BaseException:
        child.kill()
        child.join()
        raise
    finally:
        told.close()
    return end or (FAILED, f"its process ended with code {child.exitcode}; see logs/{part.name}.txt")


def _listen(told: Connection, telling: Telling) -> tuple[str, str] | None:
    """Pass on what the child tells until it ends; None where it ended without a word."""
    while True:
        try:
            kind, *rest = told.recv()
        except (EOFError, OSError):
            return None
        if kind == "end":
            return rest[0], rest[1]
        telling.stage(*rest)


def _with_files(parts: Sequence[PlannedPart]) -> list[PlannedPart]:
    """The parts with the digest of the files they are measured on; made sets are drawn where they are not.

    The weights that ship are among them, but for peers, which have their own.
    """
    shipped = digest([files_digest(path) for path in sorted(SHIPPED.iterdir())])
    known: dict[Path, str] = {}
    found = []
    for part in parts:
        if part.set.made is not None:
            make_set(part.folder, part.task, part.set.made, part.seed)
        if part.folder not in known:
            known[part.folder] = files_digest(part.folder)
        weights = [] if part.model.finder.startswith(PREFIX) else [shipped]
        found.append(replace(part, files=digest([known[part.folder], *weights, *_named_files(part)])))
    return found


def files_digest(place: Path) -> str:
    """Of the names and sizes of all files below a folder, of the bytes of a file, or of nothing."""
    if place.is_file():
        with place.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    files = (path for path in place.rglob("*") if path.is_file()) if place.is_dir() else ()
    return digest(sorted((path.relative_to(place).as_posix(), path.stat().st_size) for path in files))


def _named_files(part: PlannedPart) -> list[str]:
    """Digests of weights, policies and logos that the part names: under the same name they may change."""
    models = part.settings.models
    embedder = part.model.embedder or models.embedder
    options = (*part.model.options.values(), *part.set.options.values())
    values = [one for value in options for one in (value if isinstance(value, list) else [value])]
    named = [embedder.partition(":")[2], models.logo.partition(":")[2]]
    named += [value for value in values if isinstance(value, str)]
    places = [place for name in named if name for place in (Path(name), part.folder / name)]
    return [files_digest(place) for place in dict.fromkeys(places) if place.exists()]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one run writes into a folder at a time."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; name a folder for the run")
    (folder / "results").mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError(f"{folder}: another run writes here; wait for it or name another folder") from error
    try:
        yield
    finally:
        lock.release()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
