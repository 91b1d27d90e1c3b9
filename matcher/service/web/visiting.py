"""Who looks at a page: the one place that checks session, role, form token and rate, for every page."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as RequestScope

from matcher.catalog import ROLE_SCOPES, Account, Role, Scope, find_session, is_stale, note_use
from matcher.config import ServiceSettings
from matcher.errors import StorageError
from matcher.service.access import Caller
from matcher.service.problems import RefusedError
from matcher.service.state import Service, service_of
from matcher.service.web.frame import HEADERS, SeeOtherError, query

COOKIE = "matcher_session"
SIGN_IN, WELCOME = "/sign-in", "/welcome"
"""Where one is let in; forms there need no session."""
TOKEN_FIELD, TOKEN_HEADER = "csrf", "x-csrf-token"
REQUESTS_PER_MINUTE = 3_000
"""Of one person; a page of a catalog alone asks for a hundred pictures."""
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Visitor:
    """A person who has signed in; `token` is what every form of theirs must carry."""

    account: Account
    caller: Caller
    token: str

    def may(self, scope: str) -> bool:
        """Whether the person's role holds that scope."""
        return scope in self.caller.scopes


class Entry:
    """A dependency that lets in people with `scope`; None: everyone who has signed in."""

    def __init__(self, scope: Scope | None) -> None:
        self.scope = scope

    async def __call__(self, request: Request) -> Visitor:
        """The visitor; raises `SeeOtherError` to the sign-in page, `RefusedError` 403 or 429."""
        visitor = await run_in_threadpool(find_visitor, request)
        if visitor is None:
            wanted = str(request.url.path) if request.method in _SAFE else ""
            raise SeeOtherError(SIGN_IN + query(next="" if wanted == "/" else wanted))
        request.state.visitor, request.state.caller = visitor, visitor.caller
        name = f"person {visitor.account.account_id}"
        if wait := visitor.caller.service.rates.wait_of(name, REQUESTS_PER_MINUTE):
            headers = {"Retry-After": str(wait)}
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, "too many requests: wait a minute", headers)
        if request.method not in _SAFE:
            await expect_own_form(request, visitor.token)
        if self.scope is not None and self.scope not in visitor.caller.scopes:
            raise RefusedError(HTTPStatus.FORBIDDEN, _not_allowed(visitor.account.role, self.scope))
        return visitor


def _not_allowed(role: Role, scope: Scope) -> str:
    """What the role may not do, and whom to ask."""
    others = [one.value for one in Role if scope in ROLE_SCOPES[one]]
    *most, last = others
    article = "an" if others[0].startswith("a") else "a"
    who = f"{', '.join(most)} or {last}" if most else last
    return f"a {role} may not do this: ask {article} {who}"


def admitted(scope: Scope | None = None) -> Any:
    """What a page's `visitor` is annotated with."""
    return Depends(Entry(scope))


def find_visitor(request: Request) -> Visitor | None:
    """Who has signed in, by the cookie alone; the session counts as used."""
    secret = request.cookies.get(cookie_name(request), "")
    if not secret:
        return None
    service = service_of(request)
    idle = timedelta(seconds=service.workspace.settings.service.session_idle_seconds)
    with service.workspace.database.read() as connection:
        found = find_session(connection, secret, idle)
    if found is None:
        return None
    account, seen = found
    if is_stale(seen) and not _is_by_itself(request):
        with service.workspace.database.write() as connection:
            note_use(connection, secret)
    return Visitor(account, caller_of(account, service), token_of(secret))


def _is_by_itself(request: Request) -> bool:
    """Whether the page asks by itself, as it does again and again: that is no use by a person."""
    streams = "text/event-stream" in request.headers.get("accept", "")
    return request.method in _SAFE and (streams or "hx-request" in request.headers)


def caller_of(account: Account, service: Service) -> Caller:
    """The account as the API's caller, whose name in records is `person:NAME`."""
    return Caller(account.owner_id, account.owner, f"person:{account.name}", account.scopes, service)


def cookie_name(request: Request, name: str = COOKIE) -> str:
    """The cookie's name: behind https one that only this host can have set (RFC 6265bis, 4.1.3)."""
    return f"__Host-{name}" if request.url.scheme == "https" else name


def set_cookie(request: Request, response: Response, value: str, name: str = COOKIE) -> None:
    """Give the browser a cookie that scripts cannot read and other sites' forms do not bring."""
    secure = request.url.scheme == "https"
    response.set_cookie(
        cookie_name(request, name), value, httponly=True, secure=secure, samesite="lax", path="/"
    )


def token_of(secret: str) -> str:
    """What forms carry: follows from the cookie's secret, which other sites do not know."""
    return hashlib.sha256(f"form:{secret}".encode("utf-8", "surrogatepass")).hexdigest()


async def expect_own_form(request: Request, token: str) -> None:
    """Refuse (403) what did not come from a form or script of our own pages."""
    given = request.headers.get(TOKEN_HEADER) or (await request.form()).get(TOKEN_FIELD, "")
    if not is_own(request) or not hmac.compare_digest(str(given).encode(), token.encode()):
        raise RefusedError(
            HTTPStatus.FORBIDDEN, "the form is out of date or of another site: load the page again"
        )


def is_own(request: Request) -> bool:
    """Whether the browser, where it says so, says that one of our own pages sent the request."""
    return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"


class SessionsFirst:
    """ASGI middleware that sends a form without a session to the sign-in page before its body is read."""

    def __init__(self, app: ASGIApp, is_page: Callable[[RequestScope], bool]) -> None:
        self.app, self.is_page = app, is_page

    async def __call__(self, scope: RequestScope, receive: Receive, send: Send) -> None:
        """Pass on what has a session or sends nothing; `Entry` checks all the rest."""
        if scope["type"] == "http" and scope["method"] not in _SAFE and not is_open(scope["path"]):
            request = Request(scope)
            if self.is_page(scope) and not await run_in_threadpool(_opens, request):
                headers = {**HEADERS, "HX-Redirect": SIGN_IN, "Connection": "close"}
                refusal = RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER, headers)
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _opens(request: Request) -> bool:
    """Whether there is a session; where the database does not answer, the page is to say so."""
    try:
        return is_own(request) and find_visitor(request) is not None
    except StorageError:
        return True


def is_open(path: str) -> bool:
    """Whether the path is for people who have not signed in."""
    return path == SIGN_IN or path.startswith(f"{WELCOME}/")


def session_lasts(settings: ServiceSettings) -> timedelta:
    """How long a session lasts at most."""
    return timedelta(seconds=settings.session_seconds)
