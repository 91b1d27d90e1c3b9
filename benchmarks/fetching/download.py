"""Downloads one file: goes on where it stopped, and keeps nothing whose hash is not the published one."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from matcher.errors import UsageError

CHUNK = 1 << 20
ATTEMPTS = 5
"""Times a broken connection is tried again without a byte more."""
TIMEOUT_S = 30.0

Tell = Callable[[str, int, int | None], None]
"""Told the file's name, how many bytes are here, and how many there will be if the server says."""


@dataclass(frozen=True)
class RemoteFile:
    """A file to get; `name`: its path below the set's folder. A hash only where its publisher states one."""

    url: str
    name: str
    sha256: str = ""
    md5: str = ""

    @property
    def hashed(self) -> str:
        """Which hash is checked."""
        return "SHA-256" if self.sha256 else "MD5" if self.md5 else ""


class BrokenOffError(Exception):
    """The connection ended early; what has arrived is kept."""


def open_client() -> httpx.Client:
    """A client that follows few redirects and asks for the bytes as they are stored."""
    headers = {"User-Agent": "counterfeit-image-matcher benchmarks", "Accept-Encoding": "identity"}
    return httpx.Client(follow_redirects=True, max_redirects=5, timeout=TIMEOUT_S, headers=headers)


def size_of(client: httpx.Client, remote: RemoteFile) -> int | None:
    """Bytes the server announces, None where it does not; raises UsageError when it cannot be reached."""
    try:
        response = client.head(remote.url)
    except httpx.HTTPError as error:
        raise UsageError(f"{remote.url}: {error or type(error).__name__}") from error
    announced = response.headers.get("Content-Length", "")
    return int(announced) if response.is_success and announced.isdigit() else None


def download(
    client: httpx.Client,
    remote: RemoteFile,
    folder: Path,
    tell: Tell = lambda *_: None,
    *,
    most: int | None = None,
    pause: float = 1.0,
) -> Path:
    """The file at `folder / remote.name`, downloaded where it is not there yet.

    What has arrived lies in `NAME.part`; the next call goes on from there, by an HTTP range and only
    while the server says that the file is still the same, or a published hash will show it (RFC 9110,
    section 13.1.5). A broken connection is tried again, `pause` seconds longer each time. Raises
    UsageError when the server refuses, does not stop at `most` bytes, or the hash is wrong, in which case
    nothing is kept.
    """
    path = folder / remote.name
    if path.is_file():
        _verify(path, remote)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    attempt = 0
    while True:
        before = _bytes_at(part)
        try:
            _receive(client, remote, part, tell, most)
            break
        except (BrokenOffError, httpx.TransportError) as error:
            attempt = 0 if _bytes_at(part) > before else attempt + 1
            if attempt >= ATTEMPTS:
                raise UsageError(
                    f"{remote.url}: broke off after {_bytes_at(part)} bytes "
                    f"({error or type(error).__name__}); the same command goes on from there"
                ) from error
            time.sleep(pause * (attempt + 1))
    _verify(part, remote)
    part.replace(path)
    _state(part).unlink(missing_ok=True)
    return path


def _receive(client: httpx.Client, remote: RemoteFile, part: Path, tell: Tell, most: int | None) -> None:
    """Append what is missing to `part`; raises BrokenOffError or TransportError when that ends early."""
    have, headers = _resumable(part, remote)
    with client.stream("GET", remote.url, headers=headers) as response:
        _refuse_plain(remote, response)
        if response.status_code == 416:
            if _total(response) == have:
                return
            part.unlink(missing_ok=True)
            raise BrokenOffError("the server has another file now")
        if response.status_code == 200:
            have = 0
        elif response.status_code != 206 or not _continues(response, have):
            raise UsageError(f"{remote.url}: the server answers {response.status_code}")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise UsageError(f"{remote.url}: the server sends it packed, so it cannot be checked")
        total = _total(response)
        _remember(part, remote, response)
        with part.open("ab" if have else "wb") as file:
            for chunk in response.iter_raw():  # As it arrives: a chunk being filled would be lost.
                have += len(chunk)
                if most is not None and have > most:
                    raise UsageError(f"{remote.url}: is larger than the {most} bytes there is space for")
                file.write(chunk)
                tell(remote.name, have, total)
    if total is not None and have != total:
        raise BrokenOffError(f"{have} of {total} bytes")


def _resumable(part: Path, remote: RemoteFile) -> tuple[int, dict[str, str]]:
    """How many bytes of the same file are here, and the headers that ask for the rest."""
    have = _bytes_at(part)
    try:
        state = json.loads(_state(part).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        state = {}
    known = isinstance(state, dict) and state.get("url") == remote.url
    same = str(state.get("same", "")) if known else ""
    if not have or not known or not (same or remote.hashed):
        return 0, {}
    return have, {"Range": f"bytes={have}-", **({"If-Range": same} if same else {})}


def _remember(part: Path, remote: RemoteFile, response: httpx.Response) -> None:
    """Keep what tells this version of the file from another: a strong entity tag, or the date."""
    tag = response.headers.get("ETag", "")
    same = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")
    _state(part).write_text(json.dumps({"url": remote.url, "same": same}), encoding="utf-8")


def _refuse_plain(remote: RemoteFile, response: httpx.Response) -> None:
    hops = [*response.history, response]
    if remote.url.startswith("https:") and any(hop.url.scheme != "https" for hop in hops):
        raise UsageError(f"{remote.url}: leads to {response.url.host} without encryption; it is not followed")


def _continues(response: httpx.Response, have: int) -> bool:
    return str(response.headers.get("Content-Range", "")).startswith(f"bytes {have}-")


def _total(response: httpx.Response) -> int | None:
    ranged = re.fullmatch(r"bytes (?:\d+-\d+|\*)/(\d+)", response.headers.get("Content-Range", ""))
    if ranged:
        return int(ranged[1])
    length = response.headers.get("Content-Length", "")
    return int(length) if response.status_code == 200 and length.isdigit() else None


def _verify(path: Path, remote: RemoteFile) -> None:
    """Raises UsageError, and removes the file, when its hash is not the published one."""
    if not remote.hashed:
        return
    digest = hashlib.sha256() if remote.sha256 else hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    published = remote.sha256 or remote.md5
    if digest.hexdigest() != published.lower():
        path.unlink()
        _state(path).unlink(missing_ok=True)
        raise UsageError(
            f"{remote.url}: {remote.hashed} is {digest.hexdigest()}, published is {published}; "
            "it was removed, and nothing of it is used"
        )


def _state(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _bytes_at(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0
