"""`matcher backup` and `matcher restore`: a workspace put away, and put back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matcher.commands import screen
from matcher.commands.brand import AsJson
from matcher.commands.progress import waiting
from matcher.commands.session import open_workspace, session_of


def backup(
    context: typer.Context,
    target: Annotated[
        Path, typer.Argument(metavar="PATH", help="A new folder, or a new file whose name ends in .tar.")
    ],
    as_json: AsJson = False,
) -> None:
    """Put the workspace away: the database, the images and the files of jobs that wait.

    It is of one moment, also while scans and servers go on, and from SQLite as
    from PostgreSQL. Galleries and snapshots are left out, as they follow from
    the rest. Exit code 1 tells that files which rows name are missing.

      matcher backup /srv/backups/monday
      matcher backup monday.tar
    """
    from matcher.backup import make_backup

    with open_workspace(context) as workspace, waiting("putting away"):
        summary = make_backup(workspace, target)
    if as_json:
        screen.say_json(vars(summary))
    else:
        kept = f"{screen.counted(summary.rows, 'row')} and {screen.counted(summary.images, 'image')}"
        screen.say(f"{kept} in {target}", "green")
        for name in summary.missing[:20]:
            screen.note(f"missing: {name}; see `matcher catalog verify`", "yellow")
    if summary.missing:
        raise typer.Exit(1)


def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="PATH", help="What `matcher backup` wrote.")],
    as_json: AsJson = False,
) -> None:
    """Make a new workspace from a backup, once every checksum is found right.

    The folder of --workspace must be new or empty, the database too; nothing is
    overwritten. --config gives the new workspace other settings, such as
    another database. After a kill, the same command again goes on.

      matcher --workspace restored restore monday.tar
      matcher --workspace restored --config postgresql.toml restore monday.tar
    """
    from matcher.backup import restore_backup

    session = session_of(context)
    with waiting("putting back"):
        summary = restore_backup(source, session.workspace, session.config)
    if as_json:
        screen.say_json(vars(summary))
        return
    kept = f"{screen.counted(summary.rows, 'row')} and {screen.counted(summary.images, 'image')}"
    screen.say(f"{kept} in {session.workspace}", "green")
    screen.say("galleries are made at the first check or scan, or now with `matcher index rebuild`")
