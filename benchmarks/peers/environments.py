"""One virtual environment a peer: finding its interpreter, asking whether it can run, and setting it up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.peers.registry import OWN, PEERS, Peer
from matcher.errors import UsageError

FOLDER_VARIABLE = "BENCHMARKS_PEERS"
DEFAULT_FOLDER = Path(".peers")
REQUIREMENTS = Path(__file__).with_name("requirements")
ROOT = Path(__file__).parents[2]
PREFIX = "peer:"
"""What stands before a peer's name where a finder is named."""
MISSING = (
    "import importlib.util, json, sys;"
    "print(json.dumps([name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]))"
)
VERSION = "import sys; print(*sys.version_info[:2])"
SECONDS = 120
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "LANCE_CPU_THREADS",
)


class NotRunError(UsageError):
    """A peer cannot run here; `str()` says why in one line. A run goes on without it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"peer {name} cannot run: {reason}")
        self.name, self.reason = name, reason


def peer_named(name: str) -> Peer:
    """The peer `name` or `peer:name`, `name:ARGUMENT` with another argument; raises UsageError."""
    wanted, _, argument = name.removeprefix(PREFIX).partition(":")
    if wanted not in PEERS:
        raise UsageError(f"{name}: no such peer; there are {', '.join(PEERS)}")
    peer = PEERS[wanted]
    if argument and wanted != "clip-retrieval":
        raise UsageError(f"{name}: {wanted} takes no argument")
    return replace(peer, argument=argument) if argument else peer


def peers_folder(folder: Path | None = None) -> Path:
    """Where the environments are: as given, else by BENCHMARKS_PEERS, else `.peers`."""
    return folder or Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)


def interpreter(peer: Peer, folder: Path | None = None) -> Path:
    """The Python to run a peer with: its environment's, else this one where that has what is needed.

    Raises NotRunError with what is missing.
    """
    made = executable(peers_folder(folder) / peer.environment)
    if peer.environment != OWN and made.is_file():
        missing = missing_in(made, peer)
    else:
        made, missing = Path(sys.executable), missing_in(Path(sys.executable), peer)
        if sys.version_info < peer.python:
            missing = [f"Python {'.'.join(map(str, peer.python))}"]
    if missing:
        how = f"; python -m benchmarks peers setup {peer.environment}" if peer.environment else ""
        raise NotRunError(peer.name, f"{', '.join(missing)} not installed{how}")
    return made


def missing_in(python: Path, peer: Peer) -> list[str]:
    """Which of the peer's modules this Python lacks; raises NotRunError when it does not run."""
    try:
        done = subprocess.run(
            [python, "-c", MISSING, *peer.imports],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        return list(json.loads(done.stdout))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise NotRunError(peer.name, f"{python} does not run; set its environment up again") from error


def executable(environment: Path) -> Path:
    """The Python of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def child_variables() -> dict[str, str]:
    """What a child process is started with: one thread, no download, and this clone to import from."""
    one = dict.fromkeys(THREADS, "1")
    offline = {"HF_HUB_OFFLINE": "1", "ORT_DISABLE_TELEMETRY": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, **one, **offline, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}


def environments() -> tuple[str, ...]:
    """The names that can be set up."""
    return tuple(sorted({peer.environment for peer in PEERS.values()} - {OWN}))


def setup(
    name: str, folder: Path | None = None, python: str | None = None, tell: Callable[[str], None] = print
) -> Path:
    """Make the environment of a peer (or of that name) with pinned versions by pip; the Python in it.

    Pip takes its index and options from the user's own configuration. Raises UsageError when no Python is new
    enough or pip fails.
    """
    environment = PEERS[name].environment if name in PEERS else name
    if environment not in environments():
        own = name in PEERS
        why = "needs no environment" if own else f"no such peer; environments: {', '.join(environments())}"
        raise UsageError(f"{name}: {why}")
    lowest = max(peer.python for peer in PEERS.values() if peer.environment == environment)
    base = find_python(lowest, python)
    target = peers_folder(folder) / environment
    tell(f"{target}: {base}, versions of {REQUIREMENTS.name}/{environment}.txt")
    run([base, "-m", "venv", "--clear", target], f"{base} cannot make a virtual environment in {target}")
    made = executable(target)
    wanted = ["install", "--disable-pip-version-check", "-r", str(REQUIREMENTS / f"{environment}.txt")]
    run([made, "-m", "pip", *wanted], f"pip could not install {environment}")
    return made


def find_python(lowest: tuple[int, int], given: str | None = None) -> str:
    """A Python of at least the version `lowest`: given, this one, on the path, or pyenv's."""
    for candidate in [given] if given else candidates():
        if (found := version_of(candidate)) and found >= lowest:
            return candidate
    need = ".".join(map(str, lowest))
    raise UsageError(f"no Python {need} or later found; name one with --python")


def candidates() -> Iterator[str]:
    """Pythons in the order they are tried."""
    yield sys.executable
    for minor in (12, 13, 11, 14):
        if found := shutil.which(f"python3.{minor}"):
            yield found
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(root.glob("versions/3.1[1-9]*/bin/python")))


def version_of(python: str) -> tuple[int, ...] | None:
    """(major, minor), None when it does not run."""
    try:
        done = subprocess.run(
            [python, "-c", VERSION], capture_output=True, text=True, timeout=SECONDS, check=True
        )
        return tuple(map(int, done.stdout.split()))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def run(command: Sequence[str | Path], failed: str) -> None:
    """Run with its output on the screen; raises UsageError."""
    try:
        subprocess.run(command, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(f"{failed}; what went wrong stands above") from error
