"""A download goes on where it stopped, and only when it is still the same file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from benchmarks.fetching.download import ATTEMPTS, RemoteFile, download, open_client, size_of
from matcher.errors import UsageError
from tests.benchmarks.fetching.server import Files, serving

BLOB = bytes(range(256)) * 400
SHA256 = hashlib.sha256(BLOB).hexdigest()


@pytest.fixture
def files() -> Iterator[Files]:
    with serving(Files({"set.zip": BLOB})) as served:
        yield served


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with open_client() as opened:
        yield opened


def remote(files: Files, sha256: str = "", md5: str = "") -> RemoteFile:
    return RemoteFile(f"{files.url}/set.zip", "set.zip", sha256, md5)


def test_a_whole_file_arrives_and_its_hash_is_checked(
    files: Files, client: httpx.Client, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int | None]] = []
    assert size_of(client, remote(files)) == len(BLOB)
    path = download(client, remote(files, SHA256), tmp_path, lambda *each: told.append(each))
    assert path.read_bytes() == BLOB
    assert told[-1] == ("set.zip", len(BLOB), len(BLOB))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set.zip"]
    assert download(client, remote(files, SHA256), tmp_path) == path
    assert files.asked == [""]


def test_a_connection_that_breaks_goes_on_from_the_last_byte(
    files: Files, client: httpx.Client, tmp_path: Path
) -> None:
    files.breaks_after = 30_000
    path = download(client, remote(files, md5=hashlib.md5(BLOB).hexdigest()), tmp_path, pause=0)
    assert path.read_bytes() == BLOB
    assert files.asked == ["", "bytes=30000-", "bytes=60000-", "bytes=90000-"]


def test_a_command_that_is_stopped_is_gone_on_with_by_the_next(
    files: Files, client: httpx.Client, tmp_path: Path
) -> None:
    def stop(name: str, done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    files.breaks_after = 50_000
    with pytest.raises(KeyboardInterrupt):
        download(client, remote(files), tmp_path, stop)
    have = (tmp_path / "set.zip.part").stat().st_size
    assert 0 < have <= 50_000
    files.breaks_after = None
    assert download(client, remote(files), tmp_path).read_bytes() == BLOB
    assert files.asked == ["", f"bytes={have}-"]


def test_a_file_that_changed_meanwhile_is_begun_anew(
    files: Files, client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "set.zip.part").write_bytes(b"of another file")
    (tmp_path / "set.zip.part.json").write_text(f'{{"url": "{files.url}/set.zip", "same": "\\"old\\""}}')
    assert download(client, remote(files), tmp_path).read_bytes() == BLOB
    assert files.asked == ["bytes=15-"]


@pytest.mark.parametrize("state", ["", "{", '{"url": "http://elsewhere/set.zip", "same": "x"}', "[]"])
def test_a_part_of_unknown_origin_is_begun_anew(
    state: str, files: Files, client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "set.zip.part").write_bytes(b"anything")
    if state:
        (tmp_path / "set.zip.part.json").write_text(state)
    assert download(client, remote(files), tmp_path).read_bytes() == BLOB
    assert files.asked == [""]


def test_a_server_without_ranges_sends_all_of_it_again(
    files: Files, client: httpx.Client, tmp_path: Path
) -> None:
    files.ranges, files.breaks_after = False, 60_000
    with pytest.raises(UsageError, match="broke off after 60000 bytes") as caught:
        download(client, remote(files), tmp_path, pause=0)
    assert "\n" not in str(caught.value)
    assert len(files.asked) == ATTEMPTS + 1
    files.breaks_after = None
    assert download(client, remote(files, SHA256), tmp_path).read_bytes() == BLOB


def test_without_a_tag_or_a_hash_a_part_is_not_trusted(
    files: Files, client: httpx.Client, tmp_path: Path
) -> None:
    files.tag, files.breaks_after = "", 60_000
    with pytest.raises(UsageError, match="broke off"):
        download(client, remote(files), tmp_path, pause=0)
    assert set(files.asked) == {""}
    assert download(client, remote(files, SHA256), tmp_path, pause=0).read_bytes() == BLOB
    assert files.asked[-1] == "bytes=60000-"


def test_a_part_that_is_already_whole_is_only_checked(
    files: Files, client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "set.zip.part").write_bytes(BLOB)
    (tmp_path / "set.zip.part.json").write_text(f'{{"url": "{files.url}/set.zip", "same": "\\"one\\""}}')
    assert download(client, remote(files, SHA256), tmp_path).read_bytes() == BLOB


def test_a_part_longer_than_the_file_is_begun_anew(
    files: Files, client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "set.zip.part").write_bytes(BLOB + b"more")
    (tmp_path / "set.zip.part.json").write_text(f'{{"url": "{files.url}/set.zip", "same": "\\"one\\""}}')
    assert download(client, remote(files, SHA256), tmp_path, pause=0).read_bytes() == BLOB


def test_a_wrong_hash_leaves_nothing(files: Files, client: httpx.Client, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"SHA-256 is {SHA256}, published is {'0' * 64}"):
        download(client, remote(files, "0" * 64), tmp_path)
    assert not list(tmp_path.iterdir())
    (tmp_path / "set.zip").write_bytes(b"put here by hand")
    with pytest.raises(UsageError, match="MD5 is"):
        download(client, remote(files, md5="0" * 32), tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_the_server_refuses_is_one_line(files: Files, client: httpx.Client, tmp_path: Path) -> None:
    files.status = 403
    with pytest.raises(UsageError, match="the server answers 403"):
        download(client, remote(files), tmp_path)
    assert size_of(client, remote(files)) is None
    files.status, files.packed = 200, True
    with pytest.raises(UsageError, match="the server sends it packed"):
        download(client, remote(files), tmp_path)
    files.packed = False
    with pytest.raises(UsageError, match="larger than the 1000 bytes"):
        download(client, remote(files), tmp_path, most=1000)


def test_a_server_that_is_not_there_is_one_line(client: httpx.Client, tmp_path: Path) -> None:
    gone = RemoteFile("http://127.0.0.1:1/set.zip", "set.zip")
    with pytest.raises(UsageError, match=r"127\.0\.0\.1:1"):
        size_of(client, gone)
    with pytest.raises(UsageError, match="broke off after 0 bytes"):
        download(client, gone, tmp_path, pause=0)


def test_an_encrypted_address_is_not_followed_to_a_plain_one(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.scheme == "https":
            return httpx.Response(302, headers={"Location": "http://elsewhere.example/set.zip"})
        return httpx.Response(200, content=BLOB)

    with (
        httpx.Client(transport=httpx.MockTransport(answer), follow_redirects=True) as client,
        pytest.raises(UsageError, match=r"leads to elsewhere\.example without encryption"),
    ):
        download(client, RemoteFile("https://sets.example/set.zip", "set.zip"), tmp_path)
    assert not (tmp_path / "set.zip").exists()
