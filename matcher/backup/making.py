"""Makes a backup of one moment of a workspace, while scans and servers go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select, union

from matcher import __version__
from matcher.backup.containers import Summed, writing
from matcher.catalog.columns import now
from matcher.catalog.copying import TABLES, last_numbers, table_lines
from matcher.catalog.migrations import HEAD
from matcher.catalog.service_tables import jobs
from matcher.catalog.tables import images, photos
from matcher.workspace import SETTINGS_FILE, Workspace, policy_inside

FORMAT = 1
POLICY = "policy.toml"
"""The policy that the settings name, whatever its file is called there."""
LEFT_OUT = frozenset({"uploads"})
"""Tables that are not kept: uploads under way are sent again."""


@dataclass(frozen=True)
class BackupSummary:
    """What a backup holds; `missing` names files that rows name and that could not be read."""

    rows: int
    images: int
    missing: tuple[str, ...]


def make_backup(workspace: Workspace, target: Path) -> BackupSummary:
    """Write a backup of the workspace to `target`, a folder, or a file where its name ends in `.tar`.

    The rows are of one moment; the files that they name are kept from being swept until they are copied.
    Galleries and snapshots are not in it: they follow from the rest. Raises `UsageError` where `target` is
    there already or cannot be written.
    """
    with workspace.store.keeping(), writing(target) as backup:
        with workspace.database.read() as connection:
            counts = {table.name: _add_table(backup, connection, table.name) for table in TABLES}
            names, given = _image_names(connection), _given_files(workspace, connection)
            numbers = last_numbers(connection)
        missing = [
            name for name in names if not _copied(backup, f"images/{name}", workspace.store.path(name))
        ]
        missing += [str(path) for name, path in given if not _copied(backup, name, path)]
        settings = workspace.folder / SETTINGS_FILE
        if settings.exists():
            backup.add_file(SETTINGS_FILE, settings)
        if (policy := policy_inside(workspace.folder, workspace.settings)) is not None:
            missing += [] if _copied(backup, POLICY, policy) else [str(policy)]
        facts = {
            "format": FORMAT, "matcher": __version__, "revision": HEAD, "made": now().isoformat(),
            "workspace": str(workspace.folder.resolve()), "rows": counts, "numbers": numbers,
            "missing": missing,
        }  # fmt: skip
        backup.add("backup.json", [json.dumps(facts, indent=1).encode()])
    return BackupSummary(sum(counts.values()), len(names), tuple(missing))


def _add_table(backup: Summed, connection: Connection, name: str) -> int:
    """How many rows the table has, all of which are in the backup."""
    table = next(one for one in TABLES if one.name == name)
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        if name in LEFT_OUT:
            return
        for line in table_lines(connection, table):
            count += 1
            yield line

    backup.add(f"tables/{name}.jsonl", lines())
    return count


def _image_names(connection: Connection) -> list[str]:
    """Every file of the image store that a row names."""
    kept = select(photos.c.content_hash).where(photos.c.stored_hash != "")
    return sorted(connection.execute(union(select(images.c.content_hash), kept)).scalars())


def _given_files(workspace: Workspace, connection: Connection) -> list[tuple[str, Path]]:
    """The files of jobs that have not ended, by their names in the backup."""
    query = select(jobs.c.terms).where(jobs.c.state.in_(("waiting", "running")))
    folders = sorted({str(json.loads(terms)["folder"]) for terms in connection.execute(query).scalars()})
    return [
        (f"jobs/{name}/given/manifest", workspace.folder / "jobs" / name / "given" / "manifest")
        for name in folders
    ]


def _copied(backup: Summed, name: str, path: Path) -> bool:
    """Whether the file is in the backup; one that is gone or damaged on disk stops nothing."""
    try:
        opened = path.open("rb")
    except OSError:
        return False
    opened.close()
    backup.add_file(name, path)
    return True
