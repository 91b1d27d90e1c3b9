"""Forms for people who have not signed in: they carry a token that follows from a cookie of their own."""

from __future__ import annotations

import hmac
import secrets
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response

from matcher.service.problems import RefusedError
from matcher.service.state import Service
from matcher.service.web.frame import render
from matcher.service.web.visiting import cookie_name, is_own, set_cookie, token_of

FORM_COOKIE = "matcher_form"
ATTEMPTS_PER_MINUTE = 20
"""From one address; each takes 64 MiB for a moment."""
OUT_OF_DATE = "The form was out of date; please try once more."


def open_form(request: Request, template: str, wrong: str = "", **context: Any) -> Response:
    """The page with the form; `wrong` is what was wrong with what was sent."""
    status = HTTPStatus.UNAUTHORIZED if wrong else HTTPStatus.OK
    given = _given(request) or secrets.token_urlsafe(32)
    answer = render(request, template, status, token=token_of(given), wrong=wrong, **context)
    set_cookie(request, answer, given, FORM_COOKIE)
    return answer


def is_open_form(request: Request, token: str) -> bool:
    """Whether what was sent came from such a form of ours."""
    given = _given(request)
    return bool(given) and is_own(request) and hmac.compare_digest(token.encode(), token_of(given).encode())


def expect_patience(request: Request, service: Service) -> None:
    """Refuse (429) who tries too often from one address."""
    client = request.client.host if request.client else ""
    if wait := service.rates.wait_of(f"sign-in {client}", ATTEMPTS_PER_MINUTE):
        detail = "too many attempts from this address: wait a minute"
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, detail, {"Retry-After": str(wait)})


def _given(request: Request) -> str:
    return request.cookies.get(cookie_name(request, FORM_COOKIE), "")
