"""Which scan to run: a new one, or the one that `--resume` goes on with, on the terms it began with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matcher.assembly import build_galleries, freeze
from matcher.catalog import Scan, find_scan, latest_scan, start_scan
from matcher.errors import ScanError
from matcher.manifests import manifest_fingerprint
from matcher.policy import Policy
from matcher.snapshot import FrozenSettings, Snapshot
from matcher.workspace import Workspace


@dataclass(frozen=True)
class ScanRequest:
    """What to scan and where the answers go; `limit` counts manifest rows, None for all."""

    manifest: Path
    out: Path
    resume: bool = False
    limit: int | None = None
    csv: bool = False
    title: str = ""


def begin(workspace: Workspace, policy: Policy, request: ScanRequest) -> tuple[Scan, Snapshot]:
    """The scan to run and its snapshot.

    Raises `ScanError` where `out` holds another scan, or one that was begun on other terms.
    """
    fingerprint = manifest_fingerprint(request.manifest)
    with workspace.database.read() as connection:
        found = latest_scan(connection, str(request.out.resolve()))
    if found and not request.resume:
        raise ScanError(
            f"{request.out} holds scan {found.scan_id} already; "
            "give --resume to continue it, or another folder"
        )
    if found is None and request.out.is_dir() and any(request.out.iterdir()):
        raise ScanError(
            f"{request.out} is not empty and holds no scan of this workspace; give an empty folder"
        )
    if found:
        return found, _resumed_snapshot(workspace, found, fingerprint, request)
    return _started(workspace, policy, request, fingerprint)


def _started(
    workspace: Workspace, policy: Policy, request: ScanRequest, fingerprint: str
) -> tuple[Scan, Snapshot]:
    try:
        request.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScanError(f"{request.out} cannot be made a folder: {error.strerror}; give another") from error
    snapshot = freeze(workspace, build_galleries(workspace), policy)
    with workspace.database.write() as connection:
        scan_id = start_scan(
            connection,
            out=str(request.out.resolve()),
            manifest=str(request.manifest),
            manifest_fingerprint=fingerprint,
            snapshot=snapshot.description.number,
            settings={"snapshot": snapshot.folder.name, "limit": request.limit},
        )
    with workspace.database.read() as connection:
        scan = find_scan(connection, scan_id)
    assert scan is not None
    return scan, snapshot


def _resumed_snapshot(workspace: Workspace, scan: Scan, fingerprint: str, request: ScanRequest) -> Snapshot:
    if scan.manifest_fingerprint != fingerprint:
        raise ScanError(
            f"{request.manifest} is not what scan {scan.scan_id} began with; scan it into another folder"
        )
    began = scan.settings.get("limit")
    if began != request.limit:
        raise ScanError(f"scan {scan.scan_id} began with --limit {began}; give the same, or another folder")
    snapshot = Snapshot(workspace.folder / "snapshots" / str(scan.settings["snapshot"]))
    if scan.state == "running":
        _expect_settings(scan.scan_id, snapshot, FrozenSettings.of(workspace.settings))
    return snapshot


def _expect_settings(scan_id: int, snapshot: Snapshot, now: FrozenSettings) -> None:
    """Half a scan under other settings would be taken for one under the new ones: say it instead."""
    began = snapshot.description.settings
    for name, value in now.by_key().items():
        before = began.by_key()[name]
        if value != before:
            raise ScanError(
                f"scan {scan_id} began with {name} {before}, which is {value} now; "
                "set it back to go on, or scan into another folder"
            )
