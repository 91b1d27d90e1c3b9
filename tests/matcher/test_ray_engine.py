"""A scan on Ray gives the files of a local one to the byte, whatever dies meanwhile."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from matcher import ray_engine as module
from matcher.policy import load_policy
from matcher.ray_engine import SPOOL, ray_engine
from matcher.scan import Progress, ScanRequest, run_scan
from matcher.scan_engine import OpenEngine, local_engine
from matcher.workspace import Workspace
from tests.matcher import drawn, scanned
from tests.matcher.drawn import SETTINGS
from tests.matcher.scanned import files

ray = pytest.importorskip("ray", reason="Ray is not installed")
pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    # Ray's own code warns of itself, and leaves sockets and processes to its end.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]
CHUNKED = SETTINGS.model_copy(
    update={"scan": SETTINGS.scan.model_copy(update={"chunk_photos": 2, "workers": 1})}
)

TOKEN = secrets.token_hex(32)
"""One for all tests: Ray reads it once a process."""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A workspace and a manifest."""
    root = tmp_path_factory.mktemp("ray")
    return drawn.workspace_folder(root / "workspace"), scanned.write_listings(root / "listings")


@pytest.fixture(scope="module")
def local(places: tuple[Path, Path]) -> dict[str, bytes]:
    """What a local scan writes."""
    return scan(*places, places[0].parent / "local", local_engine)


@pytest.fixture(autouse=True)
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A chunk a task; Ray keeps no token in the home folder."""
    monkeypatch.setattr(module, "CHUNKS_A_FILE", 1)
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    yield
    ray.shutdown()


def scan(
    folder: Path, manifest: Path, out: Path, engine: OpenEngine, progress: Progress | None = None
) -> dict[str, bytes]:
    with Workspace.open(folder, CHUNKED) as workspace:
        request = ScanRequest(manifest, out, resume=True)
        run_scan(workspace, load_policy(), request, engine=engine, progress=progress)
    return files(out)


def test_the_files_are_those_of_a_local_scan(
    places: tuple[Path, Path], local: dict[str, bytes], tmp_path: Path
) -> None:
    assert scan(*places, tmp_path / "out", ray_engine()) == local
    assert not (tmp_path / "out" / SPOOL).exists()
    assert not ray.is_initialized()


class StopError(Exception):
    """The scan is interrupted."""


def test_a_scan_that_was_interrupted_goes_on_on_either_engine(
    places: tuple[Path, Path], local: dict[str, bytes], tmp_path: Path
) -> None:
    def stop(_rows: int, _photos: int) -> None:
        raise StopError

    with pytest.raises(StopError):
        scan(*places, tmp_path / "out", ray_engine(), stop)
    with pytest.raises(StopError):
        scan(*places, tmp_path / "out", local_engine, stop)
    assert scan(*places, tmp_path / "out", ray_engine()) == local


def test_a_worker_that_is_killed_costs_nothing(
    places: tuple[Path, Path], local: dict[str, bytes], tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill_an_actor(_rows: int, _photos: int) -> None:
        if not killed:
            killed.extend(actor_processes()[:1])
            os.kill(killed[0], signal.SIGKILL)

    assert scan(*places, tmp_path / "out", ray_engine(), kill_an_actor) == local
    assert killed


def actor_processes() -> list[int]:
    """Processes of ours that examine for Ray."""
    below = psutil.Process().children(recursive=True)
    return [one.pid for one in below if "MapWorker" in " ".join(command(one))]


def command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_node_that_dies_costs_nothing(
    places: tuple[Path, Path], local: dict[str, bytes], tmp_path: Path
) -> None:
    from ray.cluster_utils import Cluster

    # Each node has an address of its own on the loopback; 127.0.0.1 itself Ray takes for the machine's.
    head, first, second = (f"127.0.0.{number}" for number in (2, 3, 4))
    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "node_ip_address": head})
    other = cluster.add_node(num_cpus=2, node_ip_address=first)
    lost: list[Any] = []

    def lose_a_node(_rows: int, _photos: int) -> None:
        if not lost:
            lost.append(other)
            cluster.add_node(num_cpus=2, node_ip_address=second)
            cluster.remove_node(other, allow_graceful=False)

    try:
        ray.init(address=cluster.address, _node_ip_address=head, log_to_driver=False)
        assert scan(*places, tmp_path / "out", ray_engine(cluster.address), lose_a_node) == local
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert lost
