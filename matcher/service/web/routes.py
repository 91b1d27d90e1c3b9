"""All pages, and which requests are for one."""

from __future__ import annotations

from starlette.routing import Match
from starlette.types import Scope

from matcher.service.web import (
    brands,
    evidence,
    overview,
    pictures,
    review,
    scans,
    search,
    shipped,
    signing_in,
)

PARTS = (shipped, signing_in, overview, review, evidence, pictures, brands, scans, search)
ROUTERS = tuple(part.router for part in PARTS)


def is_page(scope: Scope) -> bool:
    """Whether the request is for one of the pages."""
    return any(route.matches(scope)[0] is Match.FULL for router in ROUTERS for route in router.routes)
