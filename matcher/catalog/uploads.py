"""Files that come in parts: how long each is to be, how much of it is kept, and until when."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from matcher.catalog.columns import now
from matcher.catalog.service_tables import uploads
from matcher.errors import MissingError


@dataclass(frozen=True)
class Upload:
    """A file on its way; `length` and `received` in bytes, times in UTC."""

    upload_id: str
    name: str
    length: int
    received: int
    created: datetime
    expires: datetime


def add_upload(connection: Connection, owner_id: int, *, name: str, length: int, lasts: timedelta) -> Upload:
    """A new upload of which nothing has come yet."""
    made = Upload(secrets.token_hex(16), name, length, 0, now(), now() + lasts)
    connection.execute(insert(uploads).values(owner_id=owner_id, **vars(made)))
    return made


def find_upload(connection: Connection, owner_id: int, upload_id: str) -> Upload:
    """The owner's upload of that id; raises `MissingError` where there is none, or it has expired."""
    query = select(uploads).where(uploads.c.upload_id == upload_id, uploads.c.owner_id == owner_id)
    row = connection.execute(query).one_or_none()
    if row is None or row.expires <= now():
        raise MissingError(f"there is no upload '{upload_id[:40]}'")
    return _upload(row)


def list_uploads(connection: Connection, owner_id: int) -> list[Upload]:
    """The owner's uploads that have not expired, oldest first."""
    query = select(uploads).where(uploads.c.owner_id == owner_id, uploads.c.expires > now())
    return [
        _upload(row) for row in connection.execute(query.order_by(uploads.c.created, uploads.c.upload_id))
    ]


def count_uploads(connection: Connection, owner_id: int) -> int:
    """How many uploads of the owner are kept."""
    query = select(func.count()).where(uploads.c.owner_id == owner_id, uploads.c.expires > now())
    return int(connection.execute(query).scalar_one())


def keep_received(connection: Connection, upload_id: str, received: int, lasts: timedelta) -> None:
    """`received` bytes are on disk durably; the time to send the rest begins anew."""
    values = {"received": received, "expires": now() + lasts}
    connection.execute(update(uploads).where(uploads.c.upload_id == upload_id).values(values))


def drop_upload(connection: Connection, owner_id: int, upload_id: str) -> None:
    """Forget the upload; its file is the caller's to remove, after the commit.

    Raises `MissingError` where there is none, as when another request used it first.
    """
    which = (uploads.c.upload_id == upload_id) & (uploads.c.owner_id == owner_id)
    if connection.execute(delete(uploads).where(which)).rowcount != 1:
        raise MissingError(f"there is no upload '{upload_id[:40]}'")


def drop_expired_uploads(connection: Connection) -> None:
    """Forget every upload whose time is over."""
    connection.execute(delete(uploads).where(uploads.c.expires <= now()))


def every_upload_id(connection: Connection) -> set[str]:
    """The ids of all uploads, of every owner."""
    return set(connection.execute(select(uploads.c.upload_id)).scalars())


def _upload(row: Row[Any]) -> Upload:
    facts = row._asdict()
    del facts["owner_id"]
    return Upload(**facts)
