"""A stream on a real Redis server: messages become manifests once, verdicts are published once."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import UsageError
from matcher.policy import load_policy
from matcher.watching import Watch
from matcher.watching.inbox import DONE, Inbox
from matcher.workspace import Workspace
from tests.matcher import drawn
from tests.matcher.drawn import SETTINGS
from tests.matcher.watching import watched

redis = pytest.importorskip("redis")
SERVER = shutil.which("redis-server")
needs_server = pytest.mark.skipif(SERVER is None, reason="redis-server is not installed")

from matcher.watching.redis_stream import RedisFeed  # noqa: E402


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server of our own on 127.0.0.1."""
    assert SERVER
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = int(free.getsockname()[1])
    words = (
        "--bind",
        "127.0.0.1",
        "--port",
        str(number),
        "--save",
        "",
        "--appendonly",
        "no",
        "--daemonize",
        "no",
    )
    folder = tmp_path_factory.mktemp("redis")
    running = subprocess.Popen([SERVER, *words, "--dir", str(folder)], stdout=subprocess.DEVNULL)
    try:
        wait_until_it_answers(number)
        yield number
    finally:
        running.terminate()
        running.wait(30)


def wait_until_it_answers(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("redis-server did not start")


@pytest.fixture
def client(port: int) -> Iterator[Any]:
    with redis.Redis(port=port) as opened:
        opened.flushall()
        yield opened


@pytest.fixture
def url(port: int) -> str:
    return f"redis://127.0.0.1:{port}/0?stream=offers&consumer=one"


def offer(client: Any, listing_id: str, image: str = "stolen.jpg") -> None:
    row = {"listing_id": listing_id, "image": image, "price": "20", "currency": "EUR", "seller_id": "shop-9"}
    client.xadd("offers", {"listing": json.dumps(row)})


def spooled(folder: Path) -> list[list[str]]:
    """Ids of the listings in each manifest of the inbox."""
    return [
        [json.loads(line)["listing_id"] for line in path.read_text().splitlines()]
        for path in Inbox(folder).waiting()
    ]


@needs_server
def test_messages_lie_in_the_inbox_before_they_are_acknowledged(
    client: Any, url: str, tmp_path: Path
) -> None:
    for number in range(3):
        offer(client, f"L-{number}")
    client.xadd("offers", {"listing": "[no object"})
    feed = RedisFeed(url, tmp_path)
    feed.fetch()
    (ids,) = spooled(tmp_path)
    assert ids[:3] == ["L-0", "L-1", "L-2"]
    assert ids[3].startswith("message ")
    assert client.xpending("offers", "matcher")["pending"] == 0
    feed.fetch()
    assert len(spooled(tmp_path)) == 1


@needs_server
def test_what_a_kill_left_unacknowledged_is_not_taken_twice(client: Any, url: str, tmp_path: Path) -> None:
    offer(client, "L-0")
    offer(client, "L-1")
    client.xgroup_create("offers", "matcher", id="0")
    ((_, messages),) = client.xreadgroup("matcher", "one", {"offers": ">"}, count=1)
    ((name, _),) = messages  # as if the file had been written and the acknowledgement not
    (tmp_path / f"{name.decode()}_{name.decode()}.jsonl").write_text('{"listing_id": "L-0"}\n')
    RedisFeed(url, tmp_path).fetch()
    assert spooled(tmp_path) == [["L-0"], ["L-1"]]
    assert client.xpending("offers", "matcher")["pending"] == 0


@needs_server
def test_what_a_kill_left_unread_is_taken_again(client: Any, url: str, tmp_path: Path) -> None:
    offer(client, "L-0")
    client.xgroup_create("offers", "matcher", id="0")
    client.xreadgroup("matcher", "one", {"offers": ">"}, count=1)  # read, and then killed
    RedisFeed(url, tmp_path).fetch()
    assert spooled(tmp_path) == [["L-0"]]


@needs_server
def test_verdicts_are_published_once_however_often_it_is_told(client: Any, url: str, tmp_path: Path) -> None:
    folder, inbox = drawn.workspace_folder(tmp_path / "workspace"), tmp_path / "out" / "inbox"
    watched.put_photos(inbox)
    offer(client, "stolen")
    offer(client, "clear", "other.png")
    with Workspace.open(folder, SETTINGS) as workspace:
        feed = RedisFeed(url, inbox)
        Watch(workspace, load_policy(), Inbox(inbox), tmp_path / "out", feed=feed).run(once=True)
    found = [json.loads(fields[b"verdict"]) for _, fields in client.xrange("offers:verdicts")]
    assert [(one["listing_id"], one["verdict"]) for one in found] == [
        ("stolen", "counterfeit"),
        ("clear", "clear"),
    ]
    (manifest,) = (inbox / DONE).iterdir()
    (answers,) = (path for path in (tmp_path / "out").iterdir() if path.name.startswith(manifest.name))
    feed.answered(manifest, answers)
    assert client.xlen("offers:verdicts") == 2


def test_an_address_without_a_stream_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names no stream"):
        RedisFeed("redis://127.0.0.1:1/0", tmp_path)
    with pytest.raises(UsageError, match="unknown option 'steam'"):
        RedisFeed("redis://127.0.0.1:1/0?stream=a&steam=b", tmp_path)


def test_a_server_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    with pytest.raises(UsageError, match=r"the Redis stream a on 127\.0\.0\.1") as caught:
        RedisFeed(f"redis://127.0.0.1:{number}/0?stream=a", tmp_path)
    assert "\n" not in str(caught.value)
