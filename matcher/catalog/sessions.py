"""Sessions of people who signed in: of each one's secret only a hash is kept, and each ends by itself."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from matcher.catalog.accounts import Account, account_in
from matcher.catalog.columns import now
from matcher.catalog.tables import accounts, owners, sessions

_NOTED = timedelta(minutes=1)
"""How exactly it is known when a session was last used: not every request is to write."""


def begin_session(connection: Connection, account_id: int, lasts: timedelta) -> str:
    """A new session's secret (256 random bits); it ends after `lasts` at the latest."""
    secret = secrets.token_urlsafe(32)
    row = {
        "secret_hash": secret_hash_of(secret),
        "account_id": account_id,
        "created": now(),
        "seen": now(),
        "expires": now() + lasts,
    }
    connection.execute(insert(sessions).values(row))
    return secret


def find_session(connection: Connection, secret: str, idle: timedelta) -> tuple[Account, datetime] | None:
    """Whose session that is and when it was last used; None where it ended, or lay idle for `idle`."""
    query = (
        select(accounts, owners.c.name.label("owner"), sessions.c.seen)
        .join_from(sessions, accounts, accounts.c.account_id == sessions.c.account_id)
        .join(owners, owners.c.owner_id == accounts.c.owner_id)
        .where(sessions.c.secret_hash == secret_hash_of(secret))
        .where(sessions.c.expires > now(), sessions.c.seen > now() - idle, accounts.c.closed.is_(None))
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (account_in(row), row.seen)


def is_stale(seen: datetime) -> bool:
    """Whether a use now is worth a note."""
    return now() - seen > _NOTED


def note_use(connection: Connection, secret: str) -> None:
    """The session is used now."""
    connection.execute(
        update(sessions).where(sessions.c.secret_hash == secret_hash_of(secret)).values(seen=now())
    )


def end_session(connection: Connection, secret: str) -> None:
    """End the session at once."""
    connection.execute(delete(sessions).where(sessions.c.secret_hash == secret_hash_of(secret)))


def end_other_sessions(connection: Connection, account_id: int, secret: str) -> None:
    """End all of the account's sessions but this one."""
    others = (sessions.c.account_id == account_id) & (sessions.c.secret_hash != secret_hash_of(secret))
    connection.execute(delete(sessions).where(others))


def end_sessions(connection: Connection, account_id: int) -> int:
    """End all of the account's sessions; how many there were."""
    return connection.execute(delete(sessions).where(sessions.c.account_id == account_id)).rowcount


def count_sessions(connection: Connection, idle: timedelta) -> Counter[int]:
    """How many sessions of each account last."""
    lasting = (sessions.c.expires > now()) & (sessions.c.seen > now() - idle)
    query = select(sessions.c.account_id, func.count().label("number")).where(lasting)
    rows = connection.execute(query.group_by(sessions.c.account_id))
    return Counter({row.account_id: row.number for row in rows})


def sweep_sessions(connection: Connection, idle: timedelta) -> None:
    """Remove what has ended."""
    ended = or_(sessions.c.expires <= now(), sessions.c.seen <= now() - idle)
    connection.execute(delete(sessions).where(ended))


def secret_hash_of(secret: str) -> str:
    """SHA-256 in hex: a secret of 256 random bits needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
