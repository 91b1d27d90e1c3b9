"""Milliseconds a photo of each stage of the real matcher in one process, and a whole scan from outside."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from benchmarks.check_speed import CLIENTS, measure_checks
from benchmarks.made_photos import SIZE
from benchmarks.photo_source import PhotoSource
from benchmarks.scan_speed import Command, Tell, measure_scan, variables_of
from benchmarks.speed_processes import Rounds, Wait, measured_together
from benchmarks.speed_stages import MakeParts, Parts, product_parts, stages
from benchmarks.speed_sweeps import batch_stages, growth_stages, sweep_curves, takes_batches
from benchmarks.text.cost import reading_stages
from benchmarks.watch_speed import RATES, measure_watch
from matcher.config import Settings
from matcher.errors import UsageError
from matcher.freed_memory import keep_freed_memory
from matcher.images import decode
from matcher.scan_engine import use_one_thread

STAGES = ("decode", "embed", "search", "verify", "ocr", "logo", "scan")
OUTSIDE = {"scan", "check", "watch"}
"""Stages that are measured from outside; the last two only where they are asked for, as they take long."""
LEAST_SIDE = 64
"""Pixels of a side of a made photo, below which there is nothing on it to find."""
MODELLED = {"embed", "search", "verify", "ocr", "logo"}
"""Stages that need models."""


@dataclass(frozen=True)
class SpeedPlan:
    """How much to measure.

    `photos` photos of `size` (width, height), made or of the folders `of`, go through each stage `rounds`
    times; the galleries hold the descriptors and voting features of `references` images. A scan has
    `references` and `listings`, in `folder` if one is given: then the photos stay there for the next run.
    `command` runs the matcher, by default the installed one. The other stages run in `processes` at once.
    Checks are asked of a server with `references`, `requests` with each number of `clients`; so many listings
    arrive at a watch with each of `rates` a second. `batches`: also embed with so many views in one pass;
    `growth`: also search among so many references.
    """

    photos: int = 64
    rounds: int = 5
    references: int = 3000
    listings: int = 20_000
    workers: int = 0
    size: tuple[int, int] = SIZE
    of: tuple[Path, ...] = ()
    embedder: str = ""
    folder: Path | None = None
    command: Command = ()
    processes: int = 1
    requests: int = 200
    clients: tuple[int, ...] = CLIENTS
    rates: tuple[float, ...] = RATES
    batches: tuple[int, ...] = ()
    growth: tuple[int, ...] = ()

    @property
    def source(self) -> PhotoSource:
        """Where its photos come from."""
        return PhotoSource(self.size, self.of)


def measure_speed(
    plan: SpeedPlan,
    chosen: Sequence[str],
    settings: Settings,
    *,
    tell: Tell = lambda _: None,
    make_parts: MakeParts = product_parts,
) -> dict[str, JsonValue]:
    """Measure one stage, several, or all of `STAGES` where none is chosen; the results file as JSON.

    `metrics` has `decode_ms`, `embed_ms`, `search_ms` with `vote_ms`, `verify_ms`, `ocr_ms` with
    `ocr_package_ms`, `logo_ms` (detecting and describing), and for the plan's batches and growth
    `embed_batch_8_ms`, `search_among_1000_ms` and so on, which stand under `curves` too: milliseconds a
    photo on one thread, median of the rounds, after one that does not count. Each as `decode_per_second` and
    so on as well: photos a second of all processes. And the figures of `measure_scan`, `measure_checks` or
    `measure_watch`. UsageError for empty or tiny sizes, or where logos are asked for and nothing looks.
    """
    wanted = tuple(chosen) or STAGES
    _check(plan, wanted)
    start = time.perf_counter()
    parts = make_parts(settings, plan.embedder) if MODELLED & set(wanted) else None
    if chosen and "logo" in wanted and (parts is None or parts.logos is None):
        raise UsageError("models.logo is 'none': the stage logo needs models; set it in --config")
    rounds = _all_rounds(plan, wanted, settings, parts, tell, make_parts) if set(wanted) - OUTSIDE else {}
    metrics: dict[str, JsonValue] = {}
    for name, each in rounds.items():
        metrics[f"{name}_ms"] = round(statistics.median(each), 3)
        metrics[f"{name}_per_second"] = round(1000 * plan.processes / statistics.median(each), 2)
    by: dict[str, JsonValue] = {}
    curves = sweep_curves(metrics)
    outside = partial(_from_outside, plan, tell)
    if "scan" in wanted:
        terms = {"listings": plan.listings, "workers": plan.workers, "settings": settings}
        metrics |= outside(measure_scan, **terms)
    if "check" in wanted:
        checked, by_clients = outside(measure_checks, requests=plan.requests, clients=plan.clients)
        metrics, by = metrics | checked, by | by_clients
    if "watch" in wanted:
        watched, by_rate = outside(measure_watch, arrivals=plan.requests, rates=plan.rates)
        metrics, by = metrics | watched, by | by_rate
    return {
        "task": "speed",
        "metrics": metrics,
        "by": by,
        "curves": curves,
        "notes": _notes(plan, parts),
        "settings": {
            "photos": plan.photos,
            "rounds": plan.rounds,
            "workers": plan.workers,
            "processes": plan.processes,
            "size": list(plan.size),
            "of": [folder.name for folder in plan.of],
            "matcher": {**variables_of(settings)},
        },
        "model": f"{parts.embedder.name}@{parts.embedder.fingerprint}" if parts else None,
        "seconds": round(time.perf_counter() - start, 3),
        "rounds_ms": {name: [round(value, 3) for value in each] for name, each in rounds.items()},
    }


def _check(plan: SpeedPlan, wanted: Sequence[str]) -> None:
    """Raises UsageError for what cannot be measured."""
    if min(plan.photos, plan.rounds, plan.references, plan.listings, plan.processes) < 1:
        raise UsageError("give at least 1 photo, round, reference, listing and process")
    if min(plan.size) < LEAST_SIDE:
        raise UsageError(
            f"photos of {plan.size[0]} x {plan.size[1]}: give at least {LEAST_SIDE} pixels a side"
        )
    if set(wanted) - OUTSIDE:
        plan.source.check(plan.photos)
    if {"check", "watch"} & set(wanted) and min(plan.requests, *plan.clients, *plan.rates) <= 0:
        raise UsageError("give at least 1 request and client, and rates above 0")
    for option, numbers, stage in (("--batch", plan.batches, "embed"), ("--growth", plan.growth, "search")):
        if numbers and stage not in wanted:
            raise UsageError(f"{option} belongs to --stage {stage}")
        if min(numbers, default=1) < 1:
            raise UsageError(f"{option}: give numbers from 1 up")


def _notes(plan: SpeedPlan, parts: Parts | None) -> list[JsonValue]:
    """What was asked for and not measured, with why."""
    if not plan.batches or parts is None or takes_batches(parts.embedder):
        return []
    return [f"{parts.embedder.name}: its graph takes one photo a pass, so there are no batches to measure"]


def _all_rounds(
    plan: SpeedPlan,
    wanted: Sequence[str],
    settings: Settings,
    parts: Parts | None,
    tell: Tell,
    make_parts: MakeParts,
) -> Rounds:
    """Of this process on one thread, or of all that were asked for."""
    if plan.processes > 1:
        tell(f"{', '.join(wanted)} in {plan.processes} processes")
        return measured_together(plan.processes, partial(_rounds_of_one, plan, wanted, settings, make_parts))
    use_one_thread()
    keep_freed_memory()
    _torch_on_one_thread()
    return _rounds(plan, wanted, settings, parts, tell)


def _torch_on_one_thread() -> None:
    """Where an embedder brought it: in a scan's workers it reads the same from their environment."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


def _rounds_of_one(
    plan: SpeedPlan, wanted: Sequence[str], settings: Settings, make_parts: MakeParts, wait: Wait
) -> Rounds:
    """In a process of its own, whose models cannot come from another; waits for the others at each stage."""
    parts = make_parts(settings, plan.embedder) if MODELLED & set(wanted) else None
    return _rounds(plan, wanted, settings, parts, lambda _: None, wait)


def _rounds(
    plan: SpeedPlan,
    wanted: Sequence[str],
    settings: Settings,
    parts: Parts | None,
    tell: Tell,
    wait: Wait = lambda: None,
) -> Rounds:
    """Milliseconds a photo of every counted round, by stage."""
    series = plan.source.samples()
    blobs = [series.blob(number) for number in range(plan.photos)]
    photos = [decode(blob, f"photo {number}", settings.images).pixels for number, blob in enumerate(blobs)]
    rounds = {}
    with tempfile.TemporaryDirectory() as folder:
        work = stages(wanted, plan.references, settings, blobs, photos, parts, Path(folder))
        if parts and parts.reader and "ocr" in wanted:
            work = chain(work, reading_stages(blobs, parts.reader, settings.images))
        if parts:
            batches = batch_stages(parts.embedder, photos, plan.batches)
            work = chain(work, batches, growth_stages(plan.growth, photos, parts, settings, Path(folder)))
        for name, once in work:
            tell(f"stage {name}")
            wait()
            rounds[name] = [_timed(once) * 1000 / plan.photos for _ in range(plan.rounds + 1)][1:]
    return rounds


def _from_outside(plan: SpeedPlan, tell: Tell, measure: Callable[..., Any], **terms: Any) -> Any:
    """What `measure` finds with the plan's references, in its folder."""
    with _folder(plan.folder) as folder:
        return measure(
            folder, references=plan.references, source=plan.source, command=plan.command, tell=tell, **terms
        )


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """The folder that was asked for, or one that is gone afterwards."""
    if given is None:
        with tempfile.TemporaryDirectory() as made:
            yield Path(made)
        return
    if given.is_file():
        raise UsageError(f"{given}: is a file; name a folder for the made photos")
    given.mkdir(parents=True, exist_ok=True)
    if (given / "workspace").exists():
        raise UsageError(
            f"{given / 'workspace'}: is there from another run; remove it or name another folder"
        )
    yield given
