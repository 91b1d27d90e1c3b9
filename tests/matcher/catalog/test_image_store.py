"""A stored image is whole or absent, also after a kill, and nothing but a content hash names a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.catalog import ImageStore
from matcher.errors import CatalogError
from tests.matcher.catalog.made import hash_of

NAME = hash_of("a")
PUTTER = """
import sys
from pathlib import Path
from matcher.catalog import ImageStore
ImageStore(Path(sys.argv[1])).put(sys.argv[2], b"new" * 1000)
"""


def test_what_is_put_can_be_had(store: ImageStore) -> None:
    assert not store.has(NAME)
    store.put(NAME, b"bytes")
    assert store.has(NAME)
    assert store.get(NAME) == b"bytes"
    assert list(store.iterate()) == [NAME]
    assert (store.folder / NAME).read_bytes() == b"bytes"


def test_putting_again_changes_nothing_and_mends_damage(store: ImageStore) -> None:
    store.put(NAME, b"bytes")
    before = (store.folder / NAME).stat()
    store.put(NAME, b"bytes")
    after = (store.folder / NAME).stat()
    # not the time of the last reading, which putting again may move
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    (store.folder / NAME).write_bytes(b"bytez")
    store.put(NAME, b"bytes")
    assert store.get(NAME) == b"bytes"
    assert sorted(entry.name for entry in store.folder.iterdir()) == [NAME]


def test_a_deleted_image_is_gone(store: ImageStore) -> None:
    store.put(NAME, b"bytes")
    assert store.delete(NAME)
    assert not store.delete(NAME)
    with pytest.raises(CatalogError, match="catalog verify"):
        store.get(NAME)


def test_an_empty_store_has_nothing(store: ImageStore) -> None:
    assert list(store.iterate()) == []
    assert not store.folder.exists()


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", NAME.upper(), NAME + "\n", NAME[:-1], "g" * 64, ".lock"]
)
def test_other_names_are_refused(store: ImageStore, name: str) -> None:
    for call in (store.get, store.has, store.delete, lambda name: store.put(name, b"x")):
        with pytest.raises(CatalogError, match="not a content hash"):
            call(name)


@given(st.text(max_size=70))
def test_no_text_leaves_the_folder(name: str) -> None:
    store = ImageStore(Path("/folder"))
    with suppress(CatalogError):
        assert store.path(name).parent == store.folder


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CatalogError, match="image store"):
        ImageStore(tmp_path / "file" / "images").put(NAME, b"x")


@pytest.mark.parametrize(("point", "after"), [("images:written", b"old"), ("images:renamed", b"new" * 1000)])
def test_a_kill_leaves_the_old_file_or_the_new(store: ImageStore, point: str, after: bytes) -> None:
    store.put(NAME, b"old")
    command = [sys.executable, "-c", PUTTER, str(store.folder), NAME]
    killed = subprocess.run(command, env={**os.environ, "MATCHER_KILL_AT": point}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert store.get(NAME) == after
    assert list(store.iterate()) == [NAME]
    with store.sweeping():
        assert store.delete_unfinished() == (1 if point == "images:written" else 0)
    store.put(NAME, b"new" * 1000)
    assert store.get(NAME) == b"new" * 1000


def test_a_sweep_waits_for_those_who_keep(store: ImageStore) -> None:
    swept = threading.Event()

    def sweep() -> None:
        with store.sweeping():
            swept.set()

    with store.keeping(), store.keeping():
        sweeper = threading.Thread(target=sweep)
        sweeper.start()
        assert not swept.wait(0.1)
    sweeper.join()
    assert swept.is_set()


def test_a_sweep_that_waits_goes_before_those_who_come_to_keep(store: ImageStore) -> None:
    order: list[str] = []

    def sweep() -> None:
        with store.sweeping():
            order.append("swept")

    def keep() -> None:
        with store.keeping():
            order.append("kept")

    with store.keeping():
        assert not store.sweep_waits()
        sweeper = threading.Thread(target=sweep)
        sweeper.start()
        while not store.sweep_waits():
            time.sleep(0.001)
        keeper = threading.Thread(target=keep)
        keeper.start()
        keeper.join(0.1)
        assert order == []
    sweeper.join()
    keeper.join()
    assert order == ["swept", "kept"]
    assert not store.sweep_waits()
