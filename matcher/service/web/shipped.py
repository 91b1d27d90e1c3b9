"""The style, the scripts and the icon that ship with the pages: the same for everyone, kept by browsers."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response

from matcher.service.problems import RefusedError
from matcher.service.web.frame import PageRoute, asset_file

router = APIRouter(route_class=PageRoute, include_in_schema=False)
KINDS = {
    "listing.css": "text/css; charset=utf-8",
    "pages.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "uploads.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""What there is; a name that is not here names nothing."""


@router.get("/assets/{name}")
def shipped(name: str) -> Response:
    """One of them; its address changes with its content, so it may be kept for long."""
    if name not in KINDS:
        raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such file")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(asset_file(name).read_bytes(), headers=headers, media_type=KINDS[name])
