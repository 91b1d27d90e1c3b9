"""What every page has around it: the template, headers that forbid what no page needs, errors as pages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment
from starlette.exceptions import HTTPException

from matcher.errors import MatcherError, MissingError
from matcher.report.templating import STYLE, templates_of
from matcher.service.logs import request_id
from matcher.service.problems import RefusedError, status_of, tell_keeper, unexpected

ASSETS = Path(__file__).parent / "assets"
SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # A form of ours sends its Origin only where some referrer may be sent.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TITLES = {
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.CONFLICT: "Not as things stand",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Too large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "That does not work",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong here",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not now",
}
"""What a person reads over an error; a status that is not here has its own phrase."""
NO_PAGE = "there is no such page"
MISTAKE = "a mistake in the matcher; its log says more, by request id"
LATER = "the server cannot answer this now; its log says why, by request id"


class SeeOtherError(Exception):
    """The answer is to look at another page, such as the one to sign in at."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def render(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """The page; its template also knows `visitor`, who looks at it: None before signing in."""
    visitor = getattr(request.state, "visitor", None)
    known = {"visitor": visitor, "path": request.url.path, "htmx": "hx-request" in request.headers}
    text = templates().get_template(template).render(known | context)
    return HTMLResponse(text.encode("utf-8", "backslashreplace"), status, HEADERS)


def see_other(request: Request, address: str) -> Response:
    """Look at `address` next: for a form the whole page, for htmx too."""
    if "hx-request" in request.headers:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={**HEADERS, "HX-Redirect": address})
    return RedirectResponse(address, HTTPStatus.SEE_OTHER, HEADERS)


def error_page(request: Request, status: HTTPStatus, detail: str) -> Response:
    """The page, or for htmx and scripts the line, that says what went wrong."""
    if "hx-request" in request.headers:
        return render(request, "notice.html", status, text=detail)
    return render(
        request, "error.html", status, what=status, title=TITLES.get(status, status.phrase),
        detail=sentence(detail), request_id=request_id.get(), back=page_before(request),
    )  # fmt: skip


def sentence(detail: str) -> str:
    """A line of an error as a sentence; a file's name that it begins with stays as it is."""
    return detail[:1].upper() + detail[1:] if re.match(r"[a-z]+[ ,]", detail) else detail


def page_before(request: Request) -> str:
    """The page of ours that the request came from; empty where the browser names none, or this one."""
    before = urlsplit(request.headers.get("referer", ""))
    if before.netloc != request.url.netloc:
        return ""
    address = before.path + (f"?{before.query}" if before.query else "")
    own = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "" if request.method == "GET" and address == own else address


class PageRoute(APIRoute):
    """A route whose errors are pages, too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with every deliberate error told as a page."""
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except SeeOtherError as other:
                return see_other(request, other.address)
            except (RefusedError, RequestValidationError, HTTPException, MatcherError) as error:
                return error_page(request, *said_of(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, a person gets a page, the log the rest
                unexpected(error)
                return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, MISTAKE)

        return answered


def said_of(error: Exception) -> tuple[HTTPStatus, str]:
    """The status of a deliberate error and its line for a person; what its keeper can mend is logged."""
    if isinstance(error, RefusedError):
        return error.status, error.detail
    if isinstance(error, RequestValidationError):
        wrong = error.errors()
        if wrong and wrong[0]["loc"][0] == "path":
            return HTTPStatus.NOT_FOUND, NO_PAGE
        where = wrong[0]["loc"][-1] if wrong else "the form"
        return HTTPStatus.UNPROCESSABLE_ENTITY, f"{where}: {wrong[0]['msg'] if wrong else 'is not valid'}"
    if isinstance(error, HTTPException):
        return HTTPStatus(error.status_code), str(error.detail)
    assert isinstance(error, MatcherError)
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        tell_keeper(error)
        return status, LATER
    return status, error.what if isinstance(error, MissingError) else str(error)


@cache
def templates() -> Environment:
    """The templates, which escape whatever they are given."""
    made = templates_of("matcher.service.web")
    made.filters.update(count=lambda number: f"{number:,}", minute=_minute, sentence=sentence)
    made.globals.update(asset=asset, query=query)
    return made


def query(**parts: object) -> str:
    """`?a=b` of the parts that say something; empty where none does."""
    said = {name: str(part) for name, part in parts.items() if part not in (None, "")}
    return f"?{urlencode(said)}" if said else ""


def _minute(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC")


def asset_file(name: str) -> Path:
    """Where a file that ships with the pages lies."""
    return STYLE if name == STYLE.name else ASSETS / name


@cache
def asset(name: str) -> str:
    """The address of a file that ships with the pages; another file has another."""
    digest = hashlib.sha256(asset_file(name).read_bytes()).hexdigest()
    return f"/assets/{name}?v={digest[:12]}"
