"""`matcher scan`: a manifest of listings in, verdicts and a report out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.commands import cautions, screen
from matcher.commands.check import STYLES
from matcher.commands.choices import Engine
from matcher.commands.progress import Meter, count_within
from matcher.commands.session import chosen_policy, open_workspace
from matcher.errors import UsageError

if TYPE_CHECKING:
    from matcher.policy import Policy
    from matcher.scan import ScanRequest, ScanSummary
    from matcher.scan_engine import OpenEngine
    from matcher.workspace import Workspace


def scan(
    context: typer.Context,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="Listings: a folder or ZIP of images, CSV, TSV, XLSX, JSON lines, Parquet or Merchant feed.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Where verdicts, errors, summary and report go; a new or empty folder."
        ),
    ],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the scan that was interrupted in --out.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Worker processes; 0: one a core.")
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="What the scan runs on: workers of this machine, or Ray.")
    ] = Engine.LOCAL,
    address: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="The Ray cluster; without one, Ray runs on this machine alone."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Examine only the first N rows.")
    ] = None,
    csv: Annotated[
        bool, typer.Option("--csv", help="Write verdicts.csv too, safe to open in a spreadsheet.")
    ] = False,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A policy (TOML) instead of the one in force."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON instead of a table.")
    ] = False,
) -> None:
    """Scan listings: a verdict for each, with evidence, and a report.

    A scan that was interrupted goes on with --resume, against the catalog as
    it was when the scan began and under the policy it began with. The exit
    code is 1 where rows or photos could not be examined, else 0, whatever the
    verdicts.

      matcher scan listings.csv --out monday
      matcher scan listings.csv --out monday --resume
      matcher scan photos/ --out trial --limit 100 --csv
      matcher scan listings.parquet --out monday --engine ray --address auto
    """
    from matcher.manifests import look_at_listings
    from matcher.scan import ScanRequest
    from matcher.sources import archive_limits

    if address and engine is not Engine.RAY:
        raise UsageError("--address is of a Ray cluster; give --engine ray with it")
    request = ScanRequest(
        manifest=path, out=out, resume=resume, limit=limit, csv=csv, policy_given=policy is not None
    )
    with open_workspace(context) as workspace:
        if workers is not None:
            settings = workspace.settings
            cut_up = settings.scan.model_copy(update={"workers": workers})
            workspace.settings = settings.model_copy(update={"scan": cut_up})
        chosen = chosen_policy(context, policy)
        unread = look_at_listings(path, archive_limits(workspace.settings)).unread
        if not as_json:
            screen.note_unread(unread)
        cautions.warn_of_missing_images(workspace)
        if not resume:  # a scan that goes on keeps the policy that it began with
            cautions.warn_of_unknown_brands(workspace, chosen)
        with Meter(quiet=as_json) as meter:
            summary = run(workspace, request, chosen, meter, engine=_engine(engine, address))
    if as_json:
        screen.say_json(read_summary(out) | {"columns_not_read": unread})
    else:
        show_summary(summary, csv=csv)
    if summary.failed:
        raise typer.Exit(screen.FINDINGS)


def _engine(engine: Engine, address: str | None) -> OpenEngine | None:
    if engine is Engine.LOCAL:
        return None
    from matcher.ray_engine import ray_engine

    return ray_engine(address)


def run(
    workspace: Workspace,
    request: ScanRequest,
    policy: Policy,
    meter: Meter,
    *,
    engine: OpenEngine | None = None,
) -> ScanSummary:
    """Run the scan with its progress on `meter`."""
    from matcher.manifests import read_listings
    from matcher.scan import run_scan
    from matcher.scan_engine import local_engine
    from matcher.sources import archive_limits

    rows = count_within(read_listings(request.manifest, archive_limits(workspace.settings)))
    total = rows if rows is None or request.limit is None else min(rows, request.limit)
    meter.begin("scanning", total, resumed=request.resume)
    return run_scan(
        workspace, policy, request,
        progress=lambda done, photos: meter.show(done, total, counted=photos, unit="photos"),
        engine=engine or local_engine,
    )  # fmt: skip


def show_summary(summary: ScanSummary, *, csv: bool = False) -> None:
    """How many listings got each verdict, and where everything lies."""
    from rich.text import Text

    rows = [
        (Text(kind.value, style=STYLES[kind.value]), f"{count:,}") for kind, count in summary.counts.items()
    ]
    failed = {"rows that failed": summary.failed - summary.failed_photos}
    if summary.failed_photos:
        failed["photos that failed"] = summary.failed_photos
    for what, count in failed.items():
        rows.append((Text(what, style="yellow" if count else ""), f"{count:,}"))
    screen.table(
        f"Scan {summary.scan_id}: {screen.counted(summary.listings, 'listing')}",
        ("verdict", "listings"),
        rows,
        numbers=("listings",),
    )
    if summary.photos:
        rate = f"{summary.photos_per_second:,.1f} a second"
        screen.say(f"{screen.counted(summary.photos, 'photo')} in {summary.seconds:,.1f} s, {rate}", "dim")
    names = [
        "report.html",
        "verdicts.jsonl",
        "verdicts.parquet",
        *(["verdicts.csv"] if csv else []),
        "errors.jsonl",
        "summary.json",
    ]
    for name in names:
        screen.say(str(summary.out / name))


def read_summary(folder: Path) -> dict[str, object]:
    """What `summary.json` of a scan says; empty where it is missing or damaged."""
    try:
        found = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
