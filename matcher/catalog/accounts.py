"""Accounts of people who sign in: each belongs to one owner and has a role; too many failures lock it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from matcher.catalog.columns import now
from matcher.catalog.keys import Scope
from matcher.catalog.tables import accounts, owners, sessions
from matcher.errors import MissingError, UsageError

UNLOCKED: dict[str, Any] = {"failures": 0, "locked_until": None, "closed": None}
"""What makes an account one that can be signed in with."""
_NAME = re.compile(r"[^\W_][\w.+@-]{0,99}")


class Role(StrEnum):
    """What a person does: looks on, answers reviews, keeps the catalog and runs scans, keeps the service."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    MANAGER = "manager"
    ADMIN = "admin"


_READS = frozenset({Scope.CATALOG_READ, Scope.REVIEWS_READ, Scope.SCANS_READ})
ROLE_SCOPES = {
    Role.VIEWER: _READS,
    Role.REVIEWER: _READS | {Scope.CHECK, Scope.REVIEWS_WRITE},
    Role.MANAGER: frozenset(Scope) - {Scope.ADMIN},
    Role.ADMIN: frozenset(Scope),
}
"""What each role may do, in the scopes of API keys."""


@dataclass(frozen=True)
class Account:
    """A person's account as it may be shown; times are in UTC."""

    account_id: int
    owner_id: int
    owner: str
    name: str
    role: Role
    locked_until: datetime | None
    created: datetime
    closed: datetime | None = None

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the person may do, for the account's owner."""
        return ROLE_SCOPES[self.role]

    @property
    def locked(self) -> bool:
        """Whether too many failures keep it closed for now, or an admin does until it is opened."""
        return self.closed is not None or (self.locked_until is not None and self.locked_until > now())


def put_account(
    connection: Connection, owner_id: int, name: str, role: Role, password_hash: str
) -> tuple[Account, bool]:
    """The account with that role and password, and whether it is new; a lock and all sessions end.

    Raises `UsageError` for a name that cannot be one, or that is another owner's.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name[:40]}' cannot be a name: give a letter or digit, then letters, digits or . _ + @ -"
        )
    values = {"role": role.value, "password_hash": password_hash, **UNLOCKED}
    found = find_account(connection, name)
    if found is None:
        identity = {"owner_id": owner_id, "name": name, "name_key": name_key(name), "created": now()}
        connection.execute(insert(accounts).values(identity | values))
    elif found[0].owner_id != owner_id:
        raise UsageError(f"the name '{name}' is taken by an account of another owner")
    else:
        this = found[0].account_id
        connection.execute(update(accounts).where(accounts.c.account_id == this).values(values))
        connection.execute(delete(sessions).where(sessions.c.account_id == this))
    made = find_account(connection, name)
    assert made is not None
    return made[0], found is None


def find_account(connection: Connection, name: str) -> tuple[Account, str] | None:
    """The account of that name, upper and lower case alike, with its password's hash; None: there is none."""
    row = connection.execute(_accounts().where(accounts.c.name_key == name_key(name))).one_or_none()
    return None if row is None else (account_in(row), row.password_hash)


def list_accounts(connection: Connection, owner_id: int | None = None) -> list[Account]:
    """The owner's accounts by name; None: everyone's."""
    query = _accounts() if owner_id is None else _accounts().where(accounts.c.owner_id == owner_id)
    return [account_in(row) for row in connection.execute(query.order_by(accounts.c.name_key))]


def remove_account(connection: Connection, name: str) -> Account:
    """Remove the account with its sessions; what the person did stays on record.

    Raises `MissingError` where there is none of that name.
    """
    found = find_account(connection, name)
    if found is None:
        raise MissingError(f"there is no account '{name[:40]}'", "see `matcher admin people`")
    connection.execute(delete(accounts).where(accounts.c.account_id == found[0].account_id))
    return found[0]


def keep_password(connection: Connection, account_id: int, password_hash: str) -> None:
    """Keep another hash of the account's password."""
    which = accounts.c.account_id == account_id
    connection.execute(update(accounts).where(which).values(password_hash=password_hash))


def note_failure(connection: Connection, account_id: int, most: int, locks: timedelta) -> Account:
    """Count a wrong password; each `most` of them without a right one between lock the account anew."""
    which = accounts.c.account_id == account_id
    failures = connection.execute(
        update(accounts).where(which).values(failures=accounts.c.failures + 1).returning(accounts.c.failures)
    ).scalar_one()
    if failures % most == 0:
        connection.execute(update(accounts).where(which).values(locked_until=now() + locks))
    return account_in(connection.execute(_accounts().where(which)).one())


def forget_failures(connection: Connection, account_id: int) -> None:
    """The password was right: counting begins anew."""
    which = accounts.c.account_id == account_id
    connection.execute(update(accounts).where(which).values(failures=0, locked_until=None))


def account_of(connection: Connection, account_id: int) -> Account:
    """The account of that number; raises `MissingError` where there is none."""
    row = connection.execute(_accounts().where(accounts.c.account_id == account_id)).one_or_none()
    if row is None:
        raise MissingError(f"there is no account {account_id}")
    return account_in(row)


def change_role(connection: Connection, account_id: int, role: Role) -> None:
    """Give the person another role, which counts from the next page on."""
    which = accounts.c.account_id == account_id
    connection.execute(update(accounts).where(which).values(role=role.value))


def close_account(connection: Connection, account_id: int) -> None:
    """Let nobody sign in with it until it is opened; its sessions end."""
    which = accounts.c.account_id == account_id
    connection.execute(update(accounts).where(which).values(closed=now()))
    connection.execute(delete(sessions).where(sessions.c.account_id == account_id))


def open_account(connection: Connection, account_id: int) -> None:
    """Undo what closed or locked it."""
    connection.execute(update(accounts).where(accounts.c.account_id == account_id).values(UNLOCKED))


def name_key(name: str) -> str:
    """What makes two names the same."""
    return unicodedata.normalize("NFKC", name).casefold()


def _accounts() -> Any:
    return select(accounts, owners.c.name.label("owner")).join_from(
        accounts, owners, owners.c.owner_id == accounts.c.owner_id
    )


def account_in(row: Row[Any]) -> Account:
    """The account of a row of `accounts` with its owner's name as `owner`."""
    return Account(
        account_id=row.account_id,
        owner_id=row.owner_id,
        owner=row.owner,
        name=row.name,
        role=Role(row.role),
        locked_until=row.locked_until,
        created=row.created,
        closed=row.closed,
    )
