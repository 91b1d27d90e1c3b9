"""The record of who did what: written with the change it tells of, never altered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from matcher.catalog.columns import now
from matcher.catalog.service_tables import audit


@dataclass(frozen=True)
class Act:
    """One thing done to what belongs to `owner_id`; `actor` is a key's prefix or the command line."""

    audit_id: int
    owner_id: int
    actor: str
    action: str
    target: str
    request_id: str
    time: datetime


def record_act(
    connection: Connection, owner_id: int, *, actor: str, action: str, target: str, request_id: str = ""
) -> None:
    """Keep it in the caller's transaction, so that no change is without its record."""
    row = {
        "owner_id": owner_id,
        "actor": actor,
        "action": action,
        "target": target,
        "request_id": request_id,
        "time": now(),
    }
    connection.execute(insert(audit).values(row))


def list_acts(connection: Connection, owner_id: int, *, after: int = 0, limit: int = 100) -> list[Act]:
    """At most `limit` acts in the order they were kept, after the audit_id `after`."""
    query = select(audit).where(audit.c.owner_id == owner_id, audit.c.audit_id > after)
    return [Act(**row._asdict()) for row in connection.execute(query.order_by(audit.c.audit_id).limit(limit))]


def newest_act(connection: Connection, owner_id: int) -> int:
    """The audit_id of the last thing done to what is this owner's, 0 where there was none."""
    query = select(func.max(audit.c.audit_id)).where(audit.c.owner_id == owner_id)
    return int(connection.execute(query).scalar_one() or 0)
