"""Whether the service lives and is ready, and its metrics: for load balancers and Prometheus."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from matcher.catalog import last_number
from matcher.errors import MatcherError
from matcher.service.problems import RESPONSES, RefusedError
from matcher.service.state import service_of

router = APIRouter(tags=["status"], responses=RESPONSES)


class Live(BaseModel):
    """The process answers."""

    status: Literal["live"] = "live"
    version: str


class Ready(BaseModel):
    """The database answers too; `catalog` counts the changes of its images."""

    status: Literal["ready"] = "ready"
    catalog: int


@router.get(
    "/status",
    response_class=PlainTextResponse,
    responses={503: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def status(request: Request) -> PlainTextResponse:
    """Whether requests can be answered, in the words of the Hasher-Matcher-Actioner."""
    try:
        ready(request)
    except RefusedError:
        return PlainTextResponse("DATABASE-UNAVAILABLE", HTTPStatus.SERVICE_UNAVAILABLE)
    return PlainTextResponse("I-AM-ALIVE")


@router.get("/status/live")
def live() -> Live:
    """Whether the process answers; restart it where it does not."""
    from matcher import __version__

    return Live(version=__version__)


@router.get("/status/ready")
def ready(request: Request) -> Ready:
    """Whether requests can be answered; send none while it is 503."""
    workspace = service_of(request).workspace
    try:
        with workspace.database.read() as connection:
            return Ready(catalog=last_number(connection))
    except MatcherError as error:
        raise RefusedError(
            HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer", {"Retry-After": "5"}
        ) from error


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request) -> Response:
    """Counts and times in Prometheus' text format."""
    service = service_of(request)
    service.metrics.tell_jobs(service.workspace.database)
    return Response(generate_latest(service.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
