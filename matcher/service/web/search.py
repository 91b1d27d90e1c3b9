"""Search with a photo: what of the owner's catalog it shows; nothing of it is kept."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from matcher.catalog import Scope
from matcher.errors import ImageError
from matcher.images import decode, thumbnail
from matcher.records import Listing
from matcher.report import Thumbnail, card, key_of
from matcher.service.problems import RefusedError
from matcher.service.web.frame import SECURITY_POLICY, PageRoute, render
from matcher.service.web.showing import products_of, row_of
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Searcher = Annotated[Visitor, admitted(Scope.CHECK)]
ALIKE = 0.1
"""A match under this score is not shown among the first."""
PHOTO, SIDE = "upload:0", 640
"""How the photo is called, and the pixels of its longer side on the page."""


@router.get("/search")
def form(request: Request, visitor: Searcher) -> Response:
    """The form."""
    return render(request, "search.html", found=None)


@router.post("/search")
def search(
    request: Request,
    visitor: Searcher,
    photo: Annotated[UploadFile, File()],
    title: Annotated[str, Form(max_length=10_000)] = "",
) -> Response:
    """The references that the photo may show, the likeliest first, and the verdict on such an offer."""
    caller = visitor.caller
    settings = caller.service.workspace.settings.images
    blob = photo.file.read(settings.max_bytes + 1)
    name = photo.filename or "the photo"
    picture = decode(blob, name, settings)

    def read(_: str) -> bytes:
        return blob

    listing = Listing(listing_id=name, images=(PHOTO,), title=title)
    examined = caller.service.checks.examine(caller.owner_id, listing, read)
    if examined.result is None:
        reason = examined.failed[0].reason if examined.failed else "could not be examined"
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, str(ImageError(name, reason)))
    shown = Thumbnail(thumbnail(picture, SIDE), "image/webp", picture.width, picture.height)
    verdict = examined.result.verdict
    with caller.read() as connection:
        products = products_of(connection, caller, verdict)
    made = card(row_of(listing, verdict, {0: shown}, products), 0)
    answer = render(
        request, "search.html", found=made, products=products, name=name, title=title,
        least=ALIKE, key_of=key_of,
    )  # fmt: skip
    # The photo is on no server, so the page itself holds it.
    answer.headers["Content-Security-Policy"] = SECURITY_POLICY.replace("img-src", "img-src data:")
    return answer
