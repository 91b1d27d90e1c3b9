"""Uploads from pages: files for a brand's catalog in one form, and large ones in parts."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from matcher.catalog import Scope, brand_name_of
from matcher.records import ImageRole
from matcher.service import resumable
from matcher.service.brands import BrandId
from matcher.service.problems import RefusedError
from matcher.service.web.files import Shelf
from matcher.service.web.frame import HEADERS, PageRoute, render
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Writer = Annotated[Visitor, admitted(Scope.CATALOG_WRITE)]
Sender = Annotated[Visitor, admitted(Scope.UPLOADS)]
Upload = Annotated[str, Form(pattern="^([0-9a-f]{32})?$")]


@router.post("/brands/{brand_id}/files")
def take(
    request: Request,
    visitor: Writer,
    brand_id: BrandId,
    files: Annotated[list[UploadFile] | None, File()] = None,
    kind: Annotated[ImageRole, Form()] = ImageRole.REFERENCE,
    identity: Annotated[str, Form(max_length=500)] = "",
    upload: Upload = "",
) -> Response:
    """Take in the files of the form, or one finished `upload`; how each of them went.

    An image's id is `identity` where it comes alone, else its name without the extension.
    """
    with visitor.caller.read() as connection:
        brand = brand_name_of(connection, brand_id, owner_id=visitor.caller.owner_id)
    chosen = [one for one in files or () if one.filename]
    if not chosen and not upload:
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "there is no file: choose some")
    shelf = Shelf(visitor.caller, brand_id, brand, kind)
    told = [shelf.take_upload(upload, identity)] if upload else shelf.take(chosen, identity)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if all(one.reason for one in told) else HTTPStatus.OK
    if request.headers.get("accept", "") == "application/json":
        return JSONResponse([asdict(one) for one in told], status, HEADERS)
    return render(request, "uploaded.html", status, told=told, brand=brand, brand_id=brand_id, kind=kind)


@router.post("/uploads")
def begin(visitor: Sender, length: resumable.Length, metadata: resumable.Metadata = "") -> Response:
    """Begin an upload in parts; `Location` says where they go."""
    answer = Response(status_code=HTTPStatus.CREATED, headers=HEADERS)
    made = resumable.create(visitor.caller, answer, length, metadata, resumable.VERSION)
    answer.headers["Location"] = f"/uploads/{made.upload}"
    return answer


@router.head("/uploads/{upload}")
def offset(visitor: Sender, upload: resumable.UploadId) -> Response:
    """How much of it has come, in `Upload-Offset`."""
    return resumable.show(visitor.caller, upload, resumable.VERSION)


@router.patch("/uploads/{upload}")
async def send(
    request: Request, visitor: Sender, upload: resumable.UploadId, offset: resumable.Offset
) -> Response:
    """The part that begins at `Upload-Offset`."""
    return await resumable.send(visitor.caller, request, upload, offset, resumable.VERSION)


@router.delete("/uploads/{upload}")
def end(visitor: Sender, upload: resumable.UploadId) -> Response:
    """Give it up; what has come is removed."""
    return resumable.end(visitor.caller, upload, resumable.VERSION)
