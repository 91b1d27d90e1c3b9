"""Errors as problem documents (RFC 9457): the one place where an exception gets its status."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from matcher.errors import (
    CatalogError,
    ConfigError,
    GalleryError,
    ImageError,
    ManifestError,
    MatcherError,
    MissingError,
    ModelError,
    RowError,
    ScanError,
    StorageError,
    UsageError,
)
from matcher.service.logs import request_id

MEDIA_TYPE = "application/problem+json"
REFERENCE = {"$ref": "#/components/schemas/Problem"}
RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {"description": "What went wrong.", "content": {MEDIA_TYPE: {"schema": REFERENCE}}}
}
"""How every route says in OpenAPI that its errors are problem documents."""
STATUSES: tuple[tuple[type[MatcherError], HTTPStatus], ...] = (
    (MissingError, HTTPStatus.NOT_FOUND),
    (StorageError, HTTPStatus.SERVICE_UNAVAILABLE),
    (GalleryError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ScanError, HTTPStatus.CONFLICT),
    (ImageError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ManifestError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (RowError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (CatalogError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UsageError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ConfigError, HTTPStatus.INTERNAL_SERVER_ERROR),
    (ModelError, HTTPStatus.INTERNAL_SERVER_ERROR),
    (MatcherError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
"""The first class that an error is one of says its status."""
_log = logging.getLogger("matcher.service")


class FieldProblem(BaseModel):
    """One value of a request that is wrong, and where it stands, such as `body.name`."""

    where: str
    reason: str


class Problem(BaseModel):
    """A problem document; `request_id` finds the request in the server's log."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldProblem] = Field(default_factory=list)


class RefusedError(Exception):
    """A request is refused with `status`; `detail` is one line for whoever wrote the program that asked."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldProblem] = (),
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers, self.errors = dict(headers or {}), list(errors)


def install(app: FastAPI) -> None:
    """Answer the errors of `app` with problem documents; `unexpected` is for what none of these is."""
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(MatcherError, _deliberate)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def respond(
    status: HTTPStatus,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: list[FieldProblem] | None = None,
) -> JSONResponse:
    """The response that tells of the problem."""
    problem = Problem(
        title=status.phrase, status=status, detail=detail, request_id=request_id.get(), errors=errors or []
    )
    return JSONResponse(problem.model_dump(), status, dict(headers or {}), MEDIA_TYPE)


def status_of(error: MatcherError) -> HTTPStatus:
    """The status that an error of the matcher's own is told with."""
    return next(status for kind, status in STATUSES if isinstance(error, kind))


def tell_keeper(error: MatcherError) -> None:
    """Log what only the server's keeper can mend."""
    _log.error("the matcher refused", extra={"error": str(error)})


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)
    return respond(error.status, error.detail, headers=error.headers, errors=error.errors)


async def _deliberate(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MatcherError)
    return refuse(error)


def refuse(error: MatcherError) -> JSONResponse:
    """The response to an error of the matcher's own.

    What only the server's keeper can mend is told to the log, not to whoever asked.
    """
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        tell_keeper(error)
        later = {"Retry-After": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
        return respond(
            status, "the server cannot answer this now; its log says why, by request id", headers=later
        )
    return respond(status, error.what if isinstance(error, MissingError) else str(error))


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        FieldProblem(where=".".join(str(part) for part in one["loc"]), reason=str(one["msg"]))
        for one in error.errors()
    ]
    first = f"{errors[0].where}: {errors[0].reason}" if errors else "the request is not valid"
    return respond(HTTPStatus.UNPROCESSABLE_ENTITY, first, errors=errors)


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return respond(HTTPStatus(error.status_code), str(error.detail), headers=error.headers)


def unexpected(error: Exception) -> JSONResponse:
    """The response to a mistake of ours: the log gets the traceback, whoever asked gets none of it."""
    _log.error("unexpected error", exc_info=error)
    return respond(
        HTTPStatus.INTERNAL_SERVER_ERROR, "a mistake in the matcher; its log says more, by request id"
    )
