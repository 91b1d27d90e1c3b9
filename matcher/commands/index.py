"""`matcher index`: the galleries that photos are searched in."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from matcher.commands import screen
from matcher.commands.brand import AsJson
from matcher.commands.progress import Meter
from matcher.commands.session import open_workspace

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="The galleries that photos are searched in."
)
Quiet = Annotated[bool, typer.Option("--json", help="Print the galleries' status as JSON afterwards.")]


@app.command("status")
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Show what the galleries hold and whether they are up to the catalog.

    For instance:

      matcher index status
    """
    from matcher.assembly import build_galleries

    with open_workspace(context) as workspace:
        _tell(build_galleries(workspace).status(), as_json=as_json)


@app.command("rebuild")
def rebuild(context: typer.Context, as_json: Quiet = False) -> None:
    """Write the galleries anew, whatever state they are in; what is cached is not embedded again.

    For instance:

      matcher index rebuild
    """
    from matcher.assembly import build_galleries

    with open_workspace(context) as workspace:
        galleries = build_galleries(workspace)
        with Meter(quiet=as_json) as meter:
            meter.begin("embedding images")
            galleries.rebuild(lambda done, total: meter.show(done, total, unit="images"))
        _tell(galleries.status(), as_json=as_json)


@app.command("compact")
def compact(context: typer.Context, as_json: Quiet = False) -> None:
    """Merge the galleries' segments and drop what was removed.

    For instance:

      matcher index compact
    """
    from matcher.assembly import build_galleries

    with open_workspace(context) as workspace:
        galleries = build_galleries(workspace)
        galleries.compact()
        _tell(galleries.status(), as_json=as_json)


def _tell(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        screen.say_json(facts)
        return
    rows = []
    for name, value in facts.items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        rows += [(f"{name} {key}".strip().replace("_", " "), _short(one)) for key, one in inner]
    screen.table("Galleries", ("", ""), rows)


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value):,}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
