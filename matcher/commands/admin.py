"""`matcher admin`: the first key of the service and the people who sign in, made where the workspace lies."""

from __future__ import annotations

from typing import Annotated

import typer

from matcher.commands import people, screen
from matcher.commands.session import open_workspace

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Who may use the service.")
app.command("person")(people.person)
app.command("people")(people.people)
app.command("remove-person")(people.remove_person)


@app.command("create")
def create(
    context: typer.Context,
    owner: Annotated[
        str, typer.Option(metavar="NAME", help="The owner whose brands the key is for; made where it is new.")
    ] = "default",
    label: Annotated[str, typer.Option(help="What the key is called in lists.")] = "admin",
) -> None:
    """Make a key that may do everything for its owner, and make owners and keys.

    Its secret is printed on standard output, this once. The owner `default`
    is the one that the other commands work for.

      matcher admin create
      matcher admin create --owner Acme --label "Kim's key" > key.txt
    """
    from matcher.catalog import Scope, add_owner, issue_key, record_act

    with open_workspace(context, make=True) as workspace, workspace.database.write() as connection:
        owner_id = add_owner(connection, owner)
        key, secret = issue_key(connection, owner_id, Scope, label=label)
        scopes = ", ".join(sorted(key.scopes))
        record_act(
            connection,
            owner_id,
            actor="command line",
            action="key.issue",
            target=scopes,
        )
    screen.note(f"key {key.prefix} of {screen.plain(owner)}; keep its secret, which is not stored:")
    typer.echo(secret)
