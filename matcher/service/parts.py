"""Writes the parts of an upload, so that what was acknowledged is on disk and one part comes at a time."""

from __future__ import annotations

import fcntl
import os
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

from matcher.catalog import find_upload, keep_received
from matcher.errors import StorageError
from matcher.faults import commit_point
from matcher.files import sync_folder
from matcher.service.access import Caller
from matcher.service.job_folders import upload_file
from matcher.service.problems import RefusedError
from matcher.workspace import Workspace

SYNC_BYTES = 32 * 2**20
"""So much of a long part may have to be sent again after a kill."""


def make_file(workspace: Workspace, upload_id: str) -> None:
    """The empty file of a new upload, durably."""
    path = upload_file(workspace, upload_id)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("xb").close()
        sync_folder(path.parent)
    except OSError as error:
        raise StorageError(f"uploads {path.parent}: {error.strerror}") from error


class Parts:
    """The file of an upload while a part comes; close it. `upload` tells what is kept durably.

    Raises `RefusedError`: 409 where the part does not begin where the last one ended, 423 while another part
    comes, 413 where it goes on past the announced length; `MissingError` where there is no such upload.
    """

    def __init__(self, caller: Caller, upload_id: str, offset: int) -> None:
        self._caller = caller
        self._lasts = timedelta(hours=caller.service.workspace.settings.service.upload_hours)
        with caller.read() as connection:
            find_upload(connection, caller.owner_id, upload_id)
        self._file = _locked(caller.service.workspace, upload_id)
        try:
            # Read again under the lock: another part may have come since.
            with caller.read() as connection:
                self.upload = find_upload(connection, caller.owner_id, upload_id)
            if offset != self.upload.received:
                detail = f"the next part begins at byte {self.upload.received:,}, not {offset:,}"
                raise RefusedError(HTTPStatus.CONFLICT, detail)
            # What a kill left beyond the acknowledged bytes may be of any content.
            os.ftruncate(self._file, offset)
            os.lseek(self._file, offset, os.SEEK_SET)
        except BaseException:
            os.close(self._file)
            raise
        self._written = offset

    def write(self, blob: bytes) -> None:
        """Add `blob`; acknowledged once in a while, and at the latest by `close`."""
        if self._written + len(blob) > self.upload.length:
            detail = f"the upload was announced with {self.upload.length:,} bytes, and this part goes on"
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        try:
            rest = memoryview(blob)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            raise StorageError(f"upload {self.upload.upload_id}: {error.strerror}") from error
        self._written += len(blob)
        if self._written - self.upload.received >= SYNC_BYTES:
            self._keep()

    def close(self) -> None:
        """Acknowledge what has come, and let the next part in."""
        try:
            self._keep()
        finally:
            os.close(self._file)

    def _keep(self) -> None:
        if self._written == self.upload.received:
            return
        os.fsync(self._file)
        commit_point("upload:synced")
        with self._caller.service.workspace.database.write() as connection:
            keep_received(connection, self.upload.upload_id, self._written, self._lasts)
        commit_point("upload:kept")
        self.upload = replace(self.upload, received=self._written)


def _locked(workspace: Workspace, upload_id: str) -> int:
    try:
        opened = os.open(upload_file(workspace, upload_id), os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise StorageError(f"upload {upload_id}: {error.strerror}") from error
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(opened)
        raise RefusedError(HTTPStatus.LOCKED, "another part of this upload is coming") from error
    return opened
