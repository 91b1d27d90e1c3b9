"""Photos and references as pages show them: as they are kept, or small."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Response

from matcher.catalog import ImageStore, Scope
from matcher.config import ImageSettings
from matcher.images import decode, thumbnail
from matcher.service import references, reviews
from matcher.service.access import Caller
from matcher.service.web.frame import PageRoute
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SMALL_SIDE = 320
"""Pixels of a small picture's longer side."""
SMALL_KEPT = 2_000
"""Small pictures in memory, of about 10 kB each."""


@router.get("/review/{listing}/photos/{position}")
def photo(
    visitor: Annotated[Visitor, admitted(Scope.REVIEWS_READ)],
    listing: reviews.ReviewNumber,
    position: references.Position,
    small: bool = False,
) -> Response:
    """A photo of a listing that waits or was reviewed."""
    content_hash = reviews.photo_hash(visitor.caller, listing, position)
    return _picture(visitor.caller, content_hash, small)


@router.get("/references/{number}/images/{position}")
def reference_image(
    visitor: Annotated[Visitor, admitted(Scope.CATALOG_READ)],
    number: references.ReferenceNumber,
    position: references.Position,
    small: bool = False,
) -> Response:
    """An image of a reference, logo or known counterfeit."""
    content_hash = references.image_hash(visitor.caller, number, position)
    return _picture(visitor.caller, content_hash, small)


def _picture(caller: Caller, content_hash: str, small: bool) -> Response:
    if not small:
        return references.image_response(caller, content_hash)
    workspace = caller.service.workspace
    blob = small_picture(workspace.store, content_hash, workspace.settings.images)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"}
    return Response(blob, headers=headers, media_type="image/webp")


@lru_cache(maxsize=SMALL_KEPT)
def small_picture(store: ImageStore, content_hash: str, settings: ImageSettings) -> bytes:
    """The kept image as a small WebP file; raises `StorageError` where it is gone."""
    return thumbnail(decode(store.get(content_hash), content_hash, settings), SMALL_SIDE)
