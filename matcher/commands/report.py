"""`matcher report`: writes a scan's report again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.commands import screen
from matcher.commands.scan import read_summary
from matcher.commands.session import open_workspace
from matcher.errors import ScanError

if TYPE_CHECKING:
    from matcher.catalog import Scan
    from matcher.workspace import Workspace


def report(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="SCAN_FOLDER", help="The folder a scan was written to.")],
    title: Annotated[
        str, typer.Option(help="The report's title; the manifest's name where none is given.")
    ] = "",
) -> None:
    """Write report.html of a finished scan again, such as after a purge.

    For instance:

      matcher report monday
      matcher report monday --title "Monday's listings"
    """
    from matcher.catalog import latest_scan

    with open_workspace(context) as workspace:
        with workspace.database.read() as connection:
            scan = latest_scan(connection, str(folder.resolve()))
        if scan is None:
            raise ScanError(f"{folder} holds no scan of this workspace")
        if scan.state != "finished":
            raise ScanError(
                f"scan {scan.scan_id} in {folder} is not finished; `matcher scan … --resume` goes on with it"
            )
        write(workspace, scan, folder, title)
    screen.say(str(folder / "report.html"))


def write(workspace: Workspace, scan: Scan, folder: Path, title: str) -> None:
    """Write the report of `scan` into `folder` from what the workspace holds of it now."""
    from matcher.catalog import count_failures, count_photo_failures, count_verdicts
    from matcher.scan import ScanRequest, ScanSummary
    from matcher.scan_report import write_scan_report

    before = read_summary(folder)
    photos, seconds = _number(before.get("photos_this_run")), _number(before.get("seconds_this_run"))
    with workspace.database.read() as connection:
        counts, failed = count_verdicts(connection, scan.scan_id), count_failures(connection, scan.scan_id)
        listings = sum(counts.values())
        of_photos = count_photo_failures(connection, scan.scan_id)
        summary = ScanSummary(scan.scan_id, listings, counts, failed, int(photos), seconds, folder, of_photos)
        write_scan_report(
            connection, workspace, scan, summary, ScanRequest(Path(scan.manifest), folder, title=title)
        )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
