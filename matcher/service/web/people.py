"""People, for an admin: invited, given another role, locked out, let in again and removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request, Response

from matcher.catalog import (
    Account,
    Role,
    Scope,
    account_of,
    add_owner,
    change_role,
    close_account,
    count_sessions,
    end_invitation,
    end_sessions,
    find_account,
    invite,
    list_accounts,
    list_owners,
    open_account,
    open_invitations,
    put_account,
    remove_account,
)
from matcher.errors import UsageError
from matcher.service import passwords
from matcher.service.paging import LARGEST
from matcher.service.web.frame import PageRoute, render, see_other
from matcher.service.web.visiting import WELCOME, Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Admin = Annotated[Visitor, admitted(Scope.ADMIN)]
AccountId = Annotated[int, Path(ge=1, le=LARGEST)]
INVITED = timedelta(days=3)
"""How long an invitation lasts."""


@dataclass(frozen=True)
class Listed:
    """An account, how many of its sessions last, and until when its invitation does."""

    account: Account
    sessions: int
    invited: datetime | None


@router.get("/people")
def people(request: Request, visitor: Admin) -> Response:
    """Everyone, of every owner."""
    with visitor.caller.read() as connection:
        sessions = count_sessions(connection, _idle(visitor))
        invited = open_invitations(connection)
        found = [
            Listed(one, sessions[one.account_id], invited.get(one.account_id))
            for one in list_accounts(connection)
        ]
        owners = sorted(list_owners(connection).values())
    return render(request, "people.html", people=found, owners=owners, roles=list(Role))


@router.post("/people")
def add(
    request: Request,
    visitor: Admin,
    name: Annotated[str, Form(min_length=1, max_length=100)],
    owner: Annotated[str, Form(min_length=1, max_length=200, pattern=r"\S")],
    role: Annotated[Role, Form()] = Role.REVIEWER,
) -> Response:
    """A new account, which nobody can open before the invitation is used."""
    unknown = passwords.hashed(passwords.made_up())
    caller = visitor.caller
    with caller.read() as connection:
        known = find_account(connection, name.strip())
        owners = {called: number for number, called in list_owners(connection).items()}
    if known is not None:
        raise UsageError(f"there is an account '{name.strip()}' already: open it to change it")
    owner_id = owners.get(owner.strip())
    if owner_id is None:
        with caller.write("owner.add", owner.strip()) as connection:
            owner_id = add_owner(connection, owner.strip())
    with caller.write("person.invite", f"{name.strip()} ({role})", owner_id=owner_id) as connection:
        made, _ = put_account(connection, owner_id, name.strip(), role, unknown)
        secret = invite(connection, made.account_id, INVITED)
    return _page(request, visitor, made.account_id, link=_link(request, secret))


@router.get("/people/{account}")
def show(request: Request, visitor: Admin, account: AccountId) -> Response:
    """One person, and what can be done."""
    return _page(request, visitor, account)


@router.post("/people/{account}/invite")
def invite_again(request: Request, visitor: Admin, account: AccountId) -> Response:
    """Another invitation, as for a forgotten password; the present one works until it is used."""
    found = _found(visitor, account)
    with visitor.caller.write("person.invite", found.name, owner_id=found.owner_id) as connection:
        secret = invite(connection, account, INVITED)
    return _page(request, visitor, account, link=_link(request, secret))


@router.post("/people/{account}/role")
def give_role(
    request: Request, visitor: Admin, account: AccountId, role: Annotated[Role, Form()]
) -> Response:
    """Another role, which counts at once."""
    found = _other(visitor, account)
    target = f"{found.name} ({role})"
    with visitor.caller.write("person.role", target, owner_id=found.owner_id) as connection:
        change_role(connection, account, role)
    return see_other(request, f"/people/{account}")


@router.post("/people/{account}/lock")
def lock(request: Request, visitor: Admin, account: AccountId) -> Response:
    """Let the person not sign in until unlocked; sessions and invitations end."""
    found = _other(visitor, account)
    with visitor.caller.write("person.lock", found.name, owner_id=found.owner_id) as connection:
        close_account(connection, account)
        end_invitation(connection, account)
    return see_other(request, f"/people/{account}")


@router.post("/people/{account}/unlock")
def unlock(request: Request, visitor: Admin, account: AccountId) -> Response:
    """Undo a lock, whoever or whatever locked it."""
    found = _other(visitor, account)
    with visitor.caller.write("person.unlock", found.name, owner_id=found.owner_id) as connection:
        open_account(connection, account)
    return see_other(request, f"/people/{account}")


@router.post("/people/{account}/sessions")
def sign_out(request: Request, visitor: Admin, account: AccountId) -> Response:
    """End all sessions of the person."""
    found = _other(visitor, account)
    with visitor.caller.write("person.sessions-ended", found.name, owner_id=found.owner_id) as connection:
        end_sessions(connection, account)
    return see_other(request, f"/people/{account}")


@router.post("/people/{account}/remove")
def remove(request: Request, visitor: Admin, account: AccountId) -> Response:
    """Remove the account; what the person did stays on record."""
    found = _other(visitor, account)
    with visitor.caller.write("person.remove", found.name, owner_id=found.owner_id) as connection:
        remove_account(connection, found.name)
    return see_other(request, "/people")


def _page(request: Request, visitor: Visitor, account: int, **context: Any) -> Response:
    with visitor.caller.read() as connection:
        found = account_of(connection, account)
        one = Listed(
            found,
            count_sessions(connection, _idle(visitor))[account],
            open_invitations(connection).get(account),
        )
    own = account == visitor.account.account_id
    return render(request, "person.html", one=one, own=own, roles=list(Role), **{"link": "", **context})


def _found(visitor: Visitor, account: int) -> Account:
    with visitor.caller.read() as connection:
        return account_of(connection, account)


def _other(visitor: Visitor, account: int) -> Account:
    """The account, which must be another's: an admin who shut out themselves could not be let in again."""
    if account == visitor.account.account_id:
        raise UsageError("your own account is changed by another admin")
    return _found(visitor, account)


def _link(request: Request, secret: str) -> str:
    return f"{str(request.base_url).rstrip('/')}{WELCOME}/{secret}"


def _idle(visitor: Visitor) -> timedelta:
    return timedelta(seconds=visitor.caller.service.workspace.settings.service.session_idle_seconds)
