"""The command line: options that hold for every command, the commands, and how an error is told."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from matcher.commands import (
    about,
    admin,
    backup,
    brand,
    catalog,
    check,
    demo,
    index,
    policy,
    purge,
    report,
    review,
    scan,
    screen,
    serve,
    watch,
)
from matcher.commands.session import Session
from matcher.errors import MatcherError

DEBUG = "MATCHER_DEBUG"
INTERNAL, INTERRUPTED, PIPE_CLOSED = 70, 130, 141
"""Exit codes beside 0, 1 and 2: a mistake in the matcher, Ctrl-C, nobody reads what is printed."""
_FULL = "free some, then run the same command again"
_REMEDIES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: "choose a folder that can be written",
    errno.EMFILE: "allow more with `ulimit -n`",
}
"""What helps where the machine refuses and no file is named."""


class _Commands(TyperGroup):
    """Tells an error in one line, however the commands are called."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Ends the program, as Typer's own does, but for the box that it draws around wrong use."""
        if not options.get("standalone_mode", True):
            return super().main(*args, **options)
        options["standalone_mode"] = False
        try:
            code = super().main(*args, **options)
        except TyperException as error:
            _tell_wrong_use(error)
            code = error.exit_code
        except typer.Abort:  # Ctrl-C or the end of input at a question
            screen.note("nobody answered; nothing was changed", "yellow")
            code = INTERRUPTED
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (TyperException, typer.Exit, typer.Abort):
            raise
        except BaseException as error:
            raise typer.Exit(_told(error)) from error


def _tell_wrong_use(error: TyperException) -> None:
    """What was wrong with the words of a command; a group without any has shown its help instead."""
    said = error.format_message().replace("Value error, ", "").rstrip(".")
    if type(error).__name__ == "NoArgsIsHelpError":
        return
    context = getattr(error, "ctx", None)
    command = f"`{context.command_path if context else 'matcher'} --help`"
    screen.complain(f"{said} See {command}" if said.endswith("?") else f"{said}; see {command}")


def _told(error: BaseException) -> int:
    """The exit code for `error`, after its line on standard error; what is none of ours is raised again."""
    if isinstance(error, BrokenPipeError):
        _stop_printing()
        return PIPE_CLOSED
    if isinstance(error, KeyboardInterrupt):
        screen.note("interrupted: what was committed stays; a scan goes on with --resume", "yellow")
        return INTERRUPTED
    if isinstance(error, MatcherError):
        screen.complain(str(error))
        return screen.FAILED
    if not isinstance(error, Exception):
        raise error
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
        return INTERNAL
    if isinstance(error, OSError) and error.filename:
        screen.complain(f"{error.filename}: {error.strerror}")
        return screen.FAILED
    if isinstance(error, OSError) and error.errno in _REMEDIES:
        screen.complain(f"{error.strerror}; {_REMEDIES[error.errno]}")
        return screen.FAILED
    what = f"{type(error).__name__}: {error}"[:500]
    screen.complain(f"internal error: {what}; run again with {DEBUG}=1 for the traceback")
    return INTERNAL


def _stop_printing() -> None:
    """Nobody reads standard output any more: what is still buffered goes nowhere, without complaint."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    name="matcher",
    cls=_Commands,
    rich_markup_mode="rich",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from matcher import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def matcher(
    context: typer.Context,
    workspace: Annotated[
        Path,
        typer.Option(
            envvar="MATCHER_WORKSPACE",
            metavar="DIR",
            help="Folder that holds the catalog, the galleries and past scans.",
        ),
    ] = Path("matcher-workspace"),
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Settings (TOML) instead of the workspace's own matcher.toml."),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None:
    """Find likely counterfeits: compare listings' photos with brands' own images.

    See it work on invented brands, then use it on your own:

      matcher demo
      matcher brand add Adidas --wordmark adidas --licensed-seller shop-17
      matcher catalog import shop-images/ --brand Adidas
      matcher scan listings.csv --out monday

    Exit codes: 0 all is well; 1 findings (a listing that is not clear, rows
    that failed, a catalog with gaps); 2 wrong use or input, said in one line;
    70 a mistake in the matcher; 130 interrupted; 141 nobody reads the output.
    """
    context.obj = Session(workspace, config)


app.command("demo")(demo.demo)
app.add_typer(brand.app, name="brand")
app.add_typer(catalog.app, name="catalog")
app.command("check")(check.check)
app.command("scan")(scan.scan)
app.command("watch")(watch.watch)
app.command("report")(report.report)
app.add_typer(review.app, name="review")
app.add_typer(policy.app, name="policy")
app.add_typer(index.app, name="index")
app.command("purge")(purge.purge)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("serve")(serve.serve)
app.add_typer(admin.app, name="admin")
app.add_typer(about.app, name="config")
app.command("version")(about.version)


def main() -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows its number; half a surrogate pair stops nothing.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code: Any = 0
    try:
        app(prog_name="matcher")
    except SystemExit as ended:
        code = ended.code
    except KeyboardInterrupt:  # before or after the command itself
        code = INTERRUPTED
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _stop_printing()
        code = PIPE_CLOSED
    sys.exit(code)


if __name__ == "__main__":
    main()
