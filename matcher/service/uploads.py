"""Many images of a brand at once: several files in a form, or a ZIP that becomes a job."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel
from sqlalchemy import Connection

from matcher.catalog import SettledRow, brand_name_of, import_references
from matcher.errors import ImageError
from matcher.manifests import ImageArchive, Row
from matcher.manifests.folder import identities
from matcher.records import ImageRole, ReferenceRow
from matcher.service.access import Caller
from matcher.service.archive_import import archive_limits
from matcher.service.brands import BrandId, Writer
from matcher.service.given import expect_readable, take
from matcher.service.jobs import ShownJob, Upload, added
from matcher.service.offers import MOST_PHOTOS
from matcher.service.problems import RESPONSES, FieldProblem, RefusedError

router = APIRouter(prefix="/v1", tags=["catalog"], responses=RESPONSES)
Kind = Annotated[ImageRole, Form()]


class PutImage(BaseModel):
    """One file: the reference it became and what that changed, or why it could not be taken."""

    name: str
    reference_id: str
    outcome: Literal["added", "changed", "unchanged", "failed"]
    reason: str


class PutImages(BaseModel):
    """What came of each file, in the order of the form."""

    images: list[PutImage]


@router.post("/brands/{brand_id}/images")
def put_images(
    caller: Writer,
    brand_id: BrandId,
    photos: Annotated[list[UploadFile], File(min_length=1, max_length=MOST_PHOTOS)],
    kind: Kind = ImageRole.REFERENCE,
) -> PutImages:
    """Take several images at once: each file becomes a reference (or logo …) of its own.

    Its name without the extension is the reference's id, so that the same again changes nothing.
    """
    with caller.read() as connection:
        brand = brand_name_of(connection, brand_id, owner_id=caller.owner_id)
    files = _by_name(photos)
    taken = _taken(caller, brand, kind, files)
    shown = [
        PutImage(name=name, reference_id=one.reference_id, outcome=one.outcome, reason=one.reasons)
        for name, one in zip(files, taken, strict=True)
    ]
    if all(one.outcome == "failed" for one in shown):
        errors = [FieldProblem(where="photos", reason=one.reason) for one in shown]
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "no image could be taken in", errors=errors)
    return PutImages(images=shown)


@router.post("/brands/{brand_id}/archives", status_code=HTTPStatus.ACCEPTED)
def put_archive(
    caller: Writer,
    brand_id: BrandId,
    archive: Annotated[UploadFile | None, File(description="A ZIP of images.")] = None,
    upload: Upload = "",
    kind: Kind = ImageRole.REFERENCE,
) -> ShownJob:
    """Take in a ZIP of images as a job; `/v1/jobs/{job}/rows` tells what came of each file.

    Send it as `archive`, or name a finished `upload` that holds it.
    """
    with caller.read() as connection:
        brand = brand_name_of(connection, brand_id, owner_id=caller.owner_id)
    folder = take(caller, archive, upload)
    limits = archive_limits(caller.service.workspace.settings)
    expect_readable(lambda path: ImageArchive(path, limits).__exit__(None, None, None), folder, "archive")
    terms = {"folder": folder.name, "brand": brand, "kind": kind.value}
    return added(caller, "archive", terms, upload)


def _by_name(photos: list[UploadFile]) -> dict[str, UploadFile]:
    """Each file by the last part of its name; a second of the same name is told from the first."""
    found: dict[str, UploadFile] = {}
    for number, photo in enumerate(photos):
        name = (photo.filename or "").replace("\\", "/").rpartition("/")[2][:400].strip() or f"photo-{number}"
        found[name if name not in found else f"{number}-{name}"] = photo
    return found


def _taken(caller: Caller, brand: str, kind: ImageRole, files: dict[str, UploadFile]) -> list[SettledRow]:
    """What came of each file, in order."""
    workspace, settled = caller.service.workspace, []
    limit = workspace.settings.images.max_bytes
    names = list(files)
    rows = [
        Row(line, ReferenceRow(reference_id=identity, images=(name,)))
        for line, (name, identity) in enumerate(zip(names, identities(names), strict=True), 1)
    ]

    def read(name: str) -> bytes:
        blob = files[name].file.read(limit + 1)
        if len(blob) > limit:
            raise ImageError(name, f"is larger than {limit:,} bytes (images.max_bytes)")
        return blob

    def record(_connection: Connection, batch: list[SettledRow]) -> None:
        settled.extend(batch)

    summary = import_references(
        workspace.database, workspace.store, rows, read,
        brand=brand, role=kind, settings=workspace.settings.images, source="photos",
        owner_id=caller.owner_id, record=record,
    )  # fmt: skip
    if summary.added or summary.changed:
        caller.note("images.put", f"{brand}: {summary.added + summary.changed} of the kind {kind.value}")
    return settled
