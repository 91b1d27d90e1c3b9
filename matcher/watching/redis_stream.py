"""Redis Streams as a source: messages become manifests in the inbox, verdicts go to a stream of their own."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit, urlunsplit

from matcher.errors import UsageError
from matcher.faults import commit_point
from matcher.files import replacing
from matcher.watching.inbox import DONE, FAILED

FIELD = "listing"
AT_ONCE = 32
PUBLISH = """
if redis.call('HGET', KEYS[2], ARGV[1]) == ARGV[2] then return 0 end
for number = 3, #ARGV do redis.call('XADD', KEYS[1], '*', 'verdict', ARGV[number]) end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return #ARGV - 2
"""
"""Adds a manifest's verdicts all together and once: the last manifest each consumer published is kept."""
INSTALL = "pip install 'counterfeit-image-matcher[redis]'"


class RedisFeed:
    """Reads `stream` as one consumer of a group; `STREAM:verdicts` gets a message for each verdict.

    A message's field `listing` is a JSON object with a manifest's columns; image paths are relative to the
    inbox. Messages are acknowledged once they lie in the inbox as a file. A consumer gets its messages in
    rising order, so what a kill left between the file and the acknowledgement is known by the files' names.
    """

    def __init__(self, url: str, folder: Path) -> None:
        try:
            import redis
        except ImportError as error:
            raise UsageError(f"a Redis stream needs redis: {INSTALL}") from error
        address, options = _parted(url)
        self._errors = redis.RedisError
        self._shown = f"{urlsplit(address).hostname or address}"
        self._stream, self._group = options["stream"], options.get("group", "matcher")
        self._consumer = options.get("consumer", socket.gethostname())
        self._folder, self._client = folder, redis.Redis.from_url(address)
        self._pending = True
        try:
            self._client.xgroup_create(self._stream, self._group, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise self._trouble(error) from error
        except redis.RedisError as error:
            raise self._trouble(error) from error

    def fetch(self) -> None:
        """Messages given to this consumer and not acknowledged first, then new ones; never waits."""
        try:
            while self._fetched("0" if self._pending else ">") and self._pending:
                continue
            if self._pending:
                self._pending = False
                self._fetched(">")
        except self._errors as error:
            raise self._trouble(error) from error

    def _fetched(self, begin: str) -> int:
        answer = cast(
            Any, self._client.xreadgroup(self._group, self._consumer, {self._stream: begin}, count=AT_ONCE)
        )
        messages = [message for _, found in answer or () for message in found]
        if not messages:
            return 0
        known = self._newest() if begin == "0" else None
        new = [message for message in messages if known is None or _number(message[0]) > known]
        if new:
            self._spool(new)
        self._client.xack(self._stream, self._group, *(name for name, _ in messages))
        return len(messages)

    def _spool(self, messages: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
        """One manifest, named by its first and last message."""
        first, last = (messages[place][0].decode() for place in (0, -1))
        with replacing(self._folder / f"{first}_{last}.jsonl") as (file,):
            for name, fields in messages:
                file.write(_line(name.decode(), fields) + b"\n")
        commit_point("redis:spooled")

    def _newest(self) -> tuple[int, int] | None:
        """The last message that lies in the inbox or was answered."""
        places = (self._folder, self._folder / DONE, self._folder / FAILED)
        names = [name for place in places if place.is_dir() for name in os.listdir(place)]
        lasts = [
            name.removesuffix(".jsonl").rpartition("_")[2].encode()
            for name in names
            if name.endswith(".jsonl") and not name.startswith(".") and "_" in name
        ]
        return max(map(_number, lasts), default=None)

    def answered(self, manifest: Path, out: Path) -> None:
        """Publish the manifest's verdicts, unless that was done."""
        lines = (out / "verdicts.jsonl").read_bytes().splitlines()
        try:
            self._client.eval(
                PUBLISH, 2, f"{self._stream}:verdicts", f"{self._stream}:published",
                f"{self._group}:{self._consumer}", manifest.name, *lines,
            )  # fmt: skip
        except self._errors as error:
            raise self._trouble(error) from error
        commit_point("redis:published")

    def _trouble(self, error: Exception) -> UsageError:
        said = " ".join(str(error).split())[:200]
        return UsageError(f"the Redis stream {self._stream} on {self._shown}: {said}")


def _parted(url: str) -> tuple[str, dict[str, str]]:
    """The server's address, and what the query says of the stream."""
    parts = urlsplit(url)
    given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    own: dict[str, str] = {name: given.pop(name) for name in ("stream", "group", "consumer") if name in given}
    if not own.get("stream"):
        raise UsageError("the address names no stream; give redis://HOST:PORT/DB?stream=NAME")
    if given:
        raise UsageError(f"the address has an unknown option {min(given)!r}; use stream, group, consumer")
    return urlunsplit(parts._replace(query="")), own


def _number(name: bytes) -> tuple[int, int]:
    milliseconds, _, turn = name.partition(b"-")
    return int(milliseconds), int(turn)


def _line(name: str, fields: dict[bytes, bytes]) -> bytes:
    """The message as a manifest's line; one that holds no JSON object becomes a row that fails."""
    try:
        found = json.loads(fields.get(FIELD.encode(), b""))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        found = {"listing_id": f"message {name}: its field {FIELD} is no JSON object"}
    return json.dumps(found, ensure_ascii=True).encode()
