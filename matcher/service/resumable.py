"""Uploads that go on where they broke off: tus 1.0, with its extensions for creation, expiry and ending.

Source: the tus resumable upload protocol, version 1.0.0 (tus.io).
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from matcher.catalog import Scope, Upload, add_upload, count_uploads, drop_upload, find_upload, list_uploads
from matcher.service.access import Caller, allowed
from matcher.service.job_folders import remove_upload_file
from matcher.service.paging import LARGEST
from matcher.service.parts import Parts, make_file
from matcher.service.problems import RESPONSES, RefusedError
from matcher.service.state import service_of

VERSION = "1.0.0"
router = APIRouter(prefix="/v1", tags=["uploads"], responses=RESPONSES)
Sender = Annotated[Caller, allowed(Scope.UPLOADS)]
UploadId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Spoken = Annotated[str, Header(alias="Tus-Resumable", description=f"Must be {VERSION}.")]
Offset = Annotated[int, Header(alias="Upload-Offset", ge=0, le=LARGEST)]
Length = Annotated[int, Header(alias="Upload-Length", ge=1, le=LARGEST)]
Metadata = Annotated[str, Header(alias="Upload-Metadata", max_length=4_096)]
CHUNK = 2**20
"""Bytes gathered in memory before they are written."""


class ShownUpload(BaseModel):
    """An upload; `upload` names it where a file is asked for, lengths are in bytes."""

    upload: str
    name: str
    length: int
    received: int
    expires: datetime


@router.get("/uploads")
def uploads(caller: Sender) -> list[ShownUpload]:
    """The owner's uploads that have not been used and have not expired."""
    with caller.read() as connection:
        return [_shown(one) for one in list_uploads(connection, caller.owner_id)]


@router.options("/uploads", include_in_schema=False)
def discover(request: Request) -> Response:
    """What of the protocol is spoken; needs no key, as it tells nothing else."""
    settings = service_of(request).workspace.settings.service
    headers = {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": "creation,expiration,termination",
        "Tus-Max-Size": str(settings.max_archive_bytes),
    }
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)


@router.post("/uploads", status_code=HTTPStatus.CREATED)
def create(
    caller: Sender, response: Response, length: Length, metadata: Metadata = "", version: Spoken = ""
) -> ShownUpload:
    """Begin an upload of `Upload-Length` bytes; send its parts to the address in `Location`."""
    _expect_version(version)
    settings = caller.service.workspace.settings.service
    if length > settings.max_archive_bytes:
        detail = f"an upload may have {settings.max_archive_bytes:,} bytes (service.max_archive_bytes)"
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    name = _name(metadata)
    with caller.write("upload.begin", name) as connection:
        if count_uploads(connection, caller.owner_id) >= settings.max_uploads:
            detail = f"{settings.max_uploads} uploads are open already: use them, or end some"
            raise RefusedError(HTTPStatus.CONFLICT, detail)
        lasts = timedelta(hours=settings.upload_hours)
        made = add_upload(connection, caller.owner_id, name=name, length=length, lasts=lasts)
        make_file(caller.service.workspace, made.upload_id)
    response.headers.update(_headers(made) | {"Location": f"/v1/uploads/{made.upload_id}"})
    return _shown(made)


@router.head("/uploads/{upload}")
def show(caller: Sender, upload: UploadId, version: Spoken = "") -> Response:
    """How many bytes are kept, in `Upload-Offset`: the next part begins there."""
    _expect_version(version)
    with caller.read() as connection:
        found = find_upload(connection, caller.owner_id, upload)
    return Response(headers=_headers(found) | {"Cache-Control": "no-store"})


@router.patch(
    "/uploads/{upload}",
    status_code=HTTPStatus.NO_CONTENT,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/offset+octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)
async def send(
    caller: Sender, request: Request, upload: UploadId, offset: Offset, version: Spoken = ""
) -> Response:
    """The part that begins at `Upload-Offset`; what has come of one that broke off is kept."""
    _expect_version(version)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/offset+octet-stream":
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/offset+octet-stream")
    parts = await run_in_threadpool(Parts, caller, upload, offset)
    try:
        gathered = bytearray()
        async for chunk in request.stream():
            gathered += chunk
            if len(gathered) >= CHUNK:
                await run_in_threadpool(parts.write, bytes(gathered))
                gathered.clear()
        await run_in_threadpool(parts.write, bytes(gathered))
    except ClientDisconnect as error:
        await run_in_threadpool(parts.write, bytes(gathered))
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the part broke off") from error
    finally:
        await run_in_threadpool(parts.close)
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=_headers(parts.upload))


@router.delete("/uploads/{upload}", status_code=HTTPStatus.NO_CONTENT)
def end(caller: Sender, upload: UploadId, version: Spoken = "") -> Response:
    """End an upload; what has come is removed."""
    _expect_version(version)
    with caller.write("upload.end", upload) as connection:
        drop_upload(connection, caller.owner_id, upload)
    remove_upload_file(caller.service.workspace, upload)
    return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Tus-Resumable": VERSION})


def _expect_version(given: str) -> None:
    if given != VERSION:
        headers = {"Tus-Version": VERSION, "Tus-Resumable": VERSION}
        detail = f"say 'Tus-Resumable: {VERSION}': no other version of the protocol is spoken"
        raise RefusedError(HTTPStatus.PRECONDITION_FAILED, detail, headers)


def _headers(upload: Upload) -> dict[str, str]:
    return {
        "Tus-Resumable": VERSION,
        "Upload-Offset": str(upload.received),
        "Upload-Length": str(upload.length),
        "Upload-Expires": format_datetime(upload.expires.astimezone(UTC), usegmt=True),
    }


def _name(metadata: str) -> str:
    """The file's name, which only people read: `filename` in base64, after the protocol."""
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode("utf-8")[:200]
            except (binascii.Error, ValueError) as error:
                detail = "Upload-Metadata: the filename is no base64 of UTF-8"
                raise RefusedError(HTTPStatus.BAD_REQUEST, detail) from error
    return ""


def _shown(upload: Upload) -> ShownUpload:
    return ShownUpload(
        upload=upload.upload_id, name=upload.name, length=upload.length, received=upload.received,
        expires=upload.expires,
    )  # fmt: skip
