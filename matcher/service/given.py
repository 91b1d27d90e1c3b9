"""The file that a job works on: taken from a form or from a finished upload into a folder of the job."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from fastapi import UploadFile

from matcher.catalog import find_upload
from matcher.errors import ManifestError
from matcher.files import sync_folder
from matcher.service.access import Caller
from matcher.service.job_folders import FOLDER, upload_file
from matcher.service.problems import RefusedError

Found = TypeVar("Found")


def take(caller: Caller, file: UploadFile | None, upload: str) -> Path:
    """A new folder with the file as `given/manifest`, durably, before the job that names it commits.

    Raises `RefusedError` where not exactly one of both is given, or the upload has not come whole.
    """
    if (file is None) == (not upload):
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "send the file, or name a finished upload")
    source = finished(caller, upload) if upload else None
    folder = caller.service.workspace.folder / FOLDER / secrets.token_hex(12)
    given = folder / "given"
    given.mkdir(parents=True)
    if source is not None:
        # A second name for the same bytes: a kill before the job commits leaves the upload as it was.
        os.link(source, given / "manifest")
    elif file is not None:
        with (given / "manifest").open("xb") as kept:
            shutil.copyfileobj(file.file, kept, 2**20)
            kept.flush()
            os.fsync(kept.fileno())
    for made in (given, folder, folder.parent):
        sync_folder(made)
    return folder


def name_of(caller: Caller, file: UploadFile | None, upload: str) -> str:
    """How the file is called where it came from, without folders; empty where nobody says."""
    if not upload:
        return last_part(file.filename if file else "")
    with caller.read() as connection:
        return last_part(find_upload(connection, caller.owner_id, upload).name)


def last_part(filename: str | None) -> str:
    """A file's name without the folders before it; empty where nothing is left."""
    return (filename or "").replace("\\", "/").rpartition("/")[2][:400].strip()


def expect_readable(read: Callable[[Path], Found], folder: Path, what: str = "manifest") -> Found:
    """What `read` makes of the file; what cannot be read is refused at once, and nothing of it stays."""
    try:
        return read(folder / "given" / "manifest")
    except ManifestError as error:
        shutil.rmtree(folder)
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"the {what} {error.reason}") from error


def finished(caller: Caller, upload: str) -> Path:
    """The file of an upload that has come whole; raises `RefusedError` (409) where it has not."""
    with caller.read() as connection:
        found = find_upload(connection, caller.owner_id, upload)
    if found.received != found.length:
        detail = f"only {found.received:,} of the upload's {found.length:,} bytes have come"
        raise RefusedError(HTTPStatus.CONFLICT, detail)
    return upload_file(caller.service.workspace, found.upload_id)
