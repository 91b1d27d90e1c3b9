"""All pages, and which requests are for one."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from matcher.service.web import (
    api_keys,
    brands,
    command_scans,
    evidence,
    keypoints,
    overview,
    people,
    pictures,
    record,
    review,
    scans,
    search,
    shipped,
    signing_in,
    uploading,
    welcome,
)
from matcher.service.web.frame import NO_PAGE, error_page

PARTS = (
    shipped, signing_in, welcome, overview, review, keypoints, evidence, pictures, brands, uploading, scans,
    command_scans, search, people, api_keys, record,
)  # fmt: skip
ROUTERS = tuple(part.router for part in PARTS)


def install(app: FastAPI) -> None:
    """Add the pages to `app`; an address that is nothing is told to a browser as a page, too."""
    for router in ROUTERS:
        app.include_router(router)
    told = app.exception_handlers[HTTPException]

    async def missing(request: Request, error: HTTPException) -> Response:
        wants_page = "text/html" in request.headers.get("accept", "")
        if wants_page and not request.url.path.startswith("/v1/"):
            status = HTTPStatus(error.status_code)
            return error_page(
                request, status, NO_PAGE if status is HTTPStatus.NOT_FOUND else str(error.detail)
            )
        answer = await told(request, error)  # type: ignore[misc]
        assert isinstance(answer, Response)
        return answer

    app.add_exception_handler(HTTPException, missing)  # type: ignore[arg-type]


def is_page(scope: Scope) -> bool:
    """Whether the request is for one of the pages."""
    return any(route.matches(scope)[0] is Match.FULL for router in ROUTERS for route in router.routes)
