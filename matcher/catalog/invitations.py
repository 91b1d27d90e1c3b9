"""Invitations to choose a password: a secret that opens one account once, within some days."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from matcher.catalog.accounts import UNLOCKED, Account, account_of
from matcher.catalog.columns import now
from matcher.catalog.service_tables import invitations
from matcher.catalog.sessions import end_sessions, secret_hash_of
from matcher.catalog.tables import accounts
from matcher.errors import MissingError


def invite(connection: Connection, account_id: int, lasts: timedelta) -> str:
    """The secret (256 random bits) of a new invitation; earlier ones of the account end."""
    connection.execute(delete(invitations).where(invitations.c.account_id == account_id))
    secret = secrets.token_urlsafe(32)
    row = {
        "secret_hash": secret_hash_of(secret),
        "account_id": account_id,
        "created": now(),
        "expires": now() + lasts,
    }
    connection.execute(insert(invitations).values(row))
    return secret


def find_invited(connection: Connection, secret: str) -> Account:
    """Whose invitation that is; raises `MissingError` where it was used, has ended or never was."""
    wanted = (invitations.c.secret_hash == secret_hash_of(secret)) & (invitations.c.expires > now())
    found = connection.execute(select(invitations.c.account_id).where(wanted)).scalar_one_or_none()
    account = None if found is None else account_of(connection, found)
    if account is None or account.closed is not None:
        raise MissingError("the invitation was used or has ended: ask for another")
    return account


def accept_invitation(connection: Connection, secret: str, password_hash: str) -> Account:
    """Keep the password that was chosen: the invitation is over, a lock and all sessions end.

    Raises `MissingError` as `find_invited` does.
    """
    account = find_invited(connection, secret)
    which = account.account_id
    connection.execute(delete(invitations).where(invitations.c.account_id == which))
    values = {"password_hash": password_hash, **UNLOCKED}
    connection.execute(update(accounts).where(accounts.c.account_id == which).values(values))
    end_sessions(connection, which)
    return account


def open_invitations(connection: Connection) -> dict[int, datetime]:
    """Until when the invitations that have not ended last, by account."""
    query = select(invitations.c.account_id, invitations.c.expires).where(invitations.c.expires > now())
    return {row.account_id: row.expires for row in connection.execute(query)}


def end_invitation(connection: Connection, account_id: int) -> None:
    """Let nobody use the account's invitation any more."""
    connection.execute(delete(invitations).where(invitations.c.account_id == account_id))
