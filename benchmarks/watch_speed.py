"""Seconds from a listing's arrival to its verdict, as `matcher watch` answers it, at several rates."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import numpy as np
from pydantic import JsonValue

from benchmarks.check_speed import FIRST_SECONDS
from benchmarks.photo_source import MADE, PhotoSource
from benchmarks.scan_speed import Command, Tell, make_catalog, make_listings
from matcher.errors import UsageError

RATES = (0.5, 1.0, 2.0)
"""Listings that arrive a second."""
WARM = 4
"""Listings before those that count: with them models and galleries are opened in every worker."""
PATIENCE = 120.0
"""Seconds after the last arrival in which verdicts are still waited for."""


@dataclass
class Answers:
    """When the verdicts on listings were printed, by id; `ended`: no more will come."""

    times: dict[str, float] = field(default_factory=dict)
    ended: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    def listen(self, lines: IO[str]) -> None:
        """Note each verdict when its line comes, and the end."""
        for line in lines:
            now = time.perf_counter()
            if line.startswith("{"):
                with self.changed:
                    self.times.setdefault(json.loads(line)["listing_id"], now)
                    self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_for(self, names: Sequence[str], seconds: float) -> None:
        """Until all of `names` are answered; raises `UsageError` after `seconds`, or when none will be."""
        with self.changed:
            self.changed.wait_for(lambda: self.ended or self.times.keys() >= set(names), seconds)
            if missing := len(set(names) - self.times.keys()):
                why = "when the watch ended: run `matcher watch` to see why" if self.ended else "in time"
                raise UsageError(f"{missing} of {len(names)} listings had no verdict {why}")


def measure_watch(
    folder: Path,
    *,
    references: int,
    arrivals: int,
    rates: Sequence[float] = RATES,
    source: PhotoSource = MADE,
    command: Command = (),
    tell: Tell = lambda _: None,
) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    """Watch an inbox beside a catalog of `references` photos; `arrivals` come at each rate.

    Each listing, one photo, 3 % of them edited copies of a reference, comes as a manifest of its own; gaps
    between arrivals are random with the rate's mean (a Poisson process, seeded). Returns figures of the whole
    and of each rate: seconds from the manifest's arrival until its verdict is printed. Photos stay in
    `folder`. Raises `UsageError` when a command fails or a verdict does not come.
    """
    count = WARM + arrivals * len(rates)
    source.check(references + count)
    shared, _ = make_catalog(
        folder, folder / "watch-workspace", references, source, command=command, tell=tell
    )
    make_listings(folder, source.listings(references), references, count)
    numbers = iter(range(count))
    by: dict[str, JsonValue] = {}
    with _watched(shared, folder) as (inbox, answers):
        tell("waiting for the first verdicts")
        answers.wait_for([_arrive(inbox, folder, next(numbers)) for _ in range(WARM)], FIRST_SECONDS)
        for rate in rates:
            tell(f"{arrivals} listings at {rate:g} a second")
            by[f"rate={rate:g}"] = _figures(_at_rate(inbox, folder, answers, numbers, arrivals, rate))
    return {"references": references, "arrivals": arrivals * len(rates)}, by


def _at_rate(
    inbox: Path, folder: Path, answers: Answers, numbers: Iterator[int], arrivals: int, rate: float
) -> list[float]:
    """Seconds until the verdict of each listing."""
    gaps = np.random.default_rng(arrivals).exponential(1 / rate, arrivals)
    arrived: dict[str, float] = {}
    due = time.perf_counter()
    for gap in gaps.tolist():
        due += gap
        time.sleep(max(0.0, due - time.perf_counter()))
        now = time.perf_counter()
        arrived[_arrive(inbox, folder, next(numbers))] = now
    answers.wait_for([*arrived], PATIENCE)
    return [answers.times[name] - then for name, then in arrived.items()]


def _arrive(inbox: Path, folder: Path, number: int) -> str:
    """Move a manifest of one listing, and its photo before it, into the inbox; its id."""
    name = f"L-{number:06d}"
    photo = inbox / f"{name}.jpg"
    os.link(folder / "listings" / f"{number:06d}.jpg", photo)
    part = inbox / f".{name}"
    with part.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [("listing_id", "image", "price", "currency"), (name, photo.name, 20, "EUR")]
        )
    part.rename(inbox / f"{name}.csv")
    return name


@contextmanager
def _watched(shared: Command, folder: Path) -> Iterator[tuple[Path, Answers]]:
    """A running watch: its inbox beside the photos, empty at first, and what it answers."""
    answers = Answers()
    with (
        TemporaryDirectory(dir=folder) as made,
        subprocess.Popen(
            [*shared, "watch", f"{made}/inbox", "--out", f"{made}/answers", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        ) as running,
    ):  # fmt: skip
        inbox = Path(made) / "inbox"
        inbox.mkdir(exist_ok=True)
        assert running.stdout is not None
        listening = threading.Thread(target=answers.listen, args=(running.stdout,))
        listening.start()
        try:
            yield inbox, answers
        finally:
            running.terminate()
            running.wait()
            listening.join()


def _figures(seconds: Sequence[float]) -> JsonValue:
    """At the median, the 95th percentile and the most."""
    return {
        "p50_seconds": round(float(np.percentile(seconds, 50)), 3),
        "p95_seconds": round(float(np.percentile(seconds, 95)), 3),
        "most_seconds": round(max(seconds), 3),
    }
