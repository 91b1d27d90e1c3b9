"""Many images of a brand at once: several files in a form, or a ZIP that becomes a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import IO, Annotated, Literal

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel
from sqlalchemy import Connection

from matcher.catalog import SettledRow, brand_name_of, import_references
from matcher.catalog.jobs import JobKind
from matcher.errors import ImageError
from matcher.manifests import ArchiveLimits, ImageArchive, Row, read_references
from matcher.manifests.folder import identities
from matcher.records import ImageRole, ReferenceRow
from matcher.service.access import Caller
from matcher.service.brands import BrandId, Writer
from matcher.service.given import expect_readable, last_part, name_of, take
from matcher.service.jobs import ShownJob, Upload, added
from matcher.service.offers import MOST_PHOTOS
from matcher.service.problems import RESPONSES, FieldProblem, RefusedError
from matcher.sources import archive_limits

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
    files = by_name(photos)
    shown = take_images(caller, brand, kind, dict(zip(files, identities(list(files)), strict=True)), files)
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

    Where a table in it says what the images are, the job is that table's import, as of `/v1/imports`. Send
    it as `archive`, or name a finished `upload` that holds it.
    """
    with caller.read() as connection:
        brand = brand_name_of(connection, brand_id, owner_id=caller.owner_id)
    folder = take(caller, archive, upload)
    limits = archive_limits(caller.service.workspace.settings)
    work = expect_readable(lambda path: _work_on(path, limits), folder, "archive")
    name = name_of(caller, archive, upload)
    terms = {"folder": folder.name, "brand": brand, "kind": kind.value, "name": name}
    return added(caller, work, terms, upload)


def _work_on(path: Path, limits: ArchiveLimits) -> JobKind:
    """What kind of job takes the ZIP in; raises `ManifestError` where it or its table cannot be read."""
    with ImageArchive(path, limits) as archive:
        if not archive.table:
            return "archive"
    read_references(path, limits)
    return "import"


def by_name(photos: Sequence[UploadFile]) -> dict[str, IO[bytes]]:
    """Each file by the last part of its name; a second of the same name is told from the first."""
    found: dict[str, IO[bytes]] = {}
    for number, photo in enumerate(photos):
        name = last_part(photo.filename) or f"photo-{number}"
        found[name if name not in found else f"{number}-{name}"] = photo.file
    return found


def take_images(
    caller: Caller, brand: str, kind: ImageRole, ids: Mapping[str, str], files: Mapping[str, IO[bytes]]
) -> list[PutImage]:
    """Take each file in as the reference (or logo …) that `ids` says, both by name; what came of each."""
    workspace = caller.service.workspace
    settled: list[SettledRow] = []
    rows = [
        Row(line, ReferenceRow(reference_id=identity, images=(name,)))
        for line, (name, identity) in enumerate(ids.items(), 1)
    ]

    note = caller.recording("images.put", lambda changed: f"{brand}: {changed} of the kind {kind.value}")

    def record(connection: Connection, batch: list[SettledRow]) -> None:
        settled.extend(batch)
        note(connection, batch)

    summary = import_references(
        workspace.database, workspace.store, rows, partial(_read, files, workspace.settings.images.max_bytes),
        brand=brand, role=kind, settings=workspace.settings.images, source="photos",
        owner_id=caller.owner_id, record=record,
    )  # fmt: skip
    if summary.added or summary.changed:
        caller.effected()
    return [
        PutImage(name=name, reference_id=one.reference_id, outcome=one.outcome, reason=one.reasons)
        for name, one in zip(ids, settled, strict=True)
    ]


def _read(files: Mapping[str, IO[bytes]], limit: int, name: str) -> bytes:
    blob = files[name].read(limit + 1)
    if len(blob) > limit:
        raise ImageError(name, f"is larger than {limit:,} bytes (images.max_bytes)")
    return blob
