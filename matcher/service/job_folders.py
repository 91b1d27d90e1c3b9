"""The folders of jobs and the files of uploads: where they lie, and when they are removed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from matcher.catalog import (
    drop_expired_uploads,
    drop_job_rows,
    drop_old_answers,
    drop_old_deliveries,
    drop_unused_hashes,
    every_upload_id,
    job_folder_names,
)
from matcher.workspace import Workspace

FOLDER, UPLOADS = "jobs", "uploads"
YOUNG_SECONDS = 86_400.0
"""A folder or file that no row names yet may be of a request that is still under way, so long at most."""


def job_folder(workspace: Workspace, terms: dict[str, Any]) -> Path:
    """Where a job's files lie: `given/manifest`, and what a scan writes in `out`."""
    return (workspace.folder / FOLDER / str(terms["folder"])).resolve()


def upload_file(workspace: Workspace, upload_id: str) -> Path:
    """Where the parts of an upload gather; `upload_id` as the database has it."""
    return workspace.folder / UPLOADS / upload_id


def remove_upload_file(workspace: Workspace, upload_id: str) -> None:
    """Remove what came of an upload that is over."""
    upload_file(workspace, upload_id).unlink(missing_ok=True)


def sweep(workspace: Workspace) -> int:
    """Remove files of jobs that ended over `service.keep_days` ago, of uploads that expired, and of neither.

    Returns how many folders and files went. Rows go first: a kill leaves files that the next sweep finds.
    """
    before = datetime.now(UTC) - timedelta(days=workspace.settings.service.keep_days)
    with workspace.database.write() as connection:
        drop_expired_uploads(connection)
        drop_old_answers(connection)
        drop_old_deliveries(connection, before)
        drop_job_rows(connection, before)
        drop_unused_hashes(connection)
    with workspace.database.read() as connection:
        known, old = job_folder_names(connection), job_folder_names(connection, before)
        uploads = every_upload_id(connection)
    removed = _remove(workspace.folder / FOLDER, known - old, old)
    return removed + _remove(workspace.folder / UPLOADS, uploads, ())


def _remove(folder: Path, kept: Iterable[str], gone: Iterable[str]) -> int:
    """What is in `gone`, and what is neither in `kept` nor young."""
    if not folder.is_dir():
        return 0
    stays, goes, removed = set(kept), set(gone), 0
    for path in folder.iterdir():
        young = time.time() - path.stat().st_mtime < YOUNG_SECONDS
        if path.name in stays or (young and path.name not in goes):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        removed += 1
    return removed
