"""`matcher policy`: how much each finding weighs, and where a verdict begins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matcher.commands.session import chosen_policy

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="How findings are weighed.")


@app.command("show")
def show(
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A policy of yours, checked and printed.")
    ] = None,
) -> None:
    """Print the policy as TOML: a whole one to start from.

    For instance:

      matcher policy show > strict.toml
      matcher policy show --policy strict.toml
    """
    text = chosen_policy(policy).policy_text
    typer.echo(text, nl=not text.endswith("\n"))
