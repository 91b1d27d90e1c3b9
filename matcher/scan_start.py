"""Which scan to run: a new one, or the one that `--resume` goes on with, on the terms it began with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from matcher.assembly import build_galleries, freeze
from matcher.catalog import DEFAULT_OWNER, Scan, find_scan, latest_scan, start_scan
from matcher.errors import ScanError
from matcher.manifests import manifest_fingerprint
from matcher.policy import Policy
from matcher.records import Record
from matcher.snapshot import FrozenSettings, Snapshot
from matcher.workspace import Workspace


@dataclass(frozen=True)
class ScanRequest:
    """What to scan and where the answers go; `limit` counts manifest rows, None for all.

    `policy_given`: the policy was asked for by name, so that a scan begun with another does not go on.
    `owner_id`: whose scan it is, against that owner's catalog alone; None: the default owner's, against all.
    """

    manifest: Path
    out: Path
    resume: bool = False
    limit: int | None = None
    csv: bool = False
    title: str = ""
    owner_id: int | None = None
    policy_given: bool = False

    @property
    def owner(self) -> int:
        """Whose scan it is."""
        return DEFAULT_OWNER if self.owner_id is None else self.owner_id


class ScanTerms(Record):
    """What a scan began with, kept with it: reports of a finished scan need its snapshot no more."""

    snapshot: str
    limit: int | None = None
    policy: str = ""
    models: dict[str, str | None] = Field(default_factory=dict)

    @classmethod
    def of(cls, scan: Scan) -> ScanTerms:
        """Those of `scan`."""
        return cls.model_validate(scan.settings)


def begin(
    workspace: Workspace, policy: Policy, request: ScanRequest, take: Callable[[], Snapshot] | None = None
) -> Scan:
    """The scan to run, or to write the outputs of once more where it is finished.

    A new one reads the snapshot that `take` gives, or one that is taken now.
    Raises `ScanError` where `out` holds another scan, or one that was begun on other terms.
    """
    fingerprint = manifest_fingerprint(request.manifest)
    empty = not request.out.is_dir() or not any(request.out.iterdir())
    found = newest = _newest_in(workspace, request)
    if found and found.state == "finished" and empty and not request.resume:
        found = None  # the person has cleared the folder, which holds that scan no more
    if found is None:
        if not empty:
            raise ScanError(
                f"{request.out} is not empty and holds no scan of this workspace; give an empty folder"
            )
        snapshot = take or (lambda: freeze(workspace, build_galleries(workspace), policy))
        # Another scan may have begun here meanwhile: then this one is refused, or goes on with that.
        return _started(workspace, request, fingerprint, snapshot, after=newest) or begin(
            workspace, policy, request, take
        )
    if not request.resume:
        finished = found.state == "finished"
        standing = "is finished" if finished else "is not finished"
        then = "write its outputs again" if finished else "continue it"
        raise ScanError(
            f"{request.out} holds scan {found.scan_id} already, which {standing}; "
            f"give --resume to {then}, or another --out to scan anew"
        )
    _expect_terms(workspace, found, fingerprint, request)
    if request.policy_given:
        _expect_policy(workspace, found, policy)
    return found


def snapshot_of(workspace: Workspace, scan: Scan) -> Snapshot:
    """What the scan reads; only one that is finished may have lost it."""
    folder = workspace.folder / "snapshots" / ScanTerms.of(scan).snapshot
    if not folder.exists():
        raise ScanError(
            f"snapshot {folder.name} of scan {scan.scan_id} is not there any more; scan into another folder"
        )
    return Snapshot(folder)


def _newest_in(workspace: Workspace, request: ScanRequest) -> Scan | None:
    with workspace.database.read() as connection:
        return latest_scan(connection, str(request.out.resolve()), owner_id=request.owner)


def _started(
    workspace: Workspace,
    request: ScanRequest,
    fingerprint: str,
    take: Callable[[], Snapshot],
    *,
    after: Scan | None,
) -> Scan | None:
    """A new scan; None where one has begun in the same folder that is newer than `after`."""
    try:
        request.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScanError(f"{request.out} cannot be made a folder: {error.strerror}; give another") from error
    snapshot = take()
    terms = ScanTerms(
        snapshot=snapshot.folder.name,
        limit=request.limit,
        policy=snapshot.policy.label,
        models=snapshot.description.models,
    )
    out = str(request.out.resolve())
    with workspace.database.write() as connection:
        newest = latest_scan(connection, out, owner_id=request.owner)
        if newest and (after is None or newest.scan_id != after.scan_id):
            return None
        scan_id = start_scan(
            connection,
            out=out,
            manifest=str(request.manifest),
            manifest_fingerprint=fingerprint,
            snapshot=snapshot.description.number,
            settings=terms.model_dump(mode="json"),
            owner_id=request.owner,
        )
        return find_scan(connection, scan_id)


def _expect_terms(workspace: Workspace, scan: Scan, fingerprint: str, request: ScanRequest) -> None:
    if scan.manifest_fingerprint != fingerprint:
        raise ScanError(
            f"{request.manifest} is not what scan {scan.scan_id} began with; scan it into another folder"
        )
    began = ScanTerms.of(scan).limit
    if began != request.limit:
        terms = f"with --limit {began}" if began else "without --limit"
        raise ScanError(f"scan {scan.scan_id} began {terms}; give the same, or another folder")
    if scan.state == "running":
        frozen = snapshot_of(workspace, scan).description.settings
        _expect_settings(scan.scan_id, frozen, FrozenSettings.of(workspace.settings))


def _expect_policy(workspace: Workspace, scan: Scan, given: Policy) -> None:
    """The snapshot's policy judges all of a scan: one that says something else would silently do nothing."""
    terms = ScanTerms.of(scan)
    same = given.label == terms.policy
    if same and (workspace.folder / "snapshots" / terms.snapshot).exists():
        # What was read, not how it is written; of a finished scan whose snapshot is gone the name must do.
        same = given.model_dump() == snapshot_of(workspace, scan).policy.model_dump()
    if not same:
        raise ScanError(
            f"--policy {given.label} is not what scan {scan.scan_id} began with ({terms.policy}, as it was "
            "then); start a new scan with another --out, or leave --policy out"
        )


def _expect_settings(scan_id: int, began: FrozenSettings, now: FrozenSettings) -> None:
    """Half a scan under other settings would be taken for one under the new ones: say it instead."""
    for name, value in now.by_key().items():
        before = began.by_key()[name]
        if value != before:
            raise ScanError(
                f"scan {scan_id} began with {name} {before}, which is {value} now; "
                "set it back to go on, or scan into another folder"
            )
