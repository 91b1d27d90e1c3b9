"""The nouns of a report: a run, its parts, and what a part holds besides its figures."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from benchmarks.report import words

LARGEST_PAIRS = 256 * 2**20
Interval = tuple[float, float]


class Said(BaseModel):
    """One answer of a model."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True, allow_inf_nan=False)
    reference_id: str
    score: float | None = None


class Pictures(BaseModel):
    """Paths of small pictures, WebP or JPEG, relative to the run's folder."""

    model_config = ConfigDict(frozen=True)
    query: str | None = None
    said: tuple[str | None, ...] = ()
    truth: str | None = None


class Mistake(BaseModel):
    """A query with what was said of it and what is true; `truth` is empty where nothing should be found."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)
    query: str
    kind: str = ""
    truth: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()
    images: Pictures = Pictures()


@dataclass(frozen=True)
class Histogram:
    """How many true and false pairs have which score; `edges` rise and are one longer than the counts."""

    edges: tuple[float, ...]
    true: tuple[float, ...]
    false: tuple[float, ...]


@dataclass(frozen=True)
class Without:
    """A part with a signal switched off: its figures, how far they moved, how many verdicts changed."""

    metrics: Mapping[str, float]
    differences: Mapping[str, float]
    intervals: Mapping[str, Interval]
    changed: int | None = None

    def state(self, name: str) -> str:
        """`better` or `worse` where switching off changes the metric beyond noise, else empty."""
        low, high = self.intervals.get(name, (0.0, 0.0))
        better = words.metric(name).better
        if better is None or low <= 0 <= high:
            return ""
        return "better" if (low > 0) == better else "worse"


@dataclass(frozen=True)
class Pairs:
    """What a paired comparison needs of one part; all arrays have one entry a query, sorted by its id.

    `rank`: int64, 0 for first, -1 for not found; `distractor`: bool, the query shows no reference.
    """

    queries: NDArray[np.str_]
    kinds: NDArray[np.str_]
    rank: NDArray[np.int64]
    distractor: NDArray[np.bool_]

    def hits(self, first: int) -> NDArray[np.bool_]:
        """Which of the queries that show a reference found it among the `first` answers."""
        rank = self.rank[~self.distractor]
        return (rank >= 0) & (rank < first)

    def asks_as(self, other: Pairs) -> bool:
        """Whether both were asked the same."""
        same = len(self.queries) == len(other.queries) and bool((self.queries == other.queries).all())
        return same and bool((self.distractor == other.distractor).all())


@dataclass(frozen=True, eq=False)
class Part:
    """One results file: a model on a task and a set; `state` is `done`, `failed` or `not run`.

    `by` has its figures by kind of query, `without` by signal that was switched off, `verdicts` how many
    listings of a kind got each verdict; `point_names` the settings that points of recall and speed stand for.
    """

    name: str
    task: str
    dataset: str
    subset: str
    model: str
    state: str = "done"
    why: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    by: Mapping[str, Part] = field(default_factory=dict)
    queries: int | None = None
    counts: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    point_names: Mapping[tuple[float, ...], str] = field(default_factory=dict)
    without: Mapping[str, Without] = field(default_factory=dict)
    verdicts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    histogram: Histogram | None = None
    mistakes: tuple[Mistake, ...] = ()
    folder: Path | None = None

    @property
    def pairs_path(self) -> Path | None:
        """Where what each query came to is kept, if it is."""
        return self.folder / "pairs" / f"{self.name}.npz" if self.folder else None

    @cached_property
    def pairs(self) -> Pairs | None:
        """Where each query's truth was found, where the run kept it."""
        path = self.pairs_path
        return read_pairs(path) if path and path.is_file() else None


@dataclass(frozen=True)
class Run:
    """A run's folder as read; `plan` is what stands in run.json besides its parts."""

    folder: Path
    title: str
    plan: Mapping[str, Any]
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    @property
    def done(self) -> tuple[Part, ...]:
        """The parts with figures."""
        return tuple(part for part in self.parts if part.state == "done")

    @property
    def left(self) -> tuple[Part, ...]:
        """The parts without."""
        return tuple(part for part in self.parts if part.state != "done")


def read_pairs(path: Path) -> Pairs | None:
    """The arrays of one part, or None where they are not as they should be; nothing is unpickled."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(one.file_size for one in archive.infolist()) > LARGEST_PAIRS:
                return None
        with np.load(path, allow_pickle=False) as found:
            arrays = [np.asarray(found[key]) for key in ("queries", "kinds", "rank_of_truth", "distractor")]
        queries, kinds, rank, distractor = arrays
        order = np.argsort(queries, kind="stable")
        fits = all(one.shape == queries.shape and one.ndim == 1 for one in arrays)
        return Pairs(
            queries[order].astype(np.str_), kinds[order].astype(np.str_),
            rank[order].astype(np.int64), distractor[order].astype(np.bool_),
        ) if fits else None  # fmt: skip
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile):
        return None
