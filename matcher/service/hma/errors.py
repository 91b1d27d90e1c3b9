"""Errors on the peers' routes, told so that their clients understand them too."""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.service.problems import MEDIA_TYPE

PREFIXES = ("/h/", "/m/", "/c/")


class PeersErrors:
    """ASGI middleware that adds `message` to a problem document, and says 400 where we would say 422."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; what is no error, or on no such route, as it is."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIXES):
            await self.app(scope, receive, send)
            return
        begun: list[Message] = []

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                kind = MutableHeaders(scope=message).get("content-type", "")
                if kind == MEDIA_TYPE:
                    begun.append(message)
                    return
            elif begun:
                for one in _peers(begun.pop(), message):
                    await send(one)
                return
            await send(message)

        await self.app(scope, receive, told)


def _peers(start: Message, body: Message) -> tuple[Message, Message]:
    """The two messages of an answer, which a problem document always is, in both tongues at once."""
    problem = json.loads(body["body"])
    if start["status"] == HTTPStatus.UNPROCESSABLE_ENTITY:
        start["status"] = problem["status"] = int(HTTPStatus.BAD_REQUEST)
        problem["title"] = HTTPStatus.BAD_REQUEST.phrase
    problem["message"] = problem["detail"]
    body["body"] = json.dumps(problem).encode()
    MutableHeaders(scope=start)["content-length"] = str(len(body["body"]))
    return start, body
