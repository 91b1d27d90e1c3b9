"""Killed at any instant, a gallery is as before the change or as after it, and the next writer goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from indexes.gallery import Gallery
from indexes.manifest import Manifest, read_committed
from tests.indexes.killable import STEPS, change, expected

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills with SIGKILL")


def start(action: str, folder: Path, kill_at: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.indexes.killable", action, str(folder)]
    environment = os.environ | {"MATCHER_KILL_AT": kill_at}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def last_told(running: subprocess.Popen[str]) -> int:
    """Wait for the end; the last step that was said to be done."""
    told = running.communicate(timeout=60)[0].split()
    return max((int(word) for word in told if word.isdigit()), default=0)


def kill(action: str, folder: Path, point: str) -> int:
    """Run until the process kills itself at `point`; the last step that was said to be done."""
    running = start(action, folder, point)
    told = last_told(running)
    assert running.returncode == -signal.SIGKILL
    return told


def assert_whole(folder: Path, told: int) -> None:
    """Nothing that was acknowledged is lost, nothing is there by half."""
    gallery = Gallery.open(folder)
    assert gallery.position in (told, told + 1)
    assert gallery.ids().tolist() == expected(gallery.position)
    assert gallery.count == len(gallery.ids())
    assert gallery.verify() == []


def assert_goes_on(folder: Path) -> None:
    change(folder)
    gallery = Gallery.open(folder)
    assert gallery.ids().tolist() == expected(STEPS)
    assert gallery.count == len(gallery.ids())
    assert gallery.verify() == []
    manifest = read_committed(folder, Manifest)
    held = set(manifest.names()) | set(manifest.retired)
    assert {path.name for path in folder.iterdir()} == held | {"manifest.json", "writer.lock"}


@pytest.mark.parametrize(
    "point",
    [
        "index:segment-written:1",
        "index:segment-written:7",
        "index:tombstones-written:3",
        "index:manifest-written:1",
        "index:manifest-written:8",
        "index:manifest-renamed:1",
        "index:manifest-renamed:9",
        "index:leftovers-cleared:1",
        "index:leftovers-cleared:8",
        "index:snapshot-linked:1",
    ],
)
def test_killed_at_a_commit_point(tmp_path: Path, point: str) -> None:
    folder = tmp_path / "gallery"
    told = kill("change", folder, point)
    if (folder / "manifest.json").exists():
        assert_whole(folder, told)
    assert_goes_on(folder)


@pytest.mark.parametrize(
    "point",
    ["index:spool-written", "index:segment-written", "index:manifest-written", "index:manifest-renamed"],
)
def test_killed_while_rebuilding(tmp_path: Path, point: str) -> None:
    folder = tmp_path / "gallery"
    kill("change", folder, "index:segment-written:6")
    before = Gallery.open(folder)
    kill("rebuild", folder, point)
    after = Gallery.open(folder)
    assert after.position == (STEPS if point == "index:manifest-renamed" else before.position)
    assert after.ids().tolist() == expected(after.position)
    assert after.verify() == []
    assert_goes_on(folder)


@pytest.mark.parametrize("seed", range(5))
def test_killed_at_a_random_moment(tmp_path: Path, seed: int) -> None:
    folder = tmp_path / "gallery"
    running = start("change", folder)
    assert running.stdout is not None
    running.stdout.readline()
    time.sleep(random.Random(seed).uniform(0, 0.25))
    running.kill()
    assert_whole(folder, last_told(running))
    assert_goes_on(folder)
