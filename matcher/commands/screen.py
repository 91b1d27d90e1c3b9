"""What commands show: lines and tables for people, JSON for programs; text from outside is made harmless."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from matcher.errors import UsageError

# Control characters (a terminal obeys them), what hides or reorders text, halves of surrogate pairs.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
PIPED_WIDTH = 120
SHOWN_COLUMNS = 12
FINDINGS, FAILED = 1, 2
"""Exit codes: something was found or some rows failed; the command could not do its work."""


def plain(text: object) -> str:
    """`text` on one line, each character that a terminal would obey or that hides others as its number."""
    return _UNSAFE.sub(lambda found: " " if found[0] in "\t\n\r" else f"\\u{ord(found[0]):04x}", str(text))


class _Screen(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the caller of the command, who knows the exit code."""
        raise BrokenPipeError


def screen(*, stderr: bool = False) -> Console:
    """Where people read; made anew each time, since a caller may have put another stream in place."""
    stream = sys.stderr if stderr else sys.stdout
    return _Screen(file=stream, highlight=False, width=None if stream.isatty() else PIPED_WIDTH)


def say(text: str, style: str = "") -> None:
    """A line for the person, on standard output."""
    screen().print(Text(plain(text), style=style), soft_wrap=True)


def note(text: str, style: str = "dim") -> None:
    """A line beside the answer, on standard error."""
    screen(stderr=True).print(Text(plain(text), style=style), soft_wrap=True)


def note_unread(columns: Sequence[str]) -> None:
    """Tell which columns of a table were not read, so that a misnamed one does not cost its facts unseen."""
    if columns:
        more = f" and {len(columns) - SHOWN_COLUMNS:,} more" if len(columns) > SHOWN_COLUMNS else ""
        note(f"columns not read: {', '.join(columns[:SHOWN_COLUMNS])}{more}", "yellow")


def complain(text: str) -> None:
    """The one red line that says what went wrong."""
    note(f"error: {text}", "bold red")


def counted(number: int, noun: str) -> str:
    """The number with its noun, `1 photo` or `2 photos`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def say_json(value: Any) -> None:
    """`value` as JSON on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[str] = ()
) -> None:
    """A table on standard output; `numbers` names the columns set flush right. A cell may be a `Text`."""
    shown = Table(
        title=Text(title),
        title_justify="left",
        title_style="bold",
        header_style="bold",
        show_header=any(columns),
    )
    for name in columns:
        shown.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(plain(cell)) for cell in row))
    screen().print(shown)


def confirm(question: str, *, yes: bool) -> None:
    """Go on only where the person says so; raises `UsageError` where nobody can answer, `Exit` on a no."""
    if yes:
        return
    try:
        agreed = typer.confirm(plain(question), err=True)
    except typer.Abort as error:
        typer.echo(err=True)  # the question's line still stands open
        raise UsageError("nothing was changed, as nobody answered; give --yes to go ahead unasked") from error
    if not agreed:
        note("nothing was changed")
        raise typer.Exit(FINDINGS)
