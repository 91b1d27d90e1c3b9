"""Examines a scan's chunks on Ray Data: the same workers as on one machine, behind actors on any number."""

from __future__ import annotations

import os
import pickle
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from matcher.errors import ScanError, UsageError
from matcher.examining import Examined
from matcher.scan_engine import CACHE, Answer, Engine, Entry, OpenEngine, prepare_worker
from matcher.scan_start import ScanRequest
from matcher.workers import Workers
from matcher.workspace import Workspace

SPOOL = ".chunks"
CONNECT_SECONDS = 10.0
CHUNKS_A_FILE = 2
"""Chunks that one task of an actor examines; the answers of a task come together."""
INSTALL = "pip install 'counterfeit-image-matcher[ray]'"
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when a cluster is started


def ray_engine(address: str | None = None) -> OpenEngine:
    """Opens engines on the cluster at `address`; None: one on this machine alone, ended with the scan.

    Every node must see the workspace, the manifest and its photos under the same paths and have the matcher
    installed; more than one node needs PostgreSQL. Raises `UsageError` where nothing listens at `address` or
    Ray is missing, before a scan is begun that would be left behind; when it opens an engine also where the
    cluster cannot be used.
    """
    _expect_listener(address or "")
    _ray()

    def open_engine(workspace: Workspace, request: ScanRequest, snapshot: Path) -> Engine:
        ray, started = _started(address, workspace.settings.scan.workers)
        return RayEngine(ray, workspace, request, snapshot, ours=started)

    return open_engine


def _expect_listener(address: str) -> None:
    """Ray would try a silent address for many minutes; of other mistakes in one it tells at once."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or error
        raise UsageError(
            f"the Ray cluster {address} cannot be reached: {said}; give what `ray start --head` told"
        ) from error


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise UsageError(f"--engine ray needs Ray: {INSTALL}") from error
    return ray


def _started(address: str | None, workers: int) -> tuple[Any, bool]:
    """Ray itself, and whether it was not connected before."""
    ray = _ray()
    if ray.is_initialized():
        return ray, False
    cores = max(workers or os.cpu_count() or 1, 2)
    options: dict[str, Any] = {"address": address, "log_to_driver": False, "logging_level": "ERROR"}
    if address is None:
        # An address of "local" keeps RAY_ADDRESS from choosing another; nothing listens to other machines.
        options |= {
            "address": "local", "num_cpus": cores, "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
        }  # fmt: skip
    try:
        ray.init(**options)
    except (ray.exceptions.RayError, ConnectionError, RuntimeError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise UsageError(f"the Ray cluster {address or 'on this machine'} cannot be used: {said}") from error
    return ray, True


class RayEngine:
    """One scan on a cluster.

    The parent reads the manifest, writes what is left of it as Parquet files beside the outputs, and commits
    the answers in their order. What a dead worker or node was at is examined again by another; as only the
    parent commits, each listing has one verdict, and a scan goes on after its last committed chunk.
    """

    def __init__(
        self, ray: Any, workspace: Workspace, request: ScanRequest, snapshot: Path, *, ours: bool
    ) -> None:
        self._ray, self._ours, self._settings = ray, ours, workspace.settings.scan
        self._spool = request.out.resolve() / SPOOL
        self._arguments = (
            workspace.folder.resolve(),
            workspace.settings,
            snapshot.resolve(),
            request.manifest.resolve(),
            request.owner_id,
        )

    def run(self, chunks: Iterable[Sequence[Entry]]) -> Iterator[Answer]:
        """Each chunk with its results, in order."""
        files = self._written(chunks)
        if not files:
            return
        expected = 0
        for row in self._rows(files):
            if row["number"] != expected:
                raise ScanError(f"Ray answered chunk {row['number']} in place of {expected}")
            expected += 1
            yield pickle.loads(row["entries"]), pickle.loads(row["results"])  # noqa: S301 - our own actors'
        if expected != self._count:
            raise ScanError(f"Ray answered {expected} of {self._count} chunks; run again with --resume")

    def _rows(self, files: int) -> Iterator[dict[str, Any]]:
        """What the actors answer; a worker's `ScanError` as it was, another trouble of the cluster as one."""
        try:
            yield from self._examined(files).iter_rows()
        except self._ray.exceptions.RayError as error:
            cause: BaseException | None = error
            while cause is not None and not isinstance(cause, ScanError):
                cause = getattr(cause, "cause", None) or cause.__cause__
            said = " ".join(str(error).split())[-300:]
            raise ScanError(
                str(cause) if cause else f"Ray gave up: {said}; run again with --resume"
            ) from error

    def _written(self, chunks: Iterable[Sequence[Entry]]) -> int:
        """Write the chunks, a few a file; how many files that gave."""
        from pyarrow import BinaryArray, table
        from pyarrow.parquet import write_table

        shutil.rmtree(self._spool, ignore_errors=True)
        self._spool.mkdir(parents=True)
        numbered = enumerate(chunks)
        files = self._count = 0
        while group := list(islice(numbered, CHUNKS_A_FILE)):
            numbers = [number for number, _ in group]
            packed = BinaryArray.from_pandas([pickle.dumps(list(entries)) for _, entries in group])
            write_table(table({"number": numbers, "entries": packed}), self._spool / spool_name(files))
            files, self._count = files + 1, self._count + len(group)
        return files

    def _examined(self, files: int) -> Any:
        from ray.data import ActorPoolStrategy, DataContext, range

        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        cores = float(self._ray.cluster_resources().get("CPU", 1))
        count = self._settings.workers or max(int(cores), 1)
        # One core's worth of slots stays free: with none, Ray Data's own tasks would wait for ever.
        share = max(int(100 * (cores - 1) / count), 1) / 100 if cores > 1 else 0.5
        # A number a file, which the actor opens: listing files, Ray Data stumbles over packages it lacks.
        return range(files, override_num_blocks=files).map_batches(
            ExaminingActor,
            fn_constructor_args=(self._spool, self._arguments, self._settings.listing_timeout_seconds),
            batch_size=1,
            compute=ActorPoolStrategy(min_size=1, max_size=count),
            num_cpus=min(share, 1.0),
        )

    def close(self) -> None:
        """Remove the files, and end the cluster that was started for this scan."""
        shutil.rmtree(self._spool, ignore_errors=True)
        if self._ours:
            self._ray.shutdown()


def spool_name(number: int) -> str:
    """The name of a file of chunks."""
    return f"{number:09d}.parquet"


class ExaminingActor:
    """What an actor does: it keeps one worker process, which may hang or die at the cost of one listing."""

    def __init__(self, spool: Path, arguments: tuple[Any, ...], item_seconds: float) -> None:
        self._spool = spool
        *before, owner_id = arguments
        self._folder = tempfile.TemporaryDirectory(prefix="matcher-ray-")
        cache = Path(self._folder.name) / CACHE
        self._workers: Workers[Entry, Examined] = Workers(
            1, prepare_worker, (*before, cache, owner_id), item_seconds=item_seconds
        )

    def __call__(self, batch: dict[str, Any]) -> Any:
        """The file that `batch["id"]` numbers: its rows of `number` and `entries`, with `results`."""
        from pyarrow import BinaryArray
        from pyarrow.parquet import read_table

        (number,) = batch["id"].tolist()
        rows = read_table(self._spool / spool_name(number))
        chunks = [pickle.loads(packed.as_py()) for packed in rows["entries"]]  # noqa: S301 - the parent's
        results = [pickle.dumps(list(found)) for _, found in self._workers.run(chunks)]
        return rows.append_column("results", BinaryArray.from_pandas(results))
