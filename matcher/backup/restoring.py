"""Puts a backup back as a new workspace, checked before and whole or taken up again after a kill."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, select

from matcher.backup.containers import SUMS, Backup
from matcher.backup.making import FORMAT, POLICY
from matcher.catalog import DEFAULT_OWNER, Database, open_database, record_act
from matcher.catalog.columns import now
from matcher.catalog.copying import TABLES, load_table, set_last_numbers
from matcher.catalog.migrations import HEAD
from matcher.catalog.service_tables import audit
from matcher.catalog.tables import counters, owners
from matcher.config import Settings, load_settings
from matcher.errors import UsageError
from matcher.faults import commit_point
from matcher.files import replacing, sync_folder
from matcher.workspace import RESTORING, SETTINGS_FILE, policy_inside

ACT = "backup.restore"
CUT_OFF = "the scan was under way when the backup was made: ask for it again"


@dataclass(frozen=True)
class RestoreSummary:
    """What was put back; `again`: an earlier run, which was cut off at the very end, had done all of it."""

    rows: int
    images: int
    again: bool


def restore_backup(source: Path, folder: Path, config: Path | None = None) -> RestoreSummary:
    """Make a workspace in `folder` from the backup in `source`.

    The settings are those of `config`, else the backup's own; they say which database is filled. Every
    checksum is verified first. Raises `UsageError`, and changes nothing, where a part is damaged, or the
    folder or the database holds anything already but an earlier try of the same.
    """
    with Backup(source) as backup:
        sums = backup.verify()
        facts = _facts(backup, source)
        with backup.open(SUMS) as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        _claim(folder, digest)
        _put_files(backup, sums, folder, config)
        commit_point("restore:files")
        with open_database(_settings(folder).database, folder) as database:
            rows = _load(backup, database, facts, folder, digest)
    commit_point("restore:committed")
    (folder / RESTORING).unlink()
    sync_folder(folder)
    count = sum(name.startswith("images/") for name in sums)
    return RestoreSummary(sum(facts["rows"].values()), count, rows is None)


def _facts(backup: Backup, source: Path) -> dict[str, Any]:
    with backup.open("backup.json") as file:
        facts: dict[str, Any] = json.load(file)
    if facts.get("format") != FORMAT or facts.get("revision") != HEAD:
        made = str(facts.get("matcher"))[:40]
        raise UsageError(
            f"{source}: was made by matcher {made} with another database layout; "
            "restore it with that version, and open the workspace with this one"
        )
    return facts


def _claim(folder: Path, digest: str) -> None:
    """Mark the folder as being restored from this backup; it must be new, empty, or marked so already."""
    marker = folder / RESTORING
    if marker.exists():
        if marker.read_text(encoding="utf-8") != digest:
            raise UsageError(f"{folder}: another backup was being restored here; remove the folder first")
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: is there already; a backup is restored into a new folder")
    with replacing(marker) as (file,):
        file.write(digest.encode())


def _put_files(backup: Backup, sums: Mapping[str, str], folder: Path, config: Path | None) -> None:
    for name, wanted in sums.items():
        if name.startswith(("images/", "jobs/")) and not _is_there(folder / name, wanted):
            with backup.open(name) as part, replacing(folder / name) as (file,):
                shutil.copyfileobj(part, file, 2**20)
    settings = folder / SETTINGS_FILE
    if config is not None:
        with replacing(settings) as (file,):
            file.write(config.read_bytes())
    elif SETTINGS_FILE in sums:
        with backup.open(SETTINGS_FILE) as part, replacing(settings) as (file,):
            shutil.copyfileobj(part, file)
    policy = policy_inside(folder, _settings(folder)) if POLICY in sums else None
    if policy is not None:
        with backup.open(POLICY) as part, replacing(policy) as (file,):
            shutil.copyfileobj(part, file)
    for parent, _, _ in os.walk(folder):
        sync_folder(Path(parent))


def _is_there(path: Path, wanted: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == wanted
    except OSError:
        return False


def _settings(folder: Path) -> Settings:
    path = folder / SETTINGS_FILE
    return load_settings(path if path.exists() else None)


def _load(
    backup: Backup, database: Database, facts: Mapping[str, Any], folder: Path, digest: str
) -> int | None:
    """How many rows were put in, in one transaction; None where an earlier run had put them in."""
    with database.write() as connection:
        done = select(audit.c.audit_id).where(audit.c.action == ACT, audit.c.target == digest)
        if connection.execute(done).first() is not None:
            return None
        _expect_empty(connection, database)
        for table in (owners, counters):
            connection.execute(delete(table))
        jobs_before, jobs_now = str(Path(str(facts["workspace"])) / "jobs"), str(folder.resolve() / "jobs")

        def changed(table: str, row: dict[str, Any]) -> dict[str, Any]:
            if table == "scans" and str(row["out"]).startswith(jobs_before + os.sep):
                return row | {"out": jobs_now + str(row["out"]).removeprefix(jobs_before)}
            return row | _ended(row) if table == "jobs" else row

        rows = 0
        for table in TABLES:
            with backup.open(f"tables/{table.name}.jsonl") as lines:
                rows += load_table(connection, table, lines, changed)
        set_last_numbers(connection, facts["numbers"])
        record_act(connection, DEFAULT_OWNER, actor="command line", action=ACT, target=digest)
        commit_point("restore:loaded")
    return rows


def _expect_empty(connection: Connection, database: Database) -> None:
    """Nothing but what every new database holds."""
    for table in TABLES:
        if table is counters:
            continue
        allowed = 1 if table is owners else 0
        if connection.execute(select(func.count()).select_from(table)).scalar_one() > allowed:
            raise UsageError(f"database {database.where}: holds {table.name} already; give an empty one")


def _ended(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job under way waits to be taken up; a scan has no snapshot to go on with, and has failed."""
    if job["state"] not in ("waiting", "running"):
        return {}
    if job["kind"] == "scan" and job["attempts"]:
        return {"state": "failed", "worker": "", "error": CUT_OFF, "finished": now()}
    return {"state": "waiting", "worker": "", "heartbeat": None}
