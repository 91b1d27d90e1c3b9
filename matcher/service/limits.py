"""The size of a request is bounded before and while its body arrives."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.service.problems import respond

Limit = Callable[[str], int]
"""The most bytes that a request to a path may have."""


class BodyLimit:
    """ASGI middleware that answers 413 where a body is, or turns out to be, over `limit(path)` bytes."""

    def __init__(self, app: ASGIApp, limit: Limit) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body counted as it comes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.limit(scope["path"])
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            refusal = respond(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(limit), headers={"Connection": "close"}
            )
            await refusal(scope, receive, send)
            return
        await self.app(scope, _counted(receive, limit), send)


def too_large(limit: int) -> str:
    """What is said of a body over `limit` bytes."""
    return f"the request is larger than {limit:,} bytes"


def _counted(receive: Receive, limit: int) -> Receive:
    arrived = 0

    async def counted() -> Message:
        nonlocal arrived
        message = await receive()
        arrived += len(message.get("body", b""))
        if arrived > limit:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(limit))
        return message

    return counted
