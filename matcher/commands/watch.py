"""`matcher watch`: verdicts for listings as they arrive, in a folder or a Redis stream."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit, urlunsplit

import typer

from matcher.commands import screen
from matcher.commands.session import chosen_policy, open_workspace
from matcher.errors import ManifestError, UsageError

if TYPE_CHECKING:
    from matcher.scan import ScanSummary
    from matcher.watching import Watch

STREAMS = ("redis://", "rediss://", "unix://")


def watch(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="DIR|URL",
            help="A folder that manifests are moved into, or redis://HOST:PORT/DB?stream=NAME.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where verdicts go: a folder for each manifest.")],
    workers: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Worker processes; 0: one a core.")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A policy (TOML) instead of the one in force."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Answer what is there, then end.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each verdict as a line of JSON instead of a summary.")
    ] = False,
) -> None:
    """Answer listings as they arrive, until Ctrl-C or SIGTERM.

    Models stay loaded, and each manifest is answered against the catalog as it
    is then. A manifest is written elsewhere and moved in when it is whole, the
    photos it names before it. When it is answered it is moved to `done/`; one
    that cannot be read goes to `failed/`. After a kill the same command goes
    on; with --json a manifest's lines may then come once more. With --once the
    exit code is 1 where a manifest could not be read or rows or photos
    failed, else 0, whatever the verdicts.

      matcher watch inbox --out answers
      matcher watch inbox --out answers --once --json
      matcher watch 'redis://127.0.0.1:6379/0?stream=listings' --out answers
    """
    from matcher.watching import Watch
    from matcher.watching.inbox import Inbox

    with open_workspace(context) as workspace:
        if workers is not None:
            settings = workspace.settings
            chosen = settings.scan.model_copy(update={"workers": workers})
            workspace.settings = settings.model_copy(update={"scan": chosen})
        feed, ended = None, _Ended(as_json)
        folder = Path(source)
        if "://" in source and not source.startswith(STREAMS):
            raise UsageError(
                f"{source}: is no folder and no Redis stream; give DIR or redis://HOST:PORT/DB?stream=NAME"
            )
        if source.startswith(STREAMS):
            from matcher.watching.redis_stream import RedisFeed

            folder = out / "inbox"
            feed = RedisFeed(source, folder)
        new = "" if folder.is_dir() else ", a new folder"
        running = Watch(
            workspace,
            chosen_policy(context, policy),
            Inbox(folder),
            out,
            feed=feed,
            told=ended.told,
            refused=ended.refused,
        )
        _stop_on_signals(running)
        watched = f"{folder}{new}" if feed is None else _without_password(source)
        screen.note(f"watching {watched} (Ctrl-C ends it)", "green")
        running.run(once=once)
    if once and ended.badly:
        raise typer.Exit(screen.FINDINGS)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _stop_on_signals(running: Watch) -> None:
    """The first signal ends the watch after the chunk under way; a second one ends it at once."""

    def stop(number: int, _frame: object) -> None:
        running.stopping.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


class _Ended:
    """Tells how each manifest ended, and keeps whether one did badly."""

    def __init__(self, as_json: bool) -> None:
        self.badly, self._tell = False, _print_verdicts if as_json else _tell

    def told(self, manifest: Path, summary: ScanSummary) -> None:
        """It was answered, perhaps with rows that failed."""
        self.badly = self.badly or summary.failed > 0
        self._tell(manifest, summary)

    def refused(self, manifest: Path, error: ManifestError) -> None:
        """It could not be read at all."""
        self.badly = True
        _complain(manifest, error)


def _tell(manifest: Path, summary: ScanSummary) -> None:
    counts = ", ".join(f"{count:,} {kind.value}" for kind, count in summary.counts.items())
    failed = screen.counted(summary.failed - summary.failed_photos, "failed row")
    if summary.failed_photos:
        failed += f", {screen.counted(summary.failed_photos, 'failed photo')}"
    screen.say(f"{manifest.name}: {counts}, {failed}: {summary.out}")


def _print_verdicts(_manifest: Path, summary: ScanSummary) -> None:
    """Before the manifest is done with, so that a kill repeats lines and loses none."""
    with (summary.out / "verdicts.jsonl").open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            typer.echo(line.rstrip("\n"))


def _complain(manifest: Path, error: ManifestError) -> None:
    screen.note(f"{error}; it is in {manifest.parent / 'failed'}", "yellow")
