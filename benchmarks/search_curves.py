"""Recall against queries a second, build, add and size of indexes over made descriptors of real structure."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from pydantic import JsonValue

from benchmarks.clustered import Clustered, nearest, save
from benchmarks.peers.environments import PREFIX, NotRunError, child_variables, interpreter
from benchmarks.peers.registry import PEERS
from benchmarks.scan_speed import Memory, own_memory, watched
from matcher.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.plan import PlannedPart
    from benchmarks.tasks import Outcome

OURS = ("gallery", "gallery-flat", "gallery-hnsw", "gallery-ivfpq")
INDEXES = (*OURS, *(peer.name for peer in PEERS.values() if peer.gives == "search"))
GOOD = 0.95
"""`metrics` are the fastest search's that recalls so much; where none does, of the one that recalls most."""
TRUE_NEIGHBOURS = 10
LEAST = 100
"""Descriptors, below which there is nothing to search."""


class SearchPlan:
    """How much to measure; UsageError for empty sizes."""

    def __init__(
        self, *, dims: int = 256, queries: int = 1000, rounds: int = 3, batch: int = 32, seed: int = 0
    ) -> None:
        if min(dims, queries, rounds, batch) < 1:
            raise UsageError("give at least 1 dimension, query, round and query a batch")
        self.dims, self.queries, self.rounds, self.batch, self.seed = dims, queries, rounds, batch, seed

    def settings(self) -> dict[str, JsonValue]:
        """Ready for JSON; all indexes run on one thread."""
        return {**vars(self), "threads": 1}


def measure_search(
    count: int,
    plan: SearchPlan,
    indexes: Sequence[str] = INDEXES,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[tuple[str, dict[str, JsonValue]]]:
    """The results file of each index over `count` made descriptors, by the index's name, as each is done.

    One that cannot run, or that fails, has `state` "not run" or "failed" and `why`. Raises UsageError for a
    count below 100 or an index that is not known.
    """
    _enough([count])
    if unknown := [name for name in indexes if name not in INDEXES]:
        raise UsageError(f"no index {unknown[0]!r}; there are {', '.join(INDEXES)}")
    with TemporaryDirectory(prefix="benchmarks-search-") as folder:
        tell(f"{count:,} descriptors: making them, and their true neighbours")
        write_inputs(Clustered(count, plan.dims, plan.seed), plan.queries, Path(folder))
        for name in indexes:
            tell(f"{count:,} descriptors: {name}")
            yield name, run_index(name, count, plan, Path(folder))


def _enough(counts: Sequence[int]) -> None:
    if min(counts) < LEAST:
        raise UsageError(f"{min(counts)} descriptors; give at least {LEAST}")


def write_inputs(made: Clustered, queries: int, folder: Path) -> None:
    """`vectors.npy`, `queries.npy`, `truth.npy` (queries, 10) and one hundredth `more.npy` to add."""
    stored = save(made, folder / "vectors.npy")
    asked = made.queries(stored, queries)
    np.save(folder / "queries.npy", asked)
    np.save(folder / "truth.npy", nearest(stored, asked, TRUE_NEIGHBOURS))
    np.save(folder / "more.npy", made.more(max(1, made.count // 100)))


def run_index(name: str, count: int, plan: SearchPlan, folder: Path) -> dict[str, JsonValue]:
    """Measure one index in a process of its own."""
    head: dict[str, JsonValue] = {
        "task": "search", "model": name if name in OURS else PREFIX + name, "by": {},
        "dataset": {"name": f"made-{count}", "layout": "clustered", "notes": []},
    }  # fmt: skip
    start = time.perf_counter()
    try:
        python = Path(sys.executable) if name in OURS else interpreter(PEERS[name])
    except NotRunError as error:
        return {**head, "state": "not run", "why": error.reason}
    command = [
        str(python),
        "-m",
        "benchmarks.search_child",
        name,
        str(folder),
        str(plan.rounds),
        str(plan.batch),
    ]
    code, errors, held = _run(command)
    if code:
        said = next((line for line in reversed(errors.splitlines()) if line.strip()), "said nothing")
        return {**head, "state": "failed", "why": f"ended with code {code}: {said.strip()[:300]}"}
    found = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return {
        **head,
        **written_up(found),
        "settings": {"descriptors": count, **plan.settings(), **found["settings"]},
        **({"held_mib": held} if held else {}),
        "seconds": round(time.perf_counter() - start, 3),
    }


def _run(command: Sequence[str]) -> tuple[int, str, float]:
    """Its code, what it wrote as errors, and the most memory of its own that was seen, MiB."""
    memory = Memory()
    with (
        subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=child_variables(),
        ) as child,
        watched(psutil.Process(child.pid), memory, own_memory),
    ):
        _, errors = child.communicate()
    return child.returncode, errors, round(memory.peak, 1)


def written_up(found: Mapping[str, Any]) -> dict[str, JsonValue]:
    """What the child measured, as a results file has it."""
    best = operating_point(found["points"])
    return {
        "metrics": {
            "recall": best["recall"], "recall_first": best["recall_first"],
            "queries_per_second": best["queries_per_second"], "p50_ms": best["p50_ms"],
            "build_seconds": found["build_seconds"], "add_per_second": found["add_per_second"],
        },
        "at": best["setting"],
        "curves": {"recall_speed": found["points"]},
        "peak_mib": found["peak_mib"],
        "index_bytes_per_image": found["index_bytes_per_image"],
    }  # fmt: skip


def operating_point(points: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The fastest point with a recall of at least `GOOD`, else the one that recalls most."""
    good = [point for point in points if point["recall"] >= GOOD]
    if good:
        return max(good, key=lambda point: point["queries_per_second"])
    return max(points, key=lambda point: (point["recall"], point["queries_per_second"]))


def add_search_arguments(speed: argparse.ArgumentParser) -> None:
    """Register what compares indexes."""
    speed.add_argument(
        "--descriptors",
        type=int,
        nargs="+",
        metavar="N",
        help="search: compare indexes over so many; --out is a folder",
    )
    speed.add_argument(
        "--indexes", nargs="+", choices=INDEXES, default=INDEXES, metavar="NAME", help="which of them"
    )
    speed.add_argument("--dims", type=int, default=256, metavar="N", help="search: of the made descriptors")
    speed.add_argument(
        "--queries", type=int, default=1000, metavar="N", help="search: how many are looked up"
    )


def run_search(chosen: argparse.Namespace, tell: Callable[[str], None]) -> None:
    """Write `results/search-INDEX-N.json` into the folder `--out`, a line on the screen each."""
    from benchmarks.machine import machine, write_json

    if chosen.stage != ["search"]:
        raise UsageError("--descriptors belongs to --stage search")
    if chosen.out.is_file():
        raise UsageError(f"{chosen.out}: is a file; with --descriptors name a folder")
    plan = SearchPlan(dims=chosen.dims, queries=chosen.queries, rounds=chosen.rounds)
    _enough(chosen.descriptors)
    (chosen.out / "results").mkdir(parents=True, exist_ok=True)
    for count in chosen.descriptors:
        for name, found in measure_search(count, plan, chosen.indexes, tell=tell):
            write_json(chosen.out / "results" / f"search-{name}-{count}.json", {**found, **machine()})
            print(line(name, count, found))


def line(name: str, count: int, found: Mapping[str, Any]) -> str:
    """One index on one line."""
    if "metrics" not in found:
        return f"{name:>20} {count:>9,}  {found['state']}: {found['why']}"
    metrics = found["metrics"]
    parts = (
        f"{name:>20} {count:>9,}  recall@10 {metrics['recall']:.3f}",
        f"{metrics['queries_per_second']:,.0f} queries/s ({found['at']})",
        f"one in {metrics['p50_ms']:.2f} ms",
        f"built in {metrics['build_seconds']:.1f} s",
        f"{found['index_bytes_per_image']:,.0f} bytes each",
        f"peak {found['peak_mib']:,.0f} MiB",
    )
    return ", ".join(parts)


def measure_part(part: PlannedPart, tell: Callable[[str, int, int], None]) -> Outcome:
    """The task `search` as part of a run: the set's option `descriptors`, the model's finder as the index.

    `matcher` is our gallery (the model's option `index` names another of ours), `peer:NAME` a peer's.
    """
    from benchmarks.tasks import Outcome

    count, finder = part.set.options.get("descriptors", 10_000), part.model.finder
    if not isinstance(count, int):
        raise UsageError(f"sets.{part.set_name}.options.descriptors: give a whole number")
    index = (
        str(part.model.options.get("index", OURS[0])) if finder == "matcher" else finder.removeprefix(PREFIX)
    )
    plan = SearchPlan(seed=part.seed)
    tell(f"search {index}", 0, 1)
    _, found = next(iter(measure_search(count, plan, [index])))
    if "metrics" not in found:
        raise NotRunError(index, str(found["why"]))
    return Outcome(found)
