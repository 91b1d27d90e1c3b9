"""A request that is sent again with its `Idempotency-Key` is answered as before, not carried out again.

Source: IETF draft "The Idempotency-Key HTTP Header Field".
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from python_multipart.multipart import parse_options_header
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.catalog import (
    Answer,
    ApiKey,
    Claim,
    beat_answer,
    claim_answer,
    find_key,
    keep_answer,
    release_answer,
)
from matcher.errors import MatcherError
from matcher.faults import commit_point
from matcher.service.access import claimed
from matcher.service.logs import request_id
from matcher.service.problems import refuse, respond
from matcher.service.state import Service

HEADER = "idempotency-key"
MOST_BYTES = 2**20
"""The largest answer that is kept; answers to POST are far smaller."""
_KEY = re.compile(r'"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')
_CHUNK = 2**20
_TOLD = ("content-type", "location")


def describe(description: dict[str, Any]) -> None:
    """Name the header with every operation of an OpenAPI description that takes it."""
    parameter = {
        "name": "Idempotency-Key", "in": "header", "required": False,
        "description": "The same key with the same request again gives the same answer, for a day.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    }  # fmt: skip
    for path, operations in description["paths"].items():
        found = operations.get("post", {}).setdefault("parameters", []) if path.startswith("/v1/") else None
        if found is not None and not any(one["name"] == parameter["name"] for one in found):
            found.append(parameter)


def told_once(response: Response) -> None:
    """A dependency of routes whose answer holds a secret: it is kept nowhere, here or in between."""
    response.headers["Cache-Control"] = "no-store"


class Idempotent:
    """ASGI middleware for every POST under /v1 that carries the header; inside of what checks the key."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request out, or answer as before: 400, 409, 422 where that cannot be."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if HEADER not in headers or scope["method"] != "POST" or not scope["path"].startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        service: Service = scope["app"].state.service
        secret = headers.get("authorization", "").partition(" ")[2].strip()
        try:
            asking = await run_in_threadpool(_key_of, service, secret)
            if asking is None:  # the route says what is wrong with it
                await self.app(scope, receive, send)
                return
            with SpooledTemporaryFile(_CHUNK) as body:
                await self._once(service, asking, body, (scope, receive, send))
        except MatcherError as error:
            await refuse(error)(scope, receive, send)

    async def _once(
        self, service: Service, asking: ApiKey, body: IO[bytes], call: tuple[Scope, Receive, Send]
    ) -> None:
        scope, receive, send = call
        given = _KEY.fullmatch(Headers(scope=scope)[HEADER].strip())
        if given is None:
            detail = "Idempotency-Key: give 1 to 255 printable ASCII characters"
            await respond(HTTPStatus.BAD_REQUEST, detail)(scope, receive, send)
            return
        claim = Claim.of(asking.prefix, given[1] or given[2])
        try:
            fingerprint = await _gather(scope, receive, body)
        except HTTPException as error:
            refusal = respond(HTTPStatus(error.status_code), str(error.detail))
            await refusal(scope, receive, send)
            return
        before = await run_in_threadpool(_claim, service, claim, fingerprint)
        if before is not None:
            await _again(service, asking, before)(scope, receive, send)
            return
        commit_point("idempotency:claimed")
        await self._carry_out(service, claim, (scope, _replayed(body, receive), send))

    async def _carry_out(self, service: Service, claim: Claim, call: tuple[Scope, Receive, Send]) -> None:
        """Let the route answer, and keep the answer before it goes out."""
        scope, receive, send = call
        answer = _Held()
        token = claimed.set(claim)
        try:
            async with _heard_of(service, claim):
                await self.app(scope, receive, answer.take)
        except BaseException:
            await run_in_threadpool(_settle, service, lambda one: release_answer(one, claim))
            raise
        finally:
            claimed.reset(token)
        commit_point("idempotency:answered")
        await run_in_threadpool(_settle, service, lambda one: answer.settle(one, claim))
        for message in answer.messages:
            await send(message)


@contextlib.asynccontextmanager
async def _heard_of(service: Service, claim: Claim) -> AsyncIterator[None]:
    """Beats while the block lasts, so that nobody takes the request over."""

    async def beating() -> None:
        while True:
            await asyncio.sleep(service.workspace.settings.service.lease_seconds / 4)
            with contextlib.suppress(MatcherError):
                await run_in_threadpool(_settle, service, lambda one: beat_answer(one, claim))

    heart = asyncio.create_task(beating())
    try:
        yield
    finally:
        heart.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await heart


class _Held:
    """The messages of an answer, held back until it is kept."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def take(self, message: Message) -> None:
        self.messages.append(message)

    def settle(self, connection: Connection, claim: Claim) -> None:
        """Keep the answer where the request changed something; else it may be carried out again."""
        start = next((one for one in self.messages if one["type"] == "http.response.start"), None)
        if start is not None and 200 <= start["status"] < 300:
            headers = Headers(raw=start["headers"])
            body = b"".join(one.get("body", b"") for one in self.messages)
            if len(body) <= MOST_BYTES and "no-store" not in headers.get("cache-control", ""):
                kept = {name: headers[name] for name in _TOLD if name in headers}
                keep_answer(connection, claim, start["status"], kept, body)
        release_answer(connection, claim)


def _key_of(service: Service, secret: str) -> ApiKey | None:
    with service.workspace.database.read() as connection:
        return find_key(connection, secret)


def _claim(service: Service, claim: Claim, fingerprint: str) -> Answer | None:
    lease = timedelta(seconds=service.workspace.settings.service.lease_seconds)
    with service.workspace.database.write() as connection:
        return claim_answer(connection, claim, fingerprint, request_id.get(), lease)


def _settle(service: Service, settle: Callable[[Connection], None]) -> None:
    with service.workspace.database.write() as connection:
        settle(connection)


def _again(service: Service, asking: ApiKey, before: Answer) -> Response:
    """The answer to a request that came before; asking again counts as asking."""
    if wait := service.rates.wait_of(asking.prefix, asking.requests_per_minute):
        detail = f"this key may ask {asking.requests_per_minute:,} times a minute"
        return respond(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait)})
    if not before.same:
        detail = "this Idempotency-Key came with another request before: use a new one"
        return respond(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    if before.state == "running":
        detail = "the same request is being carried out"
        return respond(HTTPStatus.CONFLICT, detail, headers={"Retry-After": "5"})
    if before.state == "effected" or before.body is None:
        detail = f"the request was carried out as {before.request_id}, and its answer is not kept"
        return respond(HTTPStatus.CONFLICT, detail)
    return Response(before.body, before.status, {**before.headers, "Idempotency-Replayed": "true"})


async def _gather(scope: Scope, receive: Receive, body: IO[bytes]) -> str:
    """Keep the body in `body`; the fingerprint of the request."""
    kind, options = parse_options_header(Headers(scope=scope).get("content-type", ""))
    digest = _Digest(options.get(b"boundary", b""))
    for part in (scope["path"].encode("utf-8", "surrogatepass"), scope["query_string"], kind):
        digest.update(part + b"\n")
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HTTPException(HTTPStatus.BAD_REQUEST, "the request broke off")
        chunk = message.get("body", b"")
        digest.update(chunk)
        await run_in_threadpool(body.write, chunk)
        more = message.get("more_body", False)
    body.seek(0)
    return digest.end()


class _Digest:
    """SHA-256 of a body in which a form's boundary, which programs choose anew each time, does not count."""

    def __init__(self, boundary: bytes) -> None:
        self._hash, self._boundary, self._rest = hashlib.sha256(), boundary, b""

    def update(self, chunk: bytes) -> None:
        if not self._boundary:
            self._hash.update(chunk)
            return
        *parts, last = (self._rest + chunk).split(self._boundary)
        for part in parts:
            self._hash.update(part + b"\0boundary\0")
        cut = max(0, len(last) - len(self._boundary) + 1)
        self._hash.update(last[:cut])
        self._rest = last[cut:]

    def end(self) -> str:
        self._hash.update(self._rest)
        return self._hash.hexdigest()


def _replayed(body: IO[bytes], receive: Receive) -> Receive:
    """Gives the body that was gathered, then whatever comes."""
    ended = False

    async def replayed() -> Message:
        nonlocal ended
        if ended:
            return await receive()
        chunk = await run_in_threadpool(body.read, _CHUNK)
        ended = len(chunk) < _CHUNK
        return {"type": "http.request", "body": chunk, "more_body": not ended}

    return replayed
