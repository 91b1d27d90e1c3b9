"""Who asks and what they may do: the one place that checks key, scope and rate, for every route."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as RequestScope

from matcher.catalog import Claim, Scope, SettledRow, find_key, mark_effected, record_act
from matcher.errors import StorageError
from matcher.service.logs import request_id
from matcher.service.problems import RefusedError, respond
from matcher.service.state import Service, service_of

_NO_KEY = "give a valid API key: 'Authorization: Bearer KEY'"
_LOCKED = ("/v1/", "/h/", "/m/", "/c/")
"""What the paths begin with that need a key."""
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
claimed: ContextVar[Claim | None] = ContextVar("claimed", default=None)
"""The idempotency key of the request under way, if it carries one."""
_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="key",
    description="An API key, as `matcher admin create` or `POST /v1/keys` gave it.",
)


@dataclass(frozen=True)
class Caller:
    """A key or person that was found valid; all it reads and writes is its owner's.

    `prefix` is what names it in records: a key's first letters, or `person:NAME`.
    """

    owner_id: int
    owner: str
    prefix: str
    scopes: frozenset[Scope]
    service: Service

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One unchanging view of the database."""
        with self.service.workspace.database.read() as connection:
            yield connection

    @contextmanager
    def write(
        self, action: str, target: str | Callable[[], str], *, owner_id: int | None = None
    ) -> Iterator[Connection]:
        """A transaction that also records the act, of this owner or, for an admin, of `owner_id`.

        A `target` that is only known once the block has ended is called then.
        """
        with self.service.workspace.database.write() as connection:
            yield connection
            named = target if isinstance(target, str) else target()
            self._record(connection, action, named, self.owner_id if owner_id is None else owner_id)
            _mark_effected(connection)

    def note(self, action: str, target: str) -> None:
        """Record an act that changes nothing."""
        with self.write(action, target):
            pass

    def recording(
        self, action: str, target: Callable[[int], str]
    ) -> Callable[[Connection, list[SettledRow]], None]:
        """What an import is given as `record`: each batch that changes something is on record with it.

        `target` is told how many rows changed something. The import as a whole is `effected` in the end.
        """

        def record(connection: Connection, rows: list[SettledRow]) -> None:
            if changed := sum(one.outcome in ("added", "changed") for one in rows):
                self._record(connection, action, target(changed), self.owner_id)

        return record

    def effected(self) -> None:
        """The request changed something, a part at a time, and has come to its end."""
        with self.service.workspace.database.write() as connection:
            _mark_effected(connection)

    def _record(self, connection: Connection, action: str, target: str, owner_id: int) -> None:
        record_act(
            connection, owner_id, actor=self.prefix, action=action, target=target, request_id=request_id.get()
        )


def _mark_effected(connection: Connection) -> None:
    """Let nobody carry the request out again; raises `RefusedError` where somebody already does."""
    if (claim := claimed.get()) and not mark_effected(connection, claim):
        # It was not heard of for so long that another server has begun anew.
        detail = "the same request is being carried out by another server"
        raise RefusedError(HTTPStatus.CONFLICT, detail, {"Retry-After": "5"})


def authorise(
    request: Request,
    wanted: SecurityScopes,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Caller:
    """The caller; raises `RefusedError`: 401 without a valid key, 403 without a scope, 429 too often."""
    service = service_of(request)
    if given is None:
        raise _unknown(_NO_KEY)
    with service.workspace.database.read() as connection:
        key = find_key(connection, given.credentials)
    if key is None:
        raise _unknown("the API key is unknown, has expired or was revoked")
    caller = Caller(key.owner_id, key.owner, key.prefix, key.scopes, service)
    request.state.caller = caller
    if wait := service.rates.wait_of(key.prefix, key.requests_per_minute):
        detail = f"this key may ask {key.requests_per_minute:,} times a minute"
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, detail, {"Retry-After": str(wait)})
    for scope in wanted.scopes:
        if scope not in key.scopes:
            raise RefusedError(HTTPStatus.FORBIDDEN, f"this needs the scope '{scope}', which the key lacks")
    return caller


class KeysFirst:
    """ASGI middleware that answers 401 before a body is read, which routes only do after it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: RequestScope, receive: Receive, send: Send) -> None:
        """Pass on what has a valid key or sends nothing; `authorise` checks all the rest."""
        if scope["type"] == "http" and scope["method"] in _WITH_BODY and scope["path"].startswith(_LOCKED):
            given = Headers(scope=scope).get("authorization", "")
            if not await run_in_threadpool(_opens, scope["app"].state.service, given):
                refusal = respond(HTTPStatus.UNAUTHORIZED, _NO_KEY, headers={"WWW-Authenticate": "Bearer"})
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _opens(service: Service, given: str) -> bool:
    """Whether there is a key; where the database does not answer, the route is to say so."""
    kind, _, secret = given.partition(" ")
    if kind.lower() != "bearer":
        return False
    try:
        with service.workspace.database.read() as connection:
            return find_key(connection, secret.strip()) is not None
    except StorageError:
        return True


def allowed(scope: Scope) -> Any:
    """What a route's `caller` is annotated with: the dependency that lets only keys with `scope` pass."""
    return Security(authorise, scopes=[scope.value])


def _unknown(detail: str) -> RefusedError:
    return RefusedError(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": "Bearer"})
