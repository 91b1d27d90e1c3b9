"""A workspace put away and put back: from each database to each, whole, checked, and not hurt by a kill."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, insert, select, update

from matcher.backup import make_backup, restore_backup
from matcher.backup.restoring import CUT_OFF
from matcher.catalog import (
    Scope,
    WebhookEvent,
    add_brand,
    add_job,
    add_owner,
    add_webhook,
    answer_review,
    commit_chunk,
    find_job,
    import_references,
    issue_key,
    open_database,
    put_descriptors,
    start_scan,
    tell_webhooks,
)
from matcher.catalog.columns import now
from matcher.catalog.service_tables import jobs
from matcher.catalog.tables import owners, scans
from matcher.config import DatabaseSettings, Settings
from matcher.errors import UsageError
from matcher.faults import VARIABLE
from matcher.manifests import Row
from matcher.policy import load_policy
from matcher.records import Brand, FailedRow, ReferenceRow, ReviewAnswer
from matcher.workspace import Workspace, workspace_policy
from tests.matcher.catalog.made import dump, kept, png
from tests.matcher.catalog.test_scans import examined
from tests.matcher.commands.conftest import matcher

ROOT = Path(__file__).resolve().parents[3]
FOLDER = "0123456789abcdef01234567"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A workspace with something in every corner, its settings beside it."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else ""
    (folder / "matcher.toml").write_text(f'[database]\nurl = "{url}"\n', encoding="utf-8")
    with Workspace.open(folder) as opened:
        fill(opened)
    return folder


def fill(workspace: Workspace) -> None:
    """Odd texts, images, features, a scan with reviews, keys, webhooks, jobs, and numbers that are gone."""
    rows = [Row(n, ReferenceRow(reference_id=f"R-{n}\x00é", images=(str(n),), price="1.50")) for n in (1, 2)]
    with workspace.database.write() as connection:
        gone = add_owner(connection, "gone")
        connection.execute(delete(owners).where(owners.c.owner_id == gone))
        add_brand(connection, Brand(name="Acme", wordmarks=("acme", "\ud800")))
    import_references(
        workspace.database, workspace.store, rows, lambda name: png(int(name)),
        brand="Acme", settings=workspace.settings.images,
    )  # fmt: skip
    for number in range(3):
        kept(workspace.store, f"L-{number}")
    given = workspace.folder / "jobs" / FOLDER / "given"
    given.mkdir(parents=True)
    (given / "manifest").write_bytes(b"listing_id,image\n")
    out = workspace.folder.resolve() / "jobs" / FOLDER / "out"
    with workspace.database.write() as connection:
        put_descriptors(connection, {"a" * 64: np.eye(2, 4, dtype=np.float32)}, "model")
        scan = start_scan(
            connection, out=str(out), manifest="m", manifest_fingerprint="f", snapshot=3, settings={"a": 1}
        )
        failed = [FailedRow(source="m", line=9, reason="bad")]
        commit_chunk(connection, scan, 0, [examined(n) for n in range(3)], failed, 4)
        answer_review(connection, 1, ReviewAnswer.CONFIRM, reviewer="Kim")
        issue_key(connection, 1, [Scope.CHECK], expires=now().replace(year=2999))
        add_webhook(connection, 1, "https://shop.example/", [WebhookEvent.VERDICT])
        tell_webhooks(connection, 1, WebhookEvent.VERDICT, "1", {"é": 1 / 3})
        add_job(connection, 1, "import", {"folder": FOLDER, "brand": "Acme"})
        begun = add_job(connection, 1, "scan", {"folder": FOLDER})
        connection.execute(update(jobs).where(jobs.c.job_id == begun).values(state="running", attempts=1))


def held(folder: Path) -> dict[str, list[Any]]:
    """All rows of a workspace, but those that restoring changes on purpose."""
    with Workspace.open(folder) as opened:
        found = dump(opened.database, without=())
    for table in ("audit", "jobs", "scans"):
        del found[table]
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "images").iterdir() if path.name[0] != "."}


@pytest.mark.parametrize("name", ["backup", "backup.tar"])
def test_what_is_put_back_is_what_was_put_away(workspace: Path, tmp_path: Path, name: str) -> None:
    with Workspace.open(workspace) as opened:
        summary = make_backup(opened, tmp_path / name)
    assert (summary.images, summary.missing) == (5, ())
    restored = tmp_path / "restored"
    other = tmp_path / "other.toml"
    other.write_text("[scan]\nworkers = 2\n", encoding="utf-8")
    assert restore_backup(tmp_path / name, restored, other).rows == summary.rows
    assert held(restored) == held(workspace)
    assert files(restored) == files(workspace)
    with Workspace.open(restored) as opened, opened.database.write() as connection:
        assert opened.settings.scan.workers == 2
        waiting, begun = (find_job(connection, 1, number) for number in (1, 2))
        assert (waiting.state, begun.state, begun.error) == ("waiting", "failed", CUT_OFF)
        out = connection.execute(select(scans.c.out)).scalar_one()
        assert out == str(restored.resolve() / "jobs" / FOLDER / "out")
        assert (restored / "jobs" / FOLDER / "given" / "manifest").read_bytes() == b"listing_id,image\n"
        assert add_job(connection, 1, "scan", {}) == 3


def test_the_policy_that_the_settings_name_comes_along(tmp_path: Path) -> None:
    folder, restored, target = tmp_path / "workspace", tmp_path / "restored", tmp_path / "backup.tar"
    own = folder / "policies" / "own.toml"
    own.parent.mkdir(parents=True)
    own.write_text(load_policy().policy_text.replace('"default"', '"outlet"'), encoding="utf-8")
    (folder / "matcher.toml").write_text('[policy]\nfile = "policies/own.toml"\n', encoding="utf-8")
    with Workspace.open(folder) as opened:
        assert make_backup(opened, target).missing == ()
    restore_backup(target, restored)
    with Workspace.open(restored) as opened:
        assert workspace_policy(restored, opened.settings).label == "outlet@1"
        (restored / "policies" / "own.toml").unlink()
        assert make_backup(opened, tmp_path / "again.tar").missing == (
            str(restored / "policies" / "own.toml"),
        )


@pytest.mark.postgresql
def test_a_team_moves_from_sqlite_to_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    folder, restored = tmp_path / "workspace", tmp_path / "restored"
    with Workspace.open(folder) as opened:
        fill(opened)
        make_backup(opened, tmp_path / "backup.tar")
    config = tmp_path / "postgresql.toml"
    config.write_text(f'[database]\nurl = "{postgresql_url}"\n', encoding="utf-8")
    done = matcher(restored, "--config", str(config), "restore", str(tmp_path / "backup.tar"))
    assert done.exit_code == 0, done.stderr
    assert held(restored) == held(folder)
    with Workspace.open(restored) as opened, opened.database.write() as connection:
        assert not opened.database.is_sqlite
        assert add_job(connection, 1, "scan", {}) == 3, "numbers go on behind those that were given"


def test_a_backup_is_of_one_moment_while_others_write(workspace: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with Workspace.open(workspace) as opened:
            for number in range(10_000):
                if stop.is_set():
                    return
                with opened.database.write() as connection:
                    added = add_owner(connection, f"owner {number}")
                    add_brand(connection, Brand(name=f"brand {number}", wordmarks=("b",)), owner_id=added)

    writing = threading.Thread(target=write)
    writing.start()
    try:
        with Workspace.open(workspace) as opened:
            for number in range(3):
                make_backup(opened, tmp_path / f"{number}.tar")
    finally:
        stop.set()
        writing.join()
    for number in range(3):
        restored = tmp_path / f"restored-{number}"
        empty = tmp_path / "empty.toml"
        empty.write_text("", encoding="utf-8")
        restore_backup(tmp_path / f"{number}.tar", restored, empty)
        rows = held(restored)
        assert len(rows["owners"]) == len(rows["brands"]), "each came with its brand, or not at all"


def test_nothing_is_overwritten(workspace: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    with Workspace.open(workspace) as opened:
        make_backup(opened, target)
        with pytest.raises(UsageError, match="is there already"):
            make_backup(opened, target)
    with pytest.raises(UsageError, match="is there already"):
        restore_backup(target, workspace)
    used = tmp_path / "used.db"
    settings = DatabaseSettings(url=f"sqlite:///{used}")
    with open_database(settings, tmp_path) as database, database.write() as connection:
        connection.execute(insert(owners).values(name="somebody"))
    config = tmp_path / "used.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{used}"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="holds owners already"):
        restore_backup(target, tmp_path / "new", config)


@pytest.mark.parametrize("name", ["backup", "backup.tar"])
def test_a_damaged_backup_is_refused_before_anything_is_put_back(tmp_path: Path, name: str) -> None:
    folder, target = tmp_path / "workspace", tmp_path / name
    with Workspace.open(folder, Settings()) as opened:
        fill(opened)
        make_backup(opened, target)
    spoil(target)
    with pytest.raises(UsageError, match="is damaged"):
        restore_backup(target, tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def spoil(target: Path) -> None:
    """Change one byte of an image."""
    if target.is_dir():
        path = next((target / "images").iterdir())
        blob = bytearray(path.read_bytes())
        blob[-1] ^= 1
        path.write_bytes(blob)
        return
    blob = bytearray(target.read_bytes())
    blob[blob.index(b"IEND")] ^= 1
    target.write_bytes(blob)


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "images/../../evil", "jobs/x/given/manifest"])
def test_a_part_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    target = tmp_path / "evil.tar"
    with tarfile.open(target, "w") as archive:
        for part, blob in ((name, b"x"), ("SHA256SUMS", f"{'0' * 64}  {name}\n".encode())):
            entry = tarfile.TarInfo(part)
            entry.size = len(blob)
            archive.addfile(entry, io.BytesIO(blob))
    with pytest.raises(UsageError, match="no name of a backup's part"):
        restore_backup(target, tmp_path / "restored")
    for strange in (tmp_path / "absent.tar", tmp_path):
        with pytest.raises(UsageError):
            restore_backup(strange, tmp_path / "restored")


def test_a_file_that_is_gone_is_told_and_stops_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    with Workspace.open(folder) as opened:
        fill(opened)
    lost = next(path for path in (folder / "images").iterdir() if path.name[0] != ".")
    lost.unlink()
    made = matcher(folder, "backup", str(tmp_path / "b.tar"), "--json")
    assert made.exit_code == 1
    assert json.loads(made.stdout)["missing"] == [lost.name]
    assert matcher(tmp_path / "restored", "restore", str(tmp_path / "b.tar")).exit_code == 0


def test_a_backup_of_another_layout_says_which_version_reads_it(tmp_path: Path) -> None:
    with Workspace.open(tmp_path / "workspace") as opened:
        make_backup(opened, tmp_path / "b")
    facts = json.loads((tmp_path / "b" / "backup.json").read_text())
    blob = json.dumps(facts | {"revision": "0001", "matcher": "0.0.1"}).encode()
    old = (tmp_path / "b" / "SHA256SUMS").read_text().splitlines()
    lines = [line for line in old if not line.endswith("backup.json")]
    lines.append(f"{hashlib.sha256(blob).hexdigest()}  backup.json")
    (tmp_path / "b" / "backup.json").write_bytes(blob)
    (tmp_path / "b" / "SHA256SUMS").write_text("\n".join(lines) + "\n")
    with pytest.raises(UsageError, match=r"matcher 0\.0\.1 with another database layout"):
        restore_backup(tmp_path / "b", tmp_path / "restored")


def run(folder: Path, *words: str, kill_at: str = "") -> int:
    """The exit code of a command in a process of its own."""
    command = [sys.executable, "-c", "from matcher.cli import main; main()", "--workspace", str(folder)]
    environment = os.environ | {VARIABLE: kill_at}
    done = subprocess.run([*command, *words], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


@pytest.mark.slow
def test_a_kill_at_any_point_leaves_no_half_and_the_same_command_again_ends_it(
    workspace: Path, tmp_path: Path
) -> None:
    target, restored = tmp_path / "b.tar", tmp_path / "restored"
    for point in ("backup:part:3", "backup:written"):
        assert run(workspace, "backup", str(target), kill_at=point) == -signal.SIGKILL
        assert not target.exists()
    assert run(workspace, "backup", str(target)) == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    config = tmp_path / "empty.toml"
    config.write_text("", encoding="utf-8")
    words = ("--config", str(config), "restore", str(target))
    for point in ("outputs-renamed:2", "restore:files", "restore:loaded", "restore:committed"):
        assert run(restored, *words, kill_at=point) == -signal.SIGKILL, point
        with pytest.raises(UsageError, match="run the same `matcher restore` again"):
            Workspace.open(restored)
    assert run(restored, *words) == 0
    assert held(restored) == held(workspace)
    assert files(restored) == files(workspace)


@pytest.mark.parametrize("name", ["monday.zip", "monday.tar.gz", "MONDAY.TGZ"])
def test_a_backup_is_not_called_like_another_kind_of_archive(name: str, tmp_path: Path) -> None:
    assert matcher(tmp_path / "made", "brand", "add", "Acme").exit_code == 0
    refused = matcher(tmp_path / "made", "backup", tmp_path / name)
    assert (refused.exit_code, "a file ending in .tar" in refused.stderr) == (2, True)
    assert not (tmp_path / name).exists()


def test_a_backup_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    refused = matcher(tmp_path / "made", "restore", tmp_path / "monday.tar")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "monday.tar: is not there" in refused.stderr
    assert not (tmp_path / "made").exists()
