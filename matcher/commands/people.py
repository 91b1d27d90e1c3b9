"""`matcher admin person|people|remove-person`: the accounts of people who sign in to the pages."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from matcher.commands import screen
from matcher.commands.serve import expect_installed
from matcher.commands.session import open_workspace
from matcher.errors import UsageError


class RoleChoice(StrEnum):
    """`matcher.catalog.Role`, which is loaded only when it is needed."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    MANAGER = "manager"
    ADMIN = "admin"


Name = Annotated[str, typer.Argument(metavar="NAME", help="What the person signs in with.")]


def person(
    context: typer.Context,
    name: Name,
    owner: Annotated[
        str, typer.Option(metavar="NAME", help="The owner whose things the person sees; made where new.")
    ] = "default",
    role: Annotated[
        RoleChoice,
        typer.Option(
            help="viewer: looks on; reviewer: also answers; manager: also keeps catalog, scans and keys; "
            "admin: also keeps people and keys of every owner."
        ),
    ] = RoleChoice.REVIEWER,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin",
            help="Read the password from standard input, or ask for it; else one is made.",
        ),
    ] = False,
) -> None:
    """Let a person sign in to the pages, or give one a new password and role.

    Without --password-stdin a password is made and printed on standard
    output, this once. A lock of the account and all its sessions end.

      matcher admin person kim --owner Acme --role manager
      matcher admin person kim --password-stdin < password.txt
    """
    expect_installed()
    from matcher.catalog import Role, add_owner, put_account, record_act
    from matcher.service.passwords import expect_good, hashed, made_up

    password = _first_line() if password_stdin else made_up()
    if password_stdin:
        expect_good(password, (name, owner))
    password_hash = hashed(password)
    with open_workspace(context, make=True) as workspace, workspace.database.write() as connection:
        owner_id = add_owner(connection, owner)
        account, is_new = put_account(connection, owner_id, name, Role(role.value), password_hash)
        action = "person.add" if is_new else "person.change"
        target = f"{account.name} ({account.role})"
        record_act(connection, owner_id, actor="command line", action=action, target=target)
    done = "may sign in" if is_new else "has the new password and role"
    screen.note(f"{screen.plain(account.name)} {done}: {account.role} of {screen.plain(owner)}")
    if not password_stdin:
        screen.note("the password, which is not stored:")
        typer.echo(password)


def people(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List who may sign in, of every owner."""
    from matcher.catalog import list_accounts

    with open_workspace(context) as workspace, workspace.database.read() as connection:
        found = list_accounts(connection)
    rows = [
        {
            "name": one.name,
            "owner": one.owner,
            "role": one.role.value,
            "locked": one.locked,
            "created": one.created.isoformat(timespec="seconds"),
        }
        for one in found
    ]
    if as_json:
        screen.say_json(rows)
        return
    cells = [[row["name"], row["owner"], row["role"], "locked" if row["locked"] else ""] for row in rows]
    screen.table("People", ["name", "owner", "role", ""], cells)


def remove_person(context: typer.Context, name: Name) -> None:
    """Remove a person's account and end its sessions; what the person did stays on record.

    For instance:

      matcher admin remove-person kim
    """
    from matcher.catalog import record_act, remove_account

    with open_workspace(context) as workspace, workspace.database.write() as connection:
        account = remove_account(connection, name)
        record_act(
            connection, account.owner_id, actor="command line", action="person.remove", target=account.name
        )
    screen.note(f"{screen.plain(account.name)} may not sign in any more")


def _first_line() -> str:
    """The password, asked for where a person types; raises `UsageError` where there is none."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise UsageError("standard input holds no password: give it on the first line")
    return line
